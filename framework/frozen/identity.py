"""Networks of identities: codes that are close for images of one person and distant for others."""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import keras
import tensorflow as tf

from framework.errors import MissingError, UserError
from framework.frozen import tfjs_files, torch_files
from framework.frozen.weights import Maker
from framework.options.g2g import Options
from nets import identity

FLAG = "--identity_weights"
FOLDER = "face_recognition"  # in the data folder


class Source(NamedTuple):
    """Files with the weights of a network.

    Attributes:
        names: patterns of the file names.
        read: reads such a file.
        origin: where to get it, for messages.
    """

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


def teacher(options: Options, classifier: Callable[[], Maker]) -> Maker:
    """Returns the maker of the network of --identity_net: images [N, H, W, 3] -> codes [N, D].

    Args:
        options: with --identity_net and the place of its weights; a dry run reads no weights.
        classifier: returns the maker of a classifier, whose features are the codes; called only
            for `--identity_net classifier`.

    Raises:
        MissingError, UserError: as `ready`.
    """
    o = options
    if o.identity_net == "classifier":
        make = classifier()
        return lambda: identity.of_classifier(make())
    place = "random" if o.dry_run else o.identity_weights
    return ready(o.identity_net, place, o.data_dir)


def ready(name: str, weights: str | None, data_dir: str) -> Maker:
    """Reads the weights of a network of SOURCES; returns its maker.

    The network maps images [N, H, W, 3] in [-1, 1], of any size from 32 on, to codes [N, D] in
    float32.

    Args:
        name: `face128` (D = 128) or `resnet50` (D = 2048).
        weights: file or folder; None for `<data_dir>/face_recognition`; `random`, untrained, is for
            tests and timing.
        data_dir: folder of the data sets.

    Raises:
        MissingError: a file is not there.
        UserError: a file is damaged, or of another network.
    """
    arrays = None
    if weights != "random":
        arrays = _arrays(SOURCES[name], find(name, weights, data_dir))
    return functools.partial(_net, name, arrays)


def find(name: str, weights: str | None, data_dir: str) -> Path:
    """Finds the file of `face128` or `resnet50`: `weights`, or the first one in such a folder.

    Raises:
        MissingError: it is not there.
    """
    place = Path(weights or Path(data_dir) / FOLDER)
    if place.is_file():
        return place
    source = SOURCES[name]
    # Downloads and archives have the files one folder further down.
    files = [file for pattern in source.names for file in _matches(place, pattern)]
    if not files:
        raise MissingError(
            f"no {' or '.join(source.names)} in {place}: put it there, {source.origin}, or say "
            f"where it is by {FLAG} FILE"
        )
    return files[0]


def _matches(folder: Path, pattern: str) -> list[Path]:
    return [*sorted(folder.glob(pattern)), *sorted(folder.glob(f"*/{pattern}"))]


def _arrays(source: Source, file: Path) -> identity.Weights:
    try:
        return source.read(file)
    except FileNotFoundError as error:  # the other file, which this one names
        raise MissingError(f"no {error.filename}: put it there, {source.origin}") from error
    except ValueError as error:
        raise UserError(f"{FLAG}: {error}") from error


def _net(name: str, arrays: identity.Weights | None) -> keras.Model:
    try:
        return identity.ARCHITECTURES[name](arrays)
    except ValueError as error:
        raise UserError(f"{FLAG}: not of {name} ({error})") from error


def distance(net: keras.Model, images1: tf.Tensor, images2: tf.Tensor) -> tf.Tensor:
    """Computes the mean absolute difference [N] of the codes of two lists of images, row by row.

    Images are [N, H, W, 3] in [-1, 1].

    Raises:
        ValueError: unequal numbers of images.
    """
    if images1.shape[0] != images2.shape[0]:
        raise ValueError(f"{images1.shape[0]} images against {images2.shape[0]}")
    codes1, codes2 = net(images1, training=False), net(images2, training=False)
    return tf.reduce_mean(tf.abs(codes1 - codes2), axis=1)
