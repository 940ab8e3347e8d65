"""Classifier of images: for the semantic loss, for pruning SVHN, and for evaluation."""

import dataclasses

from framework.options import base
from framework.options.base import CLASSIFIERS, option


@dataclasses.dataclass(frozen=True)
class Options(base.Options):
    """Options of `--gan_type classifier`."""

    dataset: str = option("mnist", "data set that the command `list` shows", "data")
    classifier_arch: str = option(
        "thesis", "architecture of the classifier", "nets", choices=CLASSIFIERS
    )
    width: float = option(
        1.0, "factor on the widths of hidden layers; 1: as in the thesis", "nets", low=0.001
    )
    shift: int = option(
        2, "largest random shift of training images, in pixels", "data", low=0, high=16
    )
    iterations: int = option(
        5000, "training updates, over which the learning rate falls to 0", "training", low=1,
        aliases=("epochs",),
    )  # fmt: skip
    lr: float = option(1e-3, "learning rate (Adam)", "optimisers", low=0)
