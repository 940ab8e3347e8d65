"""Exponential moving averages of weights, used for samples instead of the newest weights.

Yazici et al., The Unusual Effectiveness of Averaging in GAN Training, arXiv 1806.04498.
"""

import keras
import tensorflow as tf


def copies(nets: dict[str, keras.Model]) -> dict[str, keras.Model]:
    """Nets with their own variables and the same values; make them inside `strategy.scope()`."""
    result = {name: keras.models.clone_model(net) for name, net in nets.items()}
    for name, copy in result.items():
        copy.set_weights(nets[name].get_weights())
    return result


def update(
    slow: dict[str, keras.Model], fast: dict[str, keras.Model], decay: float, step: tf.Variable
) -> None:
    """slow <- decay * slow + (1 - decay) * fast, batch statistics included.

    Call it outside the replicas. While `step` (iterations done) is small the decay is at most
    (1 + step) / (10 + step): a young average would otherwise keep the initial weights too long.
    """
    count = tf.cast(step, tf.float32)
    decay = tf.minimum(decay, (1.0 + count) / (10.0 + count))
    for name, net in slow.items():
        for old, new in zip(net.variables, fast[name].variables, strict=True):
            if old.dtype == "float32":  # counters and seeds are no averages
                old.value.assign(decay * old.value + (1.0 - decay) * new.value)
