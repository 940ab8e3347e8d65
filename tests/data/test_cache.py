import os

import numpy as np
import pytest

from framework.data import cache, splits


def splits_of(value):
    images = np.full((3, 2, 2, 1), value, np.uint8)
    return splits.Splits(splits.Split(images, np.arange(3)), splits.Split(images[:1], None))


@pytest.fixture
def source_file(tmp_path):
    file = tmp_path / "images.bin"
    file.write_bytes(b"1")
    return file


def test_the_cache_keeps_labels_images_and_their_absence(tmp_path, source_file):
    cache.cached(str(tmp_path), "k", [source_file], lambda: splits_of(5))
    train, test = cache.cached(str(tmp_path), "k", [source_file], lambda: 1 / 0)
    assert (train.images == 5).all() and train.labels.tolist() == [0, 1, 2]
    assert isinstance(train.images, np.memmap) and test.labels is None


def test_the_cache_is_built_anew_for_another_key_or_changed_files(tmp_path, source_file):
    cache.cached(str(tmp_path), "k", [source_file], lambda: splits_of(5))
    other = cache.cached(str(tmp_path), "other", [source_file], lambda: splits_of(6))
    assert (other.train.images == 6).all()
    source_file.write_bytes(b"22")
    changed = cache.cached(str(tmp_path), "k", [source_file], lambda: splits_of(7))
    assert (changed.train.images == 7).all()


def test_files_of_equal_size_and_time_that_exchange_their_names_are_other_data(tmp_path):
    one, two, spare = (tmp_path / name for name in ("one", "two", "spare"))
    for file in (one, two):
        file.write_bytes(b"1")
        os.utime(file, ns=(5, 5))
    cache.cached(str(tmp_path), "k", [one, two], lambda: splits_of(5))
    one.rename(spare)
    two.rename(one)
    spare.rename(two)
    found = cache.cached(str(tmp_path), "k", [one, two], lambda: splits_of(6))
    assert (found.train.images == 6).all()


def test_links_to_the_same_files_in_another_order_are_other_data(tmp_path):
    pool = [tmp_path / "pool1", tmp_path / "pool2"]
    for i, file in enumerate(pool):
        file.write_bytes(bytes(i + 1))
    for name, targets in (("a", pool), ("b", pool[::-1])):
        (tmp_path / name).mkdir()
        for i, target in enumerate(targets):
            (tmp_path / name / str(i)).symlink_to(target)
    for value, name in enumerate("ab"):
        files = [tmp_path / name / str(i) for i in range(2)]
        found = cache.cached(str(tmp_path), "k", files, lambda value=value: splits_of(value))
        assert (found.train.images == value).all()


@pytest.mark.parametrize("damage", ["cut", "gone", "empty"])
def test_a_damaged_cache_is_built_anew(tmp_path, source_file, damage):
    cache.cached(str(tmp_path), "k", [source_file], lambda: splits_of(5))
    (kept,) = (tmp_path / ".cache").glob("*/train_images.npy")
    if damage == "gone":
        kept.unlink()
    else:
        kept.write_bytes(kept.read_bytes()[:-3] if damage == "cut" else b"")
    again = cache.cached(str(tmp_path), "k", [source_file], lambda: splits_of(6))
    assert (again.train.images == 6).all()
    assert (cache.cached(str(tmp_path), "k", [source_file], lambda: 1 / 0).train.images == 6).all()
    assert len(list((tmp_path / ".cache").iterdir())) == 1


def test_the_cache_falls_back_to_the_users_and_then_to_none(tmp_path, source_file, monkeypatch):
    blocked = tmp_path / "blocked"
    blocked.write_text("a file where the folder should be")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "user"))
    cache.cached(str(blocked), "k", [source_file], lambda: splits_of(5))
    assert (tmp_path / "user" / "softgan").is_dir()
    monkeypatch.setenv("XDG_CACHE_HOME", str(blocked))
    built = cache.cached(str(blocked), "k", [source_file], lambda: splits_of(6))
    assert (built.train.images == 6).all()


def test_a_broken_off_write_leaves_no_cache(tmp_path, source_file, monkeypatch):
    def full(*_):
        raise OSError("No space left on device")

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "user"))
    monkeypatch.setattr(np, "save", full)
    built = cache.cached(str(tmp_path), "k", [source_file], lambda: splits_of(5))
    assert (built.train.images == 5).all()
    assert not list((tmp_path / ".cache").iterdir())
