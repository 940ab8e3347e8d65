"""What a frozen VGG19 sees in images: the perceptual regulariser of the SCoGAN thesis (5.3)."""

import functools
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from framework import precision
from framework.errors import MissingError, UserError
from nets import pretrained

Pair = tuple[tf.Tensor, tf.Tensor]


def ready(weights: str | None, mixed_precision: str, dry_run: bool) -> Callable[[], keras.Model]:
    """Maker of the trunk `pretrained.vgg19`, whose weights are read now.

    Args:
        weights: a file, `random` for untrained ones, or None for Keras' own file, downloaded once.
        mixed_precision: of its layers, as in `precision.policy`.
        dry_run: nothing is read and nothing downloaded.

    Raises:
        MissingError: there is no such file.
        UserError: it is another file.
    """
    arrays = None if dry_run or weights == "random" else _arrays(weights)
    return functools.partial(_trunk, arrays, mixed_precision)


def _arrays(weights: str | None) -> list[np.ndarray]:
    if weights and not Path(weights).is_file():
        raise MissingError(f"--vgg_weights {weights}: no such file")
    try:
        return pretrained.read_vgg19(weights or pretrained.vgg19_file())
    except FileNotFoundError as error:
        raise MissingError(f"{error}: put it there or give it by --vgg_weights FILE") from error
    except ValueError as error:
        raise UserError(f"--vgg_weights: {error}") from error


def _trunk(arrays: list[np.ndarray] | None, mixed_precision: str) -> keras.Model:
    with precision.policy(mixed_precision):
        return pretrained.vgg19(arrays)


def see(trunk: keras.Model, images: Pair, reals: Pair) -> tuple[tuple[tf.Tensor, ...], ...]:
    """The trunk's maps for image 1, image 2, real 1 and real 2; only the images get gradients."""
    seen = _maps(trunk, images)
    # A pass of their own: in one with the images, the way back would go through the reals too.
    return seen + tf.nest.map_structure(tf.stop_gradient, _maps(trunk, reals))


def _maps(trunk: keras.Model, pair: Pair) -> tuple[tuple[tf.Tensor, ...], ...]:
    maps = trunk(tf.concat(pair, axis=0), training=False)
    return tuple(zip(*(tf.split(each, 2) for each in maps), strict=True))
