"""Image pool: a discriminator also gets generated images of earlier iterations.

Shrivastava et al., arXiv 1612.07828, section 2.3; CycleGAN keeps 50 images.
"""

from collections.abc import Sequence

import tensorflow as tf

from framework.engine.randomness import Random


class ImagePool:
    """Generated images of earlier iterations; each row of a batch has its own slots.

    Rows are independent of each other, so that the result does not depend on the number of devices
    and micro-batches. With one image per batch it is the published pool.

    Attributes:
        all_images: images of all devices [rows, slots, H, W, C], for the checkpoint. A run can
            resume from it on any number of devices.
    """

    def __init__(
        self,
        capacity: int,
        rows: int,
        micro_batches: int,
        updates: int,
        shape: Sequence[int],
        strategy: tf.distribute.Strategy,
    ) -> None:
        """Makes an empty pool.

        Args:
            capacity: number of images, rounded up to a multiple of the rows of all devices.
            rows: images per query on one device.
            micro_batches: queries per update, see `Random.split`.
            updates: updates per iteration.
            shape: [H, W, C] of an image.
            strategy: distribution strategy of the run.
        """
        self._rows, self._micro_batches, self._updates = rows, micro_batches, updates
        device_rows = rows * micro_batches
        all_rows = device_rows * strategy.num_replicas_in_sync
        self._slots = -(-capacity // all_rows)
        with strategy.scope():
            self._images = tf.Variable(
                tf.zeros((device_rows, self._slots, *shape)),
                trainable=False,
                synchronization=tf.VariableSynchronization.ON_READ,
                aggregation=tf.VariableAggregation.NONE,
            )
        self._device_images = list(strategy.experimental_local_results(self._images))
        with tf.device("CPU:0"):
            self.all_images = tf.Variable(
                tf.zeros((all_rows, self._slots, *shape)), trainable=False
            )

    def collect(self) -> None:
        """Copies the images of this worker's devices to `all_images`, repeated for each worker."""
        images = tf.concat(self._device_images, axis=0)
        workers = self.all_images.shape[0] // images.shape[0]
        self.all_images.assign(tf.tile(images, [workers] + [1] * (len(images.shape) - 1)))

    def spread(self) -> None:
        """Copies to each device its rows of `all_images`."""
        rows = self._device_images[0].shape[0]
        for i, images in enumerate(self._device_images):
            images.assign(self.all_images[i * rows : (i + 1) * rows])

    def query(self, images: tf.Tensor, random: Random) -> tf.Tensor:
        """Exchanges each image with probability 1/2 for an image of the pool.

        The first updates fill the pool and return the images unchanged.

        Args:
            images: generated images [rows, H, W, C].
            random: random numbers of the update.

        Returns:
            Images [rows, H, W, C].
        """
        draws = random.uniform((self._rows, 2))
        update = random.step * self._updates + tf.cast(random.update % self._updates, tf.int64)
        filling = update < self._slots
        slot = tf.where(filling, update, tf.cast(draws[:, 0] * self._slots, tf.int64))
        first = tf.cast(random.part % self._micro_batches * self._rows, tf.int64)
        indices = tf.stack([first + tf.range(self._rows, dtype=tf.int64), slot], axis=1)
        pool = self._images.read_value()
        old = tf.gather_nd(pool, indices)
        swapped = tf.logical_and(draws[:, 1] < 0.5, tf.logical_not(filling))[:, None, None, None]
        new = tf.where(tf.logical_or(swapped, filling), images, old)
        self._images.assign(tf.tensor_scatter_nd_update(pool, indices, new))
        return tf.where(swapped, old, images)
