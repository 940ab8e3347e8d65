"""Readers of the files in which the data sets were published.

Each takes a folder and returns `Splits`, or None when its files are not there; a damaged file
raises MissingError with its name.
"""

import bz2
import gzip
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np

from framework.errors import MissingError


def mixed_order(count: int) -> np.ndarray:
    """The places 0..count-1 in a fixed random order."""
    return np.random.default_rng(0).permutation(count)


class Split(NamedTuple):
    """Uint8 images [N, H, W, C] and int64 labels: classes [N], attributes 0/1 [N, K], or None.

    Of a set of points, `images` are float32 [N, 2].
    """

    images: np.ndarray
    labels: np.ndarray | None

    def mixed(self) -> "Split":
        """In a fixed random order, for sets that are sorted by class: any first n is a sample."""
        order = mixed_order(len(self.images))
        return Split(self.images[order], None if self.labels is None else self.labels[order])


class Splits(NamedTuple):
    """The training and the held-out part of a source."""

    train: Split
    test: Split


Reader = Callable[[Path], Splits | None]


def first_of(*readers: Reader) -> Reader:
    """A reader that takes the first format whose files are there."""

    def read(folder: Path) -> Splits | None:
        found = (reader(folder) for reader in readers)
        return next((splits for splits in found if splits is not None), None)

    return read


def read_idx(folder: Path) -> Splits | None:
    """MNIST's {train,t10k}-{images-idx3,labels-idx1}-ubyte, each plain or .gz."""
    files = [
        _plain_or_packed(folder / f"{part}-{kind}-ubyte", ".gz")
        for part in ("train", "t10k")
        for kind in ("images-idx3", "labels-idx1")
    ]
    if not all(files):
        return None
    arrays = [_idx(file) for file in files]
    return Splits(
        _split(files[0], arrays[0][..., None], arrays[1]),
        _split(files[2], arrays[2][..., None], arrays[3]),
    )


def read_mat(folder: Path) -> Splits | None:
    """SVHN's {train,test}_32x32.mat: X [32, 32, 3, N], y [N, 1] with 10 for the digit 0."""
    return _per_split(folder, "{}_32x32.mat", _mat)


def read_npz(folder: Path) -> Splits | None:
    """{train,test}.npz with `image` uint8 [N, H, W, C] and `label` [N]."""
    return _per_split(folder, "{}.npz", _npz)


def read_usps_npz(folder: Path) -> Splits | None:
    """usps.npz with x_train, y_train, x_test, y_test; images uint8 [N, 16, 16]."""
    file = folder / "usps.npz"
    if not file.exists():
        return None
    with _naming(file), np.load(file) as arrays:
        parts = [(arrays[f"x_{part}"], arrays[f"y_{part}"]) for part in ("train", "test")]
    return Splits(*(_split(file, _grey16(images), labels) for images, labels in parts))


def read_usps_libsvm(folder: Path) -> Splits | None:
    """LIBSVM's usps and usps.t, plain or .bz2: rows `label 1:v .. 256:v`, label 10 for 9."""
    files = [_plain_or_packed(folder / name, ".bz2") for name in ("usps", "usps.t")]
    return Splits(*map(_libsvm, files)) if all(files) else None


def read_usps_h5(folder: Path) -> Splits | None:
    """usps.h5 with groups train and test of `data` [N, 256] in [0, 1] and `target` [N]."""
    file = folder / "usps.h5"
    if not file.exists():
        return None
    import h5py

    with _naming(file), h5py.File(file) as groups:
        parts = [(groups[part]["data"][:], groups[part]["target"][:]) for part in ("train", "test")]
    return Splits(*(_split(file, _grey16(np.rint(x * 255)), y) for x, y in parts))


@contextmanager
def _naming(file: Path) -> Iterator[None]:
    try:
        yield
    except MissingError:
        raise
    except Exception as error:  # each format's library has errors of its own
        reason = " ".join(str(error).split()) or type(error).__name__
        raise MissingError(
            f"{file} is damaged or not what its name says ({reason}): fetch it again"
        ) from error


def _plain_or_packed(file: Path, packed: str) -> Path | None:
    candidates = (file, file.with_name(file.name + packed))
    return next((path for path in candidates if path.is_file()), None)


def _per_split(folder: Path, pattern: str, read: Callable[[Path], Split]) -> Splits | None:
    files = [folder / pattern.format(part) for part in ("train", "test")]
    return Splits(*map(read, files)) if all(file.is_file() for file in files) else None


def _split(file: Path, images: np.ndarray, labels: np.ndarray) -> Split:
    labels = labels.reshape(-1).astype(np.int64)
    with _naming(file):
        if images.ndim != 4 or images.shape[3] not in (1, 3) or images.dtype != np.uint8:
            raise ValueError(f"images are {images.dtype} {images.shape}")
        if len(images) != len(labels) or len(images) == 0:
            raise ValueError(f"{len(images)} images, {len(labels)} labels")
    return Split(images, labels)


def _idx(file: Path) -> np.ndarray:
    with _naming(file):
        packed = file.suffix == ".gz"
        raw = gzip.decompress(file.read_bytes()) if packed else file.read_bytes()
        if raw[:3] != b"\0\0\x08":
            raise ValueError("no idx header")
        axes = raw[3]
        shape = np.frombuffer(raw, ">i4", axes, offset=4)
        return np.frombuffer(raw, np.uint8, offset=4 + 4 * axes).reshape(shape)


def _mat(file: Path) -> Split:
    import scipy.io

    with _naming(file):
        arrays = scipy.io.loadmat(file, variable_names=("X", "y"))
        images = np.ascontiguousarray(np.moveaxis(arrays["X"], 3, 0))
        return _split(file, images, arrays["y"] % 10)


def _npz(file: Path) -> Split:
    with _naming(file), np.load(file) as arrays:
        return _split(file, arrays["image"], arrays["label"])


def _libsvm(file: Path) -> Split:
    with _naming(file):
        opened = bz2.open(file, "rt") if file.suffix == ".bz2" else open(file)
        with opened as lines:
            rows = [line.split() for line in lines]
        values = np.array([[float(pair.split(":")[1]) for pair in row[1:]] for row in rows])
        labels = np.array([int(float(row[0])) - 1 for row in rows])
        return _split(file, _grey16(np.rint((values + 1) * 127.5)), labels)


def _grey16(pixels: np.ndarray) -> np.ndarray:
    return pixels.reshape(-1, 16, 16, 1).astype(np.uint8)
