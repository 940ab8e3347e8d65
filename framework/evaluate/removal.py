"""Metrics of an extra that images of domain 2 have and those of domain 1 have not.

Is it gone from images it was removed from, is it there in images it was transferred to, and is
the rest as it was? Press et al., arXiv 2001.05017, table 4. The classifier tells domains apart, or
the classes of the data; it took no part in training.
"""

import numpy as np

from framework.evaluate.labels import Classify, accuracy, score
from framework.evaluate.metric import check, mean, share

EXTRA = 1  # the classifier's class of domain 2


def removal(
    removed: np.ndarray,
    guided: np.ndarray,
    real1: np.ndarray,
    real2: np.ndarray,
    classify: Classify,
    protocol: str,
) -> dict[str, dict]:
    """Return every metric of a classifier of domains by name.

    `removal_probability` is the mean probability of domain 2 of images that lost the extra,
    `real_probability1` and `2` those of real images: the least and the most to be expected.
    `guided` is the share of images with a guide's extra that are judged of domain 2, and
    `evaluator_accuracy` that of real images judged right.

    All images are float [N, S, S, C] in [-1, 1], each N its own; ValueError for other ones.
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
    """The metric of the share of images that show the class they showed before.

    Images are float [N, S, S, C] in [-1, 1]. Raises ValueError for other ones, and for two numbers
    of them.
    """
    if len(before) != len(after):
        raise ValueError(f"got {len(before)} images before and {len(after)} after")
    same = score(before, classify).labels == score(after, classify).labels
    return share(same, f"{protocol}; classes before and after")


def _probability(images: np.ndarray, classify: Classify, protocol: str) -> dict:
    """The metric of the mean probability of domain 2."""
    check(images)
    values = np.asarray(classify(images)[0], np.float64)[:, EXTRA]
    return mean(values, f"{protocol}; mean probability", 0.0, 1.0)
