"""What systems share that exchange the content and style codes of two images.

Rows [2B, ...] are images 1 of B pairs, then images 2.
"""

import functools
from collections.abc import Callable
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

from framework.engine import system
from framework.engine.capabilities import Codes
from framework.engine.phase import Batch
from framework.options.exchange import Exchange
from framework.utils import batched
from nets import blocks

NETS = ("content", "style", "gen")
ROWS = 500  # images of 32x32 pixels that the networks encode or decode at once


class Swap(NamedTuple):
    """Images and codes of B pairs whose codes are exchanged; rows [2B, ...].

    Attributes:
        x: real images.
        content: their content codes.
        style: their style codes.
        mixed: images with the content of their own row and the style of the other image.
        mixed_content: content codes of the mixed images; None, as all further fields, where mixed
            images are not encoded.
        mixed_style: style codes of the mixed images.
        back: reconstructions: images of the codes of mixed images, exchanged a second time.
    """

    x: tf.Tensor
    content: tf.Tensor
    style: tf.Tensor
    mixed: tf.Tensor
    mixed_content: tf.Tensor | None = None
    mixed_style: tf.Tensor | None = None
    back: tf.Tensor | None = None


class Coder(NamedTuple):
    """Encoders and generator of a system as functions, either for training or for use.

    Attributes:
        content: images [N, S, S, C] -> content codes [N, ...].
        style: images [N, S, S, C] -> style codes [N, D].
        gen: [content codes, style codes] -> images [N, S, S, C].
        noise: standard deviation of the uniform noise that is added to content codes.
    """

    content: Callable[[tf.Tensor], tf.Tensor]
    style: Callable[[tf.Tensor], tf.Tensor]
    gen: Callable[[list[tf.Tensor]], tf.Tensor]
    noise: float = 0.0

    def encode(self, x: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Computes content and style codes of the images of B pairs, rows [2B, S, S, C]."""
        content = self.content(x)
        if self.noise:
            # One draw per half: parts of a batch of pairs then get the noise of the whole batch.
            noise = [_uniform_noise(half) for half in tf.split(content, 2)]
            content += self.noise * tf.concat(noise, axis=0)
        return content, self.style(x)

    def decode(self, content: tf.Tensor, style: tf.Tensor) -> tf.Tensor:
        """Computes images [N, S, S, C] from content and style codes, row by row."""
        return self.gen([content, style])

    def mix(self, x: tf.Tensor) -> Swap:
        """Exchanges the codes of B pairs, rows [2B, S, S, C]."""
        content, style = self.encode(x)
        return Swap(x, content, style, self.decode(content, exchange(style)))

    def swap(self, x: tf.Tensor) -> Swap:
        """Exchanges the codes of B pairs, rows [2B, S, S, C], encodes, and exchanges them back."""
        first = self.mix(x)
        content, style = self.encode(first.mixed)
        back = self.decode(content, exchange(style))
        return first._replace(mixed_content=content, mixed_style=style, back=back)


def _uniform_noise(codes: tf.Tensor) -> tf.Tensor:
    """Draws uniform noise of mean 0 and deviation 1 from the random numbers of the update."""
    return tf.cast(3**0.5 * (2 * blocks.uniform(tf.shape(codes)) - 1), codes.dtype)


class ExchangeSystem(system.System):
    """Encoders `content` and `style`, and a generator `gen` (`capabilities.Encodes`)."""

    options: Exchange

    def coder(self, training: bool) -> Coder:
        """Returns encoders and generator, in training mode or for use."""
        content, style, gen = (self.network(name, training) for name in NETS)
        return Coder(content, style, gen)

    def network(self, name: str, training: bool) -> Callable:
        """Returns a network in training mode, or the averaged one, if any, in inference mode."""
        net = self.nets[name] if training else self.net(name)
        return functools.partial(net, training=training)

    def encode(self, images: np.ndarray) -> Codes:
        """Computes content and style codes of images [N, S, S, C] in [-1, 1]."""
        coder = self.coder(training=False)

        def compute(x: np.ndarray) -> tuple[tf.Tensor, ...]:
            return tuple(tf.cast(codes, tf.float32) for codes in coder.encode(tf.constant(x)))

        return Codes(*batched(compute, images, size=ROWS))

    def exports(self) -> dict[str, keras.Model]:
        """Returns `content_encoder`, `style_encoder`: images -> codes; `decoder`: both -> image."""
        names = ("content_encoder", "style_encoder", "decoder")
        return {name: self.net(net) for name, net in zip(names, NETS, strict=True)}

    def decode(self, content: np.ndarray, style: np.ndarray) -> np.ndarray:
        """Computes images [N, S, S, C] in [-1, 1] from content and style codes, row by row."""
        coder = self.coder(training=False)
        size = max(1, ROWS * 32**2 // max(self.options.image_size**2, 32**2))
        return batched(lambda *codes: (coder.decode(*codes),), content, style, size=size)[0]


def exchange(rows: tf.Tensor) -> tf.Tensor:
    """Exchanges the halves of rows [2B, ...]: each image gets the row of the other one."""
    return tf.concat(tf.split(rows, 2)[::-1], axis=0)


def pair(batch: Batch, key: str = "x") -> tf.Tensor:
    """Joins both halves of a batch, `x1` and `x2` or `y1` and `y2`, to rows [2B, ...]."""
    return tf.concat([batch[f"{key}1"], batch[f"{key}2"]], axis=0)
