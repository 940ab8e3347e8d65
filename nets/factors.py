"""Networks that separate the class of an image from everything else that varies in it.

Mathieu et al., "Disentangling factors of variation in deep representations using adversarial
training", arXiv 1611.03383, with the later discriminator of image pairs. z is the unspecified
code (style), a Gaussian; s is the specified code (class). Images are [N, S, S, C]. The published
nets are for S = 28; any other S is halved by every row, so that it must be a multiple of 2^rows.
"""

import keras

from nets import blocks
from nets.blocks import Block, Style
from nets.modulated import instance_norm, leaky

LAYERS = Style(weight_init="wide", bias_init=0.0)
PUBLISHED_SIZE = 28  # maps: 28, 13, 6, 2 in the encoder; 2, 6, 14, 28 in the decoder
WIDTHS = (16, 32, 64)


def encoder(
    *,
    image_size: int = PUBLISHED_SIZE,
    channels: int = 1,
    widths: tuple[int, ...] = WIDTHS,
    z_dim: int = 16,
    s_dim: int = 16,
    vae_on: str = "z",
    layers: Style = LAYERS,
) -> keras.Model:
    """Returns an encoder: image -> list of float32 codes z [N, z_dim] and s [N, s_dim].

    `vae_on` ('z', 's' or 'both') says which code is Gaussian: it is then the mean, and its log
    variance is the next entry of the list.
    """
    x = keras.Input((image_size, image_size, channels), name="x")
    block: Block = []
    for row, units in enumerate(widths, start=1):
        name = f"enc_conv{row}"
        block += _down(layers, units, image_size, name)
        block += [instance_norm(f"{name}_norm"), keras.layers.ReLU(name=f"{name}_relu")]
    flat = keras.layers.Flatten(name="enc_flatten")(blocks.chain(block, x))
    heads = []
    for code, units in (("z", z_dim), ("s", s_dim)):
        gaussian = vae_on in (code, "both")
        heads += [(f"enc_{code}", units), (f"enc_{code}_log_variance", units)][: 1 + gaussian]
    codes = [layers.dense(units, name=name, dtype="float32")(flat) for name, units in heads]
    return keras.Model(x, codes, name="enc")


def decoder(
    *,
    image_size: int = PUBLISHED_SIZE,
    channels: int = 1,
    widths: tuple[int, ...] = WIDTHS,
    z_dim: int = 16,
    s_dim: int = 16,
    out: str = "sigmoid",
    layers: Style = LAYERS,
) -> keras.Model:
    """Returns a decoder: [z [N, z_dim], s [N, s_dim]] -> float32 image [N, S, S, channels].

    `widths` must be those of the encoder. `out` is 'sigmoid' for images in [0, 1], as published, or
    'tanh' for [-1, 1].
    """
    published = image_size == PUBLISHED_SIZE
    base = 2 if published else image_size >> len(widths)
    units = 2 * widths[-1]
    inputs = [keras.Input((z_dim,), name="z"), keras.Input((s_dim,), name="s")]
    halves = []
    for code in inputs:
        name = f"dec_{code.name}"
        dense = layers.dense(base * base * units // 2, name=name)
        halves.append(leaky(0.2, f"{name}_leaky")(dense(code)))
    codes = keras.layers.Concatenate(name="dec_codes")(halves)
    block: Block = [keras.layers.Reshape((base, base, units), name="dec_reshape")]
    for row, width in enumerate(reversed(widths[:-1]), start=1):
        name, padding = f"dec_up{row}", "valid" if published else "same"
        block.append(_up(layers, width, padding, name=name))
        block += [instance_norm(f"{name}_norm"), leaky(0.2, f"{name}_leaky")]
    block.append(_up(layers, channels, "same", name="dec_image", activation=out, dtype="float32"))
    return keras.Model(inputs, blocks.chain(block, codes), name="dec")


def pair_discriminator(
    *,
    image_size: int = PUBLISHED_SIZE,
    channels: int = 1,
    widths: tuple[int, ...] = (32, 64, 128),
    layers: Style = LAYERS,
) -> keras.Model:
    """Returns a net: [reference, candidate] (images) -> float32 logits [N, 2].

    Logit 1 is for "the candidate is a real image of the class of the reference", logit 0 for the
    opposite.
    """
    shape = (image_size, image_size, channels)
    inputs = [keras.Input(shape, name="reference"), keras.Input(shape, name="candidate")]
    block: Block = []
    for row, units in enumerate(widths, start=1):
        name = f"disc_conv{row}"
        block += _down(layers, units, image_size, name)
        block += [instance_norm(f"{name}_norm"), leaky(0.2, f"{name}_leaky")]
    block.append(keras.layers.Flatten(name="disc_flatten"))
    block.append(layers.dense(2, name="disc_logits", dtype="float32"))
    pair = keras.layers.Concatenate(name="disc_pair")(inputs)
    return keras.Model(inputs, blocks.chain(block, pair), name="disc")


def code_classifier(
    *,
    dim: int = 16,
    classes: int = 10,
    units: int = 256,
    layers: Style = LAYERS,
    name: str = "class",
) -> keras.Model:
    """Returns a net: code [N, dim] -> float32 class logits [N, classes].

    The code is normalised over the batch first, so that an encoder cannot hide the class by making
    the code small.
    """
    code = keras.Input((dim,), name="code")
    block: Block = [blocks.batch_norm(name="class_code_norm")]
    for row in (1, 2):
        dense = f"class_dense{row}"
        block += [layers.dense(units, name=dense), blocks.batch_norm(name=f"{dense}_norm")]
        block.append(leaky(0.2, f"{dense}_leaky"))
    block.append(layers.dense(classes, name="class_logits", dtype="float32"))
    return keras.Model(code, blocks.chain(block, code), name=name)


def _down(layers: Style, units: int, image_size: int, name: str) -> Block:
    """Returns a convolution k5 s2: padding of 1 at the published size, exact halving at others."""
    if image_size != PUBLISHED_SIZE:
        return [layers.conv(units, 5, 2, name=name)]
    pad = keras.layers.ZeroPadding2D(1, name=f"{name}_pad")
    return [pad, layers.conv(units, 5, 2, name=name, padding="valid")]


def _up(
    layers: Style, units: int, padding: str, *, name: str, **kw
) -> keras.layers.Conv2DTranspose:
    return keras.layers.Conv2DTranspose(units, 4, 2, padding, name=name, **layers.weights(), **kw)
