"""Random numbers that depend only on the seed and the iteration, so that resuming is exact."""

import copy
from collections.abc import Callable, Sequence

import numpy as np
import tensorflow as tf

DRAWS_PER_UPDATE = 10_000  # more than any update makes, so that no two updates share a stream


class Random:
    """Random numbers as a function of (seed, step, update, part) and the order of calls.

    One object serves one update on one replica. The rows of a batch are divided into parts, one for
    each replica and micro-batch. Every part generates the numbers of the complete batch and keeps
    its own rows: the parts have different numbers, and together those of one undivided batch.
    Resuming needs no stored generator state.

    Attributes:
        step: iteration, an integer scalar.
        key: seed of all random streams of the iteration, int64 [2].
        update: index of the update within the iteration.
        part: index of the part of the batch.
    """

    def __init__(
        self,
        seed: int,
        step: tf.Tensor,
        update: int | tf.Tensor = 0,
        part: tf.Tensor | int = 0,
        parts: int = 1,
    ) -> None:
        """Starts at the first draw of an update.

        Args:
            seed: seed of the run.
            step: iteration, an integer scalar.
            update: index of the update within the iteration.
            part: index of this part of the batch.
            parts: number of parts of the batch.
        """
        self.step = step
        self.key = tf.stack([tf.cast(seed, tf.int64), tf.cast(step, tf.int64)])
        self.update, self.part, self._parts, self._draws = update, part, parts, 0

    def of_update(self, key: tf.Tensor, update: tf.Tensor) -> "Random":
        """Returns random numbers of the same part for the `key` and `update` of another object."""
        other = copy.copy(self)
        other.key, other.step, other.update = key, key[1], update
        return other

    def split(self, count: int) -> list["Random"]:
        """Divides this part into `count` micro-batches; returns an object for each, in order."""
        micro_batches = [copy.copy(self) for _ in range(count)]
        for i, micro_batch in enumerate(micro_batches):
            micro_batch.part, micro_batch._parts = self.part * count + i, self._parts * count
        return micro_batches

    def uniform(self, shape: Sequence[int]) -> tf.Tensor:
        """Draws float32 numbers from U[0, 1) in the given shape [rows, ...]."""
        return self._draw(tf.random.stateless_uniform, shape)

    def normal(self, shape: Sequence[int]) -> tf.Tensor:
        """Draws float32 numbers from N(0, 1) in the given shape [rows, ...]."""
        return self._draw(tf.random.stateless_normal, shape)

    def latent(self, kind: str, rows: int, size: int) -> tf.Tensor:
        """Draws latent vectors [rows, size] from U[-1, 1) (`uniform`) or N(0, 1) (`normal`)."""
        if kind == "normal":
            return self.normal((rows, size))
        return 2.0 * self.uniform((rows, size)) - 1.0

    def _draw(self, distribution: Callable, shape: Sequence[int]) -> tf.Tensor:
        self._draws += 1
        number = self.update * DRAWS_PER_UPDATE + self._draws
        seed = tf.random.experimental.stateless_fold_in(self.key, number)
        rows, *rest = tf.unstack(shape) if tf.is_tensor(shape) else shape
        numbers = distribution((rows * self._parts, *rest), seed)
        start = self.part * rows
        return numbers[start : start + rows]


def sample_latent(kind: str, rows: int, size: int, seed: int) -> np.ndarray:
    """Draws latent vectors [rows, size] outside training, the same for the same arguments."""
    return Random(seed, tf.constant(-1, tf.int64)).latent(kind, rows, size).numpy()
