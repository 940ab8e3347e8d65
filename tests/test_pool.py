"""The image pool: when it fills, what it gives back, and that its parts are one."""

import numpy as np
import tensorflow as tf

from framework.pool import ImagePool
from framework.utils import Random

ONE = tf.distribute.get_strategy()


def images_of(pool: ImagePool) -> np.ndarray:
    pool.collect()
    return pool.whole.numpy()


def image(value: float, rows: int = 1) -> tf.Tensor:
    return tf.fill((rows, 1, 1, 1), float(value))


def ask(pool: ImagePool, step: int, images: tf.Tensor, **part) -> np.ndarray:
    random = Random(3, tf.constant(step, tf.int64), **part)
    return pool.query(images, random).numpy().ravel()


def test_it_fills_then_gives_half_of_its_images_back():
    pool = ImagePool(4, 1, 1, 1, (1, 1, 1), ONE)
    assert [ask(pool, step, image(step))[0] for step in range(4)] == [0, 1, 2, 3]
    kept, old = {0, 1, 2, 3}, 0
    for step in range(4, 204):
        (given,) = ask(pool, step, image(step))
        if given != step:
            assert given in kept
            kept, old = kept - {given} | {step}, old + 1
        assert set(images_of(pool).ravel()) == kept
    assert 70 < old < 130


def test_rows_have_shares_of_their_own():
    pool = ImagePool(4, 2, 1, 1, (1, 1, 1), ONE)
    for step in range(20):
        given = ask(pool, step, tf.concat([image(step), image(100 + step)], axis=0))
        assert given[0] < 100 <= given[1]


def test_every_update_of_an_iteration_fills_a_place_of_its_own():
    pool = ImagePool(6, 1, 1, 2, (1, 1, 1), ONE)
    for step in range(3):
        for turn in (1, 2):
            ask(pool, step, image(10 * step + turn), turn=turn)
    assert set(images_of(pool).ravel()) == {1, 2, 11, 12, 21, 22}


def test_micro_batches_do_what_one_batch_would():
    whole, parts = ImagePool(6, 2, 1, 1, (1, 1, 1), ONE), ImagePool(6, 1, 2, 1, (1, 1, 1), ONE)
    for step in range(30):
        rows = [image(step), image(-step)]
        together = ask(whole, step, tf.concat(rows, axis=0))
        apart = [ask(parts, step, rows[i], part=i, parts=2)[0] for i in range(2)]
        assert together.tolist() == apart
    np.testing.assert_array_equal(images_of(whole), images_of(parts))


def test_what_one_device_collects_two_go_on_from_and_back():
    devices = tf.config.list_logical_devices("CPU")
    two = tf.distribute.MirroredStrategy([device.name for device in devices[:2]])
    one, both = ImagePool(8, 4, 1, 1, (1, 1, 1), ONE), ImagePool(8, 2, 1, 1, (1, 1, 1), two)
    assert both.whole.shape == one.whole.shape == (4, 2, 1, 1, 1)
    both.whole.assign(tf.reshape(tf.range(8.0), one.whole.shape))
    both.spread()
    halves = two.experimental_local_results(both._images)
    assert [half.numpy().ravel().tolist() for half in halves] == [[0, 1, 2, 3], [4, 5, 6, 7]]
    one.whole.assign(images_of(both))
    one.spread()
    np.testing.assert_array_equal(images_of(one), images_of(both))
    assert images_of(one).ravel().tolist() == [*range(8)]
