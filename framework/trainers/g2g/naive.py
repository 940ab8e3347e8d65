"""Naive G2G: LORD's generator, two convolutional encoders, no discriminator and no labels.

Interim report, eq. 1-4. Copying image 1 and ignoring style is an exact optimum of this loss.
"""

import tensorflow as tf

from framework import penalties
from framework.engine import trainer
from framework.engine.phase import Batch, Phase, Terms
from framework.engine.randomness import Random
from framework.options.g2g import Options
from framework.trainers import g2g_trainer
from framework.trainers.exchange import NETS, Swap, exchange, pair


class Trainer(trainer.Trainer):
    """One loss for both encoders and the generator."""

    system_class = g2g_trainer.System
    system: g2g_trainer.System
    contract = "halves"
    options: Options

    def build_phases(self) -> list[Phase]:
        """Builds one update of encoders and generator."""
        return [Phase("gen", NETS, self.gen_terms, g2g_trainer.gen_optimizer(self.options))]

    def gen_terms(self, batch: Batch, random: Random, training: bool = True) -> Terms:
        """Computes reconstruction and code cycles (eq. 4)."""
        swap = self.system.coder(training).swap(pair(batch))
        rec = self.options.rec_weight * 2 * penalties.distance(swap.back, swap.x)
        return {"rec": rec} | code_cycle(swap, self.options.gamma)

    def held_out_terms(self, batch: Batch, random: Random) -> Terms:
        """Computes the same terms of held-out pairs."""
        return self.gen_terms(batch, random, training=False)


def code_cycle(swap: Swap, weight: float) -> dict[str, tf.Tensor]:
    """Computes the distances of codes of mixed images from those that the images come from.

    Mean squares, summed over the pair (eq. 2 and 3), times `weight`.
    """
    codes = {
        "content": (swap.content, swap.mixed_content),
        "style": (swap.style, exchange(swap.mixed_style)),
    }
    return {name: weight * 2 * penalties.distance(*both, "l2") for name, both in codes.items()}
