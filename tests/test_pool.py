"""The image pool: when it fills, what it gives back, and that its parts are one."""

import numpy as np
import tensorflow as tf

from framework.pool import ImagePool
from framework.utils import Random


def image(value: float, rows: int = 1) -> tf.Tensor:
    return tf.fill((rows, 1, 1, 1), float(value))


def ask(pool: ImagePool, step: int, images: tf.Tensor, **part) -> np.ndarray:
    random = Random(3, tf.constant(step, tf.int64), **part)
    return pool.query(images, random).numpy().ravel()


def test_it_fills_then_gives_half_of_its_images_back():
    pool = ImagePool(4, 1, 1, (1, 1, 1))
    assert [ask(pool, step, image(step))[0] for step in range(4)] == [0, 1, 2, 3]
    kept, old = {0, 1, 2, 3}, 0
    for step in range(4, 204):
        (given,) = ask(pool, step, image(step))
        if given != step:
            assert given in kept
            kept, old = kept - {given} | {step}, old + 1
        assert set(pool.parts[0].numpy().ravel()) == kept
    assert 70 < old < 130


def test_rows_have_shares_of_their_own():
    pool = ImagePool(4, 2, 1, (1, 1, 1))
    for step in range(20):
        given = ask(pool, step, tf.concat([image(step), image(100 + step)], axis=0))
        assert given[0] < 100 <= given[1]


def test_micro_batches_do_what_one_batch_would():
    whole, parts = ImagePool(6, 2, 1, (1, 1, 1)), ImagePool(6, 1, 2, (1, 1, 1))
    for step in range(30):
        rows = [image(step), image(-step)]
        together = ask(whole, step, tf.concat(rows, axis=0))
        apart = [ask(parts, step, rows[i], part=i, parts=2)[0] for i in range(2)]
        assert together.tolist() == apart
    np.testing.assert_array_equal(whole.parts[0], parts.parts[0])
