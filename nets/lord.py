"""Networks of LORD, and of the naive G2G, which uses the same generator.

Gabbay and Hoshen, "Demystifying Inter-Class Disentanglement", arXiv 1906.11796. Images are
[N, S, S, C]; codes are vectors.
"""

import keras

from nets import blocks, modulated
from nets.blocks import Block, Style

LAYERS = Style(weight_init="he", bias_init=0.0)
SLOPE = 0.01  # of LeakyReLU in LORD; the naive encoder has 0.2
ENCODER_WIDTHS = (64, 128, 256, 256, 256)


def naive_encoder(
    name: str = "encoder",
    *,
    image_size: int = 128,
    channels: int = 3,
    width: int = 32,
    code_dim: int = 256,
    layers: Style = LAYERS,
) -> keras.Model:
    """Returns a net: image -> code [N, code_dim].

    Convolutions k4 s2 down to 4x4, then one k4 to 1x1, all with batch norm. The first row has
    `width` channels; each further one has twice as many as the one before.

    Raises:
        ValueError: `image_size` is not a power of two from 32.
    """
    if image_size < 32 or image_size & (image_size - 1):
        raise ValueError(f"image_size must be a power of two from 32, not {image_size}")
    x = keras.Input((image_size, image_size, channels), name="x")
    block: Block = []
    for row in range(image_size.bit_length() - 3):
        block += _normed_row(layers, width << row, stride=2, padding="same", name=f"{name}_{row}")
    block += _normed_row(layers, code_dim, stride=1, padding="valid", name=f"{name}_code")
    flatten = keras.layers.Flatten(name=f"{name}_flatten")
    return keras.Model(x, flatten(blocks.chain(block, x)), name=name)


def _normed_row(layers: Style, units: int, *, stride: int, padding: str, name: str) -> Block:
    return [
        layers.conv(units, 4, stride, padding=padding, name=name, use_bias=False),
        blocks.batch_norm(momentum=0.9, epsilon=1e-5, name=f"{name}_norm"),
        modulated.leaky(0.2, f"{name}_leaky"),
    ]


def encoder(
    name: str = "encoder",
    *,
    image_size: int = 64,
    channels: int = 3,
    widths: tuple[int, ...] = ENCODER_WIDTHS,
    dense: int = 256,
    code_dim: int = 128,
    layers: Style = LAYERS,
) -> keras.Model:
    """Returns a net: image -> float32 code [N, code_dim], the encoder of LORD's second stage.

    Convolution k7, convolutions k4 s2, two dense layers, and the code.
    """
    x = keras.Input((image_size, image_size, channels), name="x")
    block: Block = []
    for row, units in enumerate(widths):
        kernel, stride = (4, 2) if row else (7, 1)
        conv = layers.conv(units, kernel, stride, name=f"{name}_conv{row}")
        block += [conv, modulated.leaky(SLOPE, f"{name}_conv{row}_leaky")]
    block.append(keras.layers.Flatten(name=f"{name}_flatten"))
    for row in (1, 2):
        block += _dense_row(layers, dense, f"{name}_dense{row}")
    block.append(layers.dense(code_dim, name=f"{name}_code", dtype="float32"))
    return keras.Model(x, blocks.chain(block, x), name=name)


def table(name: str, rows: int, code_dim: int) -> keras.Model:
    """Returns a net: numbers [N] in [0, rows) -> learned codes [N, code_dim].

    The initial codes are from U(-0.05, 0.05).
    """
    uniform = keras.initializers.RandomUniform(-0.05, 0.05)
    codes = keras.layers.Embedding(rows, code_dim, uniform, name=f"{name}_rows", dtype="float32")
    number = keras.Input((), dtype="int64", name="number")
    return keras.Model(number, codes(number), name=name)


def generator(
    *,
    image_size: int = 128,
    channels: int = 3,
    content_dim: int = 256,
    style_dim: int = 256,
    width: int = 256,
    tail: int = 64,
    adain_layers: int = 4,
    out: str = "tanh",
    unit_gain: bool = True,
    layers: Style = LAYERS,
) -> keras.Model:
    """Returns a net: [content [N, content_dim], style [N, style_dim]] -> image [N, S, S, channels].

    Dense layers turn the content into a small map. Each time the map has been doubled there is an
    AdaIN whose bias and gain are a linear function of the style. Raises ValueError for another
    `image_size` or `out`.

    Args:
        image_size: S, a multiple of 2 ** adain_layers.
        channels: of the image.
        content_dim: size of the content code.
        style_dim: size of the style code.
        width: channels of all maps, a multiple of 8.
        tail: channels of the map before the image.
        adain_layers: doublings; the first map is S / 2 ** adain_layers wide.
        out: 'tanh' ([-1, 1]) or 'sigmoid' ([0, 1], as in LORD).
        unit_gain: initial gains of AdaIN around 1, as in an instance norm, not 0 as in LORD.
        layers: initialisers and weight decay.
    """
    if out not in ("tanh", "sigmoid"):
        raise ValueError(f"unknown out {out!r}; choose from tanh, sigmoid")
    content = keras.Input((content_dim,), name="content")
    style = keras.Input((style_dim,), name="style")
    block = _small_map(layers, _first_size(image_size, adain_layers), width)
    for row in range(1, adain_layers + 1):
        block += _doubling_row(layers, style, width, unit_gain, f"gen_up{row}")
    block += _image_rows(layers, tail, channels, out)
    return keras.Model([content, style], blocks.chain(block, content), name="gen")


def _first_size(image_size: int, doublings: int) -> int:
    """Returns the width of the map that is doubled; ValueError for sizes that it cannot reach."""
    size, rest = divmod(image_size, 2**doublings)
    if size == 0 or rest:
        raise ValueError(f"image_size must be a multiple of {2**doublings}, not {image_size}")
    return size


def _image_rows(layers: Style, tail: int, channels: int, out: str) -> Block:
    """Returns the layers between the last map and the image."""
    return [
        layers.conv(tail, 5, name="gen_tail"),
        modulated.leaky(SLOPE, "gen_tail_leaky"),
        # float32 under any policy, for losses and metrics of the image.
        layers.conv(channels, 7, name="gen_image", activation=out, dtype="float32"),
    ]


def _small_map(layers: Style, base: int, width: int) -> Block:
    """Returns the layers that turn a content code into a map [base, base, width]."""
    block: Block = []
    for row, units in enumerate((width // 8, width // 4, width), start=1):
        block += _dense_row(layers, base * base * units, f"gen_dense{row}")
    return [*block, keras.layers.Reshape((base, base, width), name="gen_reshape")]


def _doubling_row(
    layers: Style, style: keras.KerasTensor, width: int, unit_gain: bool, name: str
) -> Block:
    """Returns the layers that double a map and adapt it to the style."""
    return [
        keras.layers.UpSampling2D(2, name=f"{name}_nearest"),
        layers.conv(width, 3, name=name),
        modulated.leaky(SLOPE, f"{name}_leaky"),
        modulated.modulated(layers, style, width, unit_gain=unit_gain, name=f"{name}_adain"),
    ]


def _dense_row(layers: Style, units: int, name: str) -> Block:
    return [layers.dense(units, name=name), modulated.leaky(SLOPE, f"{name}_leaky")]
