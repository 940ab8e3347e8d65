"""Optimisers, learning rates over time, and updates that act on all replicas as one.

Keras' optimisers clip, and look for overflow, on each replica before the gradients are summed. Here
both happen after the sum, so that several devices do what one would.
"""

import math
from collections.abc import Sequence

import keras
import tensorflow as tf

from framework import devices
from framework.options import Encoding
from framework.precision import LossScale

Rate = float | keras.optimizers.schedules.LearningRateSchedule


def make(
    kind: str, rate: Rate, b1: float, b2: float, rho: float = 0.9, epsilon: float = 1e-7
) -> keras.optimizers.Optimizer:
    """A new optimiser: `adam` with beta 1 and 2, `sgd`, or `rms`.

    That is RMSprop with decay rho; epsilon is added to the mean square.
    """
    if kind == "adam":
        return keras.optimizers.Adam(rate, beta_1=b1, beta_2=b2)
    if kind == "rms":
        return keras.optimizers.RMSprop(rate, rho=rho, epsilon=epsilon)
    return keras.optimizers.SGD(rate)


def of_codes(options: Encoding, rate: Rate) -> keras.optimizers.Optimizer:
    """The same of --optim and its flags.

    Those who published such systems use PyTorch, whose RMSprop adds 1e-8 to the root.
    """
    return make(options.optim, rate, options.b1, options.b2, options.rho, epsilon=1e-16)


class Falling(keras.optimizers.schedules.LearningRateSchedule):
    """A rate that is constant until `start` and falls over the next `length` updates.

    `linear` and `cosine` end at 0 and stay there; `exponential` halves in every `length`, `step` at
    the end of each.
    """

    def __init__(self, kind: str, rate: float, start: int, length: int) -> None:
        self.kind, self.rate, self.start, self.length = kind, rate, start, length

    def __call__(self, step: tf.Tensor) -> tf.Tensor:
        """Learning rate of update `step`."""
        gone = tf.maximum(tf.cast(step, tf.float32) - self.start, 0.0) / self.length
        if self.kind in ("exponential", "step"):
            return self.rate * 0.5 ** (tf.floor(gone) if self.kind == "step" else gone)
        left = 1.0 - tf.minimum(gone, 1.0)
        return self.rate * (left if self.kind == "linear" else 0.5 - 0.5 * tf.cos(math.pi * left))

    def get_config(self) -> dict:
        """Arguments from which the schedule can be made again."""
        return dict(kind=self.kind, rate=self.rate, start=self.start, length=self.length)


class Joint(tf.Module):
    """Optimisers that make one update together, each of its own weights.

    keras.optimizers.MultiOptimizer would do the same, but checkpoints do not have its parts.
    """

    def __init__(
        self, parts: Sequence[tuple[keras.optimizers.Optimizer, Sequence[keras.Variable]]]
    ) -> None:
        """`parts`: optimisers and what they move."""
        super().__init__()
        self.optimizers = [optimizer for optimizer, _ in parts]
        self._own = tuple(tuple(map(id, variables)) for _, variables in parts)

    @property
    def variables(self) -> list:
        """State of all of them."""
        return [variable for each in self.optimizers for variable in each.variables]

    def build(self, variables: Sequence[keras.Variable]) -> None:
        """Makes their state; `variables` are those of all of them."""
        for optimizer, own in self._shares(variables):
            optimizer.build(own)

    def apply(self, grads: Sequence[tf.Tensor], variables: Sequence[keras.Variable]) -> None:
        """One update by a gradient for each variable."""
        found = {id(variable): grad for variable, grad in zip(variables, grads, strict=True)}
        for optimizer, own in self._shares(variables):
            optimizer.apply([found[id(variable)] for variable in own], own)

    def _shares(self, variables: Sequence[keras.Variable]) -> list[tuple]:
        shares = [[v for v in variables if id(v) in own] for own in self._own]
        return list(zip(self.optimizers, shares, strict=True))


class Updater:
    """Moves the weights of one phase.

    Attributes:
        optimizer: Keras optimiser or a joint one, built on these variables in `strategy.scope()`.
        scale: loss scale of float16, or None.
    """

    def __init__(
        self,
        optimizer: keras.optimizers.Optimizer | Joint,
        variables: Sequence[keras.Variable],
        statistics: Sequence[keras.Variable],
        *,
        clip_norm: float = 0.0,
        skip: bool = False,
        scale: LossScale | None = None,
        conditional: bool = False,
    ) -> None:
        """Args besides the attributes:

        variables: weights that the phase trains.
        statistics: further state that a pass in training mode moves (batch norm).
        clip_norm: largest global norm of the mean gradient; 0 for any.
        skip: undo an update whose gradients are not finite; always so with a loss scale.
        conditional: `apply` is told whether the update is wanted.
        """
        self.optimizer, self.variables, self.scale = optimizer, list(variables), scale
        self._clip_norm, self._skip = clip_norm, skip or scale is not None
        optimizer.build(self.variables)
        state = [*self.variables, *optimizer.variables, *statistics]
        self._state = state if self._skip or conditional else []

    def snapshot(self) -> list[tf.Tensor]:
        """What `apply` goes back to if it must skip; take it before the forward pass.

        Adam moves also by a gradient of zero, so skipping means going back.
        """
        return [tf.identity(variable.value) for variable in self._state]

    def scaled(self, loss: tf.Tensor) -> tf.Tensor:
        """The loss to differentiate."""
        return loss if self.scale is None else loss * self.scale.factor

    def apply(
        self,
        grads: list[tf.Tensor],
        loss: tf.Tensor,
        before: list[tf.Tensor],
        wanted: tf.Tensor | None = None,
    ) -> dict[str, tf.Tensor]:
        """One update, from inside a replica's step.

        Args:
            grads: of the scaled loss divided by the number of replicas, one per variable.
            loss: of this replica.
            before: the `snapshot`.
            wanted: boolean scalar, the same on every replica; None in an updater that is not
                conditional.

        Returns:
            `skipped`, 1 for an update that was undone and else 0, where that can happen.
        """
        if not (self._state or self._clip_norm):
            self.optimizer.apply(grads, self.variables)
            return {}
        context = tf.distribute.get_replica_context()
        # Zero times the loss is no number exactly where the loss is none or infinite.
        *grads, flaw = context.all_reduce(tf.distribute.ReduceOp.SUM, [*grads, 0.0 * loss])
        if self.scale is not None:
            grads = [grad / self.scale.factor for grad in grads]
        finite = tf.reduce_all([tf.reduce_all(tf.math.is_finite(x)) for x in (*grads, flaw)])
        if self._clip_norm:
            grads, _ = tf.clip_by_global_norm(grads, self._clip_norm)
        # The optimiser sums over replicas once more.
        share = 1.0 / context.num_replicas_in_sync
        self.optimizer.apply([grad * share for grad in grads], self.variables)
        if not self._state:
            return {}
        good = finite if self._skip else tf.constant(True)
        good = good if wanted is None else tf.logical_and(good, wanted)
        devices.assign(self._state, lambda new, old, good: tf.where(good, new, old), before, good)
        if self.scale is not None:
            self.scale.update(finite)
        return {"skipped": 1.0 - tf.cast(good, tf.float32)}
