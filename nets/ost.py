"""Networks for photographs of two domains whose autoencoders share their inner part.

Benaim and Wolf, "One-Shot Unsupervised Cross Domain Translation", arXiv 1806.06029. CycleGAN's
generator, divided into unshared encoder, shared encoder, shared decoder, unshared decoder. The net
halves the map `downs` times; the outer `unshared` of these belong to a single domain. Images are
[N, S, S, C] in [-1, 1]. The published (downs, unshared) are (2, 2) for facades and maps, (3, 3) for
translations from Cityscapes, (2, 0) for paintings and seasons. The discriminator is CycleGAN's.
"""

import keras

from nets import blocks
from nets.blocks import Style
from nets.modulated import (
    doublings,
    halvings,
    image_row,
    normed_relu,
    reflect_conv,
    residuals,
)

LAYERS = Style(weight_init="normal", bias_init=0.0)


def unshared_encoder(
    name: str,
    *,
    image_size: int = 256,
    channels: int = 3,
    nf: int = 64,
    unshared: int = 2,
    layers: Style = LAYERS,
) -> keras.Model:
    """Returns a net: image -> map [N, S / 2^unshared, S / 2^unshared, nf * 2^unshared]."""
    x = keras.Input((image_size, image_size, channels), name="x")
    block = [*reflect_conv(layers, nf, 7, name=f"{name}_in"), *normed_relu(f"{name}_in")]
    block += halvings(layers, nf, range(1, unshared + 1), name)
    return keras.Model(x, blocks.chain(block, x), name=name)


def shared_encoder(
    name: str = "shared_encoder",
    *,
    image_size: int = 256,
    nf: int = 64,
    downs: int = 2,
    unshared: int = 2,
    res_blocks: int = 6,
    layers: Style = LAYERS,
) -> keras.Model:
    """Returns a net: map -> content code [N, S / 2^downs, S / 2^downs, nf * 2^downs]."""
    x = _map(image_size, nf, unshared)
    block = halvings(layers, nf, range(unshared + 1, downs + 1), name)
    block += residuals(layers, nf << downs, res_blocks, name)
    return keras.Model(x, blocks.chain(block, x), name=name)


def shared_decoder(
    name: str = "shared_decoder",
    *,
    image_size: int = 256,
    nf: int = 64,
    downs: int = 2,
    unshared: int = 2,
    res_blocks: int = 6,
    layers: Style = LAYERS,
) -> keras.Model:
    """Returns a net: content code -> map [N, S / 2^unshared, S / 2^unshared, nf * 2^unshared]."""
    x = _map(image_size, nf, downs)
    block = residuals(layers, nf << downs, res_blocks, name)
    block += doublings(layers, nf, range(downs - 1, unshared - 1, -1), name)
    return keras.Model(x, blocks.chain(block, x), name=name)


def unshared_decoder(
    name: str,
    *,
    image_size: int = 256,
    channels: int = 3,
    nf: int = 64,
    unshared: int = 2,
    layers: Style = LAYERS,
) -> keras.Model:
    """Returns a net: map of `shared_decoder` -> image, float32 under any policy."""
    x = _map(image_size, nf, unshared)
    block = doublings(layers, nf, range(unshared - 1, -1, -1), name)
    block += image_row(channels, 7, "tanh", layers=layers, name=f"{name}_image")
    return keras.Model(x, blocks.chain(block, x), name=name)


def _map(image_size: int, nf: int, level: int) -> keras.KerasTensor:
    """Returns the input of a part: the map of an image after `level` halvings."""
    side = image_size >> level
    return keras.Input((side, side, nf << level), name="x")
