"""One update of the weights of a phase, the same on every replica.

Keras' optimisers clip gradients and look for overflow on each replica, before the gradients are
summed. Here both happen after the sum, so that several devices compute what one device would.
"""

from collections.abc import Sequence

import keras
import tensorflow as tf

from framework.engine import devices
from framework.engine.optimizers import Joint
from framework.engine.precision import LossScale


class Updater:
    """Updates the weights of one phase.

    Attributes:
        optimizer: optimiser, built for `variables`.
        variables: weights that the phase trains.
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
        """Builds the optimiser; call it inside `strategy.scope()`.

        Args:
            optimizer: a new optimiser.
            variables: weights that the phase trains.
            statistics: further variables that a pass in training mode changes (batch norm).
            clip_norm: largest global norm of the mean gradient; 0 for no limit.
            skip: whether to undo an update whose gradients are not finite; always true with a loss
                scale.
            scale: loss scale of float16, or None.
            conditional: whether `apply` gets a condition `accept`.
        """
        self.optimizer, self.variables, self.scale = optimizer, list(variables), scale
        self._clip_norm, self._skip = clip_norm, skip or scale is not None
        optimizer.build(self.variables)
        state = [*self.variables, *optimizer.variables, *statistics]
        self._state = state if self._skip or conditional else []

    def snapshot(self) -> list[tf.Tensor]:
        """Copies the variables that `apply` restores if it skips an update.

        Call it before the forward pass. A skipped update must be undone: Adam changes the weights
        also if the gradients are zero.
        """
        return [tf.identity(variable.value) for variable in self._state]

    def scaled(self, loss: tf.Tensor) -> tf.Tensor:
        """Returns the loss times the loss scale, if there is one: the loss to differentiate."""
        return loss if self.scale is None else loss * self.scale.factor

    def apply(
        self,
        grads: list[tf.Tensor],
        loss: tf.Tensor,
        before: list[tf.Tensor],
        accept: tf.Tensor | None = None,
    ) -> dict[str, tf.Tensor]:
        """Makes one update; call it in the replica context.

        Args:
            grads: gradients of the scaled loss, divided by the number of replicas, one per
                variable.
            loss: loss of this replica, a scalar.
            before: the result of `snapshot`.
            accept: whether to keep the update, a boolean scalar that is the same on every replica;
                None to keep it always.

        Returns:
            {"skipped": 1.0 if the update was undone, else 0.0}; empty if updates are never undone.
        """
        if not (self._state or self._clip_norm):
            self.optimizer.apply(grads, self.variables)
            return {}
        finite = self._apply_mean(grads, loss)
        if not self._state:
            return {}
        keep = finite if self._skip else tf.constant(True)
        keep = keep if accept is None else tf.logical_and(keep, accept)
        devices.assign(self._state, lambda new, old, keep: tf.where(keep, new, old), before, keep)
        if self.scale is not None:
            self.scale.update(finite)
        return {"skipped": 1.0 - tf.cast(keep, tf.float32)}

    def _apply_mean(self, grads: list[tf.Tensor], loss: tf.Tensor) -> tf.Tensor:
        """Applies the mean gradient of all replicas.

        Returns:
            Whether the loss and all gradients are finite on every replica, a boolean scalar.
        """
        context = tf.distribute.get_replica_context()
        # 0 * loss is 0 if the loss is finite and NaN otherwise.
        *grads, zero = context.all_reduce(tf.distribute.ReduceOp.SUM, [*grads, 0.0 * loss])
        if self.scale is not None:
            grads = [grad / self.scale.factor for grad in grads]
        finite = tf.reduce_all([tf.reduce_all(tf.math.is_finite(x)) for x in (*grads, zero)])
        if self._clip_norm:
            grads, _ = tf.clip_by_global_norm(grads, self._clip_norm)
        # The optimiser sums over the replicas once more.
        factor = 1.0 / context.num_replicas_in_sync
        self.optimizer.apply([grad * factor for grad in grads], self.variables)
        return finite
