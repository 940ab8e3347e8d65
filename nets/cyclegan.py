"""Networks of CycleGAN: generator of residual blocks, patch and pixel discriminators.

Zhu et al., "Unpaired Image-to-Image Translation using Cycle-Consistent Adversarial Networks",
arXiv 1703.10593, appendix 7.2. Images are [N, S, S, C] in [-1, 1].
"""

import keras

from nets import blocks
from nets.blocks import Block, Style
from nets.modulated import (
    doublings,
    halvings,
    image_row,
    instance_norm,
    leaky,
    normed_relu,
    reflect_conv,
    residuals,
)

LAYERS = Style(weight_init="normal", bias_init=0.0)
MOST_DOUBLINGS = 3  # of the channels of a patch discriminator


def generator(
    name: str = "gen",
    *,
    image_size: int = 256,
    channels: int = 3,
    nf: int = 64,
    res_blocks: int = 9,
    layers: Style = LAYERS,
) -> keras.Model:
    """Returns a net: image -> image of the same shape.

    The paper has 9 residual blocks at 256x256, 6 at 128x128.
    """
    x = keras.Input((image_size, image_size, channels), name="x")
    block = [*reflect_conv(layers, nf, 7, name=f"{name}_in"), *normed_relu(f"{name}_in")]
    block += halvings(layers, nf, range(1, 3), name)
    block += residuals(layers, 4 * nf, res_blocks, name)
    block += doublings(layers, nf, range(1, -1, -1), name)
    block += image_row(channels, 7, "tanh", layers=layers, name=f"{name}_image")
    return keras.Model(x, blocks.chain(block, x), name=name)


def patch_discriminator(
    name: str = "disc",
    *,
    image_size: int = 256,
    channels: int = 3,
    nf: int = 64,
    strided: int = 3,
    layers: Style = LAYERS,
) -> keras.Model:
    """Returns a net: image -> float32 logits [N, h, w, 1], one per patch.

    `strided` is the number of rows with stride 2. 3, as in the paper, gives patches of 70x70
    pixels; 2 gives patches of 34x34, for images of 32x32.
    """
    x = keras.Input((image_size, image_size, channels), name="x")
    block: Block = []
    for row in range(strided + 1):
        units = nf << min(row, MOST_DOUBLINGS)
        stride = 2 if row < strided else 1
        block += _padded(layers, units, stride, f"{name}_conv{row}")
        block += [instance_norm(f"{name}_conv{row}_norm")] if row else []
        block.append(leaky(0.2, f"{name}_conv{row}_leaky"))
    block += _padded(layers, 1, 1, f"{name}_logits", dtype="float32")
    return keras.Model(x, blocks.chain(block, x), name=name)


def _padded(layers: Style, units: int, stride: int, name: str, **kw) -> Block:
    """Returns padding by one pixel and a convolution k4; stride 1 makes the map 1 pixel smaller."""
    pad = keras.layers.ZeroPadding2D(1, name=f"{name}_pad")
    return [pad, layers.conv(units, 4, stride, name=name, padding="valid", **kw)]
