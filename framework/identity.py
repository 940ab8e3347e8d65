"""Who an image shows, as frozen networks see it: where their weights are, and distances by them."""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import keras
import tensorflow as tf

from framework import tfjs_files, torch_files
from framework.errors import MissingError, UserError
from nets import identity

FLAG = "--identity_weights"
FOLDER = "face_recognition"  # in the data folder


class Source(NamedTuple):
    """Files that hold a network's weights: their names, their reader, and where they are from."""

    names: tuple[str, ...]
    read: Callable[[Path], identity.Weights]
    origin: str


SOURCES = {
    "face128": Source(
        ("face_recognition_model-weights_manifest.json",),
        tfjs_files.read,
        "with its face_recognition_model.bin from the folder `model` of "
        "github.com/vladmandic/face-api",
    ),
    "resnet50": Source(
        ("resnet50*.pth", "resnet50*.npz"),
        torch_files.read,
        "from resnet50_ft_pytorch.tar.gz of github.com/ox-vgg/vgg_face2",
    ),
}


def ready(name: str, weights: str | None, data_dir: str) -> Callable[[], keras.Model]:
    """Maker of the frozen net `name` of SOURCES, whose weights are read now.

    The net maps images [N, H, W, 3] in [-1, 1], of any size from 32 on, to codes [N, D], float32.

    Args:
        name: `face128` (D = 128) or `resnet50` (D = 2048).
        weights: file or folder; None for `<data_dir>/face_recognition`; `random`, untrained, is for
            tests and timing.
        data_dir: where data are.

    Raises:
        MissingError: a file is not there.
        UserError: a file is damaged, or of another network.
    """
    arrays = None
    if weights != "random":
        arrays = _arrays(SOURCES[name], find(name, weights, data_dir))
    return functools.partial(_net, name, arrays)


def find(name: str, weights: str | None, data_dir: str) -> Path:
    """The file of `face128` or `resnet50`: `weights`, or the first that is in such a folder.

    Raises:
        MissingError: it is not there.
    """
    place = Path(weights or Path(data_dir) / FOLDER)
    if place.is_file():
        return place
    source = SOURCES[name]
    # Downloads and archives have them one folder further down.
    found = [file for form in source.names for file in _matches(place, form)]
    if not found:
        raise MissingError(
            f"no {' or '.join(source.names)} in {place}: put it there, {source.origin}, or say "
            f"where it is by {FLAG} FILE"
        )
    return found[0]


def _matches(folder: Path, form: str) -> list[Path]:
    return [*sorted(folder.glob(form)), *sorted(folder.glob(f"*/{form}"))]


def _arrays(source: Source, file: Path) -> identity.Weights:
    try:
        return source.read(file)
    except FileNotFoundError as error:  # the other file that the found one names
        raise MissingError(f"no {error.filename}: put it there, {source.origin}") from error
    except ValueError as error:
        raise UserError(f"{FLAG}: {error}") from error


def _net(name: str, arrays: identity.Weights | None) -> keras.Model:
    try:
        return identity.ARCHITECTURES[name](arrays)
    except ValueError as error:
        raise UserError(f"{FLAG}: not of {name} ({error})") from error


def distance(net: keras.Model, images1: tf.Tensor, images2: tf.Tensor) -> tf.Tensor:
    """Mean absolute difference [N] of the codes of images [N, H, W, 3] in [-1, 1], row by row.

    Raises:
        ValueError: unequal numbers of images.
    """
    if images1.shape[0] != images2.shape[0]:
        raise ValueError(f"{images1.shape[0]} images against {images2.shape[0]}")
    codes1, codes2 = net(images1, training=False), net(images2, training=False)
    return tf.reduce_mean(tf.abs(codes1 - codes2), axis=1)
