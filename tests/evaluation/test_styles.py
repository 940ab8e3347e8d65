"""Style: the distance of average Gram matrices."""

import numpy as np
import pytest

from framework.evaluation import metrics
from framework.evaluation.metrics.lpips import SCALE, SHIFT
from framework.evaluation.metrics.styles import average_grams


def trunk(scaled):
    """The image before it is scaled as layer 1, and twice its first channel as layer 2."""
    images = scaled * SCALE + SHIFT
    return [images, 2 * images[..., :1]]


def plain(*colours):
    return np.stack([np.broadcast_to(np.float32(colour), (2, 2, 3)) for colour in colours])


def test_grams_are_products_of_channels_averaged_over_pixels_and_images():
    first, second = average_grams(plain((1, 0, -1), (0, 0.5, 0)), trunk)
    expected = np.array([[1, 0, -1], [0, 0.25, 0], [-1, 0, 1]]) / 2
    np.testing.assert_allclose(first, expected, atol=1e-6)
    np.testing.assert_allclose(second, [[4 * (1 + 0) / 2]], atol=1e-6)


def test_style_does_not_tell_which_image_or_place_is_which():
    images = plain((1, 0, -1), (0, 0.5, 0))
    found = metrics.style(images, images[::-1], trunk, "toy")
    assert found["value"] == pytest.approx(0, abs=1e-9)
    assert found["n"] == 2 and found["protocol"] == "toy; against 2 images"
    left, right = plain((1, 1, 1)), plain((1, 1, 1))
    left[:, :, 0], right[:, :, 1] = 0, 0  # the other half is black
    assert metrics.style(left, right, trunk, "")["value"] == pytest.approx(0, abs=1e-9)


def test_style_is_the_mean_squared_difference_averaged_over_layers():
    found = metrics.style(plain((1, 0, 0)), plain((0, 0, 0)), trunk, "")["value"]
    assert found == pytest.approx((1 / 9 + 16) / 2)


def test_images_out_of_range_are_refused():
    with pytest.raises(ValueError, match="in \\[-1, 1\\]"):
        metrics.style(plain((2, 0, 0)), plain((0, 0, 0)), trunk, "")
