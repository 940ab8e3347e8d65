"""Lists systems, pairs, data sets and presets."""

from collections.abc import Sequence

from framework import data, presets
from framework.commands.base import parser
from framework.options import config

OTHER_DATA = {
    "DIR": "your images: a folder with trainA and trainB, with two sub-folders, or of one domain",
    "tfds:NAME": "a set of TensorFlow Datasets, or two: tfds:mnist+tfds:svhn_cropped",
}


def run(argv: Sequence[str]) -> int:
    """Runs the command; returns its exit code."""
    parser("list", __doc__, run=False).parse_args(argv)
    tables = {
        "systems (--gan_type)": {name: config.summary(name) for name in config.systems()},
        "pairs (--cogan_data)": {name: pair.help for name, pair in data.PAIRS.items()},
        "data sets (--dataset)": {name: source.help for name, source in data.SOURCES.items()},
        "other data (--data)": OTHER_DATA,
        "presets (--preset)": {name: preset.help for name, preset in presets.PRESETS.items()},
    }
    for title, rows in tables.items():
        print(f"\n{title}")
        for name, help in rows.items():
            print(f"  {name:20} {help}")
    return 0
