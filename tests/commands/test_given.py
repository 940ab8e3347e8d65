"""Images of a user: which are found, and how they are fitted to a system."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from framework.commands import given
from framework.errors import MissingError

pytestmark = pytest.mark.usefixtures("empty_folder")


def gradient(width: int, height: int) -> Image.Image:
    """An image whose red is the column and whose green is the row."""
    red, green = np.meshgrid(np.arange(width), np.arange(height))
    return Image.fromarray(np.stack([red, green, 0 * red], axis=-1).astype(np.uint8))


def test_all_images_are_found_and_the_others_are_told(capsys):
    for name in ("1.png", "a/2.webp", "a/b/3.jpg"):
        Path("x", name).parent.mkdir(parents=True, exist_ok=True)
        gradient(4, 4).save(f"x/{name}")
    Path("x/a/notes.txt").touch()
    found = given.find(Path("x"))
    assert sorted(map(str, found.names)) == ["1.png", "a/2.webp", "a/b/3.jpg"]
    assert found.label == "x" and capsys.readouterr().out == "skipped 1: a/notes.txt (no image)\n"
    single = given.find(Path("x/a/2.webp"))
    assert (list(map(str, single.names)), single.label) == (["2.webp"], "2")


def test_unreadable_files_are_listed_together():
    Path("x").mkdir()
    gradient(4, 4).save("x/good.png")
    given.find(Path("x"))
    for name in ("a.png", "b.png"):
        Path("x", name).write_bytes(b"no image")
    with pytest.raises(MissingError, match=r"cannot read 2 files .*a.png .*, b.png "):
        given.find(Path("x"))


def test_crop_takes_the_middle_square():
    fitted = given.crop(gradient(12, 8), 8)
    np.testing.assert_array_equal(fitted.pixels[0, :, 0], np.arange(2, 10))
    assert fitted.restore(fitted.pixels) is fitted.pixels


@pytest.mark.parametrize(("width", "height", "result"), [(16, 8, (4, 8)), (8, 16, (8, 4))])
def test_pad_keeps_the_proportions(width, height, result):
    fitted = given.pad(gradient(width, height), 8)
    assert fitted.pixels.shape == (8, 8, 3)
    border = fitted.pixels[:3] if width > height else fitted.pixels[:, :3].swapaxes(0, 1)
    assert (border == border[:1]).all()  # the edge, repeated
    assert fitted.restore(fitted.pixels).shape == (*result, 3)


def test_a_very_long_image_keeps_one_row():
    fitted = given.pad(gradient(100, 1), 8)
    assert fitted.restore(fitted.pixels).shape == (1, 8, 3)


def test_resize_goes_there_and_back():
    fitted = given.resize(gradient(20, 12), 8)
    assert fitted.pixels.shape == (8, 8, 3)
    back = fitted.restore(fitted.pixels)
    assert back.shape == (12, 20, 3)
    assert np.abs(back.astype(int) - np.asarray(gradient(20, 12), int)).max() <= 2


@pytest.mark.parametrize(
    ("size", "sides"), [((21, 18), (20, 24)), ((20, 16), (16, 20)), ((1, 3), (16, 16))]
)
def test_mirror_adds_pixels_at_the_right_and_the_bottom(size, sides):
    fitted = given.mirror(gradient(*size), 4)
    assert fitted.pixels.shape == (*sides, 3)
    np.testing.assert_array_equal(fitted.restore(fitted.pixels), gradient(*size))
    if sides[1] > size[0] > 1:
        np.testing.assert_array_equal(fitted.pixels[:, size[0]], fitted.pixels[:, size[0] - 1])


def test_chunks_keep_the_order():
    files = [Path(f"{i}.png") for i in range(5)]
    for i, file in enumerate(files):
        Image.new("RGB", (8, 8), (i, 0, 0)).save(file)
    chunks = [
        [int(fitted.pixels[0, 0, 0]) for fitted in chunk]
        for chunk in given.chunks(files, lambda image: given.crop(image, 8), size=2)
    ]
    assert chunks == [[0, 1], [2, 3], [4]]
