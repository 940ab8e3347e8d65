"""What a frozen network sees in images: the perceptual regulariser of the SCoGAN thesis (4.2.3)."""

import functools
from collections.abc import Callable
from pathlib import Path

import keras
import tensorflow as tf

from framework import precision, torch_files, weights
from framework.errors import MissingError, UserError
from framework.options import Options
from nets import pretrained

Pair = tuple[tf.Tensor, tf.Tensor]
FLAG = "--perceptual_weights"


def ready(options: Options) -> Callable[[], keras.Model]:
    """Maker of the trunk of --perceptual_net, whose weights are read now; not in a dry run.

    Raises:
        MissingError: its file is neither there nor can it be downloaded.
        UserError: it is another file.
    """
    arrays = None
    if not options.dry_run and options.perceptual_weights != "random":
        arrays = _arrays(options.perceptual_net, options.perceptual_weights, options.data_dir)
    return functools.partial(_trunk, options, arrays)


def _arrays(net: str, place: str | None, data_dir: str):
    if place and not Path(place).exists():
        raise MissingError(f"{FLAG} {place}: no such file or folder")
    try:
        if net == "vgg19":
            return pretrained.read_vgg19(_vgg19_file(place))
        kind, place = pretrained.TORCHVISION[net], place or Path(data_dir) / "lpips"
        file = weights.find(kind, place, FLAG)
        return torch_files.read(file)
    except ValueError as error:
        raise UserError(f"{FLAG}: {error}") from error


def _vgg19_file(place: str | None) -> Path:
    if place and Path(place).is_file():
        return Path(place)
    found = sorted(Path(place).glob("vgg19*.h5")) if place else []
    try:
        return found[0] if found else pretrained.vgg19_file()
    except FileNotFoundError as error:
        raise MissingError(f"{error}: put it there or give it by {FLAG} FILE") from error


def _trunk(options: Options, arrays) -> keras.Model:
    try:
        with precision.policy(options.mixed_precision):
            return pretrained.trunk(options.perceptual_net, options.image_size, arrays)
    except ValueError as error:
        raise UserError(f"{FLAG}: {error}") from error


def see(trunk: keras.Model, images: Pair, reals: Pair) -> tuple[tuple[tf.Tensor, ...], ...]:
    """The trunk's maps for image 1, image 2, real 1 and real 2; only the images get gradients."""
    seen = _maps(trunk, images)
    # A pass of their own: in one with the images, the way back would go through the reals too.
    return seen + tf.nest.map_structure(tf.stop_gradient, _maps(trunk, reals))


def _maps(trunk: keras.Model, pair: Pair) -> tuple[tuple[tf.Tensor, ...], ...]:
    maps = trunk(tf.concat(pair, axis=0), training=False)
    return tuple(zip(*(tf.split(each, 2) for each in maps), strict=True))
