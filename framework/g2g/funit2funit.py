"""FUNIT2FUNIT: FUNIT whose translations are taken apart and put together again.

Paper, eq. 9 and 10: to FUNIT's terms come the long reconstruction and the discriminator's features
of it, against those of the mixed images (reassembly) and of the images (long).
"""

from framework.exchange import exchange, pair
from framework.g2g import funit
from framework.penalties import distance
from framework.phase import Batch
from framework.utils import Random


class Trainer(funit.Trainer):
    """FUNIT's phases with three more terms."""

    def gen_terms(self, batch: Batch, random: Random, training: bool = True) -> dict:
        """FUNIT's terms and those of --ablate that are not left out."""
        o, y, swap = self.options, pair(batch, "y"), self.swap(pair(batch), training)
        left_out = o.ablate.split("+")
        weights = {name: getattr(o, f"{name}_weight") for name in o.ABLATABLE}
        on = {name: w for name, w in weights.items() if w and name not in left_out}
        terms, seen = self.translation_terms(swap, y, random, training)
        distances = {
            "long": lambda: distance(swap.back, swap.x),
            "fm_long": lambda: distance(seen.back, seen.real),
            # The published sum compares r with the mixed image of its style.
            "fm_reassembly": lambda: distance(seen.back, exchange(seen.mixed)),
        }
        return terms | {name: weight * distances[name]() for name, weight in on.items()}
