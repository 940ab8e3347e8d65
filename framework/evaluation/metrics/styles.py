"""Distance of two sets of images in style: that of their average Gram matrices.

Benaim and Wolf, "One-Shot Unsupervised Cross Domain Translation", NeurIPS 2018, table 2, with the
Gram matrices of Gatys et al., arXiv 1508.06576. The paper names neither layers nor scale. Here all
layers of the trunk of LPIPS have the same weight, so values can be compared with each other, but
not with those of the paper.
"""

from collections.abc import Sequence

import numpy as np

from framework.evaluation.metrics.lpips import SCALE, SHIFT, Trunk, batches
from framework.evaluation.metrics.metric import NO_INTERVAL, check, metric
from framework.results.description import Description

DESCRIPTIONS = (
    Description(
        "style", "distance in style",
        "Distance of translated images and real images of the target domain in their average "
        "Gram matrices.",
        "down", "style{}_source", NO_INTERVAL,
    ),
)  # fmt: skip


def style(images: np.ndarray, reals: np.ndarray, trunk: Trunk, protocol: str) -> dict:
    """Metric of two sets of images [N, S, S, 3] and [M, S, S, 3] in [-1, 1]; 0 for equal sets.

    The mean squared difference of their average Gram matrices, averaged over layers. Raises
    ValueError for images outside [-1, 1].
    """
    pairs = zip(average_grams(images, trunk), average_grams(reals, trunk), strict=True)
    value = np.mean([np.square(one - other).mean() for one, other in pairs])
    return metric(value, len(images), f"{protocol}; against {len(reals)} images")


def average_grams(images: np.ndarray, trunk: Trunk) -> list[np.ndarray]:
    """Gram matrix [C, C] of each layer, averaged over pixels and images."""
    check(images)
    sums: Sequence[np.ndarray] = ()
    for rows in batches(len(images), images.shape[1]):
        maps = trunk((images[rows].astype(np.float32) - SHIFT) / SCALE)
        grams = [_grams(np.asarray(layer, np.float64)) for layer in maps]
        sums = [a + b for a, b in zip(sums, grams, strict=True)] if len(sums) else grams
    return [each / len(images) for each in sums]


def _grams(maps: np.ndarray) -> np.ndarray:
    """Sum over images of the products of channels of maps [N, h, w, C], per pixel: [C, C]."""
    pixels = maps.shape[1] * maps.shape[2]
    return np.einsum("nhwc,nhwd->cd", maps, maps, optimize=True) / pixels
