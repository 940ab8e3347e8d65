"""Two encoders, one decoder: the code of the extra is zero for images of domain 1.

Press et al., arXiv 2001.05017. Losses L_A, L_B and L_D of the paper are `rec1`, `rec2` and `disc`.
"""

import keras
import tensorflow as tf

from framework import content_trainer
from framework.content_trainer import both
from framework.phase import Batch
from framework.utils import Random
from nets import content


class Trainer(content_trainer.Trainer):
    """Both encoders and the decoder, then the discriminator."""

    averaged = ("common", "separate", "gen")

    def build_nets(self) -> dict[str, keras.Model]:
        """`common`, `separate`, `gen` and `disc`."""
        o, widths = self.options, self.widths()
        style = dict(norm=self.norm, layers=self.layers)
        nets = {
            name: content.encoder(name, image_size=o.image_size, widths=widths[name], **style)
            for name in ("common", "separate")
        }
        code = nets["common"].output_shape[1:]
        codes = dict(common=code, sep=o.sep, hidden=widths["hidden"])
        nets |= self.decoders(**codes, **style)
        nets["disc"] = content.discriminator(code=code, units=self.units(), layers=self.layers)
        return nets

    def decoders(self, **codes) -> dict[str, keras.Model]:
        """The nets that draw images of both codes."""
        return {"gen": content.decoder(**codes)}

    def ae_terms(self, batch: Batch, random: Random) -> dict[str, tf.Tensor]:
        """Reconstruction of both domains, and common codes that hide the domain."""
        nets, x1, x2 = self.nets, batch["x1"], batch["x2"]
        common = nets["common"](both(batch), training=True)
        extra = nets["separate"](x2, training=True)
        extras = tf.concat([tf.zeros_like(extra), extra], axis=0)
        back1, back2 = tf.split(nets["gen"]([common, extras], training=True), 2)
        terms = {"rec1": self.distance(back1, x1), "rec2": self.distance(back2, x2)}
        return terms | self.hide(common, random)

    def extra(self, guide: tf.Tensor) -> tf.Tensor:
        """Separate code of the guides."""
        return self.sampling_net("separate")(guide, training=False)

    def put(self, x: tf.Tensor, extra: tf.Tensor) -> tf.Tensor:
        """Decoded from common codes and this one."""
        common = self.sampling_net("common")(x, training=False)
        return self.sampling_net("gen")([common, extra], training=False)
