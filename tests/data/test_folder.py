import os
import unicodedata

import numpy as np
import pytest
from PIL import Image

from framework.data import folder
from framework.errors import MissingError, UsageError


def save(file, size=(12, 12), mode="RGB", colour=None):
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size, colour if colour is not None else 0).save(file)
    return file


def fill(root, count=20, suffix=".png", **kwargs):
    for i in range(count):
        save(root / f"{i:03}{suffix}", **kwargs)
    return root


def read(*roots, size=8, **options):
    """Splits and classes of one folder; a list of them for several."""
    loaded = folder.read([*map(str, roots)], size, str(roots[0].parent), **options)
    found = [(each.splits, each.classes) for each in loaded]
    return found[0] if len(found) == 1 else found


def first(root):
    return read(root)[0].train.images[0]


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


def test_images_beside_folders_of_images_are_all_read_without_classes(tmp_path, capsys):
    fill(fill(fill(tmp_path / "a", count=2) / "cat", count=2).parent / "dog" / "old", count=2)
    (train, test), classes = read(tmp_path / "a")
    assert len(train.images) + len(test.images) == 6 and train.labels is None and classes == ()
    assert "domain 1 (a): 5 training, 1 held out; no classes, because" in capsys.readouterr().out


def test_folders_are_classes_whatever_lies_deeper_in_them(tmp_path):
    for place, colour in (("cat/x/y", 7), ("cat", 7), ("dog/z", 9), ("empty/w", None)):
        (tmp_path / "a" / place).mkdir(parents=True, exist_ok=True)
        if colour:
            fill(tmp_path / "a" / place, count=10, colour=(colour, 0, 0))
    (train, test), classes = read(tmp_path / "a")
    assert classes == ("cat", "dog") and len(train.images) == 27 and len(test.images) == 3
    assert set(train.images[train.labels == 0][..., 0].ravel()) == {7}
    assert set(train.images[train.labels == 1][..., 0].ravel()) == {9}


def test_one_folder_with_all_images_is_no_class(tmp_path):
    fill(tmp_path / "a" / "all" / "1", count=3)
    fill(tmp_path / "a" / "all" / "2", count=3)
    (train, test), classes = read(tmp_path / "a")
    assert classes == () and len(train.images) + len(test.images) == 6


@pytest.mark.parametrize("names", [("010", "002"), ("b/1", "a/2"), ("a", "a/b")])
def test_files_are_in_the_order_of_their_names(tmp_path, names):
    """Runs of all versions hold out the same files."""
    for name in names:
        save(tmp_path / "a" / f"{name}.png")
    found = folder.find_images(tmp_path / "a").files
    places = [file.relative_to(tmp_path / "a").with_suffix("").as_posix() for file in found]
    assert places == sorted(places, key=lambda name: (name.split("/")[:-1], name))


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
        np.full((9, 9, 3), 51 * 257, np.uint16),
        np.full((9, 9), 51 * 257, ">u2"),
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
        (np.full((9, 9), 1.5), "floats outside"),
        (np.full((9, 9), -0.5), "floats outside"),
        (np.full((9, 9), np.nan), "floats outside"),
        (np.zeros((9, 9), np.int32), "int32"),
        (np.zeros((9, 9), np.uint32), "uint32"),
        (np.zeros((9, 9, 2), np.uint8), "shape"),
        (np.zeros((2, 9, 9, 3), np.uint8), "shape"),
        (np.array(["a"], object), "pickle"),
    ],
)
def test_other_npy_files_are_refused_by_name(tmp_path, array, reason):
    np.save(tmp_path / "a.npy", array, allow_pickle=True)
    np.save(tmp_path / "b.npy", np.zeros((9, 9), np.uint8))
    with pytest.raises(MissingError, match=f"a.npy.*{reason}") as caught:
        read(tmp_path)
    assert caught.value.code == 3


def test_an_archive_is_no_npy_file(tmp_path):
    with (tmp_path / "a.npy").open("wb") as file:
        np.savez(file, np.zeros((9, 9), np.uint8))
    np.save(tmp_path / "b.npy", np.zeros((9, 9), np.uint8))
    with pytest.raises(MissingError, match="a.npy.*archive"):
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
        read(root, size=size)
    text = str(caught.value)
    assert "\n" not in text
    for word in words:
        assert word in text
    assert not (root.parent / ".cache").exists()
    return caught.value.code


def test_a_missing_or_empty_folder(tmp_path):
    assert fails(tmp_path / "none", MissingError, [str(tmp_path / "none")]) == 3
    (tmp_path / "empty").mkdir()
    assert fails(tmp_path / "empty", MissingError, ["empty", "png"]) == 3
    (tmp_path / "empty" / "a.txt").touch()
    (tmp_path / "empty" / "b.heic").touch()
    words = ["a.txt (no image)", "b.heic (heic is not read, save it as png or jpg)"]
    assert fails(tmp_path / "empty", MissingError, words) == 3


def test_a_folder_of_one_image(tmp_path):
    assert fails(fill(tmp_path / "a", 1), UsageError, ["1 image", "at least 2"]) == 2


def test_all_images_smaller_than_asked_are_told_at_once(tmp_path):
    root = fill(tmp_path / "a", 3, size=(40, 40))
    save(root / "small.png", size=(30, 20))
    words = ["1 image in", "is smaller", "small.png (30x20)", "--image_size 32"]
    assert fails(root, UsageError, words, size=32) == 2
    fill(root / "b", 24, size=(9, 9))
    words = ["25 images in", "are smaller", "b/000.png (9x9)", "b/019.png (9x9), and 5 more"]
    assert fails(root, UsageError, words, size=32) == 2


def test_all_unreadable_files_are_told_at_once(tmp_path):
    root = fill(tmp_path / "a", 40)
    for i in range(25):
        (root / f"x{i:02}.png").write_bytes(b"no image")
    words = ["cannot read 25 files in", ": x00.png (no image", "x19.png (", "and 5 more"]
    assert fails(root, MissingError, words) == 3


def test_all_dangling_links_are_told_at_once(tmp_path):
    root = fill(tmp_path / "a", 12)
    for i in range(3):
        (root / f"x{i}.png").symlink_to(tmp_path / "gone.png")
    (root / "folder").symlink_to(tmp_path / "gone")
    words = ["cannot read 4 files", "x0.png (dangling link)", "x2.png", "folder (dangling"]
    assert fails(root, MissingError, words) == 3


@pytest.mark.skipif(os.geteuid() == 0, reason="the administrator may read everything")
def test_files_and_folders_without_permission_are_told_at_once(tmp_path):
    root = fill(tmp_path / "a", 4)
    fill(root / "closed", 4).chmod(0)
    (root / "000.png").chmod(0)
    try:
        words = ["cannot read 2 files", "000.png (no permission)", "closed (Permission denied)"]
        assert fails(root, MissingError, words) == 3
    finally:
        (root / "closed").chmod(0o700)


def test_files_without_permission_are_told(tmp_path, monkeypatch):
    root = fill(tmp_path / "a", 4)
    monkeypatch.setattr(os, "access", lambda path, mode: path.name != "002.png")
    assert fails(root, MissingError, ["002.png (no permission)"]) == 3


def test_links_that_cannot_be_followed_are_told(tmp_path):
    root = fill(tmp_path / "a", 2)
    (root / "circle.png").symlink_to(root / "circle.png")
    assert fails(root, MissingError, ["circle.png (Too many levels of symbolic links)"]) == 3


def test_links_to_images_and_folders_are_followed_once(tmp_path):
    real = save(tmp_path / "real" / "1.png")
    root = tmp_path / "a"
    root.mkdir()
    for i in range(3):
        (root / f"{i}.png").symlink_to(real)
    (root / "more").symlink_to(real.parent)
    (root / "circle").symlink_to(root)
    found = folder.find_images(root)
    names = [str(file.relative_to(root)) for file in found.files]
    assert names == ["0.png", "1.png", "2.png", "more/1.png"]
    assert found.skipped == ((root / "circle", "link to a folder that is read already"),)


def test_folders_that_link_to_each_other_are_read_once(tmp_path):
    folders = [tmp_path / "a" / f"{i}" for i in range(9)]
    for place in folders:
        save(place / "1.png")
    for place in folders:
        for other in folders:
            (place / f"to_{other.name}").symlink_to(other)
    found = folder.find_images(tmp_path / "a")
    names = [str(file.relative_to(tmp_path / "a")) for file in found.files]
    assert names == [f"{i}/1.png" for i in range(9)]
    assert len(found.skipped) == 9 * 9, "each link is told"
    assert {why for _, why in found.skipped} == {"link to a folder that is read already"}


def test_a_single_file_is_found(tmp_path):
    image = save(tmp_path / "1.png")
    assert folder.find_images(image) == ((image,), ())
    for name in ("1.txt", "none.png", "link.png"):
        (tmp_path / "1.txt").touch()
        (tmp_path / "link.png").unlink(missing_ok=True)
        (tmp_path / "link.png").symlink_to(tmp_path / "gone")
        with pytest.raises(MissingError, match=name):
            folder.find_images(tmp_path / name)


def test_a_line_tells_what_is_used_and_what_is_skipped(tmp_path, capsys):
    root = fill(tmp_path / "cats", 20)
    for name in ("notes.txt", "a.heic", "sub/b.json", "sub/c", ".DS_Store"):
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).touch()
    read(root)
    (line,) = capsys.readouterr().out.splitlines()
    assert line == (
        "domain 1 (cats): 18 training, 2 held out; skipped 4: a.heic (heic is not read, save it "
        "as png or jpg), notes.txt (no image), sub/b.json (no image), and 1 more"
    )


def test_a_line_tells_the_classes(tmp_path, capsys):
    for name in "abcde":
        fill(tmp_path / "x" / name, 4)
    read(tmp_path / "x")
    assert capsys.readouterr().out == (
        "domain 1 (x): 18 training, 2 held out; 5 classes: a, b, c, and 2 more\n"
    )


def test_names_of_any_bytes_are_read_and_told(tmp_path, capsys):
    root = fill(tmp_path / "a", 3)
    (root / os.fsdecode(b"\xff.txt")).touch()
    save(root / "x.png").rename(root / os.fsdecode(b"\xfe.png"))
    assert len(read(root)[0].train.images) == 3
    assert "skipped 1: \\xff.txt (no image)" in capsys.readouterr().out


def test_a_single_image_that_is_not_enough_is_named(tmp_path):
    root = fill(tmp_path / "a", 20)
    one = sorted(root.iterdir())[0]
    with pytest.raises(UsageError, match=f"{one.name}: 1 image: a domain needs at least 2"):
        read(root, one)


def test_one_image_is_enough_where_it_is_allowed(tmp_path):
    one, others = save(tmp_path / "1.png", colour=(5, 0, 0)), fill(tmp_path / "b", 20)
    (first, _), (second, _) = read(one, others, allow_one=True)
    assert first.train.images[:, 0, 0].tolist() == [[5, 0, 0]]
    assert first.test.images.shape == (0, 8, 8, 3) and len(second.test.images) == 2
    with pytest.raises(UsageError, match="1 image: a domain needs at least 2"):
        read(others, one, allow_one=True)


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
    assert fails(root, MissingError, [file.name, "cannot read"]) == 3


def test_a_text_file_called_png(tmp_path):
    root = fill(tmp_path / "a", 3)
    (root / "x.png").write_text("no image")
    assert fails(root, MissingError, ["x.png"]) == 3


def test_large_folders_are_decoded_once(tmp_path, monkeypatch):
    monkeypatch.setattr(folder, "CACHE_FROM", 20)
    root = fill(tmp_path / "a", 20, colour=(3, 4, 5))
    before = read(root)[0]
    monkeypatch.setattr(folder, "_image", None)
    after = read(root)[0]
    np.testing.assert_array_equal(before.train.images, after.train.images)
    assert isinstance(after.train.images, np.memmap) and after.train.labels is None


def number(file, value):
    """Saves an image whose pixels are a number."""
    file.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.full((8, 8), value, np.uint8)
    if file.suffix == ".npy":
        np.save(file, pixels)
    else:
        Image.fromarray(pixels).save(file, **(dict(quality=100) if "j" in file.suffix else {}))


SUFFIX_ORDERS = [
    (".png", ".jpg", ".bmp", ".npy", ".tif"),
    (".bmp", ".png", ".npy", ".tif", ".PNG"),
]
NAMES = [f"{i:02}" for i in range(1, 9)] + ["A", "b", "Z", "x.k", "x", "sub/1", "sub/a", "Sub 2/1"]


@pytest.mark.parametrize("change", [str, str.upper, str.lower])
def test_pairs_have_the_same_name_whatever_their_suffix_and_case(tmp_path, change):
    for domain, suffixes in zip("ab", SUFFIX_ORDERS, strict=True):
        for i, name in enumerate(NAMES):
            name = change(name) if domain == "b" else name
            number(tmp_path / domain / f"{name}{suffixes[i % len(suffixes)]}", 10 * i)
    for first_part, second_part in zip(
        *(splits for splits, _ in read(tmp_path / "a", tmp_path / "b", pairs=True)), strict=True
    ):
        np.testing.assert_array_equal(first_part.images, second_part.images)
    assert len(first_part.images) == 1


def test_the_two_ways_to_write_an_accent_are_one_name(tmp_path):
    for i, name in enumerate("éöñ"):
        number(tmp_path / "a" / f"{unicodedata.normalize('NFC', name)}.png", 10 * i)
        number(tmp_path / "b" / f"{unicodedata.normalize('NFD', name)}.png", 10 * i)
    (one, _), (two, _) = read(tmp_path / "a", tmp_path / "b", pairs=True)
    np.testing.assert_array_equal(one.train.images, two.train.images)


def test_two_files_of_one_name_are_no_pair(tmp_path):
    for domain, double in (("a", "01"), ("b", "13")):
        for i in range(1, 14):
            number(tmp_path / domain / f"{i:02}.png", i)
        number(tmp_path / domain / f"{double}.jpg", i)
    with pytest.raises(UsageError, match=r"--paired: .*/a has 01\.png beside 01\.jpg: of each"):
        read(tmp_path / "a", tmp_path / "b", pairs=True)
    (tmp_path / "a/01.jpg").rename(tmp_path / "a/X.jpg")
    (tmp_path / "a/x.png").write_bytes((tmp_path / "a/01.png").read_bytes())
    with pytest.raises(UsageError, match=r"--paired: .*/a has x\.png beside X\.jpg"):
        read(tmp_path / "a", tmp_path / "b", pairs=True)


def test_files_without_a_partner_are_all_told(tmp_path):
    for domain, names in (("a", range(30)), ("b", range(5, 35))):
        for i in names:
            number(tmp_path / domain / "x" / f"{i:02}.png", i)
    a, b = tmp_path / "a", tmp_path / "b"
    words = r"--paired: .*/b has no partners of x/00\.png, .*04\.png: add or remove"
    with pytest.raises(UsageError, match=words):
        read(a, b, pairs=True)
    for file in list((b / "x").iterdir())[:-2]:
        file.unlink()
    with pytest.raises(UsageError, match=r"/b has no partners .*and \d more: add or remove"):
        read(a, b, pairs=True)


def test_links_to_one_image_are_decoded_once_to_find_all_faults(tmp_path, monkeypatch):
    file = save(tmp_path / "bad.png")
    file.write_bytes(b"nothing")
    root = fill(tmp_path / "a", 2)
    for i in range(50):
        (root / f"x{i}.png").symlink_to(file)
    calls = []
    monkeypatch.setattr(
        folder, "decoded_file", lambda file: calls.append(file) or Image.new("L", (9, 9))
    )
    with pytest.raises(MissingError, match="cannot read"):
        read(root)
    assert len(calls) == 3
