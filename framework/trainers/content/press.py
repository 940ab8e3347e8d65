"""Two encoders, one decoder: the code of the extra is zero for images of domain 1.

Press et al., arXiv 2001.05017. Losses L_A, L_B and L_D of the paper are `rec1`, `rec2` and `disc`.
"""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from framework.engine.phase import Batch, Terms
from framework.engine.randomness import Random
from framework.options.content import Options
from framework.trainers import content_trainer
from framework.trainers.content_trainer import both, by_rows, layers, norm, widths
from nets import content


class System(content_trainer.System):
    """An encoder of what the domains have in common, one of the extra, a decoder of both codes."""

    def build_nets(self) -> dict[str, keras.Model]:
        """`common`, `separate` and `gen`."""
        o, channels = self.options, widths(self.options)
        nets = {
            name: content.encoder(
                name, image_size=o.image_size, widths=channels[name], norm=norm(o), layers=layers(o)
            )
            for name in ("common", "separate")
        }
        return nets | {"gen": content.decoder(**decoder_settings(o, nets["common"]))}

    def extra(self, guides: np.ndarray) -> np.ndarray:
        """Separate codes of the guides."""
        return by_rows(lambda x: (self.net("separate")(x, training=False),), guides)[0]

    def put(self, images: np.ndarray, extra: np.ndarray) -> np.ndarray:
        """Images decoded from their common codes and these codes of an extra."""
        return by_rows(self._decoded, images, extra)[0]

    def removal(self, image: keras.KerasTensor) -> keras.KerasTensor:
        """What `remove` computes, as a graph of layers."""
        extra = self.net("separate")(image, training=False)
        return self._decoded(image, keras.ops.zeros_like(extra))[0]

    def addition(self, image: keras.KerasTensor, guide: keras.KerasTensor) -> keras.KerasTensor:
        """What `add` computes, as a graph of layers."""
        return self._decoded(image, self.net("separate")(guide, training=False))[0]

    def _decoded(self, x: tf.Tensor, extra: tf.Tensor) -> tuple[tf.Tensor]:
        common = self.net("common")(x, training=False)
        return (self.net("gen")([common, extra], training=False),)


class Trainer(content_trainer.Trainer):
    """Updates both encoders and the decoder, then the discriminator."""

    system_class = System

    def ae_terms(self, batch: Batch, random: Random) -> Terms:
        """Reconstruction of both domains, and common codes that hide the domain."""
        nets, x1, x2 = self.nets, batch["x1"], batch["x2"]
        common = nets["common"](both(batch), training=True)
        extra = nets["separate"](x2, training=True)
        extras = tf.concat([tf.zeros_like(extra), extra], axis=0)
        images1, images2 = tf.split(nets["gen"]([common, extras], training=True), 2)
        terms = {"rec1": self.distance(images1, x1), "rec2": self.distance(images2, x2)}
        return terms | self.hiding_terms(common, random)


def decoder_settings(options: Options, common: keras.Model) -> dict[str, Any]:
    """Arguments of a decoder of the codes of the encoder `common` and of an extra."""
    return dict(
        common=common.output_shape[1:],
        sep=options.sep,
        hidden=widths(options)["hidden"],
        norm=norm(options),
        layers=layers(options),
    )
