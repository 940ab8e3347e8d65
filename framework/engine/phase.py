"""Phases: the updates of an iteration, each with its networks, loss terms and optimiser."""

import dataclasses
from collections.abc import Callable

import keras
import tensorflow as tf

from framework.engine.optimizers import Joint
from framework.engine.randomness import Random

Batch = dict[str, tf.Tensor]
"""Columns of a batch by name, rows [B, ...]; images are in [-1, 1]."""

Terms = dict[str, tf.Tensor]
"""Scalars by name. Names that begin with `stat/` are logged under that name and not minimised."""


@dataclasses.dataclass(frozen=True)
class Phase:
    """One optimiser update.

    Attributes:
        name: prefix of its logged terms and key of its optimiser in checkpoints, such as `disc`.
        nets: names of the networks whose weights it trains; all others stay as they are.
        terms: (batch, random) -> terms; the sum of those that are not `stat/` is minimised.
        optimizer: optimiser of this phase alone.
        repeat: updates per iteration, each on a new batch.
        after: function of the variables that is called after each update, such as weight clipping.
        when: condition of an update: terms, averaged over the batch of all replicas -> boolean
            scalar. If it is false, weights, optimiser and batch statistics stay as they were.
        branches: whether a pass may compute its terms inside a branch, such as a penalty that is
            not computed in every update; layers that wait for other devices do not allow that.
    """

    name: str
    nets: tuple[str, ...]
    terms: Callable[[Batch, Random], Terms]
    optimizer: keras.optimizers.Optimizer | Joint
    repeat: int = 1
    after: Callable[[list[keras.Variable]], None] | None = None
    when: Callable[[Terms], tf.Tensor] | None = None
    branches: bool = False

    def loss(self, terms: Terms) -> tf.Tensor:
        """Returns the loss: the sum of all terms that are not statistics."""
        return tf.add_n([value for name, value in terms.items() if not is_statistic(name)])

    def column(self, name: str) -> str:
        """Returns the column of history.csv for the term of this name."""
        return name if is_statistic(name) else f"{self.name}/{name}"


def is_statistic(name: str) -> bool:
    """Returns whether a term of this name is logged and not minimised."""
    return name.startswith("stat/")
