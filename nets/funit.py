"""Networks of FUNIT: content encoder, class encoder, decoder with AdaIN, discriminator.

Liu et al., "Few-Shot Unsupervised Image-to-Image Translation", arXiv 1905.01723, appendix A.
Images are [N, S, S, C] in [-1, 1]. The content code is a map; the style code (called class code by
FUNIT) is a vector. The defaults are those of the paper. The content encoder and the decoder need
the same `downs` and `nf`.
"""

import keras
import tensorflow as tf

from nets import blocks
from nets.blocks import Block, Residual, Style
from nets.modulated import (
    Modulation,
    ReflectPad,
    image_row,
    leaky,
    modulated,
    normed_relu,
    reflect_conv,
    residual,
)

LAYERS = Style(weight_init="he", bias_init=0.0)
MOST_CHANNELS = 1024  # of the discriminator
MLP_LAYERS = 3  # between a style code and AdaIN


def content_encoder(
    *,
    image_size: int = 128,
    channels: int = 3,
    nf: int = 64,
    downs: int = 3,
    res_blocks: int = 2,
    code_channels: int | None = None,
    layers: Style = LAYERS,
) -> keras.Model:
    """Returns a net: image -> content code [N, S / 2^downs, S / 2^downs, nf * 2^downs].

    `code_channels` reduces the code to this number of channels by a convolution k1 (not in FUNIT).
    """
    x = keras.Input((image_size, image_size, channels), name="x")
    block = _normed_row(layers, nf, 7, 1, "content_conv0")
    for row in range(1, downs + 1):
        block += _normed_row(layers, nf << row, 4, 2, f"content_conv{row}")
    for row in range(1, res_blocks + 1):
        block.append(residual(layers, nf << downs, name=f"content_res{row}"))
    if code_channels:
        block.append(layers.conv(code_channels, 1, name="content_code"))
    return keras.Model(x, blocks.chain(block, x), name="content_encoder")


def _normed_row(layers: Style, units: int, kernel: int, stride: int, name: str) -> Block:
    return [*reflect_conv(layers, units, kernel, stride, name=name), *normed_relu(name)]


def class_encoder(
    *,
    image_size: int = 128,
    channels: int = 3,
    nf: int = 64,
    downs: int = 4,
    style_dim: int = 64,
    layers: Style = LAYERS,
) -> keras.Model:
    """Returns a net: image -> float32 style code [N, style_dim].

    Only the first two of the `downs` rows double the channels. There is no norm, because it would
    remove the statistics that make up the style.
    """
    x = keras.Input((image_size, image_size, channels), name="x")
    block: Block = []
    for row in range(downs + 1):
        kernel, stride = (4, 2) if row else (7, 1)
        name = f"class_conv{row}"
        block += reflect_conv(layers, nf << min(row, 2), kernel, stride, name=name)
        block.append(keras.layers.ReLU(name=f"{name}_relu"))
    block += [
        keras.layers.GlobalAveragePooling2D(name="class_pool"),
        layers.dense(style_dim, name="class_code", dtype="float32"),
    ]
    return keras.Model(x, blocks.chain(block, x), name="class_encoder")


def decoder(
    *,
    image_size: int = 128,
    channels: int = 3,
    nf: int = 64,
    downs: int = 3,
    res_blocks: int = 2,
    code_channels: int | None = None,
    style_dim: int = 64,
    mlp_width: int = 256,
    unit_gain: bool = False,
    layers: Style = LAYERS,
) -> keras.Model:
    """Returns a net: [content code, style code] -> image [N, S, S, channels] in [-1, 1].

    Residual blocks with AdaIN, then nearest upsampling and k5 rows with instance norm. FUNIT's MLP
    is part of the net; its last layer gives bias and gain of every AdaIN. With `unit_gain` the
    initial gains are 1 (not in FUNIT). `code_channels` as in `content_encoder`.
    """
    units = nf << downs
    side = image_size >> downs
    content = keras.Input((side, side, code_channels or units), name="content")
    style = keras.Input((style_dim,), name="style")
    code = blocks.chain(_mlp(layers, mlp_width, MLP_LAYERS - 1), style)

    def adain(name: str) -> Modulation:
        return modulated(layers, code, units, unit_gain=unit_gain, name=name)

    block: Block = [layers.conv(units, 1, name="dec_content")] if code_channels else []
    for row in range(1, res_blocks + 1):
        block.append(residual(layers, units, name=f"dec_res{row}", norm=adain))
    for row in range(1, downs + 1):
        name = f"dec_up{row}"
        block.append(keras.layers.UpSampling2D(2, name=f"{name}_nearest"))
        block += _normed_row(layers, units >> row, 5, 1, name)
    block += image_row(channels, 7, "tanh", layers=layers, name="dec_image")
    return keras.Model([content, style], blocks.chain(block, content), name="decoder")


def _mlp(layers: Style, units: int, rows: int) -> Block:
    """Returns the layers of FUNIT's MLP except the last one."""
    names = [f"mlp_dense{row}" for row in range(1, rows + 1)]
    return [layers.dense(units, name=name, activation="relu") for name in names]


def discriminator(
    *,
    image_size: int = 128,
    channels: int = 3,
    nf: int = 64,
    res_blocks: int = 10,
    classes: int = 119,
    layers: Style = LAYERS,
) -> keras.Model:
    """Returns a net: image -> (float32 logits [N, h, w, classes], features [N, h, w, C]).

    h is S / 2^(res_blocks / 2 - 1). Every class has its own patch discriminator, see `pick_head`;
    only the last row differs, and all others are the shared features.

    Raises:
        ValueError: `res_blocks` is odd or below 2.
    """
    if res_blocks < 2 or res_blocks % 2:
        raise ValueError(f"res_blocks must be an even number from 2, not {res_blocks}")
    x = keras.Input((image_size, image_size, channels), name="x")
    stages = res_blocks // 2
    block = reflect_conv(layers, nf, 7, name="disc_conv")
    for stage in range(1, stages + 1):
        name, wider = f"disc_stage{stage}", min(2 * nf, MOST_CHANNELS)
        block += [
            _preactivated(layers, nf, nf, f"{name}_res1"),
            _preactivated(layers, nf, wider, f"{name}_res2"),
        ]
        if stage < stages:
            block.append(ReflectPad(1, name=f"{name}_pad"))
            block.append(keras.layers.AveragePooling2D(3, 2, name=f"{name}_pool"))
        nf = wider
    features = blocks.chain(block, x)
    head = [leaky(0.2, "disc_leaky"), layers.conv(classes, 1, name="disc_logits", dtype="float32")]
    return keras.Model(x, (blocks.chain(head, features), features), name="disc")


def _preactivated(layers: Style, inputs: int, outputs: int, name: str) -> Residual:
    """Returns a residual block with LeakyReLU before each convolution and without norm."""
    main: Block = []
    for row, units in enumerate((min(inputs, outputs), outputs), start=1):
        main.append(leaky(0.2, f"{name}_leaky{row}"))
        main += reflect_conv(layers, units, 3, name=f"{name}_conv{row}")
    skip = layers.conv(outputs, 1, name=f"{name}_skip", use_bias=False)
    return Residual(main, [] if inputs == outputs else [skip], keras.layers.Add(name=f"{name}_add"))


def pick_head(logits: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
    """Returns for each image the logits [N, h, w] of the discriminator of its class.

    Args:
        logits: [N, h, w, classes].
        labels: [N] integers in 0..classes - 1.
    """
    chosen = tf.one_hot(labels, logits.shape[-1], dtype=logits.dtype)
    return tf.reduce_sum(logits * chosen[:, None, None], axis=-1)
