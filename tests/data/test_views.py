import numpy as np
import pytest
import tensorflow as tf

from framework.data.sources import mini
from framework.data.street import street
from framework.data.views import VIEWS, edge, negative, resize, rotate, to_rgb
from framework.errors import UsageError


def dot(row, column, size=5):
    image = np.zeros((1, size, size, 1), np.uint8)
    image[0, row, column] = 200
    return image


def test_the_edge_of_a_dot_is_the_ring_around_it():
    ring = np.zeros((5, 5), np.uint8)
    ring[1:4, 1:4] = 200
    ring[2, 2] = 0
    np.testing.assert_array_equal(edge(dot(2, 2))[0, ..., 0], ring)


def test_the_edge_at_a_corner_stays_in_the_image():
    assert (edge(dot(0, 0))[0, ..., 0] > 0).sum() == 3


def test_edge_is_the_max_pool_of_tensorflow():
    images = np.random.default_rng(0).integers(0, 256, (4, 9, 7, 3), dtype=np.uint8)
    pooled = tf.nn.max_pool2d(images.astype(np.float32), 3, 1, "SAME").numpy()
    np.testing.assert_array_equal(edge(images), pooled - images)


def test_rotate_takes_the_top_right_corner_to_the_top_left():
    np.testing.assert_array_equal(rotate(dot(0, 4)), dot(0, 0))


def test_negative_swaps_black_and_white():
    assert negative(dot(1, 1))[0, 1, 1, 0] == 55 and negative(dot(1, 1))[0, 0, 0, 0] == 255


@pytest.mark.parametrize("size", [32, 20, 28])
def test_resize_equals_tensorflow(size):
    images = np.random.default_rng(0).integers(0, 256, (3, 28, 24, 3), dtype=np.uint8)
    exact = tf.image.resize(images, (size, size)).numpy()
    assert np.abs(resize(images, size) - exact).max() <= 0.5 + 1e-3  # nearest; ties either way


def test_a_right_size_is_left_alone_and_grey_becomes_rgb():
    image = dot(1, 2)
    assert resize(image, 5) is image
    assert to_rgb(image).shape == (1, 5, 5, 3) and (to_rgb(image)[..., 2:] == image).all()


@pytest.fixture(scope="module")
def digits():
    return mini().test.images


def test_street_is_a_pure_function_of_digits_and_seed(digits):
    np.testing.assert_array_equal(street(digits[:40]), street(digits[:40]))
    assert (street(digits[:40]) != street(digits[:40], seed=1)).mean() > 0.9


def test_street_looks_differ_between_splits(digits):
    first, second = street(digits[:40]), street(digits[40:80])
    assert np.abs(first.mean((1, 2)) - second.mean((1, 2))).mean() > 10


def test_street_keeps_the_digit_in_the_middle_legible(digits):
    """Nearest class mean of the pixels' distance from the background tells the digits apart."""
    labels = mini().test.labels
    middle = street(digits).mean(3)[:, 2:30, 8:24]
    ink = np.abs(middle - np.median(middle, axis=(1, 2), keepdims=True)).reshape(len(digits), -1)
    ink /= np.linalg.norm(ink, axis=1, keepdims=True)
    means = np.stack([ink[labels == k][::2].mean(0) for k in range(10)])
    held_out = np.concatenate([np.flatnonzero(labels == k)[1::2] for k in range(10)])
    guess = (ink[held_out] @ means.T - (means**2).sum(1) / 2).argmax(1)
    assert (guess == labels[held_out]).mean() > 0.4


def test_street_has_colour_and_contrast(digits):
    crops = street(digits).astype(float)
    assert crops.shape == (500, 32, 32, 3) and street(digits).dtype == np.uint8
    assert (crops.std((1, 2, 3)) > 5).mean() > 0.98
    assert 30 < crops.mean((1, 2, 3)).std() < 60  # SVHN's crops: 39
    assert np.ptp(crops.mean((1, 2)), axis=1).mean() > 10


def test_street_refuses_colour():
    with pytest.raises(UsageError, match="grey"):
        VIEWS["street"](np.zeros((1, 32, 32, 3), np.uint8))
