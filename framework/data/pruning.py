"""Removes training images that a classifier cannot recognise."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from framework.data.domains import Domain
from framework.data.storage import Images, select
from framework.errors import UsageError


def prune(
    domain: Domain, probabilities: Callable[[Images], np.ndarray], threshold: float = 0.4
) -> Domain:
    """Removes training images whose highest class probability is at most `threshold`.

    Thesis, section 2.7. Test images are not removed.

    Args:
        domain: the domain to prune.
        probabilities: uint8 images [N, S, S, 3] -> class probabilities [N, K].
        threshold: a probability, from 0 to 1.

    Raises:
        UsageError: fewer than two images would be left.
    """
    keep = probabilities(domain.images).max(axis=1) > threshold
    if keep.sum() < 2:
        raise UsageError(f"pruning {domain.name} at {threshold} leaves {keep.sum()} images")
    labels = None if domain.labels is None else domain.labels[keep]
    return replace(domain, images=select(domain.images, keep), labels=labels)
