"""Evaluates pairs of samples: do both images of a pair show the same, apart from their domain?"""

import numpy as np

from framework.data import Images, celeba
from framework.evaluation import captions, metrics
from framework.evaluation.distribution import Distribution
from framework.evaluation.evaluation import Metrics
from framework.evaluation.metrics import Classify


class Pairs(Distribution):
    """Samples of two domains; row i of both comes from the same latent vector."""

    def caption(self) -> str:
        """Returns the caption of the sheet: domain 1 above domain 2."""
        first, second = self.domain_names
        return captions.pairs((first, second))

    def of_samples(
        self, fakes: tuple, reals: list[Images], classify: Classify, protocol: str
    ) -> Metrics:
        """Metrics of pairs beside those of each domain."""
        fake1, fake2 = fakes
        real1, real2 = reals
        return metrics.pairs(fake1, fake2, classify, real1=real1, real2=real2, protocol=protocol)

    def of_attributes(
        self, fakes: tuple[np.ndarray, ...], classify: Classify, name: str, protocol: str
    ) -> Metrics:
        """Also how well pairs differ in the attribute that divides them and agree in the others."""
        found, own = super().of_attributes(fakes, classify, name, protocol), self.data.divided_by
        if own:
            first, second = (classify(images)[0] for images in fakes)
            found |= metrics.attribute_pairs(
                first, second, self.data.attributes, celeba.dividing(own), protocol
            )
        return found
