"""Networks trained by others, for distances between images; never trained here.

VGG19: Simonyan and Zisserman, arXiv 1409.1556, with the weights of keras.applications. The others
are those of torchvision.
"""

import os
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path

import keras
import numpy as np

from nets import torchvision

VGG19_FILE = "vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5"
VGG19_URL = f"https://storage.googleapis.com/tensorflow/keras-applications/vgg19/{VGG19_FILE}"
VGG19_MD5 = "253f8cb515780f3b799900260a226db6"
VGG19_STYLE = tuple(f"block{block}_conv1" for block in range(1, 6))
VGG19_CONTENT = "block5_conv2"
TORCHVISION = {
    "vgg16": "vgg",
    "squeeze": "squeeze",
    "alex": "alex",
}  # name here -> in `nets.torchvision`


def trunk(
    name: str, image_size: int, weights: Sequence[np.ndarray] | torchvision.Weights | None = None
) -> keras.Model:
    """Returns a net: images [N, S, S, 3] in [-1, 1] -> several maps [N, h, w, C], deepest last.

    The maps of `vgg19` are those of the thesis, the maps of the others those of LPIPS.

    Args:
        name: `vgg19`, `vgg16`, `squeeze` (SqueezeNet 1.1) or `alex`.
        image_size: S.
        weights: for `vgg19` the list of `read_vgg19`, for others arrays by torchvision's names;
            None gives untrained ones, the same at every call.

    Raises:
        ValueError: weights are missing or have another shape.
    """
    if name == "vgg19":
        if isinstance(weights, Mapping):
            raise ValueError("weights of vgg19 must be a list, see read_vgg19")
        return vgg19(weights)
    if not (weights is None or isinstance(weights, Mapping)):
        raise ValueError(f"weights of {name} must be arrays by torchvision's names")
    net = torchvision.trunk(TORCHVISION[name], image_size, weights)
    if weights is None:
        net.set_weights(_untrained(net))
    x = keras.Input((image_size, image_size, 3), name="x")
    mean = np.array(torchvision.MEAN, np.float32)
    deviation = np.array(torchvision.DEVIATION, np.float32)
    model = keras.Model(x, net((0.5 * x + 0.5 - mean) / deviation), name=name)
    model.trainable = False
    return model


def vgg19(weights: Sequence[np.ndarray] | None = None) -> keras.Model:
    """Returns a net: images [N, H, W, 3] in [-1, 1] -> maps of VGG19_STYLE, then VGG19_CONTENT.

    The images are not resized; the maps of block k are halved k - 1 times. Maps have the compute
    dtype of the current dtype policy.

    Args:
        weights: the list of `read_vgg19`; None gives untrained ones, the same at every call.
    """
    net = _vgg19()
    net.set_weights(_untrained(net) if weights is None else weights)
    outputs = [net.get_layer(name).output for name in (*VGG19_STYLE, VGG19_CONTENT)]
    x = keras.Input((None, None, 3), name="x")
    pixels = keras.applications.vgg19.preprocess_input((0.5 * x + 0.5) * 255)  # BGR, minus the mean
    trunk = keras.Model(x, keras.Model(net.input, outputs)(pixels), name="vgg19")
    trunk.trainable = False
    return trunk


def read_vgg19(file: str | Path) -> list[np.ndarray]:
    """Reads all convolution weights of a file of keras.applications (without dense layers).

    Raises:
        ValueError: the file, `.h5` or `.weights.h5`, does not hold them.
    """
    net = _vgg19()
    # Keras only warns about a layer that is missing from the file; then its weights stay nan.
    net.set_weights([np.full(v.shape, np.nan, "float32") for v in net.weights])
    wrong = ValueError(f"{file} has no VGG19 weights of keras.applications")
    try:
        with warnings.catch_warnings(action="ignore"):
            net.load_weights(file)
    except (OSError, ValueError, KeyError) as error:
        raise wrong from error
    weights = net.get_weights()
    if not all(np.isfinite(array).all() for array in weights):
        raise wrong
    return weights


def vgg19_file() -> Path:
    """Returns the file in the cache of Keras, and downloads it if it is not there.

    Raises:
        FileNotFoundError: it is not in the cache and cannot be downloaded.
    """
    try:
        options = dict(cache_subdir="models", file_hash=VGG19_MD5)
        return Path(keras.utils.get_file(VGG19_FILE, VGG19_URL, **options))
    except Exception as error:  # Keras raises a plain Exception without a network
        home = os.environ.get("KERAS_HOME", "~/.keras")
        raise FileNotFoundError(f"no {VGG19_FILE} in {home}/models, nor a network") from error


def _vgg19() -> keras.Model:
    return keras.applications.VGG19(
        include_top=False, weights=None, input_shape=(None, None, 3), name="vgg19_layers"
    )


def _untrained(net: keras.Model) -> list[np.ndarray]:
    """Returns random kernels after He et al., which keep the scale of maps, and biases of 0."""
    arrays = [np.zeros(v.shape, "float32") for v in net.weights]
    for seed, array in enumerate(arrays):
        if array.ndim == 4:
            deviation = np.sqrt(2 / np.prod(array.shape[:3]))
            array += deviation * np.random.default_rng(seed).standard_normal(array.shape, "float32")
    return arrays
