"""FUNIT2FUNIT: FUNIT whose translations are taken apart and put together again.

Paper, eq. 9 and 10: to FUNIT's terms come the long reconstruction and the discriminator's features
of it, against those of the mixed images (reassembly) and of the images (long).
"""

from framework.exchange import exchange, pair
from framework.g2g import funit
from framework.guides import l1
from framework.phase import Batch
from framework.utils import Random


class Trainer(funit.Trainer):
    """FUNIT's phases with three more terms."""

    def gen_terms(self, batch: Batch, random: Random, training: bool = True) -> dict:
        """FUNIT's terms and those of --ablate that are not left out."""
        o, y, swap = self.options, pair(batch, "y"), self.swap(pair(batch), training)
        terms = self.translation_terms(swap, y, random, training)
        weights = dict(
            long=o.long_weight, fm_long=o.fm_long_weight, fm_reassembly=o.fm_reassembly_weight
        )
        left_out = o.ablate.split("+")
        on = {name: w for name, w in weights.items() if w and name not in left_out}
        features = {}
        if "fm_long" in on or "fm_reassembly" in on:
            rows = {"x": (swap.x, y), "back": (swap.back, y), "mixed": (swap.mixed, exchange(y))}
            features = {name: self.judge(*row)[1] for name, row in rows.items()}
        distances = {
            "long": lambda: l1(swap.back, swap.x),
            "fm_long": lambda: l1(features["back"], features["x"]),
            # The published sum compares r with the mixed image of its style.
            "fm_reassembly": lambda: l1(features["back"], exchange(features["mixed"])),
        }
        return terms | {name: weight * distances[name]() for name, weight in on.items()}
