"""Inversion: finds, by optimisation, a latent vector from which a generator draws a given image.

Image transformation of CoGAN: Liu and Tuzel, arXiv 1606.07536, section 4, eq. 4 with the squared
pixel error as distance.
"""

import keras
import numpy as np
import tensorflow as tf

from framework.engine.randomness import sample_latent

RATE = 0.1  # first learning rate of Adam; it falls to 0, so that the last step is the best
ROWS = 256  # latent vectors that are optimised together


def invert(
    generator: keras.Model,
    images: np.ndarray,
    noise_type: str,
    *,
    restarts: int = 4,
    steps: int = 300,
    seed: int = 0,
) -> tuple[np.ndarray, np.ndarray]:
    """Finds latent vectors of images.

    The search starts from `restarts` random vectors per image and keeps the best result. Vectors of
    uniform noise stay in [-1, 1].

    Args:
        generator: z [N, D] -> (images [N, H, W, C] in [-1, 1], features); it is not changed.
        images: float [N, H, W, C] in [-1, 1].
        noise_type: distribution of z, `uniform` or `normal`.
        restarts: random starts per image.
        steps: updates per start.
        seed: seed of the starts.

    Returns:
        z, float32 [N, D], and the mean squared pixel error of each image, float32 [N].
    """
    size = generator.input_shape[-1]
    starts = sample_latent(noise_type, len(images) * restarts, size, seed)
    starts = starts.reshape(len(images), restarts, size)
    limit = 1.0 if noise_type == "uniform" else np.inf
    count = max(1, ROWS // restarts)  # images that are inverted together
    results = [
        _descend(generator, images[i : i + count], starts[i : i + count], steps, limit)
        for i in range(0, len(images), count)
    ]
    z, errors = (np.concatenate(column) for column in zip(*results, strict=True))
    best = errors.argmin(axis=1)[:, None]
    best_z = np.take_along_axis(z, best[..., None], axis=1)[:, 0]
    return best_z, np.take_along_axis(errors, best, axis=1)[:, 0]


def _descend(
    generator: keras.Model, images: np.ndarray, starts: np.ndarray, steps: int, limit: float
) -> tuple[np.ndarray, np.ndarray]:
    """Minimises the errors by Adam from `starts` [N, R, D]; returns z [N, R, D], errors [N, R]."""
    rows, size = starts.shape[0] * starts.shape[1], starts.shape[2]
    targets = tf.repeat(tf.constant(images, tf.float32), starts.shape[1], axis=0)
    z = keras.Variable(starts.reshape(rows, size))
    adam = keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(RATE, steps))
    adam.build([z])

    def errors() -> tf.Tensor:
        generated, _ = generator(z.value, training=False)
        return tf.reduce_mean(tf.math.squared_difference(generated, targets), axis=(1, 2, 3))

    @tf.function
    def descend() -> tf.Tensor:
        for _ in tf.range(steps):
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch(z.value)
                loss = tf.reduce_sum(errors())  # Adam updates each number, and so each row, alone
            adam.apply([tape.gradient(loss, z.value)])
            z.assign(tf.clip_by_value(z.value, -limit, limit))
        return errors()

    last_errors = descend().numpy().reshape(starts.shape[:2])
    return z.numpy().reshape(starts.shape), last_errors
