"""FUNIT2FUNIT: FUNIT whose translations are encoded again and exchanged back.

Paper, eq. 9 and 10: FUNIT's terms, the long reconstruction, and feature matching of it with mixed
images (reassembly) and with real images (long).
"""

from framework.engine.phase import Batch, Terms
from framework.engine.randomness import Random
from framework.penalties import distance
from framework.trainers.exchange import exchange, pair
from framework.trainers.g2g import funit


class Trainer(funit.Trainer):
    """FUNIT's phases with three more terms."""

    def gen_terms(self, batch: Batch, random: Random, training: bool = True) -> Terms:
        """Computes FUNIT's terms and those that have a weight and are not in --ablate."""
        o, coder = self.options, self.system.coder(training)
        swap = coder.swap(pair(batch))
        terms, features = self.translation_terms(coder, swap, pair(batch, "y"), random)
        distances = {
            "long": lambda: distance(swap.back, swap.x),
            "fm_long": lambda: distance(features.back, features.real),
            # The published sum compares r with the mixed image of its style.
            "fm_reassembly": lambda: distance(features.back, exchange(features.mixed)),
        }
        left_out = o.ablate.split("+")
        term_weights = {name: getattr(o, f"{name}_weight") for name in o.ABLATABLE}
        used = {name: w for name, w in term_weights.items() if w and name not in left_out}
        return terms | {name: weight * distances[name]() for name, weight in used.items()}
