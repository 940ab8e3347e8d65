"""Pixel ranges, batches of rows, paths between latent vectors, the precision of layers."""

import keras
import numpy as np
import tensorflow as tf

from framework.utils import batched, closed_path, dtype_policy, float_array, slerp, to_float


def test_pixels_become_minus_one_to_one():
    values = to_float(tf.constant([0, 51, 255], tf.uint8))
    assert values.dtype == tf.float32
    np.testing.assert_allclose(values, [-1, -0.6, 1], atol=1e-6)


def test_pixels_are_the_same_numbers_in_the_hosts_memory():
    every = np.arange(256, dtype=np.uint8)
    assert float_array(every).tobytes() == to_float(every).numpy().tobytes()
    points = np.array([[0.3, 7]], np.float32)
    assert float_array(points) is points


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


def test_images_above_32_pixels_go_fewer_at_a_time():
    sizes = []
    images = np.zeros((9, 64, 64, 3), np.float32)
    (sums,) = batched(lambda x: sizes.append(len(x)) or (x.sum((1, 2, 3)),), images, size=8)
    assert sizes == [2, 2, 2, 2, 1] and sums.shape == (9,)


def test_the_policy_of_layers_is_not_left_behind():
    with dtype_policy("float16"):
        assert keras.layers.Dense(1).compute_dtype == "float16"
    with dtype_policy("no"):
        assert keras.layers.Dense(1).compute_dtype == "float32"
    assert keras.config.dtype_policy().name == "float32"


def test_a_closed_path_goes_through_all_points_evenly():
    points = np.random.default_rng(0).uniform(-1, 1, (3, 50)).astype(np.float32)
    path = closed_path(points, 8)
    assert path.shape == (24, 50) and path.dtype == np.float32
    np.testing.assert_allclose(path[::8], points, atol=1e-6)
    norms = np.linalg.norm(path, axis=1)
    assert norms.min() > 0.9 * np.linalg.norm(points, axis=1).min()
    assert np.abs(path).max() <= np.abs(points).max()
    steps = np.linalg.norm(np.diff(path, axis=0, append=path[:1]), axis=1)
    assert steps.max() < 3 * steps.min()  # also from the last vector to the first one
