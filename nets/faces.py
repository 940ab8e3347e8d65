"""Coupled networks for photographs of 64x64, 128x128 and 256x256 pixels, such as faces.

Liu and Tuzel, "Coupled Generative Adversarial Networks", arXiv 1606.07536 (their faces), in the
form of the SCoGAN thesis: tables A.1 and A.2 for 128x128, A.3 and A.4 for 256x256. The thesis has
no nets for 64x64: here they are those for 128x128 without their last stage. Images are
[N, S, S, C] in [-1, 1].
"""

import keras

from nets import blocks, rows
from nets.blocks import STYLE, Block, Style
from nets.rows import Maker, Pair

GENERATOR_WIDTHS = {  # channels at 4x4, 8x8, 16x16, ... up to the size of the image
    64: (1024, 512, 256, 128, 64),
    128: (1024, 512, 256, 128, 64, 32),
    256: (2048, 1024, 512, 256, 128, 64, 32),
}
CONVOLUTIONS = (  # of the discriminators, all with stride 2: channels, kernel, dropout rate
    (32, 5, 0.0),
    (64, 5, 0.0),
    (128, 5, 0.1),
    (256, 3, 0.3),
    (512, 3, 0.3),
    (1024, 3, 0.5),  # not at 64x64
)
DENSE = (2048, 0.5)  # units, dropout


def generators(
    image_size: int,
    *,
    noise_dim: int = 100,
    channels: int = 3,
    width: float = 1.0,
    shared_layers: int = 0,
    residual: bool = False,
    style: Style = STYLE,
) -> Pair:
    """Returns two generators: z [N, noise_dim] -> (image [N, S, S, channels], features).

    Features are the maps after PReLU at 8x8, 16x16, ..., SxS.

    Args:
        image_size: S, a key of GENERATOR_WIDTHS.
        noise_dim: length of z.
        channels: of the image.
        width: multiplies the widths of all hidden layers.
        shared_layers: how many hidden blocks (dense, then the upsamplings) are the same layers in
            both nets, counted from z: all but the last one is the thesis' CoGAN (5 of 6 at 128, 6
            of 7 at 256), 0 its SCoGAN.
        residual: builds residual blocks, whose sums are the features: the thesis' proposal for
            better photographs (chapter 7), see `rows.residual_rows`.
        style: initialisers, weight decay, PReLU, upsampling.

    Raises:
        ValueError: another `image_size`, too many `shared_layers`, or an unknown name.
    """
    sizes = ", ".join(map(str, GENERATOR_WIDTHS))
    if image_size not in GENERATOR_WIDTHS:
        raise ValueError(f"image_size must be one of {sizes}, not {image_size}")
    widths = [blocks.scaled(units, width) for units in GENERATOR_WIDTHS[image_size]]
    rows.check_shared(shared_layers, len(widths))
    make = rows.residual_rows if residual else rows.generator_rows
    makers = make(widths, channels, style, kernel=4, last=(3, 1))
    return rows.coupled_generators(noise_dim, makers, shared_layers)


def discriminators(
    image_size: int,
    *,
    channels: int = 3,
    width: float = 1.0,
    shared_layers: int = 0,
    norm: str = "batch",
    style: Style = STYLE,
) -> Pair:
    """Returns two discriminators: image [N, S, S, channels] -> logits [N, 1].

    Args:
        image_size: S; 64 has one convolution less than the others.
        channels: of the image.
        width: multiplies the widths of all hidden layers.
        shared_layers: how many of the eight blocks (six convolutions, dense, logit) are the same
            layers in both nets, counted from the output: 7 (all but the first convolution) is the
            thesis' CoGAN, 0 its SCoGAN.
        norm: follows every block except the logit; the thesis has 'batch', and 'layer' for
            WGAN-GP. 'instance' skips the dense block, where it would normalise single numbers.
        style: initialisers, weight decay, PReLU.

    Raises:
        ValueError: too many `shared_layers`, or an unknown name.
    """
    convolutions = CONVOLUTIONS[:-1] if image_size == 64 else CONVOLUTIONS
    makers = _discriminator_rows(convolutions, width, style, norm)
    return rows.coupled_discriminators((image_size, image_size, channels), makers, shared_layers)


def _discriminator_rows(convolutions: tuple, width: float, style: Style, norm: str) -> list[Maker]:
    """Returns makers of thesis tables A.2 and A.4: layer, norm, PReLU, dropout; then the logit."""

    def conv(row: int, filters: int, kernel: int, rate: float) -> Maker:
        def make(prefix: str) -> Block:
            name = f"{prefix}_conv{row}"
            layer = style.conv(blocks.scaled(filters, width), kernel, 2, name=name)
            return _activated(layer, norm, style, rate, rank=4)

        return make

    def dense(prefix: str) -> Block:
        units, rate = DENSE
        layer = style.dense(blocks.scaled(units, width), name=f"{prefix}_dense")
        flatten = keras.layers.Flatten(name=f"{layer.name}_flatten")
        kind = "none" if norm == "instance" else norm
        return [flatten, *_activated(layer, kind, style, rate, rank=2)]

    first = [conv(i, *row) for i, row in enumerate(convolutions, start=1)]
    return [*first, dense, rows.logit(style, flatten=False)]


def _activated(
    layer: keras.layers.Layer, norm: str, style: Style, rate: float, *, rank: int
) -> Block:
    drop = [blocks.Dropout(rate, name=f"{layer.name}_dropout")] if rate else []
    slopes = blocks.prelu(style.prelu, rank=rank, name=f"{layer.name}_prelu")
    return [*blocks.normed(layer, norm), slopes, *drop]
