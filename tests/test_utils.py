"""Keyed randomness, pixel ranges, paths between latent vectors, devices."""

import numpy as np
import pytest
import tensorflow as tf

from framework import devices
from framework.errors import UsageError
from framework.utils import Random, batched, float_array, jitter, sample_latent, slerp, to_float


def test_pixels_become_minus_one_to_one():
    values = to_float(tf.constant([0, 51, 255], tf.uint8))
    assert values.dtype == tf.float32
    np.testing.assert_allclose(values, [-1, -0.6, 1], atol=1e-6)


def test_pixels_are_the_same_numbers_in_the_hosts_memory():
    every = np.arange(256, dtype=np.uint8)
    assert float_array(every).tobytes() == to_float(every).numpy().tobytes()
    points = np.array([[0.3, 7]], np.float32)
    assert float_array(points) is points


@pytest.mark.parametrize("law", ["uniform", "normal"])
def test_parts_and_their_pieces_draw_the_rows_of_what_one_would_draw(law):
    step = tf.constant(3, tf.int64)
    whole = getattr(Random(1, step), law)((6, 2)).numpy()
    parts = [getattr(Random(1, step, 0, part, 3), law)((2, 2)).numpy() for part in range(3)]
    np.testing.assert_array_equal(np.concatenate(parts), whole)
    pieces = [getattr(p, law)((1, 2)) for i in (0, 1, 2) for p in Random(1, step, 0, i, 3).split(2)]
    np.testing.assert_array_equal(np.concatenate(pieces), whole)
    assert len(np.unique(whole)) == whole.size


def test_numbers_depend_on_seed_step_and_turn_alone():
    def draw(seed, step):
        random = Random(seed, tf.constant(step))
        return [random.uniform((4,)).numpy().tolist() for _ in range(2)]

    assert draw(1, 2) == draw(1, 2)
    seen = [tuple(numbers) for key in ((1, 2), (1, 3), (2, 2)) for numbers in draw(*key)]
    assert len(set(seen)) == 6


def test_a_shape_may_be_a_tensor():
    shape = tf.constant([3, 1, 2])
    numbers = Random(1, tf.constant(0)).uniform(shape)
    np.testing.assert_array_equal(numbers, Random(1, tf.constant(0)).uniform((3, 1, 2)))


def test_the_two_laws_of_latent_vectors():
    uniform, normal = (sample_latent(kind, 2000, 5, seed=1) for kind in ("uniform", "normal"))
    assert uniform.shape == normal.shape == (2000, 5)
    assert -1 <= uniform.min() < -0.99 and 0.99 < uniform.max() <= 1
    assert abs(uniform.mean()) < 0.03 and abs(uniform.var() - 1 / 3) < 0.02
    assert abs(normal.mean()) < 0.03 and abs(normal.std() - 1) < 0.03
    np.testing.assert_array_equal(sample_latent("uniform", 2000, 5, seed=1), uniform)


def test_batches_are_joined_in_order():
    sizes = []

    def double(rows):
        sizes.append(len(rows))
        return 2 * rows, rows + 1

    doubled, raised = batched(double, np.arange(5), size=2)
    assert sizes == [2, 2, 1]
    np.testing.assert_array_equal(doubled, [0, 2, 4, 6, 8])
    np.testing.assert_array_equal(raised, [1, 2, 3, 4, 5])
    (sums,) = batched(lambda a, b: (a + b,), np.arange(5), 10 * np.arange(5), size=2)
    np.testing.assert_array_equal(sums, [0, 11, 22, 33, 44])


def test_slerp_keeps_the_length_and_goes_straight_between_parallels():
    path = slerp(np.array([2.0, 0.0]), np.array([0.0, 2.0]), 3)
    np.testing.assert_allclose(path, [[2, 0], [2**0.5, 2**0.5], [0, 2]], atol=1e-12)
    path = slerp(np.array([1.0, 0.0]), np.array([3.0, 0.0]), 3)
    np.testing.assert_allclose(path, [[1, 0], [2, 0], [3, 0]])


@pytest.mark.parametrize(("names", "count"), [("auto", 1), ("cpu", 1), ("cpu:0, cpu:1", 2)])
def test_devices(names, count):
    assert devices.strategy(names).num_replicas_in_sync == count


def test_two_trainers_on_the_same_devices_share_a_strategy():
    assert devices.strategy("CPU:0,CPU:1") is devices.strategy("CPU:0,CPU:1")


def test_a_device_that_is_not_there():
    with pytest.raises(UsageError, match="no GPU:3 here; there is CPU:0, CPU:1"):
        devices.strategy("GPU:3")


def drawn(images, **limits):
    still = dict(pixels=0, degrees=0, zoom=0)
    random = Random(0, tf.constant(0, tf.int64))
    return jitter(images, random, **still | limits).numpy()


def test_jitter_without_limits_changes_nothing():
    images = np.random.default_rng(0).uniform(-1, 1, (3, 8, 6, 2)).astype("f")
    np.testing.assert_allclose(drawn(images), images, atol=1e-6)
    for limits in (dict(pixels=2), dict(degrees=20), dict(zoom=0.3)):
        moved = drawn(images, **limits)
        assert moved.shape == images.shape and not np.allclose(moved, images, atol=0.05)
        assert images.min() <= moved.min() and moved.max() <= images.max() + 1e-6


def test_jitter_moves_a_slope_by_what_is_drawn():
    slope = np.tile(np.arange(16, dtype="f")[:, None, None], (4, 1, 16, 1))
    inner = (slice(None), slice(4, 12), slice(4, 12))
    steps = (slope - drawn(slope, pixels=2))[inner]
    assert np.ptp(steps, axis=(1, 2, 3)).max() < 1e-4, "every pixel of an image moves alike"
    assert len(np.unique(steps[:, 0, 0, 0].round(3))) == 4 and np.abs(steps).max() <= 2
    turned = drawn(slope, degrees=7)[inner]
    tilt = np.degrees(
        np.arctan2(np.diff(turned, axis=2).mean((1, 2, 3)), np.diff(turned, axis=1).mean((1, 2, 3)))
    )
    assert np.abs(tilt).max() <= 7 and len(np.unique(tilt.round(2))) == 4
    sizes = 1 / np.diff(drawn(slope, zoom=0.05)[inner], axis=1).mean((1, 2, 3))
    assert np.abs(sizes - 1).max() <= 0.05 + 1e-4 and len(np.unique(sizes.round(4))) == 4


def test_parts_of_a_batch_are_moved_as_in_the_whole():
    images = np.random.default_rng(0).uniform(-1, 1, (4, 8, 8, 3)).astype("f")
    step = tf.constant(5, tf.int64)
    whole = jitter(images, Random(1, step))
    parts = [jitter(images[2 * i : 2 * i + 2], Random(1, step, part=i, parts=2)) for i in range(2)]
    np.testing.assert_allclose(np.concatenate(parts), whole, atol=1e-6)
