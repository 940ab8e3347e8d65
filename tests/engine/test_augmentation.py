"""Random changes of training images."""

import numpy as np
import tensorflow as tf

from framework.engine.augmentation import jitter, shift
from framework.engine.randomness import Random


def random(**part):
    return Random(0, tf.constant(5, tf.int64), **part)


def moved_by(images, **limits):
    """`jitter` with no limit but these."""
    still = dict(pixels=0, degrees=0, zoom=0)
    return jitter(images, random(), **still | limits).numpy()


def test_shift_moves_each_image_by_whole_pixels_and_repeats_the_border():
    rows = np.tile(np.arange(8, dtype="f")[:, None, None], (32, 1, 8, 1))
    columns = np.swapaxes(rows, 1, 2)
    assert shift(rows, 0, random()) is rows
    for images, axis in ((rows, 1), (columns, 2)):
        moved = np.take(shift(images, 2, random()), 0, axis=3 - axis)[..., 0]
        steps = {int(round(image[3] - 3)) for image in moved}
        assert steps == {-2, -1, 0, 1, 2}
        for image in moved:
            expected = np.clip(np.arange(8) + image[3] - 3, 0, 7)
            np.testing.assert_array_equal(image, expected)


def test_jitter_without_limits_changes_nothing():
    images = np.random.default_rng(0).uniform(-1, 1, (3, 8, 6, 2)).astype("f")
    np.testing.assert_allclose(moved_by(images), images, atol=1e-6)
    for limits in (dict(pixels=2), dict(degrees=20), dict(zoom=0.3)):
        moved = moved_by(images, **limits)
        assert moved.shape == images.shape and not np.allclose(moved, images, atol=0.05)
        assert images.min() <= moved.min() and moved.max() <= images.max() + 1e-6


def test_jitter_moves_a_slope_within_its_limits():
    slope = np.tile(np.arange(16, dtype="f")[:, None, None], (4, 1, 16, 1))
    inner = (slice(None), slice(4, 12), slice(4, 12))
    steps = (slope - moved_by(slope, pixels=2))[inner]
    assert np.ptp(steps, axis=(1, 2, 3)).max() < 1e-4, "every pixel of an image moves alike"
    assert len(np.unique(steps[:, 0, 0, 0].round(3))) == 4 and np.abs(steps).max() <= 2
    turned = moved_by(slope, degrees=7)[inner]
    tilt = np.degrees(
        np.arctan2(np.diff(turned, axis=2).mean((1, 2, 3)), np.diff(turned, axis=1).mean((1, 2, 3)))
    )
    assert np.abs(tilt).max() <= 7 and len(np.unique(tilt.round(2))) == 4
    sizes = 1 / np.diff(moved_by(slope, zoom=0.05)[inner], axis=1).mean((1, 2, 3))
    assert np.abs(sizes - 1).max() <= 0.05 + 1e-4 and len(np.unique(sizes.round(4))) == 4


def test_parts_of_a_batch_are_moved_as_in_the_whole():
    images = np.random.default_rng(0).uniform(-1, 1, (4, 8, 8, 3)).astype("f")
    halves = np.split(images, 2)
    for change in (jitter, lambda images, random: shift(images, 2, random)):
        whole = change(images, random())
        parts = [change(half, random(part=i, parts=2)) for i, half in enumerate(halves)]
        np.testing.assert_allclose(np.concatenate(parts), whole, atol=1e-6)
