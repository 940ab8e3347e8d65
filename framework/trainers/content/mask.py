"""A second decoder draws the extra and the mask of where it is; the rest of an image stays.

Mokady et al., arXiv 1906.06558, with its weights; domain 2 is the paper's A. Its term of the common
code of transferred images has weight 0 there and is left out.
"""

import keras
import numpy as np
import tensorflow as tf

from framework.engine.phase import Batch, Terms
from framework.engine.randomness import Random
from framework.trainers import content_trainer
from framework.trainers.content import press
from framework.trainers.content_trainer import both, by_rows
from nets import content
from nets.content import compose

REC1, REC2, STAY, CYCLE = 5.0, 7.0, 0.7, 0.001  # weights of the terms of `ae_terms`


class System(press.System):
    """The networks of press, whose `gen` draws images without extra, and a decoder of masks."""

    def build_nets(self) -> dict[str, keras.Model]:
        """`common`, `separate`, `gen`, and `masked`, which draws an extra and its mask."""
        nets = super().build_nets()
        settings = press.decoder_settings(self.options, nets["common"])
        return nets | {"masked": content.mask_decoder(**settings)}

    def put(self, images: np.ndarray, extra: np.ndarray) -> np.ndarray:
        """Images on which the extra is drawn where its mask is."""
        drawn, mask = self._extra_and_mask(images, extra)
        return compose(drawn, mask, images)

    def replace(self, images: np.ndarray, extra: np.ndarray) -> np.ndarray:
        """Images without their own extra, on which this one is drawn."""
        return self.put(self.remove(images), extra)

    def remove(self, images: np.ndarray) -> np.ndarray:
        """Images decoded without extra where the mask of their own is above --mask_threshold."""
        _, mask = self._extra_and_mask(images, self.extra(images))
        return np.where(mask > self.options.mask_threshold, self._plain(images), images)

    def removal(self, image: keras.KerasTensor) -> keras.KerasTensor:
        """What `remove` computes, as a graph of layers."""
        _, mask = self._drawn(image, image)
        shown = keras.ops.greater(mask, self.options.mask_threshold)
        return keras.ops.where(shown, super().removal(image), image)

    def addition(self, image: keras.KerasTensor, guide: keras.KerasTensor) -> keras.KerasTensor:
        """What `add` computes, as a graph of layers."""
        drawn, mask = self._drawn(image, guide)
        return compose(drawn, mask, image)

    def _drawn(self, image: keras.KerasTensor, guide: keras.KerasTensor) -> list[keras.KerasTensor]:
        """What `_extra_and_mask` computes of the extra of a guide, as a graph of layers."""
        extra = self.net("separate")(guide, training=False)
        return self.net("masked")([self.net("common")(image, training=False), extra])

    def rebuild(self, images1: np.ndarray, images2: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Images decoded without extra; in domain 2 their own extra is drawn on these."""
        image, mask = self._extra_and_mask(images2, self.extra(images2))
        return self._plain(images1), compose(image, mask, self._plain(images2))

    def _extra_and_mask(self, images: np.ndarray, extra: np.ndarray) -> tuple[np.ndarray, ...]:
        """An extra drawn for these images, [N, S, S, C], and the mask [N, S, S, 1] of its place."""

        def draw(x: tf.Tensor, code: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            common = self.net("common")(x, training=False)
            return self.net("masked")([common, code], training=False)

        return by_rows(draw, images, extra)

    def _plain(self, images: np.ndarray) -> np.ndarray:
        """Images of either domain, decoded without extra."""
        return super().put(images, self.no_extra(self.extra(images)))


class Trainer(content_trainer.Trainer):
    """Updates encoders and both decoders, then the discriminator."""

    system_class = System

    def ae_terms(self, batch: Batch, random: Random) -> Terms:
        """Reconstructions, images that must stay as they are, codes of added extras, hiding."""
        nets, x1, x2 = self.nets, batch["x1"], batch["x2"]
        common = nets["common"](both(batch), training=True)
        common1, common2 = tf.split(common, 2)
        extra = nets["separate"](x2, training=True)
        none = tf.zeros_like(extra)
        plain = nets["gen"]([common, tf.concat([none, none], axis=0)], training=True)
        plain1, plain2 = tf.split(plain, 2)
        # Three cases: x2 with its own extra, x1 without any, x1 with the extra of x2.
        codes = [
            tf.concat([common2, common1, common1], axis=0),
            tf.concat([extra, none, extra], axis=0),
        ]
        images, masks = (tf.split(each, 3) for each in nets["masked"](codes, training=True))
        own, bare, added = zip(images, masks, strict=True)
        stay = self.distance(compose(*own, x2), x2) + self.distance(compose(*bare, x1), x1)
        code = nets["separate"](compose(*added, x1), training=True)
        difference = tf.cast(code, tf.float32) - tf.cast(extra, tf.float32)
        return {
            "rec1": REC1 * self.distance(plain1, x1),
            "rec2": REC2 * self.distance(compose(*own, plain2), x2),
            "stay": STAY * stay,
            "cycle": CYCLE * tf.reduce_mean(tf.square(difference)),
        } | self.hiding_terms(common, random)
