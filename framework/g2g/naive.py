"""Naive G2G: LORD's generator, two convolutional encoders, no adversary and no labels.

Interim report, eq. 1-4. Copying image 1 and ignoring style is an exact optimum of this loss.
"""

import keras
import tensorflow as tf

from framework import g2g_trainer, penalties
from framework.exchange import Swap, exchange, pair
from framework.g2g import networks
from framework.g2g_trainer import NETS
from framework.phase import Batch
from framework.utils import Random


class Trainer(g2g_trainer.Trainer):
    """One loss for both encoders and the generator."""

    averaged = NETS

    def build_nets(self) -> dict[str, keras.Model]:
        """`content`, `style` and `gen`."""
        return networks.build(self.options, self.options.style_dim)

    def gen_terms(self, batch: Batch, random: Random, training: bool = True) -> dict:
        """Equation 4."""
        swap = self.swap(pair(batch), training)
        rec = self.options.rec_weight * 2 * penalties.distance(swap.back, swap.x)
        return {"rec": rec} | code_cycle(swap, self.options.gamma)


def code_cycle(swap: Swap, weight: float) -> dict[str, tf.Tensor]:
    """Codes found again in mixed images: mean squares, summed over the pair (eq. 2 and 3)."""
    found = {
        "content": (swap.content, swap.mixed_content),
        "style": (swap.style, exchange(swap.mixed_style)),
    }
    return {name: weight * 2 * penalties.distance(*codes, "l2") for name, codes in found.items()}
