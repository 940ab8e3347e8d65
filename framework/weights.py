"""Weights from files: of torchvision, in a folder of the user's or downloaded once, or of a run."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

import keras

from framework.errors import MissingError, UserError

# The number in a name is the beginning of the file's SHA-256.
FILES = {
    "alex": "alexnet-owt-7be5be79.pth",
    "vgg": "vgg16-397923af.pth",
    "squeeze": "squeezenet1_1-b8a52dc0.pth",
}
URL = "https://download.pytorch.org/models/"


def expect_run(run: str | Path, names: Iterable[str]) -> None:
    """Raises MissingError unless --pretrained has these nets: before anything is trained."""
    for name in names:
        _of_run(run, name)


def _of_run(run: str | Path, name: str) -> Path:
    file = Path(run) / "models" / f"{name}.keras"
    if not file.is_file():
        raise MissingError(f"--pretrained: no {file}; it must be a finished run with such a net")
    return file


def copy_from_run(net: keras.Model, run: str | Path, name: str) -> None:
    """Gives a net the weights of the same name of a run, as --pretrained asks.

    Raises:
        MissingError: there is no such file.
        UserError: it holds another net.
    """
    file = _of_run(run, name)
    try:
        net.set_weights(keras.models.load_model(file).get_weights())
    except (OSError, ValueError) as error:
        raise UserError(f"--pretrained: {file} is another net than asked for here") from error


def present(net: str, place: str | Path) -> Path | None:
    """The same file, if it is there and need not be downloaded."""
    place, stem = Path(place), FILES[net].partition("-")[0]
    if place.is_file():
        return place
    found = sorted(each for end in ("npz", "pth") for each in place.glob(f"{stem}*.{end}"))
    return found[0] if found else None


def find(net: str, place: str | Path, flag: str) -> Path:
    """The `.npz` or `.pth` file of `alex`, `vgg` (VGG16) or `squeeze`.

    Args:
        net: whose weights.
        place: the file, or a folder; a file that is not there is downloaded into Keras' cache.
        flag: by which the user says where it is.

    Raises:
        MissingError: it is not there, nor can it be downloaded.
        UserError: what was downloaded is another file.
    """
    if found := present(net, place):
        return found
    place, name = Path(place), FILES[net]
    try:
        file = Path(keras.utils.get_file(name, URL + name, cache_subdir="models"))
    except Exception as error:  # Keras raises nothing more special when there is no network
        raise MissingError(
            f"no {name} in {place}, nor a network: say where it is by {flag}, or get it with "
            f"curl --create-dirs -o {place / name} {URL}{name}"
        ) from error
    with file.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    if not digest.startswith(file.stem.rpartition("-")[2]):
        file.unlink()
        raise UserError(f"{file} came damaged: run again")
    return file
