"""Random changes of training images before they are given to a system: flips and crops.

As CycleGAN (Zhu et al., arXiv 1703.10593, and its program) and pix2pix (Isola et al., arXiv
1611.07004, section 6.2) do: images of 256x256 are enlarged to 286x286, a random window of 256x256
is cut out, and half of the images are mirrored.
"""

from dataclasses import dataclass

import tensorflow as tf

from framework.data import keys
from framework.options.base import Options

STREAM = 2**32  # a number that no order of images has, so that flips do not follow the order


@dataclass(frozen=True)
class Augmentation:
    """How training images are changed.

    Attributes:
        flip: whether each image is mirrored left-right with probability 1/2.
        factor: factor by which images are enlarged before a window of their size is cut out; 1:
            no crop.
        seed: of the random choices.
    """

    flip: bool = False
    factor: float = 1.0
    seed: int = 0

    @classmethod
    def of(cls, options: Options, seed: int) -> "Augmentation":
        """Returns what --flip and --random_crop ask for."""
        return cls(options.flip and not options.flips_itself, options.random_crop, seed)

    def apply(self, images: tf.Tensor, positions: tf.Tensor, number: int) -> tf.Tensor:
        """Changes images, each in a way that depends on (seed, number, position) alone.

        Args:
            images: uint8 [..., S, S, C].
            positions: int64 [...], the place of each image in the endless stream of its kind.
            number: number of the stream; images of the same number and position are changed in the
                same way.

        Returns:
            uint8 [..., S, S, C].
        """
        if not self.flip and self.factor == 1:
            return images
        shape = images.shape
        rows = tf.reshape(images, [-1, *shape[-3:]])
        bits = keys.mixed(self.seed, STREAM + number, tf.reshape(positions, [-1]))
        if self.factor > 1:
            rows = _cropped(rows, bits, self.factor)
        if self.flip:
            mirrored = keys.part(bits, 63, 1) == 1
            rows = tf.where(mirrored[:, None, None, None], rows[:, :, ::-1], rows)
        return tf.reshape(rows, shape)


def enlarged_size(size: int, factor: float) -> int:
    """Returns the size to which images are enlarged before a window of `size` is cut out."""
    return round(size * factor)


def _cropped(images: tf.Tensor, bits: tf.Tensor, factor: float) -> tf.Tensor:
    """Enlarges images [N, S, S, C] with bicubic interpolation and cuts out a window of each."""
    size = images.shape[1]
    length = enlarged_size(size, factor)
    enlarged = tf.image.resize(images, [length, length], tf.image.ResizeMethod.BICUBIC)
    pixels = tf.cast(tf.clip_by_value(tf.round(enlarged), 0, 255), tf.uint8)
    for axis, first in ((1, 0), (2, 24)):
        start = keys.part(bits, first, 24) % (length - size + 1)
        window = start[:, None] + tf.range(size, dtype=tf.int64)
        pixels = tf.gather(pixels, window, axis=axis, batch_dims=1)
    return pixels
