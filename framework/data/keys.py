"""Random bits that are a function of several numbers: orders of images, flips and crops."""

import tensorflow as tf


def mixed(*numbers: tf.Tensor | int) -> tf.Tensor:
    """Returns 64 bits per row, uint64 [N], that depend on all bits of several numbers.

    The bits are mixed as by SplitMix64 (Steele et al., OOPSLA 2014, figure 16).

    Args:
        *numbers: whole numbers or int64 [N]; the last one is [N].
    """
    key = tf.constant(0, tf.uint64)
    for number in numbers:
        key += tf.cast(number, tf.uint64) + tf.constant(0x9E3779B97F4A7C15, tf.uint64)
        for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
            key = (key ^ shift_right(key, shift)) * tf.constant(factor, tf.uint64)
        key ^= shift_right(key, 31)
    return key


def part(bits: tf.Tensor, first: int, count: int) -> tf.Tensor:
    """Returns `count` of the 64 bits, from number `first` on, as int64 of the same shape."""
    chosen = shift_right(bits, first) & tf.constant(2**count - 1, tf.uint64)
    return tf.cast(chosen, tf.int64)


def shift_right(bits: tf.Tensor, count: int) -> tf.Tensor:
    """Returns the bits moved to the right by `count` places."""
    return tf.bitwise.right_shift(bits, tf.constant(count, tf.uint64))
