"""Frames of animations."""

import numpy as np

from framework.results import animation
from framework.results.images import encoded, thumbnail


def test_a_frame_shows_all_domains_enlarged():
    domains = np.full((3, 50, 50, 3), -1, np.float32), np.full((3, 50, 50, 1), 1, np.float32)
    frames = [*animation.frames(domains)]
    assert len(frames) == 3 and frames[0].shape == (150, 2 * 150 + 6, 3)
    assert frames[0][0, [0, 149, 150, 155, 156, -1], 0].tolist() == [0, 0, 128, 128, 255, 255]


def test_frames_have_even_sides_and_large_ones_stay():
    image = np.random.default_rng(0).uniform(-1, 1, (1, 129, 131, 3)).astype(np.float32)
    (frame,) = animation.frames([image])
    assert frame.shape == (130, 132, 3)
    np.testing.assert_array_equal(frame[:129, 131], frame[:129, 130])


def test_png_keeps_every_pixel_and_a_thumbnail_has_grey_borders():
    pixels = np.random.default_rng(0).integers(0, 256, (4, 8, 3), np.uint8)
    assert encoded(pixels, "png").startswith(b"\x89PNG")
    assert encoded(pixels, "jpg").startswith(b"\xff\xd8")
    small = thumbnail(np.full((4, 8, 3), 7, np.uint8), 8)
    assert small[:, 0, 0].tolist() == [128, 128, 7, 7, 7, 7, 128, 128]
