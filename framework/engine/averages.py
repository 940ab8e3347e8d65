"""Exponential moving averages of weights, used after training instead of the newest weights.

Yazici et al., The Unusual Effectiveness of Averaging in GAN Training, arXiv 1806.04498.
"""

import keras
import tensorflow as tf


def copies(nets: dict[str, keras.Model]) -> dict[str, keras.Model]:
    """Copies networks, with variables of their own; call it inside `strategy.scope()`.

    A layer that several networks share is one layer in their copies too.
    """
    layers: dict[int, keras.layers.Layer] = {}

    def copy_once(layer: keras.layers.Layer) -> keras.layers.Layer:
        if id(layer) not in layers:
            layers[id(layer)] = type(layer).from_config(layer.get_config())
        return layers[id(layer)]

    result = {
        name: keras.models.clone_model(net, clone_function=copy_once) for name, net in nets.items()
    }
    restart(result, nets)
    return result


def restart(slow: dict[str, keras.Model], fast: dict[str, keras.Model]) -> None:
    """slow <- fast; call it when the weights `fast` have been replaced."""
    for name, net in slow.items():
        net.set_weights(fast[name].get_weights())


def update(
    slow: dict[str, keras.Model], fast: dict[str, keras.Model], decay: float, step: tf.Variable
) -> None:
    """slow <- decay * slow + (1 - decay) * fast, batch statistics included.

    Call it in the cross-replica context. The decay is at most (1 + step) / (10 + step), where
    `step` is the number of iterations done: otherwise the averages would contain the initial
    weights for too long.
    """
    count = tf.cast(step, tf.float32)
    decay = tf.minimum(decay, (1.0 + count) / (10.0 + count))
    variables = [
        pair
        for name in slow
        for pair in zip(slow[name].variables, fast[name].variables, strict=True)
    ]
    for old, new in {id(old): (old, new) for old, new in variables}.values():
        if old.dtype == "float32":  # counters and seeds cannot be averaged
            old.value.assign(decay * old.value + (1.0 - decay) * new.value)
