import numpy as np
import pytest
from PIL import Image

from framework.data import folder
from framework.errors import MissingError, UsageError, UserError


def save(file, size=(12, 12), mode="RGB", colour=None):
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size, colour if colour is not None else 0).save(file)
    return file


def fill(root, count=20, suffix=".png", **kwargs):
    for i in range(count):
        save(root / f"{i:03}{suffix}", **kwargs)
    return root


def read(root, size=8):
    return folder.read(str(root), size, str(root.parent))


def first(root, size=8):
    return read(root, size)[0].train.images[0]


def test_every_tenth_file_is_held_out_and_nothing_is_labelled(tmp_path):
    for i in range(20):
        save(tmp_path / "a" / f"{i:03}.png", colour=(10 * i, 0, 0))
    (train, test), classes = read(tmp_path / "a")
    assert train.images.shape == (18, 8, 8, 3) and train.images.dtype == np.uint8
    assert sorted(test.images[:, 0, 0, 0]) == [90, 190]
    assert train.labels is None and test.labels is None and classes == ()


def test_a_small_folder_holds_out_its_last_image(tmp_path):
    (train, test), _ = read(fill(tmp_path / "a", count=2))
    assert len(train.images) == len(test.images) == 1


def test_sub_folders_are_classes(tmp_path):
    for name, colour in (("dog", (0, 9, 0)), ("cat", (7, 0, 0))):
        fill(tmp_path / "a" / name, count=10, colour=colour)
    (train, test), classes = read(tmp_path / "a")
    assert classes == ("cat", "dog")
    assert np.bincount(train.labels).tolist() == [9, 9] and train.labels.dtype == np.int64
    assert (train.images[train.labels == 0][..., 0] == 7).all()
    assert sorted(test.labels) == [0, 1]


def test_hidden_files_and_folders_do_not_count(tmp_path):
    for name in ("dog", "cat", ".ipynb_checkpoints"):
        fill(tmp_path / "a" / name, count=2)
    (tmp_path / "a" / "cat" / "._000.png").write_bytes(b"a Mac's notes")
    (train, test), classes = read(tmp_path / "a")
    assert classes == ("cat", "dog") and len(train.images) + len(test.images) == 4


def test_images_beside_folders_of_images_are_refused(tmp_path):
    fill(fill(tmp_path / "a", count=2) / "cat", count=2)
    with pytest.raises(UsageError, match=r"such as 000\.png, and folders of images, such as cat"):
        read(tmp_path / "a")


@pytest.mark.parametrize(
    "mode, colour, expected",
    [
        ("L", 77, (77, 77, 77)),
        ("RGB", (1, 2, 3), (1, 2, 3)),
        ("RGBA", (1, 2, 3, 255), (1, 2, 3)),
        ("RGBA", (1, 2, 3, 0), (255, 255, 255)),
        ("LA", (50, 255), (50, 50, 50)),
        ("1", 1, (255, 255, 255)),
        ("I;16", 257 * 60, (60, 60, 60)),
    ],
)
def test_every_kind_of_png_becomes_rgb(tmp_path, mode, colour, expected):
    root = fill(tmp_path / "a", count=2, mode=mode, colour=colour)
    assert (first(root) == expected).all()


def test_palettes_jpg_and_upper_case_names_are_read(tmp_path):
    root = fill(tmp_path / "a", count=2, suffix=".JPG", colour=(200, 10, 10))
    assert np.abs(first(root).astype(int) - (200, 10, 10)).max() < 6
    image = Image.new("RGB", (8, 8), (0, 0, 255)).quantize(4)
    for name in ("b", "c"):
        image.save(root / f"000{name}.png")
    assert len(read(root)[0].train.images) == 3


@pytest.mark.parametrize(
    "array",
    [
        np.full((9, 9), 51, np.uint8),
        np.full((9, 9, 1), 51, np.uint8),
        np.full((9, 9, 3), 51, np.uint8),
        np.full((9, 9, 3), 0.2, np.float32),
        np.full((9, 9), 0.2),
    ],
)
def test_npy_files_of_bytes_or_unit_floats(tmp_path, array):
    for name in "ab":
        np.save(tmp_path / f"{name}.npy", array)
    assert (first(tmp_path) == 51).all()


@pytest.mark.parametrize(
    "array, reason",
    [
        (np.full((9, 9), 1.5), "floats in"),
        (np.full((9, 9), -0.5), "floats in"),
        (np.full((9, 9), np.nan), "floats in"),
        (np.zeros((9, 9), np.int32), "int32"),
        (np.zeros((9, 9, 2), np.uint8), "shape"),
        (np.zeros((2, 9, 9, 3), np.uint8), "shape"),
        (np.array(["a"], object), "pickle"),
    ],
)
def test_other_npy_files_are_refused_by_name(tmp_path, array, reason):
    np.save(tmp_path / "a.npy", array, allow_pickle=True)
    np.save(tmp_path / "b.npy", np.zeros((9, 9), np.uint8))
    with pytest.raises(UserError, match=f"a.npy.*{reason}") as caught:
        read(tmp_path)
    assert caught.value.code == 1


def test_an_archive_is_no_npy_file(tmp_path):
    with (tmp_path / "a.npy").open("wb") as file:
        np.savez(file, np.zeros((9, 9), np.uint8))
    np.save(tmp_path / "b.npy", np.zeros((9, 9), np.uint8))
    with pytest.raises(UserError, match="a.npy.*archive"):
        read(tmp_path)


def test_the_middle_square_is_kept(tmp_path):
    pixels = np.zeros((8, 16, 3), np.uint8)
    pixels[:, 4:12] = 255
    for name in "ab":
        Image.fromarray(pixels).save(tmp_path / f"{name}.png")
    assert (first(tmp_path) == 255).all()


def test_shrinking_averages_what_it_leaves_out(tmp_path):
    pixels = np.zeros((64, 64), np.uint8)
    pixels[::2] = 200
    for name in "ab":
        Image.fromarray(pixels).save(tmp_path / f"{name}.png")
    assert np.abs(first(tmp_path).astype(int) - 100).max() <= 15


def fails(root, error, words, size=8):
    with pytest.raises(error) as caught:
        read(root, size)
    text = str(caught.value)
    assert "\n" not in text
    for word in words:
        assert word in text
    assert not (root.parent / ".cache").exists()
    return caught.value.code


def test_a_missing_or_empty_folder(tmp_path):
    assert fails(tmp_path / "none", MissingError, [str(tmp_path / "none")]) == 3
    (tmp_path / "empty").mkdir()
    assert fails(tmp_path / "empty", MissingError, ["empty", ".png"]) == 3


def test_a_folder_of_one_image(tmp_path):
    assert fails(fill(tmp_path / "a", 1), UsageError, ["1 image", "at least 2"]) == 2


def test_an_image_smaller_than_asked(tmp_path):
    root = fill(tmp_path / "a", 3, size=(40, 40))
    save(root / "small.png", size=(30, 20))
    assert fails(root, UsageError, ["small.png", "30x20", "--image_size 32"], size=32) == 2


def test_listed_images_may_be_smaller(tmp_path):
    save(tmp_path / "a.png", size=(28, 28), mode="L", colour=200)
    files, images = folder.listed(str(tmp_path), 32)
    assert [file.name for file in files] == ["a.png"] and images.shape == (1, 32, 32, 3)
    assert (images == 200).all()


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".npy"])
@pytest.mark.parametrize("keep", [0, 20, 0.6])
def test_unreadable_and_truncated_files_are_named(tmp_path, suffix, keep):
    root = fill(tmp_path / "a", 3)
    file = root / f"bad{suffix}"
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    if suffix == ".npy":
        np.save(file, noise)
    else:
        Image.fromarray(noise).save(file)
    content = file.read_bytes()
    file.write_bytes(content[: keep if isinstance(keep, int) else int(keep * len(content))])
    assert fails(root, UserError, [file.name, "cannot read"]) == 1


def test_a_text_file_called_png(tmp_path):
    root = fill(tmp_path / "a", 3)
    (root / "x.png").write_text("no image")
    assert fails(root, UserError, ["x.png"]) == 1


def test_large_folders_are_decoded_once(tmp_path, monkeypatch):
    monkeypatch.setattr(folder, "CACHE_FROM", 20)
    root = fill(tmp_path / "a", 20, colour=(3, 4, 5))
    before = read(root)[0]
    monkeypatch.setattr(folder, "_image", None)
    after = read(root)[0]
    np.testing.assert_array_equal(before.train.images, after.train.images)
    assert isinstance(after.train.images, np.memmap) and after.train.labels is None


def test_paired_folders_have_files_of_the_same_names(tmp_path):
    for place in ("a/1.png", "a/2.png", "b/1.png", "b/2.jpg", "c/1.png", "c/3.png"):
        path = tmp_path / place
        path.parent.mkdir(exist_ok=True)
        Image.new("RGB", (8, 8)).save(path)
    a, b, c = (str(tmp_path / name) for name in "abc")
    folder.check_names(a, b)
    with pytest.raises(UsageError, match=r"--paired: .*/c has no file 2\.\*"):
        folder.check_names(a, c)
    with pytest.raises(UsageError, match=r"--paired: .*/a has no file 3\.\*"):
        folder.check_names(c, a)


def test_pairs_stand_at_the_same_place_whatever_their_suffix(tmp_path):
    for place in ("a/x.png", "a/x.k.png", "b/x.npy", "b/x.k.jpg"):
        file = tmp_path / place
        file.parent.mkdir(exist_ok=True)
        if file.suffix == ".npy":
            np.save(file, np.zeros((8, 8), np.uint8))
        else:
            Image.new("RGB", (8, 8)).save(file)
    orders = [[file.stem for file in folder.listed(str(tmp_path / n), 8)[0]] for n in "ab"]
    assert orders == [["x", "x.k"]] * 2
