"""Networks that part an image into its class and what else varies in it.

Mathieu et al., "Disentangling factors of variation in deep representations using adversarial
training", arXiv 1611.03383, with the later discriminator of image pairs. z is the unspecified
code (style), a Gaussian; s the specified one (class). Images are [N, S, S, C]; the published nets
are for S = 28, any other S is halved by every row and must allow that.
"""

import keras

from nets import blocks
from nets.blocks import Block, Style
from nets.modulated import instance_norm, leaky

LAYERS = Style(weight_init="wide", bias_init=0.0)
PUBLISHED_SIZE = 28  # 28, 13, 6, 2 and back 2, 6, 14, 28 as the unpadded rows give it
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
    """Image -> codes, all float32: z [N, z_dim], s [N, s_dim], each a mean if it is Gaussian.

    The code that `vae_on` names, 'z', 's' or 'both', is: behind its mean comes its log variance.
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
    """[z [N, z_dim], s [N, s_dim]] -> image [N, S, S, channels], float32 under any policy.

    `widths` are the encoder's. `out` 'sigmoid' makes images in [0, 1] as published, 'tanh' in
    [-1, 1].
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
    both = keras.layers.Concatenate(name="dec_codes")(halves)
    block: Block = [keras.layers.Reshape((base, base, units), name="dec_reshape")]
    for row, width in enumerate(reversed(widths[:-1]), start=1):
        name, padding = f"dec_up{row}", "valid" if published else "same"
        block.append(_up(layers, width, padding, name=name))
        block += [instance_norm(f"{name}_norm"), leaky(0.2, f"{name}_leaky")]
    block.append(_up(layers, channels, "same", name="dec_image", activation=out, dtype="float32"))
    return keras.Model(inputs, blocks.chain(block, both), name="dec")


def pair_discriminator(
    *,
    image_size: int = PUBLISHED_SIZE,
    channels: int = 1,
    widths: tuple[int, ...] = (32, 64, 128),
    layers: Style = LAYERS,
) -> keras.Model:
    """[reference, candidate] -> logits [N, 2]: is the candidate a real image of the same class?

    Class 1 is yes. Both inputs are images; float32 under any policy.
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
    both = keras.layers.Concatenate(name="disc_pair")(inputs)
    return keras.Model(inputs, blocks.chain(block, both), name="disc")


def code_classifier(
    *,
    dim: int = 16,
    classes: int = 10,
    units: int = 256,
    layers: Style = LAYERS,
    name: str = "class",
) -> keras.Model:
    """Code [N, dim] -> class logits, float32: the net that probed codes, here one that teaches.

    The code is normalised over the batch first: making it small does not hide a class.
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
    """Convolution k5 s2: with one pixel of padding at the published size, halving at others."""
    if image_size != PUBLISHED_SIZE:
        return [layers.conv(units, 5, 2, name=name)]
    pad = keras.layers.ZeroPadding2D(1, name=f"{name}_pad")
    return [pad, layers.conv(units, 5, 2, name=name, padding="valid")]


def _up(
    layers: Style, units: int, padding: str, *, name: str, **kw
) -> keras.layers.Conv2DTranspose:
    return keras.layers.Conv2DTranspose(units, 4, 2, padding, name=name, **layers.weights(), **kw)
