"""Keeps decoded images as memory-mapped .npy files, so that they are decoded only once."""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np

from framework.data import storage
from framework.data.splits import Split, Splits
from framework.data.storage import StoredImages

Build = Callable[[], Splits]


def cached(
    data_dir: str, key: str, files: Iterable[Path], build: Build, title: str = "", least: int = 0
) -> Splits:
    """Returns `build()`, or what an earlier call with the same key and unchanged files returned.

    The arrays are kept under `<data_dir>/.cache`, or in the user's cache folder where that cannot
    be written. An incomplete or unreadable entry is built again. Images that take more than a
    quarter of the free memory are not read into memory: they are `StoredImages`, which read from
    these files or, where the disk is too small for them, decode the images whenever they are read.
    Which way was chosen is printed.

    Args:
        data_dir: the folder of all data sets.
        key: name and size of the images.
        files: the files from which `build` reads; a change of one of them starts a new entry.
        build: returns the images; `StoredImages` are not decoded before they are kept.
        title: name of the images for the printed line; empty for the key.
        least: number of images from which on they are kept; fewer are decoded every time.
    """
    # Links are not resolved, because labels and order come from the names of the links.
    states = ((file, file.stat()) for file in files)
    state = [(str(f.absolute()), s.st_ino, s.st_size, s.st_mtime_ns) for f, s in states]
    name = hashlib.sha256(json.dumps([key, state]).encode()).hexdigest()[:24]
    folders = [Path(data_dir) / ".cache" / name, _user_cache() / name]
    for folder in folders:
        try:
            return _placed(_read(folder), title or key, folder)
        except (OSError, ValueError, EOFError):
            continue
    return _keep(build(), folders, title or key, least)


def _keep(splits: Splits, folders: list[Path], title: str, least: int) -> Splits:
    """Returns images in the way that memory and disk allow; arguments as for `cached`."""
    needed = sum(storage.bytes_of(split.images) for split in splits)
    is_small = storage.fits_memory(needed)  # for a memory-mapped file, which is no copy
    fits = storage.fits_memory(storage.COPIES * needed)
    if fits and sum(len(split.images) for split in splits) < least:
        return _in_memory(splits)
    for folder in folders:
        if not storage.fits_disk(needed, folder):
            continue
        if not is_small:
            estimate = _estimate(splits, title)
            print(f"{estimate}, a large part of the free memory: decoded once, into {folder}")
        try:
            _write(folder, splits)
            return _placed(_read(folder), title if is_small else "", folder)
        except (OSError, ValueError, EOFError):
            continue
    if fits or not any(isinstance(split.images, StoredImages) for split in splits):
        return _in_memory(splits)
    room = f"more than the free disk space of {folders[0].parent} or the free memory"
    print(f"{_estimate(splits, title)}, {room}: decoded whenever they are read")
    return splits


def _user_cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "softgan"


def _in_memory(splits: Splits) -> Splits:
    return Splits(*(Split(np.asarray(split.images), split.labels) for split in splits))


def _placed(splits: Splits, title: str, folder: Path) -> Splits:
    """Returns what was read from an entry, as `StoredImages` where memory is too small.

    That is printed, unless `title` is empty.
    """
    if storage.fits_memory(sum(storage.bytes_of(split.images) for split in splits)):
        return splits
    if title:
        print(f"{_estimate(splits, title)}, a large part of the free memory: read from {folder}")
    return Splits(
        *(Split(storage.on_disk(np.asarray(split.images)), split.labels) for split in splits)
    )


def _estimate(splits: Splits, title: str) -> str:
    """Returns how many bytes the decoded images take, in words."""
    count, shape = sum(len(split.images) for split in splits), splits.train.images.shape[1:]
    size = " x ".join(map(str, (f"{count:,} images", *shape)))
    return f"{title}: {size} bytes = {count * np.prod(shape) / 1e9:.1f} GB"


def _read(folder: Path) -> Splits:
    def split(part: str) -> Split:
        labels = np.load(folder / f"{part}_labels.npy")
        images = np.load(folder / f"{part}_images.npy", mmap_mode="r")
        return Split(images, labels if labels.size else None)

    return Splits(split("train"), split("test"))


def _write(folder: Path, splits: Splits) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    new = Path(tempfile.mkdtemp(dir=folder.parent))
    try:
        for part, split in splits._asdict().items():
            labels = np.zeros(0, np.int64) if split.labels is None else split.labels
            np.save(new / f"{part}_labels.npy", labels)
            _save(new / f"{part}_images.npy", split.images)
        new.chmod(0o755)  # mkdtemp's folders are private, but several users may share the data
        shutil.rmtree(folder, ignore_errors=True)
        new.rename(folder)
    finally:
        shutil.rmtree(new, ignore_errors=True)


def _save(file: Path, images: storage.Images) -> None:
    """Writes images as an .npy file, a few at a time."""
    header: dict[str, Any] = dict(
        descr=np.lib.format.dtype_to_descr(images.dtype), fortran_order=False, shape=images.shape
    )
    # Not through a memory map: where the disk is full, writing to one kills the process.
    with file.open("wb") as target:
        np.lib.format.write_array_header_1_0(target, header)
        for chunk in storage.chunks(images):
            target.write(chunk.data)
