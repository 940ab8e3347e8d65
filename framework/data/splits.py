"""Images and labels of one source, in a training part and a held-out part."""

from typing import NamedTuple

import numpy as np

from framework.data.storage import Images, select


def shuffled_order(count: int) -> np.ndarray:
    """Returns the indices 0..count-1 in a fixed random order, int64 [count]."""
    return np.random.default_rng(0).permutation(count)


class Split(NamedTuple):
    """One part of a source.

    Attributes:
        images: uint8 [N, H, W, C], in memory or not, or float32 points [N, 2].
        labels: int64 classes [N] or attributes 0/1 [N, K]; None without labels.
    """

    images: Images
    labels: np.ndarray | None

    def select(self, index: np.ndarray) -> "Split":
        """Returns the images, with their labels, at an index array or a boolean mask."""
        labels = None if self.labels is None else self.labels[index]
        return Split(select(self.images, index), labels)

    def shuffled(self) -> "Split":
        """Returns the same images in a fixed random order.

        For sources that are sorted by class: afterwards the first n images are a random sample.
        """
        return self.select(shuffled_order(len(self.images)))


class Splits(NamedTuple):
    """The training part and the held-out part of a source."""

    train: Split
    test: Split
