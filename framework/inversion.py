"""The latent vector behind a given image, found by optimisation through a frozen generator.

CoGAN's image transformation: Liu and Tuzel, arXiv 1606.07536, section 4 (their equation 4, with a
squared pixel error).
"""

import keras
import numpy as np
import tensorflow as tf

from framework.utils import sample_latent

RATE = 0.1  # of Adam at the start; it falls to 0, so that the last step is also the best
ROWS = 256  # latent vectors at a time


def invert(
    generator: keras.Model,
    images: np.ndarray,
    noise_type: str,
    *,
    restarts: int = 4,
    steps: int = 300,
    seed: int = 0,
) -> tuple[np.ndarray, np.ndarray]:
    """Latent vectors [N, D] of images, and how far from the images what they draw is.

    Every image is tried from `restarts` random vectors at once, and the best is kept. Vectors of
    uniform noise stay within -1..1.

    Args:
        generator: z [N, D] -> (image [N, H, W, C] in [-1, 1], features); its weights stay.
        images: float [N, H, W, C] in [-1, 1].
        noise_type: distribution of z, `uniform` or `normal`.
        restarts: starts per image.
        steps: updates of each.
        seed: of the starts.

    Returns:
        z float32 [N, D] and, float32 [N], the squared error of each image, mean over its numbers.
    """
    size = generator.input_shape[-1]
    starts = sample_latent(noise_type, len(images) * restarts, size, seed)
    starts = starts.reshape(len(images), restarts, size)
    limit = 1.0 if noise_type == "uniform" else np.inf
    count = max(1, ROWS // restarts)  # images at a time
    parts = [
        _descend(generator, images[i : i + count], starts[i : i + count], steps, limit)
        for i in range(0, len(images), count)
    ]
    z, errors = (np.concatenate(column) for column in zip(*parts, strict=True))
    best = errors.argmin(axis=1)[:, None]
    found = np.take_along_axis(z, best[..., None], axis=1)[:, 0]
    return found, np.take_along_axis(errors, best, axis=1)[:, 0]


def _descend(
    generator: keras.Model, images: np.ndarray, starts: np.ndarray, steps: int, limit: float
) -> tuple[np.ndarray, np.ndarray]:
    """Where Adam ends from `starts` [N, R, D], and the errors there [N, R]."""
    rows, size = starts.shape[0] * starts.shape[1], starts.shape[2]
    wanted = tf.repeat(tf.constant(images, tf.float32), starts.shape[1], axis=0)
    z = keras.Variable(starts.reshape(rows, size))
    adam = keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(RATE, steps))
    adam.build([z])

    def errors() -> tf.Tensor:
        drawn, _ = generator(z.value, training=False)
        return tf.reduce_mean(tf.math.squared_difference(drawn, wanted), axis=(1, 2, 3))

    @tf.function
    def descend() -> tf.Tensor:
        for _ in tf.range(steps):
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch(z.value)
                loss = tf.reduce_sum(errors())  # Adam acts on each number alone, and so on each row
            adam.apply([tape.gradient(loss, z.value)])
            z.assign(tf.clip_by_value(z.value, -limit, limit))
        return errors()

    final = descend().numpy().reshape(starts.shape[:2])
    return z.numpy().reshape(starts.shape), final
