"""Random changes of training images: shifts, and small rotations and scalings."""

import numpy as np
import tensorflow as tf

from framework.engine.randomness import Random


def shift(images: tf.Tensor, pixels: int, random: Random) -> tf.Tensor:
    """Shifts each image [N, H, W, C] by a random number of whole pixels; repeats border pixels.

    The vertical and horizontal shifts are uniform over -pixels..pixels, independent for each image.
    With 0 the images stay as they are.
    """
    if not pixels:
        return images
    shifts = tf.cast(random.uniform((images.shape[0], 2)) * (2 * pixels + 1), tf.int32) - pixels
    rows = tf.clip_by_value(tf.range(images.shape[1]) + shifts[:, :1], 0, images.shape[1] - 1)
    columns = tf.clip_by_value(tf.range(images.shape[2]) + shifts[:, 1:], 0, images.shape[2] - 1)
    shifted = tf.gather(images, rows, axis=1, batch_dims=1)
    shifted = tf.gather(tf.transpose(shifted, (0, 2, 1, 3)), columns, axis=1, batch_dims=1)
    return tf.transpose(shifted, (0, 2, 1, 3))


def jitter(
    images: tf.Tensor, random: Random, pixels: float = 2, degrees: float = 7, zoom: float = 0.05
) -> tf.Tensor:
    """Shifts, rotates and scales each image [N, H, W, C] at random; does not flip.

    Vertical and horizontal shifts are uniform over [-pixels, pixels], angles over
    [-degrees, degrees], scales over [1 - zoom, 1 + zoom], independent for each image.
    Interpolation is bilinear; border pixels are repeated. TensorFlow's own projective transform
    cannot be compiled by XLA.
    """
    size = images.shape[1:3]
    draws = 2.0 * random.uniform((images.shape[0], 4)) - 1.0
    angle, scale = np.deg2rad(degrees) * draws[:, 0], 1.0 + zoom * draws[:, 1]
    # Centres of the pixels, as distances in rows (y) and columns (x) from the image centre.
    y, x = (tf.range(n, dtype=tf.float32) - (n - 1) / 2 for n in size)
    y, x = tf.meshgrid(y, x, indexing="ij")
    cos, sin = (f(angle)[:, None, None] / scale[:, None, None] for f in (tf.cos, tf.sin))
    shifts = pixels * draws[:, 2:, None, None]
    sources = cos * y + sin * x - shifts[:, 0], cos * x - sin * y - shifts[:, 1]
    positions = [
        tf.clip_by_value(source + (n - 1) / 2, 0.0, n - 1.0)
        for source, n in zip(sources, size, strict=True)
    ]
    return _bilinear(images, *positions)


def _bilinear(images: tf.Tensor, y: tf.Tensor, x: tf.Tensor) -> tf.Tensor:
    """Interpolates images [N, H, W, C] at rows y and columns x, both [N, h, w] in the image."""
    rows, columns = (tf.floor(y), tf.math.ceil(y)), (tf.floor(x), tf.math.ceil(x))
    below, right = (y - rows[0])[..., None], (x - columns[0])[..., None]

    def read(i: int, j: int) -> tf.Tensor:
        indices = tf.cast(tf.stack([rows[i], columns[j]], axis=-1), tf.int32)
        return tf.gather_nd(images, indices, batch_dims=1)

    upper, lower = ((1 - right) * read(i, 0) + right * read(i, 1) for i in (0, 1))
    return (1 - below) * upper + below * lower
