"""Sheets of exchanged pairs, pixel by pixel."""

import numpy as np
import pytest
from PIL import Image

from framework.results import images


def rows(pairs, size=16):
    """Images 1 and 2 of so many pairs: row k, pair p, image i is of grey level 100 k + 10 p + i."""
    return {
        letter: np.concatenate(
            [
                np.full((1, size, size, 3), 100 * k + 10 * p + i, np.uint8)
                for i in (1, 2)
                for p in range(pairs)
            ]
        )
        for k, letter in enumerate("xmr")
    }


@pytest.mark.parametrize("pairs", [1, 3])
def test_a_triplet_is_three_rows_of_two_and_gaps_are_black(pairs):
    sheet = images.triplets(rows(pairs))
    assert sheet.dtype == np.uint8
    assert sheet.shape == (3 * 16, images.LABELS + pairs * 2 * 16 + (pairs - 1) * 6, 3)
    for p in range(pairs):
        left = images.LABELS + p * (2 * 16 + 6)
        for k in range(3):
            for i in (0, 1):
                tile = sheet[16 * k : 16 * (k + 1), left + 16 * i : left + 16 * (i + 1)]
                assert (tile == 100 * k + 10 * p + i + 1).all(), (p, k, i)
        if p:
            assert not sheet[:, left - 6 : left].any()


def test_triplets_of_floats():
    floats = {k: (v.astype(np.float32) - 127.5) / 127.5 for k, v in rows(2).items()}
    np.testing.assert_array_equal(images.triplets(floats), images.triplets(rows(2)))


def test_names_stand_beside_every_row():
    strip = images.triplets(rows(1, size=20))[:, : images.LABELS]
    parts = [strip[20 * k : 20 * (k + 1)] for k in range(3)]
    for part in parts:
        assert part.any() and not part[:, 0].any() and not part[:, -1].any(), "not cut off"
    assert not any(np.array_equal(parts[0], other) for other in parts[1:])


def test_a_run_keeps_its_triplets(run):
    path = run.triplets(rows(2), 50)
    assert path == run.samples / "000050.png"
    np.testing.assert_array_equal(np.asarray(Image.open(path)), images.triplets(rows(2)))


def test_false_colours_go_from_black_to_bright_with_grey_lines_between():
    levels = (
        np.full((3, 1, 1, 1, 3), 1, np.float32) * np.array([-1, 0, 1])[:, None, None, None, None]
    )
    colours = images.false_colours(levels)
    assert colours.shape == (3, 1, 2, 2, 3) and colours.dtype == np.uint8
    light = colours[:, 0, 0, 0].astype(int).sum(axis=1)
    assert light[0] < 10 < light[1] < 500 < 600 < light[2]
    assert (colours[:, :, 1] == 128).all() and (colours[:, :, :, 1] == 128).all()
    assert (images.false_colours(levels * np.nan) == 128).all()
