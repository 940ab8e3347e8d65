"""Rows of layers from which single and coupled generators and discriminators are built.

A *row* is the block of one resolution. A *maker* builds a row with a name prefix. A *tower* is the
list of all rows of a network. The two towers of a coupled network are built from one list of
makers: a shared row is built once and is in both towers; any other row is built twice, so that its
initial weights differ.
"""

from collections.abc import Callable, Container, Sequence

import keras

from nets.blocks import Block, Dropout, Residual, Style, batch_norm, chain, normed, prelu, scaled

Maker = Callable[[str], Block]
Pair = tuple[keras.Model, keras.Model]

DIGIT_WIDTHS = (1024, 512, 256, 128)  # channels at 4x4, 8x8, 16x16, 32x32 (thesis table 3.1)


def towers(
    makers: Sequence[Maker], shared: Container[int], names: Sequence[str]
) -> list[list[Block]]:
    """Returns one tower per name; the rows whose index is in `shared` are the same layers."""
    result: list[list[Block]] = [[] for _ in names]
    for row, make in enumerate(makers):
        common = make("shared") if row in shared else None
        for tower, name in zip(result, names, strict=True):
            tower.append(common or make(name))
    return result


def generator(name: str, noise_dim: int, tower: Sequence[Block]) -> keras.Model:
    """Returns a net: z [N, noise_dim] -> (image, features).

    Features are the outputs of all blocks except the first and the last.
    """
    z = keras.Input((noise_dim,), name="z")
    maps = [z]
    for block in tower:
        maps.append(chain(block, maps[-1]))
    return keras.Model(z, (maps[-1], tuple(maps[2:-1])), name=name)


def discriminator(name: str, shape: tuple[int | None, ...], tower: Sequence[Block]) -> keras.Model:
    """Returns a net: x [N, *shape] -> logits [N, 1]."""
    x = keras.Input(shape, name="x")
    return keras.Model(x, chain([layer for block in tower for layer in block], x), name=name)


def coupled_generators(noise_dim: int, makers: Sequence[Maker], shared: int) -> Pair:
    """Returns `gen1` and `gen2`, see `generator`; their first `shared` rows are the same layers."""
    tower1, tower2 = towers(makers, range(shared), ("gen1", "gen2"))
    return generator("gen1", noise_dim, tower1), generator("gen2", noise_dim, tower2)


def coupled_discriminators(shape: tuple[int, ...], makers: Sequence[Maker], shared: int) -> Pair:
    """Returns `disc1` and `disc2`, see `discriminator`; they share their last `shared` rows.

    Raises:
        ValueError: there are fewer rows than `shared`.
    """
    check_shared(shared, len(makers))
    same = range(len(makers) - shared, len(makers))
    tower1, tower2 = towers(makers, same, ("disc1", "disc2"))
    return discriminator("disc1", shape, tower1), discriminator("disc2", shape, tower2)


def check_shared(shared: int, most: int) -> None:
    """Raises ValueError when the number of shared rows is not in 0..most."""
    if not 0 <= shared <= most:
        raise ValueError(f"shared_layers must be 0..{most}, not {shared}")


def logit(style: Style, flatten: bool = True) -> Maker:
    """Returns the maker of the last row of a critic: one float32 logit per sample."""

    def make(prefix: str) -> Block:
        dense = style.dense(1, name=f"{prefix}_logit", dtype="float32")
        return [keras.layers.Flatten(name=f"{prefix}_flatten"), dense] if flatten else [dense]

    return make


def generator_rows(
    widths: Sequence[int],
    channels: int,
    style: Style,
    *,
    kernel: int = 3,
    last: tuple[int, int] = (6, 1),
    first_layer: bool = False,
) -> list[Maker]:
    """Returns makers of the thesis' generators: dense to 4x4, transposed convolutions, tanh image.

    Every hidden row ends in batch norm and PReLU (thesis tables 3.1 and A.1).

    Args:
        widths: channels at 4x4, 8x8, 16x16, ... .
        channels: channels of the image, which is in [-1, 1].
        style: initialisers, decay, PReLU kind, upsampling.
        kernel: kernel size of the upsampling rows.
        last: kernel size and stride of the output row.
        first_layer: add the row 4x4 -> 4x4 (k4, s1) after the dense one.
    """

    def up(filters: int, size: int, stride: int, label: str) -> Maker:
        def make(prefix: str) -> Block:
            name = f"{prefix}_{label}"
            return [*style.up(filters, size, stride, name=name), *_activation(name, style)]

        return make

    def dense(prefix: str) -> Block:
        return [*_start(prefix, widths[0], style), *_activation(f"{prefix}_dense", style)]

    first = [up(widths[0], 4, 1, "up4")] if first_layer else []
    ups = [up(w, kernel, 2, f"up{8 << row}") for row, w in enumerate(widths[1:])]
    return [dense, *first, *ups, lambda prefix: _image(prefix, channels, last, style)]


def residual_rows(
    widths: Sequence[int],
    channels: int,
    style: Style,
    *,
    kernel: int = 3,
    last: tuple[int, int] = (6, 1),
) -> list[Maker]:
    """Returns makers of a residual generator: dense to 4x4, one block per size, tanh image.

    The main branch of a block is batch norm, PReLU, upsampling convolution, batch norm, PReLU,
    convolution k3; its skip branch repeats pixels and applies a convolution k1. Norms come before
    the weights (He et al., arXiv 1603.05027), as in the generators of Gulrajani et al., arXiv
    1704.00028. Arguments as for `generator_rows`.
    """

    def up(filters: int, label: str) -> Maker:
        def make(prefix: str) -> Block:
            name = f"{prefix}_{label}"
            main = [
                *_activation(f"{name}_in", style),
                *style.up(filters, kernel, name=name),
                *_activation(name, style),
                style.conv(filters, 3, name=f"{name}_conv"),
            ]
            repeat = keras.layers.UpSampling2D(2, name=f"{name}_skip_nearest")
            skip = [repeat, style.conv(filters, 1, name=f"{name}_skip")]
            return [Residual(main, skip, keras.layers.Add(name=f"{name}_add"))]

        return make

    def image(prefix: str) -> Block:
        return [*_activation(f"{prefix}_image", style), *_image(prefix, channels, last, style)]

    ups = [up(w, f"up{8 << row}") for row, w in enumerate(widths[1:])]
    return [lambda prefix: _start(prefix, widths[0], style), *ups, image]


def _start(prefix: str, units: int, style: Style) -> Block:
    """Returns layers that turn a latent vector into a map [4, 4, units]."""
    name = f"{prefix}_dense"
    reshape = keras.layers.Reshape((4, 4, units), name=f"{name}_reshape")
    return [style.dense(16 * units, name=name), reshape]


def _activation(name: str, style: Style) -> Block:
    return [batch_norm(name=f"{name}_norm"), prelu(style.prelu, name=f"{name}_prelu")]


def _image(prefix: str, channels: int, last: tuple[int, int], style: Style) -> Block:
    # float32 under any policy, for losses and metrics of the image.
    name = f"{prefix}_image"
    return style.up(channels, *last, name=name, activation="tanh", dtype="float32")


def lenet_rows(
    width: float, style: Style, norm_kind: str, dropout: float | None = None
) -> list[Maker]:
    """Returns makers of the digit discriminator (thesis table 3.2): conv, conv, dense, logit.

    `dropout` None is 0.5, as in the thesis.
    """
    rate = 0.5 if dropout is None else dropout

    def conv(filters: int, label: str) -> Maker:
        def make(prefix: str) -> Block:
            layer = style.conv(scaled(filters, width), 5, name=f"{prefix}_{label}")
            return [*normed(layer, norm_kind), keras.layers.MaxPooling2D(name=f"{layer.name}_pool")]

        return make

    def dense(prefix: str) -> Block:
        layer = style.dense(scaled(500, width), name=f"{prefix}_dense")
        drop = [Dropout(rate, name=f"{prefix}_dropout")] if rate else []
        flatten = keras.layers.Flatten(name=f"{prefix}_dense_flatten")
        return [flatten, layer, prelu(style.prelu, rank=2, name=f"{prefix}_prelu"), *drop]

    return [conv(20, "conv1"), conv(50, "conv2"), dense, logit(style, flatten=False)]


def strided_rows(
    widths: Sequence[int],
    style: Style,
    norm_kind: str,
    dropout: float,
    *,
    kernel: int = 4,
    first_stride: int = 2,
) -> list[Maker]:
    """Returns makers of a strided critic: convolution, norm, LeakyReLU(0.2) per width, logit."""

    def conv(row: int, filters: int) -> Maker:
        def make(prefix: str) -> Block:
            stride = first_stride if row == 0 else 2
            layer = style.conv(filters, kernel, stride, name=f"{prefix}_conv{row + 1}")
            leaky = keras.layers.LeakyReLU(negative_slope=0.2, name=f"{layer.name}_leaky")
            return [*normed(layer, norm_kind), leaky]

        return make

    def head(prefix: str) -> Block:
        drop = [Dropout(dropout, name=f"{prefix}_dropout")] if dropout else []
        return [*drop, *logit(style)(prefix)]

    return [*(conv(row, filters) for row, filters in enumerate(widths)), head]
