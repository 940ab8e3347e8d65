"""Leaving out training images that a classifier cannot read."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from framework.data.domains import Domain
from framework.errors import UsageError


def prune(
    domain: Domain,
    probabilities: Callable[[np.ndarray], np.ndarray],
    threshold: float = 0.4,
    batch_size: int = 512,
) -> Domain:
    """Drops training images whose best class probability is at most `threshold` (thesis, 2.7).

    `probabilities` maps uint8 images [N, S, S, 3] to class probabilities [N, K]; it is called with
    `batch_size` images at a time. The test images stay as they are. Raises UsageError when fewer
    than two images would be left.
    """
    starts = range(0, len(domain.images), batch_size)
    best = [probabilities(domain.images[i : i + batch_size]).max(axis=1) for i in starts]
    keep = np.concatenate(best) > threshold
    if keep.sum() < 2:
        raise UsageError(f"pruning {domain.name} at {threshold} leaves {keep.sum()} images")
    labels = None if domain.labels is None else domain.labels[keep]
    return replace(domain, images=domain.images[keep], labels=labels)
