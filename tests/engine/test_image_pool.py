"""The image pool: filling, exchanging, and equal results with any number of parts."""

import numpy as np
import tensorflow as tf

from framework.engine.image_pool import ImagePool
from framework.engine.randomness import Random

ONE = tf.distribute.get_strategy()


def images_of(pool: ImagePool) -> np.ndarray:
    pool.collect()
    return pool.all_images.numpy()


def image(value: float, rows: int = 1) -> tf.Tensor:
    return tf.fill((rows, 1, 1, 1), float(value))


def query(pool: ImagePool, step: int, images: tf.Tensor, **part) -> np.ndarray:
    random = Random(3, tf.constant(step, tf.int64), **part)
    return pool.query(images, random).numpy().ravel()


def test_a_full_pool_exchanges_half_of_the_images():
    pool = ImagePool(4, 1, 1, 1, (1, 1, 1), ONE)
    assert [query(pool, step, image(step))[0] for step in range(4)] == [0, 1, 2, 3]
    kept, exchanged = {0, 1, 2, 3}, 0
    for step in range(4, 204):
        (result,) = query(pool, step, image(step))
        if result != step:
            assert result in kept
            kept, exchanged = kept - {result} | {step}, exchanged + 1
        assert set(images_of(pool).ravel()) == kept
    assert 70 < exchanged < 130


def test_each_row_has_its_own_part():
    pool = ImagePool(4, 2, 1, 1, (1, 1, 1), ONE)
    for step in range(20):
        results = query(pool, step, tf.concat([image(step), image(100 + step)], axis=0))
        assert results[0] < 100 <= results[1]


def test_every_update_of_an_iteration_fills_its_own_slot():
    pool = ImagePool(6, 1, 1, 2, (1, 1, 1), ONE)
    for step in range(3):
        for update in (1, 2):
            query(pool, step, image(10 * step + update), update=update)
    assert set(images_of(pool).ravel()) == {1, 2, 11, 12, 21, 22}


def test_micro_batches_give_the_results_of_one_batch():
    whole, parts = ImagePool(6, 2, 1, 1, (1, 1, 1), ONE), ImagePool(6, 1, 2, 1, (1, 1, 1), ONE)
    for step in range(30):
        rows = [image(step), image(-step)]
        together = query(whole, step, tf.concat(rows, axis=0))
        apart = [query(parts, step, rows[i], part=i, parts=2)[0] for i in range(2)]
        assert together.tolist() == apart
    np.testing.assert_array_equal(images_of(whole), images_of(parts))


def test_the_number_of_devices_may_change():
    devices = tf.config.list_logical_devices("CPU")
    two = tf.distribute.MirroredStrategy([device.name for device in devices[:2]])
    one, both = ImagePool(8, 4, 1, 1, (1, 1, 1), ONE), ImagePool(8, 2, 1, 1, (1, 1, 1), two)
    assert both.all_images.shape == one.all_images.shape == (4, 2, 1, 1, 1)
    both.all_images.assign(tf.reshape(tf.range(8.0), one.all_images.shape))
    both.spread()
    halves = two.experimental_local_results(both._images)
    assert [half.numpy().ravel().tolist() for half in halves] == [[0, 1, 2, 3], [4, 5, 6, 7]]
    one.all_images.assign(images_of(both))
    one.spread()
    np.testing.assert_array_equal(images_of(one), images_of(both))
    assert images_of(one).ravel().tolist() == [*range(8)]
