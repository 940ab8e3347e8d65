"""A second decoder draws the extra and the mask of where it is; the rest of an image stays.

Mokady et al., arXiv 1906.06558, with its weights; domain 2 is the paper's A. Its term of the common
code of transferred images has weight 0 there and is left out.
"""

import keras
import tensorflow as tf

from framework.content import press
from framework.content_trainer import both
from framework.phase import Batch
from framework.utils import Random
from nets import content
from nets.content import compose

REC1, REC2, STAY, CYCLE = 5.0, 7.0, 0.7, 0.001


class Trainer(press.Trainer):
    """Encoders and both decoders, then the discriminator."""

    averaged = ("common", "separate", "gen", "masked")

    def decoders(self, **codes) -> dict[str, keras.Model]:
        """`gen` draws images without extra, `masked` what is put on them."""
        return {"gen": content.decoder(**codes), "masked": content.mask_decoder(**codes)}

    def ae_terms(self, batch: Batch, random: Random) -> dict[str, tf.Tensor]:
        """Reconstructions, images on which nothing changes, the extra found again, hiding."""
        nets, x1, x2 = self.nets, batch["x1"], batch["x2"]
        common = nets["common"](both(batch), training=True)
        common1, common2 = tf.split(common, 2)
        extra = nets["separate"](x2, training=True)
        none = tf.zeros_like(extra)
        plain = nets["gen"]([common, tf.concat([none, none], axis=0)], training=True)
        plain1, plain2 = tf.split(plain, 2)
        codes = [
            tf.concat([common2, common1, common1], axis=0),
            tf.concat([extra, none, extra], axis=0),
        ]
        images, masks = (tf.split(each, 3) for each in nets["masked"](codes, training=True))
        own, bare, moved = zip(images, masks, strict=True)
        stay = self.distance(compose(*own, x2), x2) + self.distance(compose(*bare, x1), x1)
        found = nets["separate"](compose(*moved, x1), training=True)
        difference = tf.cast(found, tf.float32) - tf.cast(extra, tf.float32)
        return {
            "rec1": REC1 * self.distance(plain1, x1),
            "rec2": REC2 * self.distance(compose(*own, plain2), x2),
            "stay": STAY * stay,
            "cycle": CYCLE * tf.reduce_mean(tf.square(difference)),
        } | self.hide(common, random)

    def put(self, x: tf.Tensor, extra: tf.Tensor) -> tf.Tensor:
        """Drawn upon the images by mask."""
        return compose(*self._drawn(x, extra), x)

    def swap(self, x2: tf.Tensor, extra: tf.Tensor) -> tf.Tensor:
        """Drawn upon what is left of the images without their own."""
        return self.put(self.remove(x2), extra)

    def remove(self, x2: tf.Tensor) -> tf.Tensor:
        """Redrawn without extra where the mask of their own is above --mask_threshold."""
        _, mask = self._drawn(x2, self.extra(x2))
        return tf.where(mask > self.options.mask_threshold, self._plain(x2), x2)

    def rebuild(self, x1: tf.Tensor, x2: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Redrawn without extra, and that with its own extra drawn upon it."""
        return self._plain(x1), compose(*self._drawn(x2, self.extra(x2)), self._plain(x2))

    def _drawn(self, x: tf.Tensor, extra: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Image and mask of an extra on images."""
        common = self.sampling_net("common")(x, training=False)
        return self.sampling_net("masked")([common, extra], training=False)

    def _plain(self, x: tf.Tensor) -> tf.Tensor:
        return super().put(x, self.nothing(self.extra(x)))
