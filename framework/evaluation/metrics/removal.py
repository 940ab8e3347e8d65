"""Metrics of removing and transferring an extra, which only images of domain 2 have.

Is the extra absent from images it was removed from, is it present in images it was transferred to,
and is the rest of the image unchanged? Press et al., arXiv 2001.05017, table 4. The classifier
distinguishes the domains, or the classes of the data; it took no part in training.
"""

import numpy as np

from framework.evaluation.metrics.classification import Classify, accuracy, score
from framework.evaluation.metrics.metric import STANDARD_ERRORS, WILSON, check, mean, share
from framework.results.description import Description

EXTRA = 1  # the classifier's class of domain 2

DESCRIPTIONS = (
    Description(
        "removal_probability", "extra left after the removal",
        "Mean probability that the evaluator gives to the extra in images it was removed from.",
        "down", "real_probability1", STANDARD_ERRORS, headline=True,
    ),
    Description(
        "real_probability", "probability of the extra in real images",
        "Mean probability that the evaluator gives to the extra in real images: the least to be "
        "expected in domain 1, and the most in domain 2.",
        None, "", STANDARD_ERRORS,
    ),
    Description(
        "guided", "extra transferred",
        "Share of images of domain 1 with the extra of a guide in which the evaluator finds it.",
        "up", "about 0 without a transfer", WILSON, headline=True,
    ),
    Description(
        "class_kept", "class kept by the removal",
        "Share of images in which the evaluator finds the same class before and after the removal.",
        "up", "", WILSON, headline=True,
    ),
)  # fmt: skip


def removal(
    removed: np.ndarray,
    guided: np.ndarray,
    real1: np.ndarray,
    real2: np.ndarray,
    classify: Classify,
    protocol: str,
) -> dict[str, dict]:
    """Returns all metrics that need a classifier of domains, by name.

    Args:
        removed: images of domain 2 without their extra, [N, S, S, C] in [-1, 1] as all are; the
            numbers of images may differ.
        guided: images of domain 1 with the extra of a guide.
        real1: real images of domain 1.
        real2: real images of domain 2.
        classify: gives the probabilities of domain 1 and of domain 2.
        protocol: kept beside every number.

    Raises:
        ValueError: images are malformed.
    """
    probability = {
        "removal_probability": removed, "real_probability1": real1, "real_probability2": real2
    }  # fmt: skip
    reals, domains = np.concatenate([real1, real2]), np.repeat([0, 1], [len(real1), len(real2)])
    return {name: _probability(x, classify, protocol) for name, x in probability.items()} | {
        "guided": share(score(guided, classify).labels == EXTRA, protocol),
        "evaluator_accuracy": accuracy(classify, reals, domains, protocol),
    }


def kept(before: np.ndarray, after: np.ndarray, classify: Classify, protocol: str) -> dict:
    """Metric of the share of images that have the same class before and after a change.

    Images are float [N, S, S, C] in [-1, 1]. Raises ValueError for malformed images and for
    different numbers of them.
    """
    if len(before) != len(after):
        raise ValueError(f"got {len(before)} images before and {len(after)} after")
    same = score(before, classify).labels == score(after, classify).labels
    return share(same, f"{protocol}; classes before and after")


def _probability(images: np.ndarray, classify: Classify, protocol: str) -> dict:
    """Metric of the mean probability of domain 2."""
    check(images)
    values = np.asarray(classify(images)[0], np.float64)[:, EXTRA]
    return mean(values, f"{protocol}; mean probability", 0.0, 1.0)
