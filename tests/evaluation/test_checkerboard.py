"""The grid of pixels in samples: found where it is, and only there."""

import numpy as np
import pytest

from framework.evaluation.metrics import checkerboard

GRID = np.indices((64, 64)).sum(axis=0)[..., None] % 2 - 0.5  # +-0.5 in turn


def noise(rng_seed: int = 0) -> np.ndarray:
    return np.random.default_rng(rng_seed).uniform(-0.3, 0.3, (40, 64, 64, 3))


def value(images: np.ndarray) -> float:
    return checkerboard(images, "test")["value"]


def test_noise_has_no_grid():
    assert value(noise()) == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize("period", [2, 4])
def test_a_grid_is_found_and_the_stronger_the_more(period):
    rows = np.arange(64)[:, None, None] % period == 0
    weak, strong = (value(noise() + height * rows) for height in (0.1, 0.4))
    assert 1.1 < weak < strong


def test_a_grid_whose_sign_differs_from_image_to_image_is_found():
    signs = np.resize([1, -1], (40, 1, 1, 1))
    assert value(noise() + 0.4 * signs * GRID) == pytest.approx(value(noise() + 0.4 * GRID), 0.05)


def test_stripes_of_another_period_are_none():
    stripes = np.cos(2 * np.pi * np.arange(64) * 21 / 64)[:, None, None]  # every 3.05 pixels
    assert value(noise() + 0.3 * stripes) == pytest.approx(1, abs=0.1)


def test_edges_are_no_grid():
    images, random = np.full((60, 64, 64, 3), -0.5), np.random.default_rng(1)
    for image in images:
        for _ in range(6):
            (top, bottom), (left, right) = np.sort(random.integers(0, 64, (2, 2)))
            image[top : bottom + 1, left : right + 1] = random.uniform(-1, 1, 3)
    assert value(images) == pytest.approx(1, abs=0.2)
    assert value(images / 2 + 0.2 * GRID) > 1.3


def test_repeated_pixels_lack_these_frequencies():
    small = noise()[:, :32, :32]
    assert value(small.repeat(2, axis=1).repeat(2, axis=2)) < 0.5


@pytest.mark.parametrize("size", [28, 66])
def test_sizes_whose_frequencies_do_not_fit_are_refused(size):
    with pytest.raises(ValueError, match="multiple of 4 from 32"):
        value(np.zeros((2, size, size, 3)))


def test_pixels_are_refused():
    with pytest.raises(ValueError, match="float"):
        checkerboard(np.zeros((2, 64, 64, 3), np.uint8), "test")
