"""Exponential moving averages of weights, used for samples instead of the newest weights.

Yazici et al., The Unusual Effectiveness of Averaging in GAN Training, arXiv 1806.04498.
"""

import keras
import tensorflow as tf


def copies(nets: dict[str, keras.Model]) -> dict[str, keras.Model]:
    """Nets with their own variables and the same values; make them inside `strategy.scope()`.

    A layer that several nets share is one layer in their copies too.
    """
    layers: dict[int, keras.layers.Layer] = {}

    def once(layer: keras.layers.Layer) -> keras.layers.Layer:
        if id(layer) not in layers:
            layers[id(layer)] = type(layer).from_config(layer.get_config())
        return layers[id(layer)]

    result = {
        name: keras.models.clone_model(net, clone_function=once) for name, net in nets.items()
    }
    restart(result, nets)
    return result


def restart(slow: dict[str, keras.Model], fast: dict[str, keras.Model]) -> None:
    """slow <- fast: averages of weights that were replaced begin anew."""
    for name, net in slow.items():
        net.set_weights(fast[name].get_weights())


def update(
    slow: dict[str, keras.Model], fast: dict[str, keras.Model], decay: float, step: tf.Variable
) -> None:
    """slow <- decay * slow + (1 - decay) * fast, batch statistics included.

    Call it outside the replicas. While `step` (iterations done) is small the decay is at most
    (1 + step) / (10 + step): a young average would otherwise keep the initial weights too long.
    """
    count = tf.cast(step, tf.float32)
    decay = tf.minimum(decay, (1.0 + count) / (10.0 + count))
    variables = [
        pair
        for name in slow
        for pair in zip(slow[name].variables, fast[name].variables, strict=True)
    ]
    for old, new in {id(old): (old, new) for old, new in variables}.values():
        if old.dtype == "float32":  # counters and seeds are no averages
            old.value.assign(decay * old.value + (1.0 - decay) * new.value)
