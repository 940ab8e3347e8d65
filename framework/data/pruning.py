"""Leaving out training images that a classifier cannot read."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from framework.data.domains import Domain
from framework.errors import UsageError


def prune(
    domain: Domain, probabilities: Callable[[np.ndarray], np.ndarray], threshold: float = 0.4
) -> Domain:
    """Drops training images whose best class probability is at most `threshold` (thesis, 2.7).

    `probabilities` maps uint8 images [N, S, S, 3] to class probabilities [N, K]. The
    test images stay as they are. Raises UsageError when fewer than two images would be left.
    """
    keep = probabilities(domain.images).max(axis=1) > threshold
    if keep.sum() < 2:
        raise UsageError(f"pruning {domain.name} at {threshold} leaves {keep.sum()} images")
    labels = None if domain.labels is None else domain.labels[keep]
    return replace(domain, images=domain.images[keep], labels=labels)
