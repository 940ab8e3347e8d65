"""Coupled digit networks and the latent encoder.

Liu and Tuzel, "Coupled Generative Adversarial Networks", arXiv 1606.07536, and the SCoGAN
thesis (tables 3.1 and 3.2), which drops the sharing. Images are [N, 32, 32, C] in [-1, 1].
"""

import keras

from nets import blocks, rows
from nets.blocks import STYLE, Style
from nets.rows import DIGIT_WIDTHS, Pair

STRIDED_WIDTHS = (64, 128, 256)


def digit_generators(
    *,
    noise_dim: int = 100,
    channels: int = 3,
    width: float = 1.0,
    shared_layers: int = 0,
    use_firstlayer: bool = False,
    residual: bool = False,
    style: Style = STYLE,
) -> Pair:
    """Returns two generators: z [N, noise_dim] -> (image [N, 32, 32, channels], features).

    Features are the maps after PReLU at 8x8, 16x16 and 32x32; with `use_firstlayer`, also at 4x4.

    Args:
        noise_dim: length of z.
        channels: of the image.
        width: multiplies the widths of all hidden layers.
        shared_layers: how many of the four hidden blocks (dense, then three upsamplings) are the
            same layers in both nets, counted from z: 4 is the thesis' CoGAN, 0 its SCoGAN.
        use_firstlayer: adds a row 4x4 -> 4x4, which belongs to the dense block.
        residual: builds residual blocks, see `rows.residual_rows`; excludes `use_firstlayer`.
        style: initialisers, weight decay, PReLU, upsampling.

    Raises:
        ValueError: `shared_layers` is outside 0..4, or a name is unknown.
    """
    rows.check_shared(shared_layers, len(DIGIT_WIDTHS))
    widths = [blocks.scaled(units, width) for units in DIGIT_WIDTHS]
    if residual:
        makers = rows.residual_rows(widths, channels, style)
        return rows.coupled_generators(noise_dim, makers, shared_layers)
    makers = rows.generator_rows(widths, channels, style, first_layer=use_firstlayer)
    extra = 1 if use_firstlayer and shared_layers else 0
    return rows.coupled_generators(noise_dim, makers, shared_layers + extra)


def digit_discriminators(
    *,
    channels: int = 3,
    image_size: int = 32,
    width: float = 1.0,
    shared_layers: int = 0,
    arch: str = "lenet",
    norm: str = "none",
    dropout: float | None = None,
    style: Style = STYLE,
) -> Pair:
    """Returns two discriminators: image [N, S, S, channels] -> logits [N, 1].

    Args:
        channels: of the image.
        image_size: S.
        width: multiplies the widths of all hidden layers.
        shared_layers: how many of the four blocks are the same layers in both nets, counted from
            the output: 3 (all but the first convolution) is the thesis' CoGAN, 0 its SCoGAN.
        arch: 'lenet' (conv 20, conv 50, dense 500, logit; thesis table 3.2), or 'strided', which is
            fast on CPUs (convolutions k4 s2 of 64, 128, 256 with LeakyReLU 0.2, logit).
        norm: of the convolutions, see `blocks.norm`.
        dropout: rate before the logit; None: 0.5 for 'lenet', 0 for 'strided'.
        style: initialisers, weight decay, PReLU.

    Raises:
        ValueError: `shared_layers` is outside 0..4, or a name is unknown.
    """
    makers = blocks.pick(DISCRIMINATORS, arch, "discriminator")(width, style, norm, dropout)
    return rows.coupled_discriminators((image_size, image_size, channels), makers, shared_layers)


def _strided(width: float, style: Style, norm: str, dropout: float | None) -> list[rows.Maker]:
    widths = [blocks.scaled(units, width) for units in STRIDED_WIDTHS]
    return rows.strided_rows(widths, style, norm, dropout or 0.0)


def hidden(disc: keras.Model) -> keras.Model:
    """Returns the layers of a discriminator before its last one as a net: image -> [N, F]."""
    x = keras.Input(disc.input_shape[1:], name="x")
    return keras.Model(x, blocks.chain(disc.layers[1:-1], x), name=f"{disc.name}_hidden")


def class_head(features: int, classes: int) -> keras.Model:
    """Returns a net: last hidden layer [N, features] -> float32 class logits [N, classes].

    CoGAN, section 4.
    """
    x = keras.Input((features,), name="features")
    logits = Style(bias_init=0.0).dense(classes, name="class_logits", dtype="float32")
    return keras.Model(x, logits(x), name="head")


def classifier(disc: keras.Model, head: keras.Model) -> keras.Model:
    """Returns a net of the layers of `hidden` and of a head: image -> class logits [N, classes]."""
    x = keras.Input(disc.input_shape[1:], name="x")
    block = [*disc.layers[1:-1], *head.layers[1:]]
    return keras.Model(x, blocks.chain(block, x), name="classifier")


DISCRIMINATORS = {"lenet": rows.lenet_rows, "strided": _strided}


def latent_encoder(
    *, noise_dim: int = 100, image_size: int = 32, channels: int = 3, width: float = 1.0
) -> keras.Model:
    """Returns a net: image [N, S, S, channels] -> estimate of z [N, noise_dim], float32."""
    style = Style(bias_init=0.0)
    block: blocks.Block = []
    for row, (units, stride) in enumerate(((64, 1), (128, 2), (128, 2), (256, 2)), start=1):
        conv = style.conv(blocks.scaled(units, width), 3, stride, name=f"encoder_conv{row}")
        leaky = keras.layers.LeakyReLU(negative_slope=0.2, name=f"encoder_conv{row}_leaky")
        block += [conv, leaky]
    block += [
        keras.layers.Flatten(name="encoder_flatten"),
        blocks.Dropout(0.4, name="encoder_dropout"),
        style.dense(noise_dim, name="encoder_z", dtype="float32"),
    ]
    x = keras.Input((image_size, image_size, channels), name="x")
    return keras.Model(x, blocks.chain(block, x), name="encoder")
