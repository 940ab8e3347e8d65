"""Dynamic loss scale of float16, which keeps small gradients above zero."""

import tensorflow as tf

FIRST_SCALE, LARGEST_SCALE = 2.0**15, 2.0**24
GROWTH_INTERVAL = 2000  # updates without overflow after which the scale is doubled


class LossScale(tf.Module):
    """Factor of a float16 loss that keeps small gradients above 0; it is adapted while training.

    It is halved when the gradients of an update overflow (the update is then skipped) and doubled
    after GROWTH_INTERVAL updates without overflow: Micikevicius et al., arXiv 1710.03740, section
    3.2. Keras' own optimiser wrapper looks at the gradients of the first replica only.

    Attributes:
        factor: the scale, a float32 variable from 1 to LARGEST_SCALE.
        good: number of updates without overflow since it was changed, an int32 variable.
    """

    def __init__(self) -> None:
        """Makes the variables; call it inside `strategy.scope()`."""
        super().__init__()
        same = dict(trainable=False, aggregation=tf.VariableAggregation.ONLY_FIRST_REPLICA)
        self.factor = tf.Variable(FIRST_SCALE, **same)
        self.good = tf.Variable(0, **same)

    def update(self, finite: tf.Tensor) -> None:
        """Adapts the factor after an update.

        Args:
            finite: whether its gradients are finite, a boolean scalar, the same on every replica.
        """
        good = tf.where(finite, self.good + 1, 0)
        grows = good >= GROWTH_INTERVAL
        factor = tf.where(finite, self.factor * tf.where(grows, 2.0, 1.0), self.factor / 2.0)
        self.factor.assign(tf.clip_by_value(factor, 1.0, LARGEST_SCALE))
        self.good.assign(tf.where(grows, 0, good))
