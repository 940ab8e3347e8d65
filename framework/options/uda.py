"""Unsupervised domain adaptation by CoGAN: labels of domain 1 give a classifier of domain 2."""

import dataclasses

from framework.errors import UsageError
from framework.options import cogan
from framework.options.base import option


@dataclasses.dataclass(frozen=True)
class Options(cogan.Options):
    """Options of `--gan_type uda`."""

    cogan_data: str = option("mnist2usps", "pair of domains that the command `list` shows", "data")
    source_images: int = option(
        0, "labelled training images of domain 1, chosen at random; 0: all", "data", low=0
    )
    target_images: int = option(
        0, "unlabelled training images of domain 2, chosen at random; 0: all", "data", low=0
    )
    class_weight: float = option(
        10.0, "weight of the classification loss on domain 1", "adaptation", low=0
    )
    pair_weight: float = option(
        0.01, "weight of the squared distance between the features of a generated pair in the last "
        "hidden layers of the discriminators, which keep it small", "adaptation",
        low=0,
    )  # fmt: skip
    baseline: bool = option(
        True, "also train the same classifier on domain 1 alone, for comparison", "adaptation"
    )

    def check(self) -> None:
        """Refuses discriminators without a shared hidden layer, and clipped ones."""
        super().check()
        if self.shared[1] < 2:
            raise UsageError(
                f"--d_shared_layers {self.shared[1]}: adaptation needs at least 2, a shared hidden "
                "layer and the output"
            )
        if self.loss == "wgan" and self.disc_penalty == "none":
            raise UsageError(
                "--loss wgan: needs --disc_penalty here; clipping would also clip the classifier"
            )
