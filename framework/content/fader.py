"""Fader Networks: one code, and an attribute that tells the decoder whether the extra is there.

Lample et al., arXiv 1706.00409. There is no guide: the extra that images get is the decoder's own.
"""

import keras
import tensorflow as tf

from framework import content_trainer
from framework.content_trainer import both
from framework.phase import Batch, Phase
from framework.utils import Random
from nets import content


class Trainer(content_trainer.Trainer):
    """The discriminator, then encoder and decoder."""

    averaged = ("common", "gen")
    together = False  # as in the published program

    def build_nets(self) -> dict[str, keras.Model]:
        """`common`, `gen` and `disc`, with batch norm as published."""
        o, layers = self.options, self.layers
        hidden = self.widths()["hidden"]
        norm = "batch" if o.norm == "auto" else o.norm
        common = content.encoder(
            "common",
            image_size=o.image_size,
            widths=(*hidden[::-1], hidden[0]),
            norm=norm,
            layers=layers,
        )
        code = common.output_shape[1:]
        gen = content.fader_decoder(code=code, hidden=hidden, norm=norm, layers=layers)
        disc = content.fader_discriminator(code=code, units=self.units(), layers=layers)
        return {"common": common, "gen": gen, "disc": disc}

    def build_phases(self) -> list[Phase]:
        """The discriminator first."""
        return super().build_phases()[::-1]

    def ae_terms(self, batch: Batch, random: Random) -> dict[str, tf.Tensor]:
        """Reconstruction of both domains, and codes that the discriminator takes for the other's.

        Paper, eq. 3; the weight of the latter rises over --disc_ramp iterations.
        """
        x1, x2 = batch["x1"], batch["x2"]
        code = self.nets["common"](both(batch), training=True)
        attribute = tf.concat([told(x1, 0), told(x2, 1)], axis=0)
        back1, back2 = tf.split(self.nets["gen"]([code, attribute], training=True), 2)
        # A mean over the images of both domains, as that of `hide`.
        terms = {"rec1": 0.5 * self.distance(back1, x1), "rec2": 0.5 * self.distance(back2, x2)}
        return terms | self.hide(code, random, swap=True)

    def extra(self, guide: tf.Tensor) -> tf.Tensor:
        """The attribute, whatever the guides look like."""
        return told(guide, 1)

    def nothing(self, extra: tf.Tensor) -> tf.Tensor:
        """The attribute's absence."""
        return told(extra, 0)

    def put(self, x: tf.Tensor, extra: tf.Tensor) -> tf.Tensor:
        """Decoded from codes and this attribute."""
        code = self.sampling_net("common")(x, training=False)
        return self.sampling_net("gen")([code, extra], training=False)


def told(images: tf.Tensor, present: int) -> tf.Tensor:
    """The attribute of N images, one-hot [N, 2]."""
    return tf.one_hot(tf.fill([images.shape[0]], present), content.VALUES)
