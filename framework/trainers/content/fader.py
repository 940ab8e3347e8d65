"""Fader Networks: one code, and an attribute that tells the decoder whether the extra is there.

Lample et al., arXiv 1706.00409. There is no guide: all images get the same extra, which the decoder
has learned.
"""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from framework.engine.phase import Batch, Phase, Terms
from framework.engine.randomness import Random
from framework.trainers import content_trainer
from framework.trainers.content_trainer import both, by_rows, layers, widths
from nets import content
from nets.blocks import scaled

ABSENT, PRESENT = np.eye(content.VALUES, dtype=np.float32)
"""The attribute, one-hot [2]."""


class System(content_trainer.System):
    """An encoder, and a decoder of its codes and the attribute."""

    def build_nets(self) -> dict[str, keras.Model]:
        """`common` and `gen`, with batch norm as published."""
        o, hidden = self.options, widths(self.options)["hidden"]
        how: dict[str, Any] = dict(norm="batch" if o.norm == "auto" else o.norm, layers=layers(o))
        channels = (*hidden[::-1], hidden[0])
        common = content.encoder("common", image_size=o.image_size, widths=channels, **how)
        gen = content.fader_decoder(code=common.output_shape[1:], hidden=hidden, **how)
        return {"common": common, "gen": gen}

    def uses_guides(self) -> bool:
        """No: the decoder has only one extra."""
        return False

    def extra(self, guides: np.ndarray) -> np.ndarray:
        """The attribute of presence [N, 2], for any guides."""
        return np.tile(PRESENT, (len(guides), 1))

    def no_extra(self, extra: np.ndarray) -> np.ndarray:
        """The attribute of absence [N, 2]."""
        return np.tile(ABSENT, (len(extra), 1))

    def put(self, images: np.ndarray, extra: np.ndarray) -> np.ndarray:
        """Images decoded from their codes and this attribute."""
        return by_rows(self._decoded, images, extra)[0]

    def removal(self, image: keras.KerasTensor) -> keras.KerasTensor:
        """What `remove` computes, as a graph of layers."""
        return self._with_attribute(image, ABSENT)

    def addition(self, image: keras.KerasTensor, guide: keras.KerasTensor) -> keras.KerasTensor:
        """What `add` computes, as a graph of layers."""
        return self._with_attribute(image, PRESENT)

    def _with_attribute(self, image: keras.KerasTensor, attribute: np.ndarray) -> keras.KerasTensor:
        """Images decoded from their codes and one attribute, as a graph of layers."""
        rows = keras.ops.zeros_like(image[:, 0, : content.VALUES, 0]) + attribute
        return self._decoded(image, rows)[0]

    def _decoded(self, x: tf.Tensor, attribute: tf.Tensor) -> tuple[tf.Tensor]:
        code = self.net("common")(x, training=False)
        return (self.net("gen")([code, attribute], training=False),)


class Trainer(content_trainer.Trainer):
    """Updates the discriminator, then encoder and decoder."""

    system_class = System
    both_in_training_mode = False  # as in the published program

    def build_training_nets(self) -> dict[str, keras.Model]:
        """`disc`, the discriminator of codes."""
        o, code = self.options, self.system.nets["common"].output_shape[1:]
        units = scaled(512, o.width)
        return {"disc": content.fader_discriminator(code=code, units=units, layers=layers(o))}

    def build_phases(self) -> list[Phase]:
        """The discriminator first."""
        return super().build_phases()[::-1]

    def ae_terms(self, batch: Batch, random: Random) -> Terms:
        """Reconstruction of both domains, and codes that are taken for those of the other domain.

        Paper, eq. 3; the weight of the latter rises over --disc_ramp iterations.
        """
        x1, x2 = batch["x1"], batch["x2"]
        code = self.nets["common"](both(batch), training=True)
        counts = [x1.shape[0], x2.shape[0]]
        attribute = tf.constant(np.repeat([ABSENT, PRESENT], counts, axis=0))
        images1, images2 = tf.split(self.nets["gen"]([code, attribute], training=True), 2)
        # A mean over the images of both domains, as `hide` is one.
        terms = {"rec1": 0.5 * self.distance(images1, x1), "rec2": 0.5 * self.distance(images2, x2)}
        return terms | self.hiding_terms(code, random, swap=True)
