"""Image pool: discriminators are shown translations of earlier iterations again.

Shrivastava et al., arXiv 1612.07828, section 2.3; CycleGAN keeps 50 images.
"""

from collections.abc import Sequence

import tensorflow as tf

from framework.utils import Random


class ImagePool:
    """History of images; each row of a batch has a share of its own.

    Rows do not depend on each other, so that several devices or micro-batches do what one would.
    With one image per batch it is the published pool.

    Attributes:
        whole: the images of all devices, for the checkpoint: any number of them goes on from it.
    """

    def __init__(
        self,
        capacity: int,
        rows: int,
        micro_batches: int,
        turns: int,
        shape: Sequence[int],
        strategy: tf.distribute.Strategy,
    ) -> None:
        """Room for `capacity` images, rounded up to a multiple of the rows of all devices.

        Args:
            capacity: images kept.
            rows: images of one query, on one device.
            micro_batches: queries per update, see `Random.split`.
            turns: updates per iteration.
            shape: [H, W, C] of an image.
            strategy: of the devices.
        """
        self._rows, self._micro_batches, self._turns = rows, micro_batches, turns
        own, every = rows * micro_batches, rows * micro_batches * strategy.num_replicas_in_sync
        self._slots = -(-capacity // every)
        with strategy.scope():
            self._images = tf.Variable(
                tf.zeros((own, self._slots, *shape)),
                trainable=False,
                synchronization=tf.VariableSynchronization.ON_READ,
                aggregation=tf.VariableAggregation.NONE,
            )
        self._parts = list(strategy.experimental_local_results(self._images))
        with tf.device("CPU:0"):
            self.whole = tf.Variable(tf.zeros((every, self._slots, *shape)), trainable=False)

    def collect(self) -> None:
        """Copies the images of this worker's devices to `whole`, over again for other workers."""
        own = tf.concat(self._parts, axis=0)
        times = self.whole.shape[0] // own.shape[0]
        self.whole.assign(tf.tile(own, [times] + [1] * (len(own.shape) - 1)))

    def spread(self) -> None:
        """Gives each device its share of `whole`."""
        rows = self._parts[0].shape[0]
        for i, part in enumerate(self._parts):
            part.assign(self.whole[i * rows : (i + 1) * rows])

    def query(self, images: tf.Tensor, random: Random) -> tf.Tensor:
        """Images [rows, H, W, C]; of a full pool half of them, at random, exchanged for old ones.

        The first updates fill it.
        """
        draws = random.uniform((self._rows, 2))
        update = random.step * self._turns + tf.cast(random.turn % self._turns, tf.int64)
        filling = update < self._slots
        slot = tf.where(filling, update, tf.cast(draws[:, 0] * self._slots, tf.int64))
        first = tf.cast(random.part % self._micro_batches * self._rows, tf.int64)
        place = tf.stack([first + tf.range(self._rows, dtype=tf.int64), slot], axis=1)
        kept = self._images.read_value()
        old = tf.gather_nd(kept, place)
        swapped = tf.logical_and(draws[:, 1] < 0.5, tf.logical_not(filling))[:, None, None, None]
        new = tf.where(tf.logical_or(swapped, filling), images, old)
        self._images.assign(tf.tensor_scatter_nd_update(kept, place, new))
        return tf.where(swapped, old, images)
