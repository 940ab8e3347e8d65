"""Networks of a single GAN: for 32x32, 64x64, the digits of the thesis, and 2-D points.

A generator maps z [N, noise_dim] to (image, features), a discriminator an image to logits [N, 1].
Images are in [-1, 1]; the points of 'toy' are [N, 2] and unbounded.
"""

from collections.abc import Callable, Sequence

import keras

from nets import blocks, rows
from nets.blocks import STYLE, Block, Style
from nets.rows import DIGIT_WIDTHS

IMAGE_SIZE: dict[str, int | None] = {"32": 32, "64": 64, "digit": 32, "toy": None}


def generator(
    arch: str,
    *,
    noise_dim: int = 100,
    channels: int = 3,
    width: float = 1.0,
    style: Style = STYLE,
) -> keras.Model:
    """Returns the generator `arch` of GENERATORS: z [N, noise_dim] -> (image, features).

    The image has the size IMAGE_SIZE[arch]. Raises ValueError for an unknown name.
    """
    tower = blocks.pick(GENERATORS, arch, "generator")(channels, width, style)
    return rows.generator("gen", noise_dim, tower)


def discriminator(
    arch: str,
    *,
    image_size: int | None = None,
    channels: int = 3,
    width: float = 1.0,
    norm: str = "none",
    dropout: float | None = None,
    style: Style = STYLE,
) -> keras.Model:
    """Returns the discriminator `arch` of DISCRIMINATORS: image -> logits [N, 1].

    Args:
        arch: name of the net; 'toy' ignores image size, channels, norm and dropout.
        image_size: height and width of the image; None: IMAGE_SIZE[arch].
        channels: of the image.
        width: multiplies the widths of all hidden layers.
        norm: of the convolutions, see `blocks.norm`.
        dropout: rate; None: 0.4 for '32' and '64', 0.5 for 'digit'.
        style: initialisers, weight decay, PReLU.

    Raises:
        ValueError: an unknown name.
    """
    tower = blocks.pick(DISCRIMINATORS, arch, "discriminator")(width, style, norm, dropout)
    size = image_size or IMAGE_SIZE[arch]
    shape: tuple[int | None, ...] = (2,) if arch == "toy" else (size, size, channels)
    return rows.discriminator("disc", shape, tower)


def _digit_generator(channels: int, width: float, style: Style) -> list[Block]:
    widths = [blocks.scaled(units, width) for units in DIGIT_WIDTHS]
    return _single(rows.generator_rows(widths, channels, style), "gen")


def _digit_discriminator(
    width: float, style: Style, norm: str, dropout: float | None
) -> list[Block]:
    return _single(rows.lenet_rows(width, style, norm, dropout), "disc")


def _generator_32(channels: int, width: float, style: Style) -> list[Block]:
    """Dense layer to 4x4x256, four rows k4 with batch norm (momentum 0.8), convolution k6."""
    image = style.conv(channels, 6, name="gen_image", activation="tanh", dtype="float32")
    ups = ((128, 1), (128, 2), (128, 2), (256, 2))
    return [_start(4, 256, width, style), *_leaky_rows(ups, 4, width, style), [image]]


def _generator_64(channels: int, width: float, style: Style) -> list[Block]:
    """Dense layer to 16x16x1024, four rows k3, transposed convolution k6.

    The net in the thesis has stride 2 in all four rows, which gives images of 256x256; here the
    last two have stride 1, which gives 64x64 with the same parameters.
    """
    image = style.up(channels, 6, 1, name="gen_image", activation="tanh", dtype="float32")
    ups = ((512, 2), (256, 2), (128, 1), (128, 1))
    return [_start(16, 1024, width, style), *_leaky_rows(ups, 3, width, style), image]


def _start(size: int, units: int, width: float, style: Style) -> Block:
    units = blocks.scaled(units, width)
    return [
        style.dense(size * size * units, name="gen_dense"),
        keras.layers.LeakyReLU(negative_slope=0.2, name="gen_dense_leaky"),
        keras.layers.Reshape((size, size, units), name="gen_dense_reshape"),
    ]


def _leaky_rows(
    ups: Sequence[tuple[int, int]], kernel: int, width: float, style: Style
) -> list[Block]:
    """Transposed convolution (units, stride), batch norm, LeakyReLU(0.2) for every row."""
    return [
        [
            *style.up(blocks.scaled(units, width), kernel, stride, name=f"gen_up{row}"),
            blocks.batch_norm(momentum=0.8, name=f"gen_up{row}_norm"),
            keras.layers.LeakyReLU(negative_slope=0.2, name=f"gen_up{row}_leaky"),
        ]
        for row, (units, stride) in enumerate(ups, start=1)
    ]


def _toy_generator(channels: int, width: float, style: Style) -> list[Block]:
    return [*_tanh_rows("gen", width, style), [style.dense(2, name="gen_points", dtype="float32")]]


def _toy_discriminator(width: float, style: Style, norm: str, dropout: float | None) -> list[Block]:
    return [*_tanh_rows("disc", width, style), rows.logit(style, flatten=False)("disc")]


def _tanh_rows(prefix: str, width: float, style: Style) -> list[Block]:
    units = blocks.scaled(128, width)
    names = [f"{prefix}_dense{row}" for row in (1, 2, 3)]
    return [[style.dense(units, name=name, activation="tanh")] for name in names]


def _convolutions(*units: int) -> Callable[[float, Style, str, float | None], list[Block]]:
    """Returns a maker of discriminators: convolutions k3, the first with stride 1, others 2."""

    def build(width: float, style: Style, norm: str, dropout: float | None) -> list[Block]:
        widths = [blocks.scaled(unit, width) for unit in units]
        rate = 0.4 if dropout is None else dropout
        return _single(
            rows.strided_rows(widths, style, norm, rate, kernel=3, first_stride=1), "disc"
        )

    return build


def _single(makers: Sequence[rows.Maker], name: str) -> list[Block]:
    return [make(name) for make in makers]


GENERATORS = {
    "32": _generator_32,
    "64": _generator_64,
    "digit": _digit_generator,
    "toy": _toy_generator,
}
DISCRIMINATORS = {
    "32": _convolutions(64, 128, 128, 256),
    "64": _convolutions(64, 128, 128, 128, 256, 512),
    "digit": _digit_discriminator,
    "toy": _toy_discriminator,
}
