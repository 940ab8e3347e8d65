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
    """Two generators z [N, noise_dim] -> (image [N, 32, 32, channels], features).

    Features are the maps after PReLU at 8x8, 16x16, 32x32, with 4x4 first under
    `use_firstlayer`. The first `shared_layers` of the four hidden blocks (dense, then the three
    upsamplings) are the same layers in both: 4 is the thesis' CoGAN, 0 its SCoGAN. The extra
    4x4 row of `use_firstlayer` belongs to the dense block, so 4 is all but the output there too.
    `residual` makes each upsampling a residual block, see `rows.residual_rows`; then there is no
    extra row.

    Raises:
        ValueError: for `shared_layers` outside 0..4 or an unknown name.
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
    """Two discriminators image [N, S, S, channels] -> logits [N, 1].

    The last `shared_layers` of the four blocks are the same layers in both: 3, all but the
    first convolution, is the thesis' CoGAN; 0 its SCoGAN.

    Args:
        channels: of the image.
        image_size: S.
        width: multiplies every hidden width.
        shared_layers: 0..4, counted from the output.
        arch: 'lenet' (conv 20, conv 50, dense 500, logit; thesis table 3.2) or 'strided', a critic
            cheap on CPUs (convolutions k4 s2 of 64, 128, 256 with LeakyReLU 0.2, logit).
        norm: of the convolutions, see `blocks.norm`.
        dropout: before the logit; None is 0.5 for 'lenet' and 0 for 'strided'.
        style: initialisers, decay, PReLU kind.

    Raises:
        ValueError: for `shared_layers` outside 0..4 or an unknown name.
    """
    makers = blocks.pick(DISCRIMINATORS, arch, "discriminator")(width, style, norm, dropout)
    return rows.coupled_discriminators((image_size, image_size, channels), makers, shared_layers)


def _strided(width: float, style: Style, norm: str, dropout: float | None) -> list[rows.Maker]:
    widths = [blocks.scaled(units, width) for units in STRIDED_WIDTHS]
    return rows.strided_rows(widths, style, norm, dropout or 0.0)


def hidden(disc: keras.Model) -> keras.Model:
    """Image -> what the last layer of a discriminator is given [N, F]; the same layers."""
    x = keras.Input(disc.input_shape[1:], name="x")
    return keras.Model(x, blocks.chain(disc.layers[1:-1], x), name=f"{disc.name}_hidden")


def class_head(features: int, classes: int) -> keras.Model:
    """Last hidden layer [N, features] -> class logits [N, classes], float32 (CoGAN, section 4)."""
    x = keras.Input((features,), name="features")
    logits = Style(bias_init=0.0).dense(classes, name="class_logits", dtype="float32")
    return keras.Model(x, logits(x), name="head")


def classifier(disc: keras.Model, head: keras.Model) -> keras.Model:
    """Image -> class logits [N, classes] from a discriminator's last hidden layer."""
    x = keras.Input(disc.input_shape[1:], name="x")
    block = [*disc.layers[1:-1], *head.layers[1:]]
    return keras.Model(x, blocks.chain(block, x), name="classifier")


DISCRIMINATORS = {"lenet": rows.lenet_rows, "strided": _strided}


def latent_encoder(
    *, noise_dim: int = 100, image_size: int = 32, channels: int = 3, width: float = 1.0
) -> keras.Model:
    """Image [N, S, S, channels] -> recovered z [N, noise_dim], float32 and unbounded."""
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
