"""Classifiers: image [N, S, S, C] in [-1, 1] -> LOGITS [N, classes], always float32.

The tables of the thesis end in a softmax, or in a sigmoid where every output is an attribute; here
these are part of the losses, which need logits. The last layer is named 'logits' or 'attributes';
its input is the output of the layer named 'features'.
"""

import math

import keras
import tensorflow as tf

from nets import blocks
from nets.blocks import Block, Dropout, Style, scaled

ATTRIBUTES = "attributes"  # name of the last layer of a net that predicts attributes


def classifier(
    arch: str = "thesis",
    *,
    image_size: int = 32,
    channels: int = 3,
    classes: int = 10,
    width: float = 1.0,
    padding: str = "valid",
    multilabel: bool = False,
) -> keras.Model:
    """Returns a classifier: image [N, S, S, channels] -> logits [N, classes].

    Args:
        arch: a key of CLASSIFIERS.
        image_size: S.
        channels: of the image.
        classes: number of classes or attributes.
        width: multiplies the widths of all hidden layers.
        padding: of the convolutions of 'thesis', 'valid' or 'same'; no effect on the others.
        multilabel: whether the outputs are attributes that can occur together (thesis table B.2:
            'thesis' at 128x128 with 13 attributes).

    Raises:
        ValueError: an unknown name.
    """
    block = blocks.pick(CLASSIFIERS, arch, "classifier")(width, padding, image_size)
    x = keras.Input((image_size, image_size, channels), name="x")
    name = ATTRIBUTES if multilabel else "logits"
    head = Style(bias_init=0.0).dense(classes, name=name, dtype="float32")
    return keras.Model(x, head(blocks.chain(block, x)), name="classifier")


def is_multilabel(net: keras.Model) -> bool:
    """Returns whether the outputs of a classifier are attributes; it may be read from a file."""
    return net.layers[-1].name == ATTRIBUTES


def middle(net: keras.Model) -> keras.KerasTensor:
    """Returns the map [N, h, w, C] after the activation of the second convolution."""
    kinds = (keras.layers.ReLU, keras.layers.LeakyReLU)
    return [layer for layer in net.layers if isinstance(layer, kinds)][1].output


def probabilities(net: keras.Model, logits: tf.Tensor) -> tf.Tensor:
    """Returns probabilities [N, K] of logits [N, K]: of classes (sum 1), or of each attribute."""
    return tf.nn.sigmoid(logits) if is_multilabel(net) else tf.nn.softmax(logits)


def with_probabilities(net: keras.Model) -> keras.Model:
    """Returns a classifier with `probabilities` as output, made of the layers of `net`."""
    function = "sigmoid" if is_multilabel(net) else "softmax"
    layer = keras.layers.Activation(function, name="probabilities", dtype="float32")
    return keras.Model(net.input, layer(net.output), name=net.name)


def _thesis(width: float, padding: str, size: int) -> Block:
    """Thesis table B.1."""
    style = Style(bias_init=0.0)
    return [
        style.conv(scaled(32, width), 3, name="conv1", padding=padding),
        keras.layers.LeakyReLU(negative_slope=0.3, name="conv1_leaky"),
        style.conv(scaled(64, width), 3, name="conv2", padding=padding),
        keras.layers.LeakyReLU(negative_slope=0.3, name="conv2_leaky"),
        keras.layers.MaxPooling2D(name="pool"),
        Dropout(0.25, name="dropout1"),
        keras.layers.Flatten(name="flatten"),
        style.dense(scaled(128, width), name="dense"),
        keras.layers.LeakyReLU(negative_slope=0.3, name="features"),
        Dropout(0.5, name="dropout2"),
    ]


def _strided(width: float, padding: str, size: int) -> Block:
    """Strided convolutions with batch norm: not in the thesis, fast on a CPU."""
    style = Style(weight_init="he", bias_init=0.0)
    block: Block = []
    for row, units in enumerate(_units(size), start=1):
        name, kernel = f"conv{row}", 5 if row == 1 else 3
        block += [
            style.conv(scaled(units, width), kernel, 2, name=name, use_bias=False),
            blocks.batch_norm(momentum=0.9, name=f"{name}_norm"),
            keras.layers.ReLU(name=f"{name}_relu"),
        ]
    return block + _head(width, 0.3, style)


def _pooled(width: float, padding: str, size: int) -> Block:
    """Convolutions with batch norm and max pooling: slower than `_strided`, better on SVHN."""
    style = Style(weight_init="he", bias_init=0.0)
    block: Block = []
    for row, units in enumerate(_units(size), start=1):
        name = f"conv{row}"
        block += [
            style.conv(scaled(units, width), 3, 1, name=name, use_bias=False),
            blocks.batch_norm(momentum=0.9, name=f"{name}_norm"),
            keras.layers.ReLU(name=f"{name}_relu"),
            keras.layers.MaxPooling2D(name=f"{name}_pool"),
        ]
    return block + _head(width, 0.4, style)


def _units(size: int) -> list[int]:
    """Returns the widths of rows that halve the image until the map has at most 4x4 pixels.

    With maps of 8x8 (three rows at 64x64), all units of the dense layer behind them can become 0
    in the first steps and stay so.
    """
    return [32, 64, *[128] * max(1, math.ceil(math.log2(size / 16)))]


def _head(width: float, rate: float, style: Style) -> Block:
    return [
        keras.layers.Flatten(name="flatten"),
        Dropout(rate, name="dropout"),
        style.dense(scaled(128, width), name="dense"),
        keras.layers.ReLU(name="features"),
    ]


CLASSIFIERS = {"thesis": _thesis, "strided": _strided, "pooled": _pooled}
