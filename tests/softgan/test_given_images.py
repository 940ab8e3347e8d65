"""Images that a Python program gives to a run."""

import numpy as np
import pytest

from framework.errors import UsageError
from softgan.images import fitted

GREY = np.array([[0, 255], [51, 204]], np.uint8)  # as floats -1, 1, -0.6, 0.6


def colours(levels: np.ndarray) -> np.ndarray:
    return np.repeat(levels[..., None], 3, axis=-1)


def test_uint8_and_floats_are_the_same_images():
    images = fitted(colours(GREY)[None], 2)
    assert images.shape == (1, 2, 2, 3) and images.dtype == np.float32
    np.testing.assert_allclose(images[0, ..., 0], [[-1, 1], [-0.6, 0.6]], atol=1e-6)
    np.testing.assert_array_equal(fitted(images, 2), images)
    np.testing.assert_array_equal(fitted(images.astype(np.float64), 2), images)


def test_one_image_is_a_batch_of_one_and_grey_becomes_rgb():
    images = fitted(GREY[..., None], 2)
    np.testing.assert_array_equal(images, fitted([colours(GREY)], 2))


@pytest.mark.parametrize("kind", ["uint8", "float32"])
def test_other_sizes_are_cropped_to_their_middle_square(kind):
    wide = np.array([[0, 51, 204, 255]] * 2, np.uint8)
    given = colours(wide if kind == "uint8" else wide.astype(np.float32) / 127.5 - 1)
    np.testing.assert_allclose(fitted(given, 2)[0, ..., 1], [[-0.6, 0.6]] * 2, atol=1e-6)
    assert fitted(given, 5).shape == (1, 5, 5, 3)


@pytest.mark.parametrize(
    ("images", "part"),
    [
        (np.zeros((2, 2)), r"shape \[2, 2\]"),
        (np.zeros((2, 2, 4)), r"shape \[2, 2, 4\]"),
        (np.zeros((0, 2, 2, 3)), r"shape \[0, 2, 2, 3\]"),
        (np.full((2, 2, 3), 255.0), "floats from 255 to 255"),
        (np.full((2, 2, 3), np.nan), "floats from nan"),
        (np.zeros((2, 2, 3), int), "images of int64"),
        ([np.zeros((2, 2, 3)), np.zeros((3, 3, 3))], "several sizes"),
    ],
)
def test_other_forms_are_refused(images, part):
    with pytest.raises(UsageError, match=f"{part}.*use uint8, or floats in"):
        fitted(images, 2)
