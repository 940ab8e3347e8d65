"""Separates the voices in wav files of any length from the music behind them.

Writes <file>_voice.wav and <file>_background.wav, 8 kHz, into the run's folder audio/<DIR>; the
two add up to the file.
"""

from collections.abc import Sequence
from pathlib import Path

from framework.commands.base import parser, places, restored
from framework.errors import UsageError


def run(argv: Sequence[str]) -> int:
    """Runs the command; returns its exit code."""
    arguments = parser("separate", __doc__)
    arguments.add_argument("--wavs", required=True, metavar="DIR", help="wav files")
    args = arguments.parse_args(argv)
    with restored(args.run, dry_run=True, **places(args)) as trainer:
        if trainer.data.clips is None or not hasattr(trainer, "remove"):
            raise UsageError(f"{args.run}: no --gan_type content that was trained on sound")
        _separate(trainer, args.wavs)
    return 0


def _separate(trainer, folder: str) -> None:
    from framework.data import audio, wavs
    from framework.separation import separate

    place = Path(folder).resolve().name
    waves = {file: wavs.wave(file) for file in wavs.listed(folder)}
    for file, mixture in waves.items():
        found = separate(mixture[None], trainer.remove, trainer.options.image_size)
        for name, wave in zip(("voice", "background"), found, strict=True):
            print(trainer.run.sound(wave[0], audio.RATE, f"{place}/{file.stem}_{name}"))
