"""How precisely a step computes: dtype policy of the layers, loss scale of float16."""

import contextlib
from collections.abc import Iterator

import keras
import tensorflow as tf

FIRST_SCALE, LARGEST_SCALE = 2.0**15, 2.0**24
GROWTH_INTERVAL = 2000  # good updates after which the scale is doubled


@contextlib.contextmanager
def policy(name: str) -> Iterator[None]:
    """Layers made inside compute in `name` (`no`: float32) and keep float32 variables."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("float32" if name == "no" else f"mixed_{name}")
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


class LossScale(tf.Module):
    """Factor on a float16 loss that keeps small gradients above 0, found while training.

    Halved by an update whose gradients overflow (which is skipped), doubled after GROWTH_INTERVAL
    good ones: Micikevicius et al., arXiv 1710.03740, section 3.2. Keras' own optimiser wrapper
    looks at the gradients of the first replica alone. Make it inside `strategy.scope()`.
    """

    def __init__(self) -> None:
        super().__init__()
        same = dict(trainable=False, aggregation=tf.VariableAggregation.ONLY_FIRST_REPLICA)
        self.factor = tf.Variable(FIRST_SCALE, **same)
        self.good = tf.Variable(0, **same)

    def update(self, finite: tf.Tensor) -> None:
        """Follows one update; `finite`, a boolean scalar, must be the same on every replica."""
        good = tf.where(finite, self.good + 1, 0)
        grown = good >= GROWTH_INTERVAL
        factor = tf.where(finite, self.factor * tf.where(grown, 2.0, 1.0), self.factor / 2.0)
        self.factor.assign(tf.clip_by_value(factor, 1.0, LARGEST_SCALE))
        self.good.assign(tf.where(grown, 0, good))
