"""Networks of content transfer, of its masked variant, and of the Fader networks.

Press et al., "Emerging Disentanglement in Auto-Encoder Based Unsupervised Image Content Transfer",
arXiv 2001.05017: encoders of common and of separate content, a decoder of both, a discriminator of
common codes. Mokady et al., "Masked Based Unsupervised Content Transfer", arXiv 1906.06558, with a
decoder of image and mask. Lample et al., "Fader Networks", arXiv 1706.00409. Images are
[N, S, S, C] in [-1, 1], codes are maps, 2x2 in the published sizes.
"""

import keras
import tensorflow as tf

from nets import blocks, modulated
from nets.blocks import Block, Style
from nets.modulated import leaky

LAYERS = Style(weight_init="he", bias_init=0.0)
SLOPE = 0.2
MOST_DOUBLINGS = 4  # of channels: 32 to 512
VALUES = 2  # of Fader's attribute: absent and present, as a one-hot vector


def widths(image_size: int, width: int = 32, sep: int = 25) -> dict[str, tuple[int, ...]]:
    """Returns the channels of all rows of the encoders and decoders.

    Every row of an encoder halves the map, the last one to 2x2. Both codes together have as many
    channels as the widest map of the decoder, so the widest rows of the common encoder have `sep`
    channels less.

    Args:
        image_size: height and width of the image.
        width: channels of the first row.
        sep: channels of the separate code.

    Returns:
        'common': of the common encoder, 'separate': of the separate encoder, 'hidden': of the
        decoder before the image.

    Raises:
        ValueError: `image_size` is not a power of two from 16, or `sep` leaves no common channel.
    """
    if image_size < 16 or image_size & (image_size - 1):
        raise ValueError(f"image_size must be a power of two from 16, not {image_size}")
    rows = image_size.bit_length() - 2
    top = width << min(rows - 2, MOST_DOUBLINGS)
    if not 0 < sep < top:
        raise ValueError(f"sep must be above 0 and below {top}, not {sep}")
    units = [min(width << row, top) for row in range(rows)]
    return {
        "common": tuple(n - sep if n == top else n for n in units),
        "separate": (*(min(n, 4 * width) for n in units[:-1]), sep),
        "hidden": tuple(units[-2::-1]),
    }


def encoder(
    name: str,
    *,
    image_size: int,
    widths: tuple[int, ...],
    channels: int = 3,
    norm: str = "instance",
    layers: Style = LAYERS,
) -> keras.Model:
    """Returns an encoder: image -> code [N, S / 2^rows, S / 2^rows, widths[-1]].

    Args:
        name: of the net.
        image_size: S.
        widths: channels of the rows: convolution k4 s2, norm, LeakyReLU.
        channels: of the image.
        norm: 'instance' (Press et al.), or 'batch' for codes that are so small that an instance
            norm would remove their content.
        layers: initialisers and weight decay.
    """
    x = keras.Input((image_size, image_size, channels), name="x")
    block: Block = []
    for row, units in enumerate(widths):
        conv = layers.conv(units, 4, 2, name=f"{name}_{row}")
        block += [conv, *_norm(norm, conv.name), leaky(SLOPE, f"{conv.name}_leaky")]
    return keras.Model(x, blocks.chain(block, x), name=name)


def decoder(
    name: str = "gen",
    *,
    common: tuple[int, int, int],
    sep: int,
    hidden: tuple[int, ...],
    channels: int = 3,
    norm: str = "instance",
    layers: Style = LAYERS,
) -> keras.Model:
    """Returns a decoder: [common code, separate code] -> image.

    A separate code of zeros means that the image lacks what only domain 2 has.

    Args:
        name: of the net.
        common: shape of the common code without the batch.
        sep: channels of the separate code.
        hidden: channels of the rows before the image, each a transposed convolution k4 s2.
        channels: of the image.
        norm: 'instance' or 'batch'.
        layers: initialisers, weight decay, upsampling.
    """
    codes, x = _codes_to_map(name, common, sep, hidden, norm, layers)
    return keras.Model(codes, blocks.chain(_image(layers, channels, name), x), name=name)


def mask_decoder(
    name: str = "masked",
    *,
    common: tuple[int, int, int],
    sep: int,
    hidden: tuple[int, ...],
    channels: int = 3,
    norm: str = "batch",
    layers: Style = LAYERS,
) -> keras.Model:
    """Returns a decoder, see `decoder`, to an image and a mask [N, S, S, 1] in [0, 1].

    The mask is 1 where the image replaces the input, see `compose`.
    """
    codes, x = _codes_to_map(name, common, sep, hidden, norm, layers)
    mask = layers.up(1, 4, name=f"{name}_mask", activation="sigmoid", dtype="float32")
    heads = [blocks.chain(row, x) for row in (_image(layers, channels, name), mask)]
    return keras.Model(codes, heads, name=name)


def compose(image: tf.Tensor, mask: tf.Tensor, ground: tf.Tensor) -> tf.Tensor:
    """Returns `image` where `mask` is 1 and `ground` where it is 0 (Mokady et al.)."""
    return image * mask + ground * (1 - mask)


def discriminator(
    name: str = "disc", *, code: tuple[int, int, int], units: int = 512, layers: Style = LAYERS
) -> keras.Model:
    """Returns a net: common code -> float32 logit [N, 1] of its image being of domain 2."""
    x = keras.Input(code, name="code")
    return keras.Model(x, blocks.chain(_logit_rows(layers, units, name), x), name=name)


def fader_decoder(
    name: str = "gen",
    *,
    code: tuple[int, int, int],
    hidden: tuple[int, ...],
    channels: int = 3,
    norm: str = "batch",
    layers: Style = LAYERS,
) -> keras.Model:
    """Returns a decoder: [code, one-hot attribute [N, 2]] -> image.

    Every row gets the attribute as two further channels of its input.
    """
    x, attribute = keras.Input(code, name="code"), keras.Input((VALUES,), name="attribute")
    pixel = keras.layers.Reshape((1, 1, VALUES), name=f"{name}_attribute")(attribute)

    def with_attribute(x: keras.KerasTensor, row: int) -> keras.KerasTensor:
        spread = keras.layers.UpSampling2D(x.shape[1], name=f"{name}_spread{row}")(pixel)
        return keras.layers.Concatenate(name=f"{name}_told{row}")([x, spread])

    inputs = [x, attribute]
    rows = [_up_row(layers, units, norm, f"{name}_{row}") for row, units in enumerate(hidden)]
    for number, row in enumerate([*rows, _image(layers, channels, name)]):
        x = blocks.chain(row, with_attribute(x, number))
    return keras.Model(inputs, x, name=name)


def fader_discriminator(
    name: str = "disc",
    *,
    code: tuple[int, int, int],
    units: int = 512,
    dropout: float = 0.3,
    layers: Style = LAYERS,
) -> keras.Model:
    """Returns a net: code -> logit [N, 1] of the attribute.

    Convolutions k4 s2 until the map is 1x1, then two dense layers.
    """
    x = keras.Input(code, name="code")
    block: Block = []
    for row in range((code[0] - 1).bit_length()):
        conv = layers.conv(code[-1], 4, 2, name=f"{name}_{row}")
        block += [conv, *_norm("batch", conv.name), leaky(SLOPE, f"{conv.name}_leaky")]
        block.append(blocks.Dropout(dropout, name=f"{conv.name}_dropout"))
    return keras.Model(x, blocks.chain(block + _logit_rows(layers, units, name), x), name=name)


def _codes_to_map(
    name: str, common: tuple, sep: int, hidden: tuple[int, ...], norm: str, layers: Style
) -> tuple[list[keras.KerasTensor], keras.KerasTensor]:
    """Returns the inputs for both codes, and the map before the image."""
    codes = [keras.Input(common, name="common"), keras.Input((*common[:2], sep), name="separate")]
    x = keras.layers.Concatenate(name=f"{name}_codes")(codes)
    for row, units in enumerate(hidden):
        x = blocks.chain(_up_row(layers, units, norm, f"{name}_{row}"), x)
    return codes, x


def _up_row(layers: Style, units: int, norm: str, name: str) -> Block:
    relu = keras.layers.ReLU(name=f"{name}_relu")
    return [*layers.up(units, 4, name=name), *_norm(norm, name), relu]


def _image(layers: Style, channels: int, name: str) -> Block:
    """Returns the last row; float32 under any policy, for losses and metrics of the image."""
    return layers.up(channels, 4, name=f"{name}_image", activation="tanh", dtype="float32")


def _logit_rows(layers: Style, units: int, name: str) -> Block:
    """Returns two dense layers, the second of which is one float32 logit."""
    return [
        keras.layers.Flatten(name=f"{name}_flatten"),
        layers.dense(units, name=f"{name}_dense"),
        leaky(SLOPE, f"{name}_dense_leaky"),
        layers.dense(1, name=f"{name}_logit", dtype="float32"),
    ]


def _norm(kind: str, name: str) -> Block:
    kinds = {
        "instance": lambda: modulated.instance_norm(f"{name}_norm"),
        "batch": lambda: blocks.batch_norm(momentum=0.9, epsilon=1e-5, name=f"{name}_norm"),
    }
    return [blocks.pick(kinds, kind, "norm")()]
