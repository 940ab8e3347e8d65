"""What an iteration is made of: updates, each with its nets, its terms and its optimiser."""

import dataclasses
from collections.abc import Callable

import keras
import tensorflow as tf

from framework.utils import Random

Batch = dict[str, tf.Tensor]
"""Columns of a batch by name, rows [B, ...]; images are in [-1, 1]."""


@dataclasses.dataclass(frozen=True)
class Phase:
    """One optimiser update.

    Attributes:
        name: key of its optimiser and prefix of its logged terms, such as `disc`.
        nets: whose weights may move; leaving a net out is selective backpropagation.
        terms: (batch, random) -> named scalars; the sum of those not `watched` is minimised.
        repeat: updates per iteration, each on a fresh batch (n-critic).
        after: called with the variables after each update (weight clipping).
        watched: terms that are only logged.
        when: terms, their means over the whole batch of all replicas -> whether to update; if not,
            neither weights nor optimiser nor batch statistics move.
    """

    name: str
    nets: tuple[str, ...]
    terms: Callable[[Batch, Random], dict[str, tf.Tensor]]
    repeat: int = 1
    after: Callable[[list[keras.Variable]], None] | None = None
    watched: tuple[str, ...] = ()
    when: Callable[[dict[str, tf.Tensor]], tf.Tensor] | None = None

    def loss(self, terms: dict[str, tf.Tensor]) -> tf.Tensor:
        """What is minimised."""
        return tf.add_n([value for name, value in terms.items() if name not in self.watched])
