"""Images and labels of one source, in a training part and a held-out part."""

from typing import NamedTuple

import numpy as np


def shuffled_order(count: int) -> np.ndarray:
    """Returns the indices 0..count-1 in a fixed random order, int64 [count]."""
    return np.random.default_rng(0).permutation(count)


class Split(NamedTuple):
    """One part of a source.

    Attributes:
        images: uint8 [N, H, W, C], or float32 points [N, 2].
        labels: int64 classes [N] or attributes 0/1 [N, K]; None without labels.
    """

    images: np.ndarray
    labels: np.ndarray | None

    def select(self, index: np.ndarray) -> "Split":
        """Returns the images, with their labels, at an index array or a boolean mask."""
        return Split(self.images[index], None if self.labels is None else self.labels[index])

    def shuffled(self) -> "Split":
        """Returns the same images in a fixed random order.

        For sources that are sorted by class: afterwards the first n images are a random sample.
        """
        return self.select(shuffled_order(len(self.images)))


class Splits(NamedTuple):
    """The training part and the held-out part of a source."""

    train: Split
    test: Split
