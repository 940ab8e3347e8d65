"""Convolutional parts of torchvision's AlexNet, VGG16 and SqueezeNet 1.1, as LPIPS uses them.

Krizhevsky, arXiv 1404.5997; Simonyan and Zisserman, arXiv 1409.1556; Iandola et al., arXiv
1602.07360. Weights are arrays by torchvision's names ("features.0.weight", [out, in, h, w]).
"""

from collections.abc import Mapping

import keras
import numpy as np

Weights = Mapping[str, np.ndarray]

# A row is a convolution (index in `features`, channels, kernel, stride, padding), a fire module
# (index, squeeze, expand), "pool", or "tap": the map before it is an output of the trunk.
Row = str | tuple[int, ...]
ALEX: tuple[Row, ...] = (
    (0, 64, 11, 4, 2), "tap", "pool", (3, 192, 5, 1, 2), "tap", "pool", (6, 384, 3, 1, 1), "tap",
    (8, 256, 3, 1, 1), "tap", (10, 256, 3, 1, 1), "tap",
)  # fmt: skip
SQUEEZE: tuple[Row, ...] = (
    (0, 64, 3, 2, 0), "tap", "pool", (3, 16, 64), (4, 16, 64), "tap", "pool", (6, 32, 128),
    (7, 32, 128), "tap", "pool", (9, 48, 192), "tap", (10, 48, 192), "tap", (11, 64, 256), "tap",
    (12, 64, 256), "tap",
)  # fmt: skip
_BLOCKS = (
    ((0, 2), 64),
    ((5, 7), 128),
    ((10, 12, 14), 256),
    ((17, 19, 21), 512),
    ((24, 26, 28), 512),
)


def _vgg16() -> tuple[Row, ...]:
    rows: list[Row] = []
    for indices, width in _BLOCKS:
        rows += [(index, width, 3, 1, 1) for index in indices]
        rows += ["tap", "pool"]
    return tuple(rows[:-1])


VGG = _vgg16()
TRUNKS: dict[str, tuple[Row, ...]] = {"alex": ALEX, "vgg": VGG, "squeeze": SQUEEZE}
POOLS = {"alex": (3, 2), "vgg": (2, 2), "squeeze": (3, 2)}  # window, stride
SMALLEST = {
    "alex": 31,
    "vgg": 16,
    "squeeze": 17,
}  # smallest height and width that all stages can halve
MEAN, DEVIATION = (
    (0.485, 0.456, 0.406),
    (0.229, 0.224, 0.225),
)  # of the training images, RGB in [0, 1]


def trunk(kind: str, image_size: int, weights: Weights | None = None) -> keras.Model:
    """Returns a net: images [N, S, S, 3] -> list of the maps at its taps.

    The images must be (x - MEAN) / DEVIATION for x in [0, 1].

    Args:
        kind: `alex`, `vgg` (VGG16) or `squeeze`.
        image_size: S, at least SMALLEST.
        weights: by torchvision's names; None gives untrained ones.

    Raises:
        ValueError: an unknown kind, or weights are missing or have another shape.
    """
    if kind not in TRUNKS:
        raise ValueError(f"trunk {kind}: choose from {', '.join(TRUNKS)}")
    x = y = keras.Input((image_size, image_size, 3), name="x")
    taps = []
    for row in TRUNKS[kind]:
        if row == "tap":
            taps.append(y)
        elif isinstance(row, str):
            y = _pool(y, *POOLS[kind], ceil=kind == "squeeze")
        elif len(row) == 5:
            index, channels, kernel, stride, padding = row
            y = _conv(y, f"features.{index}", channels, kernel, stride, padding)
        else:
            y = _fire(y, *row)
    net = keras.Model(x, taps, name=kind)
    if weights is not None:
        _set(net, weights)
    net.trainable = False
    return net


def _conv(y, name: str, channels: int, kernel: int, stride: int = 1, padding: int = 0):
    if padding:
        y = keras.layers.ZeroPadding2D(padding)(y)
    layer = keras.layers.Conv2D(
        channels, kernel, stride, activation="relu", name=name.replace(".", "_")
    )
    return layer(y)


def _fire(y, index: int, squeeze: int, expand: int):
    name = f"features.{index}"
    y = _conv(y, f"{name}.squeeze", squeeze, 1)
    wide = _conv(y, f"{name}.expand3x3", expand, 3, padding=1)
    return keras.layers.Concatenate()([_conv(y, f"{name}.expand1x1", expand, 1), wide])


def _pool(y, window: int, stride: int, *, ceil: bool):
    """Applies maximum pooling; with `ceil` the last window may cross the border (SqueezeNet)."""
    rest = (y.shape[1] - window) % stride
    if ceil and rest:  # after a ReLU, zeros do not change a maximum
        y = keras.layers.ZeroPadding2D(((0, stride - rest), (0, stride - rest)))(y)
    return keras.layers.MaxPooling2D(window, stride)(y)


def _set(net: keras.Model, weights: Weights) -> None:
    for layer in net.layers:
        if isinstance(layer, keras.layers.Conv2D):
            name = layer.name.replace("_", ".")
            try:
                kernel, bias = (weights[f"{name}.{part}"] for part in ("weight", "bias"))
            except KeyError as error:
                raise ValueError(f"no {error.args[0]} among the weights of {net.name}") from error
            if kernel.ndim != 4:
                raise ValueError(f"{name}.weight is not of a convolution: {kernel.shape}")
            arrays = np.transpose(kernel, (2, 3, 1, 0)), bias
            layer.set_weights([np.asarray(array, np.float32) for array in arrays])
