"""Images that do not fit into memory: they are read from disk, or decoded, when they are needed.

How much memory and disk a data set may take is decided here and in `cache`.
"""

import itertools
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import psutil
from PIL import Image

from framework.data.decode import decode_all

MEMORY_SHARE = 0.25  # of the free memory, which a decoded data set may take
COPIES = 3  # of an array, while TensorFlow copies it into a tensor
DISK_MARGIN = 0.1  # of the free disk space, which stays free
CHUNK_BYTES = 2**26  # images that are read at once when all of them are read in turn
CGROUPS, OWN_CGROUPS = Path("/sys/fs/cgroup"), Path("/proc/self/cgroup")
# By version: the folder in CGROUPS, the file with the limit, the file with what is used, and the
# part of it in `memory.stat` that the system can take back.
CGROUP_FILES = {
    "": ("", "memory.max", "memory.current", "inactive_file"),
    "memory": (
        "memory", "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file",
    ),
}  # fmt: skip


class StoredImages:
    """Images that are not in memory, read like an array [N, H, W, C].

    `images[index]` reads only the images of the index (a number, a slice, an array of numbers or a
    mask) and returns an array. `select` chooses images without reading them.

    Attributes:
        shape: (N, H, W, C).
        dtype: uint8, or float32 after `mapped`.
    """

    ndim = 4

    def __init__(
        self,
        read: Callable[[np.ndarray], np.ndarray],
        rows: np.ndarray,
        image_shape: tuple[int, ...],
        dtype: type = np.uint8,
    ):
        """Describes the images.

        Args:
            read: reads the images of some rows, int64 [n] -> [n, H, W, C].
            rows: the rows of these images, in their order, int64 [N].
            image_shape: (H, W, C).
            dtype: type of the pixels.
        """
        self._read, self._rows = read, rows
        self.shape = len(rows), *image_shape
        self.dtype = np.dtype(dtype)

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, index: int | slice | list[int] | np.ndarray) -> np.ndarray:
        rows = self._rows[index]
        if rows.ndim == 0:
            return self._read(rows[None])[0]
        return self._read(rows) if len(rows) else np.empty((0, *self.shape[1:]), self.dtype)

    def __array__(self, dtype: np.dtype | None = None, copy: bool | None = None) -> np.ndarray:
        return np.asarray(self[:], dtype)

    def select(self, index: slice | np.ndarray) -> "StoredImages":
        """Returns the images at an index, without reading them."""
        return StoredImages(self._read, self._rows[index], self.shape[1:], self.dtype.type)

    def mapped(
        self, function: Callable[[np.ndarray], np.ndarray], dtype: type = np.float32
    ) -> "StoredImages":
        """Returns the images with a function applied whenever they are read; the shape stays."""
        read = self._read
        return StoredImages(lambda rows: function(read(rows)), self._rows, self.shape[1:], dtype)


Images = np.ndarray | StoredImages


def on_demand(count: int, size: int, decode: Callable[[int], Image.Image]) -> StoredImages:
    """Returns images that are decoded whenever they are read.

    Args:
        count: number of images.
        size: height and width of what `decode` returns.
        decode: index from 0 to count - 1 -> RGB image.
    """

    def read(rows: np.ndarray) -> np.ndarray:
        return decode_all(len(rows), size, lambda i: decode(int(rows[i])))

    return StoredImages(read, np.arange(count), (size, size, 3))


def on_disk(images: np.ndarray) -> StoredImages:
    """Returns the images of a memory-mapped array, which are read from the disk when needed."""
    return StoredImages(lambda rows: images[rows], np.arange(len(images)), images.shape[1:])


def select(images: Images, index: slice | np.ndarray) -> Images:
    """Returns the images at an index; images that are not in memory are not read."""
    return images.select(index) if isinstance(images, StoredImages) else images[index]


def mapped(images: Images, function: Callable[[np.ndarray], np.ndarray]) -> Images:
    """Returns `function` of images, float32 of the same shape; applied later to `StoredImages`."""
    return images.mapped(function) if isinstance(images, StoredImages) else function(images)


def joined(parts: Sequence[Images]) -> Images:
    """Returns the images of all parts, one part after the other.

    Images that are not in memory are not read.
    """
    if len(parts) == 1:
        return parts[0]
    if not any(isinstance(part, StoredImages) for part in parts):
        return np.concatenate([np.asarray(part) for part in parts])
    starts = np.cumsum([0, *map(len, parts)])
    first = parts[0]

    def read(rows: np.ndarray) -> np.ndarray:
        found = np.empty((len(rows), *first.shape[1:]), first.dtype)
        for part, start, stop in zip(parts, starts[:-1], starts[1:], strict=True):
            own = (rows >= start) & (rows < stop)
            found[own] = part[rows[own] - start]
        return found

    return StoredImages(read, np.arange(starts[-1]), first.shape[1:], first.dtype.type)


def chunks(images: Images) -> Iterator[np.ndarray]:
    """Returns the images in turn, as arrays of a few at a time that fit into memory."""
    count = max(1, CHUNK_BYTES * len(images) // max(1, bytes_of(images)))
    return (np.ascontiguousarray(images[i : i + count]) for i in range(0, len(images), count))


def bytes_of(images: Images) -> int:
    """Returns the bytes that the images take in memory when all of them are decoded."""
    return int(np.prod(images.shape, dtype=np.int64)) * images.dtype.itemsize


def fits_memory(size: int, taken: int = 0) -> bool:
    """Returns whether a data set of `size` bytes, `taken` of them already used, fits in memory."""
    return size <= MEMORY_SHARE * (free_memory() + taken)


def fits_disk(size: int, folder: Path) -> bool:
    """Returns whether a data set of so many bytes may be written to a folder."""
    return size <= (1 - DISK_MARGIN) * free_disk(folder)


def free_memory() -> int:
    """Returns the bytes of memory that this process may still use."""
    return min([psutil.virtual_memory().available, *_free_in_cgroups()])


def free_disk(folder: Path) -> int:
    """Returns the bytes free on the disk of a folder that may not exist yet; 0 if unknown."""
    for path in itertools.chain([folder], folder.absolute().parents):
        if path.exists():
            try:
                return shutil.disk_usage(path).free
            except OSError:
                return 0
    return 0


def _free_in_cgroups() -> Iterator[int]:
    """Returns what the limits of each container around this process leave of the memory."""
    try:
        lines = OWN_CGROUPS.read_text().splitlines()
    except OSError:  # not Linux
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        for controller in CGROUP_FILES.keys() & {*controllers.split(",")}:
            top, limit, used, reclaimable = CGROUP_FILES[controller]
            own = CGROUPS / top / path.lstrip("/")
            for folder in (own, *own.parents):
                if folder.is_relative_to(CGROUPS):
                    yield from _free_in(folder, limit, used, reclaimable)


def _free_in(folder: Path, limit: str, used: str, reclaimable: str) -> Iterator[int]:
    """Returns what the limit of one group leaves; nothing where there is no limit."""
    try:
        free = int((folder / limit).read_text()) - int((folder / used).read_text())
        rows = [line.split() for line in (folder / "memory.stat").read_text().splitlines()]
    except (OSError, ValueError):  # no such file, or the limit is "max"
        return
    yield max(0, free + sum(int(row[1]) for row in rows if row[0] == reclaimable))
