"""Naive G2G: LORD's generator, two convolutional encoders, no adversary and no labels.

Interim report, eq. 1-4. Copying image 1 and ignoring style is an exact optimum of this loss.
"""

import keras
import tensorflow as tf

from framework import g2g_trainer
from framework.g2g_trainer import NETS, Swap, exchange, pair
from framework.trainer import Batch
from framework.utils import Random
from nets import lord
from nets.blocks import Style, scaled


class Trainer(g2g_trainer.Trainer):
    """One loss for both encoders and the generator."""

    averaged = NETS

    def build_nets(self) -> dict[str, keras.Model]:
        """`content`, `style` and `gen`."""
        o = self.options
        layers = Style(weight_init="he", bias_init=0.0, weight_decay=o.weight_decay)
        sizes = dict(image_size=o.image_size, layers=layers)
        encoders = {
            name: lord.naive_encoder(name, width=scaled(32, o.width), code_dim=dim, **sizes)
            for name, dim in (("content", o.content_dim), ("style", o.style_dim))
        }
        factor = o.width * o.gen_width
        return encoders | {
            "gen": lord.generator(
                content_dim=o.content_dim, style_dim=o.style_dim, width=8 * scaled(32, factor),
                tail=scaled(64, factor), adain_layers=o.adain_layers, out=o.g2g_out, **sizes,
            )
        }  # fmt: skip

    def gen_terms(self, batch: Batch, random: Random, training: bool = True) -> dict:
        """Equation 4."""
        swap = self.swap(pair(batch), training)
        rec = self.options.rec_weight * 2 * tf.reduce_mean(tf.abs(swap.back - swap.x))
        return {"rec": rec} | code_cycle(swap, self.options.gamma)


def code_cycle(swap: Swap, weight: float) -> dict[str, tf.Tensor]:
    """Codes found again in mixed images: mean squares, summed over the pair (eq. 2 and 3)."""
    found = {
        "content": (swap.content, swap.mixed_content),
        "style": (swap.style, exchange(swap.mixed_style)),
    }
    return {name: weight * 2 * _mean_square(*codes) for name, codes in found.items()}


def _mean_square(a: tf.Tensor, b: tf.Tensor) -> tf.Tensor:
    difference = tf.cast(a, tf.float32) - tf.cast(b, tf.float32)
    return tf.reduce_mean(tf.square(difference))
