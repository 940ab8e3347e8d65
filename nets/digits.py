"""Networks for digits of two domains whose autoencoders share their inner half.

Benaim and Wolf, "One-Shot Unsupervised Cross Domain Translation", arXiv 1806.06029; UNIT and
CycleGAN on digits use them too. An autoencoder is unshared encoder, shared encoder, shared
decoder, unshared decoder; images are [N, S, S, C] in [-1, 1], the content code is
[N, S / 4, S / 4, 2 * width]. Convolutions have no bias; norms are batch norms.
"""

import keras

from nets import blocks
from nets.blocks import Block, Style
from nets.modulated import leaky

LAYERS = Style(weight_init="xavier", bias_init=0.0)
SLOPE = 0.05


def unshared_encoder(
    name: str,
    *,
    image_size: int = 32,
    channels: int = 3,
    width: int = 64,
    layers: Style = LAYERS,
) -> keras.Model:
    """Returns a net: image -> map [N, S / 2, S / 2, width]."""
    x = keras.Input((image_size, image_size, channels), name="x")
    return keras.Model(x, blocks.chain(_outer(layers, width, name), x), name=name)


def shared_encoder(
    name: str = "shared_encoder",
    *,
    image_size: int = 32,
    width: int = 64,
    layers: Style = LAYERS,
) -> keras.Model:
    """Returns a net: map of `unshared_encoder` -> content code [N, S / 4, S / 4, 2 * width]."""
    x = keras.Input((image_size // 2, image_size // 2, width), name="x")
    return keras.Model(x, blocks.chain(_inner(layers, width, name), x), name=name)


def shared_decoder(
    name: str = "shared_decoder",
    *,
    image_size: int = 32,
    width: int = 64,
    layers: Style = LAYERS,
) -> keras.Model:
    """Returns a net: content code -> map [N, S / 2, S / 2, width]."""
    x = keras.Input((image_size // 4, image_size // 4, 2 * width), name="x")
    return keras.Model(x, blocks.chain(_inner_back(layers, width, name), x), name=name)


def unshared_decoder(
    name: str,
    *,
    image_size: int = 32,
    channels: int = 3,
    width: int = 64,
    layers: Style = LAYERS,
) -> keras.Model:
    """Returns a net: map of `shared_decoder` -> image, float32 under any policy."""
    x = keras.Input((image_size // 2, image_size // 2, width), name="x")
    return keras.Model(x, blocks.chain(_outer_back(layers, channels, name), x), name=name)


def generator(
    name: str = "gen",
    *,
    image_size: int = 32,
    channels: int = 3,
    width: int = 64,
    layers: Style = LAYERS,
) -> keras.Model:
    """Returns a net: image -> image, the four parts of an autoencoder without shared layers."""
    x = keras.Input((image_size, image_size, channels), name="x")
    block = [
        *_outer(layers, width, f"{name}_outer"),
        *_inner(layers, width, f"{name}_inner"),
        *_inner_back(layers, width, f"{name}_inner_back"),
        *_outer_back(layers, channels, f"{name}_outer_back"),
    ]
    return keras.Model(x, blocks.chain(block, x), name=name)


def discriminator(
    name: str = "disc",
    *,
    image_size: int = 32,
    channels: int = 3,
    width: int = 64,
    layers: Style = LAYERS,
) -> keras.Model:
    """Returns a net: image -> float32 logits [N, 1]."""
    x = keras.Input((image_size, image_size, channels), name="x")
    block: Block = []
    for row in range(3):
        conv = _conv(layers, width << row, 4, 2, f"{name}_conv{row}")
        block += [conv, *(_normed(conv.name) if row else [leaky(SLOPE, f"{conv.name}_leaky")])]
    # Equals a valid convolution over the complete map.
    block += [
        keras.layers.Flatten(name=f"{name}_flatten"),
        layers.dense(1, name=f"{name}_logit", use_bias=False, dtype="float32"),
    ]
    return keras.Model(x, blocks.chain(block, x), name=name)


def _outer(layers: Style, width: int, name: str) -> Block:
    return [_conv(layers, width, 4, 2, f"{name}_conv"), *_normed(f"{name}_conv")]


def _inner(layers: Style, width: int, name: str) -> Block:
    return [
        _conv(layers, 2 * width, 4, 2, f"{name}_conv1"),
        *_normed(f"{name}_conv1"),
        _conv(layers, 2 * width, 3, 1, f"{name}_conv2"),
        *_normed(f"{name}_conv2"),
    ]


def _inner_back(layers: Style, width: int, name: str) -> Block:
    return [
        _conv(layers, 2 * width, 3, 1, f"{name}_conv"),
        *_normed(f"{name}_conv"),
        *layers.up(width, 4, name=f"{name}_up", use_bias=False),
        *_normed(f"{name}_up"),
    ]


def _outer_back(layers: Style, channels: int, name: str) -> Block:
    return layers.up(
        channels, 4, name=f"{name}_image", use_bias=False, activation="tanh", dtype="float32"
    )


def _conv(layers: Style, units: int, kernel: int, stride: int, name: str) -> keras.layers.Conv2D:
    return layers.conv(units, kernel, stride, name=name, use_bias=False)


def _normed(name: str) -> Block:
    """Returns batch norm and LeakyReLU, which follow the layer `name`."""
    norm = blocks.batch_norm(momentum=0.9, epsilon=1e-5, name=f"{name}_norm")
    return [norm, leaky(SLOPE, f"{name}_leaky")]
