"""Feature maps of a frozen network, by which images are compared: SCoGAN thesis, section 4.2.3."""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, TypeAlias

import keras
import numpy as np
import tensorflow as tf

from framework.errors import MissingError, UserError
from framework.frozen import torch_files, weights
from framework.frozen.weights import Maker
from framework.options import scogan
from framework.options.exchange import Exchange
from framework.utils import dtype_policy
from nets import classifier, pretrained

Options: TypeAlias = Exchange | scogan.Options
"""Options of a system with --perceptual_net."""

Pair = tuple[tf.Tensor, tf.Tensor]
"""Images [N, H, W, 3] of both domains."""

Arrays: TypeAlias = dict[str, np.ndarray] | list[np.ndarray] | None
"""Weights as `nets.pretrained` takes them; None for random ones."""

FLAG = "--perceptual_weights"
SECOND = 1  # relu2_2 of VGG16, the choice of CycleFUNIT; the second map of the other networks


def ready(options: Options) -> Maker:
    """Reads the weights of --perceptual_net, except in a dry run; returns its maker.

    The network maps images [N, S, S, 3] to a list of feature maps, the deepest last.

    Raises:
        MissingError: there is no file with its weights, and it cannot be downloaded.
        UserError: the file is damaged, or of another network.
    """
    arrays: Arrays = None
    if not options.dry_run and options.perceptual_weights != "random":
        arrays = _arrays(options.perceptual_net, options.perceptual_weights, options.data_dir)
    return functools.partial(_trunk, options, arrays)


def all_maps(options: Options, teacher: Callable[[], Maker]) -> Maker:
    """Returns the maker of a network from images [N, S, S, 3] to all maps of --perceptual_net.

    A classifier has one map, a tensor; the other networks return a list.

    Args:
        options: options of the run.
        teacher: returns the maker of a classifier; called only for `--perceptual_net classifier`.

    Raises:
        MissingError, UserError: as `ready`.
    """
    if options.perceptual_net != "classifier":
        return ready(options)
    make = teacher()
    return lambda: _frozen(net := make(), classifier.middle(net))


def second_map(options: Options, teacher: Callable[[], Maker]) -> Maker:
    """Returns the maker of a network to the second of these maps, or to the only one.

    Arguments and errors as for `all_maps`.
    """
    make = all_maps(options, teacher)

    def make_second() -> keras.Model:
        trunk = make()
        return _frozen(trunk, trunk.outputs[min(SECOND, len(trunk.outputs) - 1)])

    return make_second


def _frozen(net: keras.Model, output: keras.KerasTensor) -> keras.Model:
    model = keras.Model(net.input, output)
    model.trainable = False
    return model


def _arrays(net: str, place: str | None, data_dir: str) -> Arrays:
    """Reads the weights of a network from a file or folder; None for the usual place."""
    if place and not Path(place).exists():
        raise MissingError(f"{FLAG} {place}: no such file or folder")
    try:
        if net == "vgg19":
            return pretrained.read_vgg19(_vgg19_file(place))
        folder = place or Path(data_dir) / "lpips"
        return torch_files.read(weights.find(pretrained.TORCHVISION[net], folder, FLAG))
    except ValueError as error:
        raise UserError(f"{FLAG}: {error}") from error


def _vgg19_file(place: str | None) -> Path:
    if place and Path(place).is_file():
        return Path(place)
    files = sorted(Path(place).glob("vgg19*.h5")) if place else []
    try:
        return files[0] if files else pretrained.vgg19_file()
    except FileNotFoundError as error:
        raise MissingError(f"{error}: put it there or give it by {FLAG} FILE") from error


def _trunk(options: Options, arrays: Arrays) -> keras.Model:
    try:
        with dtype_policy(options.mixed_precision):
            return pretrained.trunk(options.perceptual_net, options.image_size, arrays)
    except ValueError as error:
        raise UserError(f"{FLAG}: {error}") from error


class Maps(NamedTuple):
    """Feature maps of a frozen network; each field has one tuple of maps [N, h, w, C] per domain.

    Attributes:
        images: maps of generated images, the deepest last.
        reals: maps of real images, through which no gradient flows.
    """

    images: tuple[tuple[tf.Tensor, ...], ...]
    reals: tuple[tuple[tf.Tensor, ...], ...]


def feature_maps(trunk: keras.Model, images: Pair, reals: Pair) -> Maps:
    """Computes the maps of generated images and of real images of both domains."""
    image_maps = _maps(trunk, images)
    # Two passes: with one batch, the backward pass would include the real images.
    return Maps(image_maps, tf.nest.map_structure(tf.stop_gradient, _maps(trunk, reals)))


def _maps(trunk: keras.Model, pair: Pair) -> tuple[tuple[tf.Tensor, ...], ...]:
    maps = trunk(tf.concat(pair, axis=0), training=False)
    return tuple(zip(*(tf.split(m, 2) for m in maps), strict=True))
