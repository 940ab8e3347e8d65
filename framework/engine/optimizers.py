"""Builds optimisers from options; learning rates that fall over time."""

import math
from collections.abc import Sequence
from typing import TypeAlias

import keras
import tensorflow as tf

from framework.options.encoding import Encoding

Rate: TypeAlias = "float | keras.optimizers.schedules.LearningRateSchedule"
"""A learning rate: constant, or a function of the number of updates."""


def make(
    kind: str, rate: Rate, b1: float, b2: float, rho: float = 0.9, epsilon: float = 1e-7
) -> keras.optimizers.Optimizer:
    """Builds an optimiser.

    Args:
        kind: `adam`, `rms` (RMSprop) or `sgd`.
        rate: learning rate.
        b1: beta 1 of Adam.
        b2: beta 2 of Adam.
        rho: decay of RMSprop.
        epsilon: number that RMSprop adds to the mean square.
    """
    if kind == "adam":
        return keras.optimizers.Adam(rate, beta_1=b1, beta_2=b2)
    if kind == "rms":
        return keras.optimizers.RMSprop(rate, rho=rho, epsilon=epsilon)
    return keras.optimizers.SGD(rate)


def of_codes(options: Encoding, rate: Rate) -> keras.optimizers.Optimizer:
    """Builds the optimiser of --optim for a system that encodes images.

    The published implementations of these systems use PyTorch. Its RMSprop adds 1e-8 to the root of
    the mean square; an epsilon of 1e-16 in the mean square has the same effect.
    """
    return make(options.optim, rate, options.b1, options.b2, options.rho, epsilon=1e-16)


class FallingRate(keras.optimizers.schedules.LearningRateSchedule):
    """A learning rate that is constant until update `start` and falls afterwards.

    `linear` and `cosine` reach 0 after `length` more updates and stay there. `exponential` and
    `step` halve the rate in every `length` updates: the first continuously, the second at the end.
    """

    def __init__(self, kind: str, rate: float, start: int, length: int) -> None:
        """Makes a schedule.

        Args:
            kind: `linear`, `cosine`, `exponential` or `step`.
            rate: learning rate at the start.
            start: updates before it falls.
            length: updates after `start` in which it falls to 0 or to one half.
        """
        self.kind, self.rate, self.start, self.length = kind, rate, start, length

    def __call__(self, step: tf.Tensor) -> tf.Tensor:
        """Returns the learning rate of update `step`, a float32 scalar."""
        time = tf.maximum(tf.cast(step, tf.float32) - self.start, 0.0) / self.length
        if self.kind in ("exponential", "step"):
            return self.rate * 0.5 ** (tf.floor(time) if self.kind == "step" else time)
        left = 1.0 - tf.minimum(time, 1.0)
        return self.rate * (left if self.kind == "linear" else 0.5 - 0.5 * tf.cos(math.pi * left))

    def get_config(self) -> dict:
        """Returns the arguments of the constructor."""
        return dict(kind=self.kind, rate=self.rate, start=self.start, length=self.length)


class Joint(tf.Module):
    """Several optimisers that make one update together, each of its own variables.

    keras.optimizers.MultiOptimizer would do the same, but its optimisers are not saved in
    checkpoints.

    Attributes:
        optimizers: the optimisers.
    """

    def __init__(
        self, parts: Sequence[tuple[keras.optimizers.Optimizer, Sequence[keras.Variable]]]
    ) -> None:
        """Makes a joint optimiser from pairs of an optimiser and the variables that it updates."""
        super().__init__()
        self.optimizers = [optimizer for optimizer, _ in parts]
        self._own = tuple(tuple(map(id, variables)) for _, variables in parts)

    @property
    def variables(self) -> list[keras.Variable]:
        """Variables of all optimisers."""
        return [v for optimizer in self.optimizers for v in optimizer.variables]

    def build(self, variables: Sequence[keras.Variable]) -> None:
        """Builds all optimisers; `variables` are those that they update together."""
        for optimizer, own in self._with_variables(variables):
            optimizer.build(own)

    def apply(self, grads: Sequence[tf.Tensor], variables: Sequence[keras.Variable]) -> None:
        """Makes one update; `grads` has one gradient for each of `variables`."""
        grad_of = {id(variable): grad for variable, grad in zip(variables, grads, strict=True)}
        for optimizer, own in self._with_variables(variables):
            optimizer.apply([grad_of[id(variable)] for variable in own], own)

    def _with_variables(self, variables: Sequence[keras.Variable]) -> list[tuple]:
        """Pairs each optimiser with its own variables, in the order of `variables`."""
        own = [[v for v in variables if id(v) in ids] for ids in self._own]
        return list(zip(self.optimizers, own, strict=True))
