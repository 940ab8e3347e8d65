"""Finds weight files: of torchvision, which are downloaded if they are missing, and of runs."""

import hashlib
from collections.abc import Callable, Iterable
from pathlib import Path

import keras

from framework.errors import MissingError, UserError

Maker = Callable[[], keras.Model]
"""Function that builds a pretrained network; its weights have already been read."""

# The number in each name is the beginning of the SHA-256 of the file.
FILES = {
    "alex": "alexnet-owt-7be5be79.pth",
    "vgg": "vgg16-397923af.pth",
    "squeeze": "squeezenet1_1-b8a52dc0.pth",
}
URL = "https://download.pytorch.org/models/"


def expect_run(run: str | Path, names: Iterable[str]) -> None:
    """Checks, before anything is trained, that a run has the networks that --pretrained needs.

    Args:
        run: value of --pretrained, a run folder.
        names: names of the networks.

    Raises:
        MissingError: there is no file of one of them.
    """
    for name in names:
        _run_file(run, name)


def _run_file(run: str | Path, name: str) -> Path:
    file = Path(run) / "models" / f"{name}.keras"
    if not file.is_file():
        raise MissingError(f"--pretrained: no {file}; it must be a finished run with such a net")
    return file


def copy_from_run(net: keras.Model, run: str | Path, name: str) -> None:
    """Copies weights from a finished run (--pretrained).

    Args:
        net: network that gets the weights.
        run: run folder.
        name: name of the network in this run.

    Raises:
        MissingError: there is no file of this network.
        UserError: the file holds another network.
    """
    file = _run_file(run, name)
    try:
        net.set_weights(keras.models.load_model(file).get_weights())
    except (OSError, ValueError) as error:
        raise UserError(f"--pretrained: {file} is another net than asked for here") from error


def present(net: str, place: str | Path) -> Path | None:
    """Returns the file of `find` if it exists; downloads nothing."""
    place, stem = Path(place), FILES[net].partition("-")[0]
    if place.is_file():
        return place
    files = sorted(file for end in ("npz", "pth") for file in place.glob(f"{stem}*.{end}"))
    return files[0] if files else None


def find(net: str, place: str | Path, flag: str) -> Path:
    """Finds the `.npz` or `.pth` file with weights of torchvision; downloads it if it is missing.

    Args:
        net: `alex`, `vgg` (VGG16) or `squeeze`.
        place: the file or its folder. A downloaded file is stored in the cache of Keras instead.
        flag: option by which the user gives the place, for messages.

    Raises:
        MissingError: there is no file, and it cannot be downloaded.
        UserError: the downloaded file is damaged.
    """
    if file := present(net, place):
        return file
    place, name = Path(place), FILES[net]
    try:
        file = Path(keras.utils.get_file(name, URL + name, cache_subdir="models"))
    except Exception as error:  # without a network Keras raises a plain Exception
        raise MissingError(
            f"no {name} in {place}, and the download failed: give its place by {flag}, or get it "
            f"with curl --create-dirs -o {place / name} {URL}{name}"
        ) from error
    with file.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    if not digest.startswith(file.stem.rpartition("-")[2]):
        file.unlink()
        raise UserError(f"{file} came damaged: run again")
    return file
