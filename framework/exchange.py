"""Pairs as rows, and what becomes of them when codes are exchanged."""

from typing import NamedTuple

import tensorflow as tf

from framework.phase import Batch


class Swap(NamedTuple):
    """Images and codes of B pairs: rows are those of image 1, then those of image 2 [2B, ...].

    A row of `mixed` has the content of its row of `x` and the style of the other image;
    `mixed_content` and `mixed_style` are its codes, and `back` is put together of those; None where
    mixed images are not taken apart.
    """

    x: tf.Tensor
    content: tf.Tensor
    style: tf.Tensor
    mixed: tf.Tensor
    mixed_content: tf.Tensor | None = None
    mixed_style: tf.Tensor | None = None
    back: tf.Tensor | None = None


def exchange(rows: tf.Tensor) -> tf.Tensor:
    """Rows [2B, ...] with the halves exchanged: what belongs to the other image of each pair."""
    return tf.concat(tf.split(rows, 2)[::-1], axis=0)


def pair(batch: Batch, key: str = "x") -> tf.Tensor:
    """Both halves of a batch as rows [2B, ...]."""
    return tf.concat([batch[f"{key}1"], batch[f"{key}2"]], axis=0)
