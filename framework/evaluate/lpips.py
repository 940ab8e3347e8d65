"""LPIPS, the learned distance of two images, version 0.1.

Zhang et al., "The Unreasonable Effectiveness of Deep Features as a Perceptual Metric", arXiv
1801.03924, eq. 1: features are scaled to length 1 over channels, squared differences weighted per
channel, averaged over places, summed over layers.
"""

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from framework.evaluate.metric import check, metric

Trunk = Callable[[np.ndarray], Sequence[np.ndarray]]
"""Scaled images [N, S, S, 3] -> maps [N, h, w, C], one per layer."""

SHIFT = np.array([-0.030, -0.088, -0.188], np.float32)  # of the authors' scaling of [-1, 1]
SCALE = np.array([0.458, 0.448, 0.450], np.float32)
EPSILON = 1e-10
BATCH = 100


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
    return np.concatenate([_batch(*rows, trunk, heads) for rows in _batches(first, second)])


def _batches(*images: np.ndarray) -> Iterator[tuple[np.ndarray, ...]]:
    for start in range(0, len(images[0]), BATCH):
        yield tuple(each[start : start + BATCH] for each in images)


def _batch(first: np.ndarray, second: np.ndarray, trunk: Trunk, heads: Sequence) -> np.ndarray:
    count, both = len(first), np.concatenate([first, second])
    check(both)
    maps = trunk((both.astype(np.float32) - SHIFT) / SCALE)
    total = np.zeros(count)
    for layer, head in zip(maps, heads, strict=True):
        layer = np.asarray(layer, np.float32)
        length = np.sqrt(np.square(layer).sum(axis=-1, keepdims=True))
        one, other = np.split(layer / (length + EPSILON), 2)
        total += (np.square(one - other) @ head).mean(axis=(1, 2))
    return total


def mean(distances: np.ndarray, protocol: str) -> dict:
    """The mean distance [N] of pairs as a metric, with its 95 % interval."""
    value = distances.mean()
    margin = 1.96 * distances.std(ddof=1) / np.sqrt(len(distances)) if len(distances) > 1 else 0.0
    return metric(value, len(distances), protocol, (max(value - margin, 0.0), value + margin))
