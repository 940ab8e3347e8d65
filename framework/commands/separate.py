"""Separates voice and background music in wav files of any length.

Writes <file>_voice.wav and <file>_background.wav, 8 kHz, into the folder audio/<DIR> of the run;
their sum is the file.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from framework.commands.base import open_with_capability, parser
from framework.errors import UsageError

if TYPE_CHECKING:
    from framework.trainers.opening import OpenedRun


def run(argv: Sequence[str]) -> int:
    """Runs the command; returns its exit code."""
    arguments = parser("separate", __doc__)
    arguments.add_argument("--wavs", required=True, metavar="DIR", help="folder of wav files")
    args = arguments.parse_args(argv)

    from framework.engine.capabilities import Transfers

    message = "does not remove anything from images"
    with open_with_capability(args, Transfers, message) as opened:
        if not opened.system.facts.sound:
            raise UsageError(f"{args.run}: was not trained on sound")
        _separate(opened, args.wavs)
    return 0


def _separate(opened: "OpenedRun", folder: str) -> None:
    """Separates all files of a folder and prints the paths that it writes."""
    from framework.data import audio, wavs
    from framework.evaluation.separation import separate

    system: Any = opened.system
    folder_name = Path(folder).resolve().name
    mixtures = {file: wavs.wave(file) for file in wavs.listed(folder)}
    for file, mixture in mixtures.items():
        voice_and_background = separate(mixture[None], system.remove, opened.options.image_size)
        for name, wave in zip(("voice", "background"), voice_and_background, strict=True):
            print(opened.run.sound(wave[0], audio.RATE, f"{folder_name}/{file.stem}_{name}"))
