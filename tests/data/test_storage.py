import dataclasses

import numpy as np
import pytest
from PIL import Image

from framework import data
from framework.data import cache, storage
from framework.data.splits import Split, Splits


def grey(value):
    return Image.new("RGB", (2, 2), (value, 0, 0))


@pytest.fixture
def images():
    """Six images whose first pixel is 10 times their row, with a list of the rows that are read."""
    read = []

    def decode(row):
        read.append(row)
        return grey(10 * row)

    found = storage.on_demand(6, 2, decode)
    found.read = read
    return found


def firsts(pixels):
    return pixels[..., 0, 0, 0].tolist()


@pytest.mark.parametrize(
    ("index", "rows"),
    [
        (2, 20),
        (-1, 50),
        (slice(1, 3), [10, 20]),
        (slice(None, None, 4), [0, 40]),
        (np.array([5, 0, 5]), [50, 0, 50]),
        ([1, 2], [10, 20]),
        (np.arange(6) % 2 == 1, [10, 30, 50]),
        (np.array([], int), []),
    ],
)
def test_images_outside_memory_are_indexed_like_an_array(images, index, rows):
    assert firsts(images[index]) == rows
    assert images[index].dtype == np.uint8 and images[index].shape[-3:] == (2, 2, 3)


def test_only_the_images_of_an_index_are_read(images):
    assert (images.shape, len(images), images.ndim, images.read) == ((6, 2, 2, 3), 6, 4, [])
    chosen = images.select(np.array([4, 2, 0])).select(slice(0, 2))
    assert images.read == [] and len(chosen) == 2
    assert firsts(chosen[:]) == [40, 20] and sorted(images.read) == [2, 4]


def test_a_function_is_applied_when_images_are_read(images):
    halves = data.mapped(images, lambda pixels: pixels / np.float32(2)).select(np.array([3]))
    assert images.read == [] and halves.dtype == np.float32
    assert firsts(halves[:]) == [15.0]
    assert data.mapped(np.array([4.0]), np.sqrt).tolist() == [2.0], "an array is mapped at once"


def test_joined_images_are_read_from_their_parts(images):
    both = data.joined([images, np.full((2, 2, 2, 3), 7, np.uint8)])
    assert both.shape == (8, 2, 2, 3) and images.read == []
    assert firsts(both[np.array([7, 1, 6, 5])]) == [7, 10, 7, 50]
    assert sorted(images.read) == [1, 5]
    plain = data.joined([np.zeros((1, 2)), np.ones((2, 2))])
    assert plain.tolist() == [[0, 0], [1, 1], [1, 1]]


def test_chunks_are_all_images_in_turn(images, monkeypatch):
    monkeypatch.setattr(storage, "CHUNK_BYTES", 2 * 12)
    parts = list(data.chunks(images))
    assert [len(part) for part in parts] == [2, 2, 2]
    assert firsts(np.concatenate(parts)) == [0, 10, 20, 30, 40, 50]


def test_a_fingerprint_is_the_same_outside_memory(images, monkeypatch):
    monkeypatch.setattr(storage, "CHUNK_BYTES", 12)
    outside = data.Domain("a", images, np.arange(6), images, None)
    inside = dataclasses.replace(outside, images=np.asarray(images))
    images.read.clear()
    assert data.fingerprint((outside,)) == data.fingerprint((inside,))
    assert images.read == [0], "every 97th image"


@pytest.mark.parametrize(
    ("version", "files"),
    [
        (2, {"memory.max": "1000", "memory.current": "700", "memory.stat": "inactive_file 50\n"}),
        (
            1,
            {
                "memory.limit_in_bytes": "1000",
                "memory.usage_in_bytes": "700",
                "memory.stat": "inactive_file 1\ntotal_inactive_file 50\n",
            },
        ),
    ],
)
def test_the_limit_of_a_container_counts(tmp_path, monkeypatch, version, files):
    top = tmp_path / "memory" if version == 1 else tmp_path
    (top / "job" / "step").mkdir(parents=True)
    for name, text in files.items():
        (top / "job" / name).write_text(text)
    own = tmp_path / "cgroup"
    own.write_text("5:cpu:/\n4:memory:/job/step\n" if version == 1 else "0::/job/step\n")
    monkeypatch.setattr(storage, "CGROUPS", tmp_path)
    monkeypatch.setattr(storage, "OWN_CGROUPS", own)
    assert storage.free_memory() == 350
    (top / "job" / "memory.max").write_text("max")
    (top / "job" / "memory.limit_in_bytes").unlink(missing_ok=True)
    assert storage.free_memory() > 10**6
    monkeypatch.setattr(storage, "OWN_CGROUPS", tmp_path / "none")
    assert storage.free_memory() > 10**6


def test_free_disk_is_of_the_nearest_folder_that_exists(tmp_path):
    assert storage.free_disk(tmp_path / "a" / "b") == pytest.approx(storage.free_disk(tmp_path))


# Where a set is kept: 30 training and 4 held-out images of 12 bytes, 408 bytes in all.


def limit(monkeypatch, memory, disk):
    monkeypatch.setattr(storage, "free_memory", lambda: memory)
    monkeypatch.setattr(storage, "free_disk", lambda folder: disk)


LARGE, SMALL = 10**9, 1631  # a quarter of 1,631 bytes is less than 408


@pytest.fixture
def kept(tmp_path, monkeypatch):
    """A function that reads the set with so much memory and disk."""
    file = tmp_path / "file"
    file.write_bytes(b"1")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "user"))

    def read(memory, disk, least=0):
        limit(monkeypatch, memory, disk)
        parts = (
            Split(storage.on_demand(count, 2, lambda i: grey(3 * i)), np.arange(count))
            for count in (30, 4)
        )
        return cache.cached(str(tmp_path), "k", [file], lambda: Splits(*parts), "cats", least)

    return read


def is_right(splits):
    assert firsts(splits.train.images[:]) == [3 * i for i in range(30)]
    assert firsts(splits.test.images[:]) == [0, 3, 6, 9]
    assert splits.train.labels.tolist() == list(range(30))
    return True


def test_a_small_set_is_kept_on_disk_and_read_into_memory(kept, tmp_path, capsys):
    assert is_right(kept(LARGE, LARGE)) and is_right(kept(LARGE, 0)), "the second time it is there"
    assert isinstance(kept(LARGE, 0).train.images, np.ndarray)
    assert len(list((tmp_path / ".cache").iterdir())) == 1 and not capsys.readouterr().out


def test_few_images_are_not_kept(kept, tmp_path):
    assert is_right(kept(LARGE, LARGE, least=35)) and not (tmp_path / ".cache").exists()
    kept(LARGE, LARGE, least=34)
    assert (tmp_path / ".cache").exists()


def test_a_set_that_is_copied_in_memory_needs_three_times_its_size(kept, tmp_path):
    size = 34 * 2 * 2 * 3  # bytes of all images; a quarter of the memory may be used
    kept(3 * 4 * size, LARGE, least=35)
    assert not (tmp_path / ".cache").exists()
    kept(3 * 4 * size - 4, LARGE, least=35)
    assert (tmp_path / ".cache").exists()


def test_a_large_set_is_read_from_disk(kept, tmp_path, capsys):
    splits = kept(SMALL, LARGE, least=35)
    assert isinstance(splits.train.images, storage.StoredImages) and is_right(splits)
    (entry,) = (tmp_path / ".cache").iterdir()
    expected = "cats: 34 images x 2 x 2 x 3 bytes = 0.0 GB, a large part of the free memory: "
    assert capsys.readouterr().out == f"{expected}decoded once, into {entry}\n"
    assert is_right(kept(SMALL, LARGE)), "the second time it is there"
    assert capsys.readouterr().out == f"{expected}read from {entry}\n"


def test_the_way_is_told_before_the_first_image_is_decoded(tmp_path, monkeypatch, capsys):
    limit(monkeypatch, 1, LARGE)
    told = []

    def decode(row):
        told.append("decoded once, into" in capsys.readouterr().out)
        return grey(row)

    part = Split(storage.on_demand(1, 2, decode), None)
    cache.cached(str(tmp_path), "k", [], lambda: Splits(part, part), "cats")
    assert told == [True, False], "in the first capture of the output"


def test_without_a_disk_a_set_is_decoded_into_memory_only_where_its_copies_fit(kept):
    needed = 3 * 34 * 2 * 2 * 3
    assert isinstance(kept(4 * needed, 0).train.images, np.ndarray)
    assert isinstance(kept(4 * needed - 1, 0).train.images, storage.StoredImages)


def test_what_the_disk_cannot_hold_is_decoded_on_demand(kept, tmp_path, capsys):
    splits = kept(SMALL, 450)
    assert isinstance(splits.train.images, storage.StoredImages) and is_right(splits)
    assert not (tmp_path / ".cache").exists(), "a tenth of the disk stays free"
    assert capsys.readouterr().out.endswith("or the free memory: decoded whenever they are read\n")
    assert is_right(kept(SMALL, 454)) and (tmp_path / ".cache").exists()


def test_a_disk_that_is_full_after_all_is_not_used(kept, tmp_path, monkeypatch):
    def full(*_):
        raise OSError("No space left on device")

    monkeypatch.setattr(np, "save", full)
    assert is_right(kept(SMALL, LARGE)) and is_right(kept(LARGE, LARGE))
    assert not list((tmp_path / ".cache").iterdir())
