"""Views: deterministic transformations of images, uint8 [N, H, W, C] to uint8 [N, H', W', C']."""

from collections.abc import Callable

import numpy as np

from framework.data.accessory import accessory
from framework.data.street import street


def edge(images: np.ndarray) -> np.ndarray:
    """Returns outlines of the same shape: dilation by 3x3 pixels minus the image.

    As in CoGAN (Liu and Tuzel, arXiv 1606.07536).
    """
    height, width = images.shape[1:3]
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1), (0, 0)))
    tall = np.maximum.reduce([padded[:, i : i + height] for i in range(3)])
    return np.maximum.reduce([tall[:, :, i : i + width] for i in range(3)]) - images


def negative(images: np.ndarray) -> np.ndarray:
    """Returns images of the same shape with inverted brightness, 255 - x."""
    return 255 - images


def rotate(images: np.ndarray) -> np.ndarray:
    """Rotates images by 90 degrees counter-clockwise: [N, H, W, C] to [N, W, H, C]."""
    return np.rot90(images, axes=(1, 2))


VIEWS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "accessory": accessory,
    "edge": edge,
    "negative": negative,
    "rotate": rotate,
    "street": street,
}


def resize(images: np.ndarray, size: int) -> np.ndarray:
    """Resizes uint8 images to [N, size, size, C]; returns the input where it has that size.

    Bilinear with half-pixel centres and without antialiasing, as tf.image.resize does by default.
    """
    if images.shape[1:3] == (size, size):
        return images
    rows, columns = (_interpolation(length, size) for length in images.shape[1:3])
    scaled = np.empty((len(images), size, size, images.shape[3]), np.uint8)
    for start in range(0, len(images), 4096):
        part = np.moveaxis(images[start : start + 4096], 3, 1).astype(np.float32)
        scaled[start : start + 4096] = np.moveaxis(np.rint(rows @ part @ columns.T), 1, 3)
    return scaled


def to_rgb(images: np.ndarray) -> np.ndarray:
    """Repeats grey images [N, H, W, 1] to [N, H, W, 3]; returns colour images unchanged."""
    return images if images.shape[3] == 3 else np.repeat(images, 3, axis=3)


def _interpolation(length: int, size: int) -> np.ndarray:
    """Returns the matrix [size, length] of bilinear weights; border pixels are repeated."""
    place = np.clip((np.arange(size) + 0.5) * length / size - 0.5, 0, length - 1)
    distance = np.abs(place[:, None] - np.arange(length))
    return np.maximum(0, 1 - distance).astype(np.float32)
