"""Classifies images by a finished run and writes a table, one row for each image.

PATH is an image or a folder of images, at any depth. The columns are the file, its class and the
probability of this class; for attributes, the probability of each attribute. A class has the name
of its folder if the run was trained on folders, else its number from 0.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from framework.commands.base import add_images, add_output, open_with_capability, parser


def run(argv: Sequence[str]) -> int:
    """Runs the command; returns its exit code."""
    arguments = parser("classify", __doc__ or "")
    add_images(arguments, "uda")
    add_output(arguments, "FILE", "the table [RUN/classes/<name of PATH>.csv]")
    args = arguments.parse_args(argv)
    from framework.commands import given, outputs
    from framework.engine.capabilities import Adapts, Classifies

    images = given.find(args.path)
    with open_with_capability(args, (Classifies, Adapts), "does not classify") as opened:
        from framework.data.listing import shown
        from framework.results import write_table

        system: Any = opened.system
        table = args.out or opened.run.folder / "classes" / f"{images.label}.csv"
        outputs.refuse_existing([table], args.overwrite, images.files)

        def rows() -> Iterator[list]:
            names = iter(images.names)
            with outputs.progress(len(images.files), "images") as bar:
                for pixels in given.squares(images.files, opened.options.image_size):
                    for row in system.classify(pixels, args.domain):
                        yield [shown(str(next(names))), *_cells(row, attributes, classes)]
                        bar.update()

        attributes, classes = opened.system.facts.attributes, _classes(opened.run.folder)
        table.parent.mkdir(parents=True, exist_ok=True)
        write_table(table, ("file", *(attributes or ("class", "probability"))), rows())
        print(table)
    return 0


def _classes(folder: Path) -> Sequence[str]:
    """Returns the names of the classes of a run; empty if its data are no folders."""
    from framework.engine import data_files

    kept = data_files.read(folder, refuses=False)
    return kept.domains[0].classes if kept else ()


def _cells(probabilities: Any, attributes: Sequence[str], classes: Sequence[str]) -> list:
    """Returns the probabilities of all attributes, or the most probable class and its own."""
    if attributes:
        return probabilities.tolist()
    label = int(probabilities.argmax())
    return [classes[label] if classes else label, float(probabilities[label])]
