"""How far two sets of images are apart in style: the distance of their average Gram matrices.

Benaim and Wolf, "One-Shot Unsupervised Cross Domain Translation", NeurIPS 2018, table 2, with the
Gram matrices of Gatys et al., arXiv 1508.06576. Layers and scale are not printed there: here all
layers of the trunk of LPIPS count alike, so that only orders can be compared.
"""

from collections.abc import Sequence

import numpy as np

from framework.evaluate.lpips import SCALE, SHIFT, Trunk, batches
from framework.evaluate.metric import check, metric


def style(images: np.ndarray, reals: np.ndarray, trunk: Trunk, protocol: str) -> dict:
    """The metric of two sets of images [N, S, S, 3] and [M, S, S, 3] in [-1, 1], 0 for equal ones.

    The mean squared difference of their average Gram matrices, averaged over layers. Raises
    ValueError for images outside [-1, 1].
    """
    pairs = zip(average_grams(images, trunk), average_grams(reals, trunk), strict=True)
    value = np.mean([np.square(one - other).mean() for one, other in pairs])
    return metric(value, len(images), f"{protocol}; against {len(reals)} images")


def average_grams(images: np.ndarray, trunk: Trunk) -> list[np.ndarray]:
    """Per layer the products of the channels, averaged over pixels and images [C, C]."""
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
