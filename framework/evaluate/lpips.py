"""LPIPS, the learned distance of two images, version 0.1.

Zhang et al., "The Unreasonable Effectiveness of Deep Features as a Perceptual Metric", arXiv
1801.03924, eq. 1: features are scaled to length 1 over channels, squared differences weighted per
channel, averaged over places, summed over layers.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np

from framework.evaluate.metric import check

Trunk = Callable[[np.ndarray], Sequence[np.ndarray]]
"""Scaled images [N, S, S, 3] -> maps [N, h, w, C], one per layer."""

SHIFT = np.array([-0.030, -0.088, -0.188], np.float32)  # of the authors' scaling of [-1, 1]
SCALE = np.array([0.458, 0.448, 0.450], np.float32)
EPSILON = 1e-10
PIXELS = 100 * 32 * 32  # of one side of the pairs that are looked at together


def distances(
    first: np.ndarray, second: np.ndarray, trunk: Trunk, heads: Sequence[np.ndarray]
) -> np.ndarray:
    """Distances [N] of images [N, S, S, 3] in [-1, 1], row by row.

    Args:
        first, second: float images of one shape, in batches of any size.
        trunk: the frozen network's maps.
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
    """Slices of `count` rows, so many at a time that the maps of large images fit into memory."""
    rows = max(1, PIXELS // image_size**2)
    return (slice(start, min(start + rows, count)) for start in range(0, count, rows))


def between(
    images: Sequence[np.ndarray],
    pairs: Iterable[tuple[int, int]],
    trunk: Trunk,
    heads: Sequence[np.ndarray],
) -> np.ndarray:
    """Distances [P, N] of P pairs among several batches [N, S, S, 3], each seen only once.

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
