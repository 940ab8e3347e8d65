"""LPIPS, the learned distance of two images, version 0.1.

Zhang et al., "The Unreasonable Effectiveness of Deep Features as a Perceptual Metric", arXiv
1801.03924, eq. 1: features are scaled to length 1 over channels; their squared differences are
weighted per channel, averaged over positions and summed over layers.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np

from framework.evaluation.metrics.metric import STANDARD_ERRORS, check
from framework.results.description import Description

Trunk = Callable[[np.ndarray], Sequence[np.ndarray]]
"""Scaled images [N, S, S, 3] -> maps [N, h, w, C], one per layer."""

SHIFT = np.array([-0.030, -0.088, -0.188], np.float32)  # the authors' scaling of [-1, 1]
SCALE = np.array([0.458, 0.448, 0.450], np.float32)
EPSILON = 1e-10
PIXELS = 100 * 32 * 32  # on one side of the pairs that pass the network together

DESCRIPTIONS = (
    Description(
        "lpips_pair", "LPIPS within a pair",
        "Perceptual distance of the two images of a pair, which have the same latent vector.",
        "down", "lpips_unpaired", STANDARD_ERRORS,
    ),
    Description(
        "lpips_unpaired", "LPIPS of images that are no pair",
        "Perceptual distance of two generated images, one of each domain, with different latent "
        "vectors.",
        None, "lpips_real", STANDARD_ERRORS,
    ),
    Description(
        "lpips_real", "LPIPS of real images of both domains",
        "Perceptual distance of a random real image of domain 1 and one of domain 2.",
        None, "", STANDARD_ERRORS,
    ),
    Description(
        "lpips_domain", "LPIPS to real images of the same domain",
        "Perceptual distance of generated images and random real images of the same domain.",
        "down", "", STANDARD_ERRORS,
    ),
    Description(
        "lpips_cross", "LPIPS to real images of the other domain",
        "Perceptual distance of generated images of the first domain named and random real images "
        "of the second.",
        None, "lpips_real", STANDARD_ERRORS,
    ),
    Description(
        "lpips_content", "LPIPS of an image and its translation",
        "Perceptual distance of images and their translations: how much a translation changes.",
        "down", "", STANDARD_ERRORS,
    ),
)  # fmt: skip


def distances(
    first: np.ndarray, second: np.ndarray, trunk: Trunk, heads: Sequence[np.ndarray]
) -> np.ndarray:
    """Distances [N] of images [N, S, S, 3] in [-1, 1], row by row.

    Args:
        first, second: float images of one shape, in batches of any size.
        trunk: gives the maps of the frozen network.
        heads: one non-negative weight per channel and layer, [C].

    Raises:
        ValueError: images outside [-1, 1] or of different shapes.
    """
    if first.shape != second.shape or first.shape[-1:] != (3,):
        raise ValueError(f"images must be [N, S, S, 3] alike, not {first.shape}, {second.shape}")
    parts = [
        between((first[rows], second[rows]), [(0, 1)], trunk, heads)[0]
        for rows in batches(len(first), first.shape[1])
    ]
    return np.concatenate(parts)


def batches(count: int, image_size: int) -> Iterator[slice]:
    """Slices of `count` rows that are so short that the maps of large images fit into memory."""
    rows = max(1, PIXELS // image_size**2)
    return (slice(start, min(start + rows, count)) for start in range(0, count, rows))


def between(
    images: Sequence[np.ndarray],
    pairs: Iterable[tuple[int, int]],
    trunk: Trunk,
    heads: Sequence[np.ndarray],
) -> np.ndarray:
    """Distances [P, N] of P pairs of batches [N, S, S, 3]; a batch passes the network only once.

    Raises ValueError for images outside [-1, 1].
    """
    stacked, pairs = np.concatenate(images), list(pairs)
    check(stacked)
    total = np.zeros((len(pairs), len(images[0])))
    maps = trunk((stacked.astype(np.float32) - SHIFT) / SCALE)
    for layer, head in zip(maps, heads, strict=True):
        layer = np.asarray(layer, np.float32)
        length = np.sqrt(np.square(layer).sum(axis=-1, keepdims=True))
        units = np.split(layer / (length + EPSILON), len(images))
        for i, (one, other) in enumerate(pairs):
            total[i] += (np.square(units[one] - units[other]) @ head).mean(axis=(1, 2))
    return total
