"""Networks that recognise persons: similar codes for images of one person; never trained.

`face128` is dlib's ResNet for faces (King, dlib.net, 2017; He et al., arXiv 1512.03385, at a third
of the width): the same person below a Euclidean distance of 0.6. `resnet50` is that of VGGFace2
(Cao et al., arXiv 1710.08092), with the stride in the first convolution of a block, as in Caffe.
The batch norm or scale that follows a convolution is included in its kernel and bias.
"""

import functools
import zlib
from collections.abc import Callable, Mapping

import keras
import numpy as np

Weights = Mapping[str, np.ndarray]
Arrays = tuple[np.ndarray, np.ndarray]  # kernel and bias of a convolution

FACE_SIZE, FACE_MEAN = 150, (122.782, 117.001, 104.298)  # of RGB in 0..255
FACE_BLOCKS = {  # channels -> blocks; blocks named `down` halve the map
    32: ("1", "2", "3"),
    64: ("down", "1", "2", "3"),
    128: ("down", "1", "2"),
    256: ("down", "1", "2", "down_out"),
}
RESNET_SIZE, RESNET_MEAN = 224, (131.0912, 103.8827, 91.4953)
RESNET_BLOCKS = (3, 4, 6, 3)  # in the stages conv2 to conv5
RESNET_EPSILON = 1e-5


def face128(weights: Weights | None = None) -> keras.Model:
    """Returns a net: images [N, H, W, 3] in [-1, 1] -> float32 codes [N, 128].

    An image should show one upright face that fills it. The net resizes it to 150x150.

    Args:
        weights: by the names of face-api.js; None gives untrained ones, the same at every call.

    Raises:
        ValueError: weights are missing or have another shape.
    """
    conv = _convolutions(weights, _scaled)
    x, y = _resized(FACE_SIZE)
    y = (127.5 * y + 127.5 - np.array(FACE_MEAN, np.float32)) / 256
    y = conv(y, "conv32_down", 32, 7, 2)
    y = keras.layers.MaxPooling2D(3, 2)(y)
    for channels, blocks in FACE_BLOCKS.items():
        for block in blocks:
            name = f"conv{channels}_{block}"
            y = _face_block(conv, y, name, channels, halve=block.startswith("down"))
    y = keras.layers.GlobalAveragePooling2D(dtype="float32")(y)
    he = keras.initializers.HeNormal(seed=0)
    head = keras.layers.Dense(
        128, use_bias=False, kernel_initializer=he, dtype="float32", name="fc"
    )
    codes = head(y)
    if weights is not None:
        head.set_weights([_named(weights, "fc")])
    return _frozen(x, codes, "face128")


def _face_block(conv: Callable, x, name: str, channels: int, *, halve: bool):
    """Adds two branches; missing channels, and pixels at the lower right, are filled with 0."""
    y = conv(x, f"{name}/conv1", channels, 3, 2 if halve else 1)
    y = conv(y, f"{name}/conv2", channels, 3, activation=None)
    if halve:
        x = keras.layers.AveragePooling2D(2)(x)
        wider, larger = channels - x.shape[3], x.shape[1] - y.shape[1]
        x = keras.ops.pad(x, ((0, 0), (0, 0), (0, 0), (0, wider))) if wider else x
        y = keras.layers.ZeroPadding2D(((0, larger), (0, larger)))(y) if larger else y
    return keras.layers.ReLU()(keras.layers.Add()([x, y]))


def resnet50(weights: Weights | None = None) -> keras.Model:
    """Returns a net: images [N, H, W, 3] in [-1, 1] -> float32 codes [N, 2048], at least 0.

    An image should show one face with some margin. The net resizes it to 224x224.

    Args:
        weights: by the names of VGGFace2's PyTorch release ("conv1_7x7_s2.weight", [out, in, h, w],
            "conv1_7x7_s2_bn.running_var", ...); None gives untrained ones, the same at every call.

    Raises:
        ValueError: weights are missing or have another shape.
    """
    conv = _convolutions(weights, _normalised)
    x, y = _resized(RESNET_SIZE)
    y = 127.5 * y + 127.5 - np.array(RESNET_MEAN, np.float32)
    y = conv(keras.layers.ZeroPadding2D(3)(y), "conv1_7x7_s2", 64, 7, 2)
    # In Caffe the last window may cross the border; after a ReLU, zeros do not change a maximum.
    y = keras.layers.ZeroPadding2D(((0, 1), (0, 1)))(y)
    y = keras.layers.MaxPooling2D(3, 2)(y)
    for stage, blocks in enumerate(RESNET_BLOCKS, start=2):
        for block in range(1, blocks + 1):
            y = _bottleneck(conv, y, stage, block)
    codes = keras.layers.GlobalAveragePooling2D(dtype="float32")(y)
    return _frozen(x, codes, "resnet50")


def _bottleneck(conv: Callable, x, stage: int, block: int):
    name, width = f"conv{stage}_{block}", 16 * 2**stage
    stride = 2 if block == 1 and stage > 2 else 1
    y = conv(x, f"{name}_1x1_reduce", width, 1, stride)
    y = conv(y, f"{name}_3x3", width, 3)
    y = conv(y, f"{name}_1x1_increase", 4 * width, 1, activation=None)
    if block == 1:
        x = conv(x, f"{name}_1x1_proj", 4 * width, 1, stride, activation=None)
    return keras.layers.ReLU()(keras.layers.Add()([x, y]))


ARCHITECTURES: dict[str, Callable[[Weights | None], keras.Model]] = {
    "face128": face128,
    "resnet50": resnet50,
}


def of_classifier(net: keras.Model) -> keras.Model:
    """Returns a net of a classifier without its last layer: images -> float32 features [N, D].

    It takes images [N, H, W, 3] in [-1, 1] and resizes them to the size that `net` takes. With
    `training=True` the dropout of `net` is active. Raises ValueError when `net` has no layer named
    'features'.
    """
    features = keras.Model(net.input, net.get_layer("features").output)
    x, y = _resized(*net.input_shape[1:3])
    codes = keras.ops.cast(features(y), "float32")
    return _frozen(x, codes, "classifier_codes")


def _resized(*size: int):
    """Returns an input of any size, and its images resized to height and width `size`."""
    x = keras.Input((None, None, 3), name="x")
    height, width = size if len(size) == 2 else size * 2
    resize = keras.layers.Resizing(height, width, interpolation="bilinear", dtype="float32")
    return x, resize(x)


def _frozen(x, codes, name: str) -> keras.Model:
    model = keras.Model(x, codes, name=name)
    model.trainable = False
    return model


def _convolutions(weights: Weights | None, read: Callable[[Weights, str], Arrays]) -> Callable:
    """Returns a function that adds a convolution by name; `read` gets its kernel and bias."""
    return functools.partial(_conv, None if weights is None else functools.partial(read, weights))


def _conv(
    arrays: Callable[[str], Arrays] | None,
    y,
    name: str,
    channels: int,
    kernel: int,
    stride: int = 1,
    activation: str | None = "relu",
):
    layer = keras.layers.Conv2D(
        channels,
        kernel,
        stride,
        padding="same" if stride == 1 else "valid",
        activation=activation,
        kernel_initializer=keras.initializers.HeNormal(seed=zlib.crc32(name.encode())),
        name=name.replace("/", "_"),
    )
    y = layer(y)
    if arrays:
        layer.set_weights(arrays(name))
    return y


def _scaled(weights: Weights, name: str) -> Arrays:
    """Returns kernel and bias of a convolution that includes the factor and summand after it."""
    parts = ("conv/filters", "conv/bias", "scale/weights", "scale/biases")
    kernel, bias, factor, summand = (_named(weights, f"{name}/{part}") for part in parts)
    return kernel * factor, bias * factor + summand


def _normalised(weights: Weights, name: str) -> Arrays:
    """Returns kernel and bias of a PyTorch convolution that includes the batch norm after it."""
    kernel = _named(weights, f"{name}.weight")
    if kernel.ndim != 4:
        raise ValueError(f"{name}.weight is not of a convolution: {kernel.shape}")
    parts = ("weight", "bias", "running_mean", "running_var")
    gamma, beta, mean, variance = (_named(weights, f"{name}_bn.{part}") for part in parts)
    factor = gamma / np.sqrt(variance + RESNET_EPSILON)
    return kernel.transpose(2, 3, 1, 0) * factor, beta - mean * factor


def _named(weights: Weights, name: str) -> np.ndarray:
    try:
        return np.asarray(weights[name], np.float32)
    except KeyError as error:
        raise ValueError(f"no {name} among the weights") from error
