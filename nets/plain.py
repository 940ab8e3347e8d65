"""Converts networks to layers of Keras alone, for files that open where this project is not.

A converted network computes the same up to rounding. The names of its layers with weights, the
weights and their order are those of the original.
"""

import contextlib
import random
from collections.abc import Callable, Iterator
from typing import Any

import keras

from nets.blocks import PACKAGE, Dropout, OwnLayer, chain

Call = Callable[..., Any]


def to_keras(net: keras.Model) -> keras.Model:
    """Returns a network equal to `net` of layers, operations and initialisers of Keras alone.

    It is the net itself if it has no others, or if it is no graph of layers (a subclass of
    `keras.Model`), whose parts are not known.
    """
    if not _is_graph(net) or f"{PACKAGE}>" not in net.to_json():
        return net
    return _converted(net, _plain_copy)


def for_inference(net: keras.Model) -> keras.Model:
    """Returns what `to_keras` returns, for use alone.

    It computes in float32, has no dropout, and batch norm uses its stored statistics even in
    training mode.

    Args:
        net: a graph of layers.
    """

    def copy(layer: keras.layers.Layer) -> Call:
        if isinstance(layer, Dropout | keras.layers.Dropout):
            # In its place, because the order of weights depends on the depth of layers.
            return keras.layers.Identity(name=layer.name, dtype="float32")
        return _plain_copy(layer, dtype="float32", trainable=False)

    result = _converted(net, copy)
    result.trainable = False
    return result


def without_features(net: keras.Model) -> keras.Model:
    """Returns the network without the feature maps that a generator returns beside the image."""
    match net.output:
        case (image, list() | tuple()):
            return keras.Model(net.input, image, name=net.name)
    return net


def _is_graph(net: keras.Model) -> bool:
    return net.built if isinstance(net, keras.Sequential) else hasattr(net, "operations")


def _plain_copy(layer: keras.layers.Layer, **changes: Any) -> Call:
    """Returns a copy of a layer whose configuration is changed; of own ones, what `plain` makes."""
    if isinstance(layer, OwnLayer):
        return layer.plain()
    config = layer.get_config() | changes
    zeros = keras.initializers.serialize(keras.initializers.Zeros())
    return type(layer).from_config(
        {name: zeros if _is_own(value) else value for name, value in config.items()}
    )


def _is_own(value: Any) -> bool:
    """Returns whether a value in a configuration is of a class of this project."""
    return isinstance(value, dict) and str(value.get("registered_name")).startswith(f"{PACKAGE}>")


def _converted(net: keras.Model, copy: Callable[[keras.layers.Layer], Call]) -> keras.Model:
    """Returns a copy of a network, a graph of layers, in which `copy` takes the place of each."""

    def copy_any(part: Any) -> Call:
        if isinstance(part, keras.Model):
            return _converted(part, copy) if _is_graph(part) else part
        return copy(part) if isinstance(part, keras.Layer) else part  # others are operations

    with _unchanged_random_state():
        if isinstance(net, keras.Sequential):
            [given] = net.inputs
            x = keras.Input(batch_shape=given.shape, dtype=given.dtype, name=given.name)
            result = keras.Model(
                x, chain([copy_any(layer) for layer in net.layers], x), name=net.name
            )
        else:
            result = keras.models.clone_model(
                net,
                clone_function=copy_any,
                call_function=lambda layer, *args, **kwargs: layer(*args, **kwargs),
            )
    result.set_weights(net.get_weights())
    return result


@contextlib.contextmanager
def _unchanged_random_state() -> Iterator[None]:
    """Keeps the state of `random`, from which Keras takes seeds of initialisers.

    Otherwise, networks that are built later would begin with other weights.
    """
    state = random.getstate()
    try:
        yield
    finally:
        random.setstate(state)
