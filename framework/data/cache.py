"""Keeps decoded images as memory-mapped .npy files, so that they are decoded only once."""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np

from framework.data.splits import Split, Splits


def cached(data_dir: str, key: str, files: Iterable[Path], build: Callable[[], Splits]) -> Splits:
    """Returns `build()`, or what an earlier call with the same key and unchanged files returned.

    The arrays are kept under `<data_dir>/.cache`, or in the user's cache folder where that cannot
    be written; where neither can, nothing is kept. An incomplete or unreadable entry is built
    again.

    Args:
        data_dir: the folder of all data sets.
        key: name and size of the images.
        files: the files from which `build` reads; a change of one of them starts a new entry.
        build: decodes the images.
    """
    # Links are not resolved, because labels and order come from the names of the links.
    state = [(str(file.absolute()), file.stat().st_size, file.stat().st_mtime_ns) for file in files]
    name = hashlib.sha256(json.dumps([key, state]).encode()).hexdigest()[:24]
    roots = [Path(data_dir) / ".cache", _user_cache()]
    for root in roots:
        try:
            return _read(root / name)
        except (OSError, ValueError, EOFError):
            continue
    splits = build()
    for root in roots:
        try:
            _write(root / name, splits)
            return _read(root / name)
        except (OSError, ValueError, EOFError):
            continue
    return splits


def _user_cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "softgan"


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
            np.save(new / f"{part}_images.npy", split.images)
        new.chmod(0o755)  # mkdtemp's folders are private, but several users may share the data
        shutil.rmtree(folder, ignore_errors=True)
        new.rename(folder)
    finally:
        shutil.rmtree(new, ignore_errors=True)
