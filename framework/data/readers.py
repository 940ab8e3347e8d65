"""Readers of the files in which MNIST, Fashion-MNIST, SVHN and USPS were published.

Each reader takes a folder and returns `Splits`, or None where its files are missing. A damaged
file raises MissingError, which names the file.
"""

import gzip
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from framework.data.splits import Split, Splits
from framework.errors import MissingError

Reader = Callable[[Path], Splits | None]

USPS_PIXELS = 256  # 16x16


def first_of(*readers: Reader) -> Reader:
    """Returns a reader that tries several formats in turn and reads the first one that is there."""

    def read(folder: Path) -> Splits | None:
        candidates = (reader(folder) for reader in readers)
        return next((splits for splits in candidates if splits is not None), None)

    return read


def read_idx(folder: Path) -> Splits | None:
    """Reads MNIST's files {train,t10k}-{images-idx3,labels-idx1}-ubyte, each plain or as .gz."""
    files = _all_found(
        _plain_or_packed(folder / f"{part}-{kind}-ubyte", ".gz")
        for part in ("train", "t10k")
        for kind in ("images-idx3", "labels-idx1")
    )
    if not files:
        return None
    arrays = [_idx(file) for file in files]
    return Splits(
        _split(files[0], arrays[0][..., None], arrays[1]),
        _split(files[2], arrays[2][..., None], arrays[3]),
    )


def read_mat(folder: Path) -> Splits | None:
    """Reads SVHN's {train,test}_32x32.mat: X [32, 32, 3, N], y [N, 1] with 10 for the digit 0."""
    return _per_split(folder, "{}_32x32.mat", _mat)


def read_npz(folder: Path) -> Splits | None:
    """Reads {train,test}.npz with the arrays `image`, uint8 [N, H, W, C], and `label` [N]."""
    return _per_split(folder, "{}.npz", _npz)


def read_usps_npz(folder: Path) -> Splits | None:
    """Reads usps.npz with x_train, y_train, x_test, y_test; images are uint8 [N, 16, 16]."""
    file = folder / "usps.npz"
    if not file.exists():
        return None
    with _errors_of(file), np.load(file) as arrays:
        parts = [(arrays[f"x_{part}"], arrays[f"y_{part}"]) for part in ("train", "test")]
    return Splits(*(_split(file, _usps_images(images), labels) for images, labels in parts))


def read_usps_libsvm(folder: Path) -> Splits | None:
    """Reads LIBSVM's files usps and usps.t, each plain or as .bz2.

    A line is `label 1:v .. 256:v` with pixels v in [-1, 1]; the labels 1 to 10 stand for 0 to 9.
    """
    files = _all_found(_plain_or_packed(folder / name, ".bz2") for name in ("usps", "usps.t"))
    return Splits(*map(_libsvm, files)) if files else None


def read_usps_h5(folder: Path) -> Splits | None:
    """Reads usps.h5, whose groups train and test have `data` [N, 256] in [0, 1], `target` [N]."""
    file = folder / "usps.h5"
    if not file.exists():
        return None
    import h5py

    with _errors_of(file), h5py.File(file) as groups:
        parts = [(groups[part]["data"][:], groups[part]["target"][:]) for part in ("train", "test")]
    return Splits(*(_split(file, _usps_images(np.rint(x * 255)), y) for x, y in parts))


@contextmanager
def _errors_of(file: Path) -> Iterator[None]:
    """Turns any error of the block into a MissingError that names the file."""
    try:
        yield
    except MissingError:
        raise
    except Exception as error:  # the library of each format raises errors of its own
        reason = " ".join(str(error).split()) or type(error).__name__
        raise MissingError(
            f"{file} is damaged or not what its name says ({reason}): fetch it again"
        ) from error


def _plain_or_packed(file: Path, packed: str) -> Path | None:
    candidates = (file, file.with_name(file.name + packed))
    return next((path for path in candidates if path.is_file()), None)


def _all_found(files: Iterator[Path | None]) -> list[Path]:
    """Returns the files, or none of them where one is missing."""
    candidates = list(files)
    found = [file for file in candidates if file]
    return found if len(found) == len(candidates) else []


def _per_split(folder: Path, pattern: str, read: Callable[[Path], Split]) -> Splits | None:
    files = [folder / pattern.format(part) for part in ("train", "test")]
    return Splits(*map(read, files)) if all(file.is_file() for file in files) else None


def _split(file: Path, images: np.ndarray, labels: np.ndarray) -> Split:
    """Returns one part with int64 labels [N] after checks of its shapes and types."""
    labels = labels.reshape(-1).astype(np.int64)
    with _errors_of(file):
        if images.ndim != 4 or images.shape[3] not in (1, 3) or images.dtype != np.uint8:
            raise ValueError(f"images are {images.dtype} {images.shape}")
        if len(images) != len(labels) or len(images) == 0:
            raise ValueError(f"{len(images)} images, {len(labels)} labels")
    return Split(images, labels)


def _idx(file: Path) -> np.ndarray:
    with _errors_of(file):
        packed = file.suffix == ".gz"
        raw = gzip.decompress(file.read_bytes()) if packed else file.read_bytes()
        if raw[:3] != b"\0\0\x08":
            raise ValueError("no idx header")
        axes = raw[3]
        shape = np.frombuffer(raw, ">i4", axes, offset=4)
        return np.frombuffer(raw, np.uint8, offset=4 + 4 * axes).reshape(shape)


def _mat(file: Path) -> Split:
    import scipy.io

    with _errors_of(file):
        arrays = scipy.io.loadmat(file, variable_names=("X", "y"))
        images = np.ascontiguousarray(np.moveaxis(arrays["X"], 3, 0))
        return _split(file, images, arrays["y"] % 10)


def _npz(file: Path) -> Split:
    with _errors_of(file), np.load(file) as arrays:
        return _split(file, arrays["image"], arrays["label"])


def _libsvm(file: Path) -> Split:
    from sklearn.datasets import load_svmlight_file  # slow to import

    with _errors_of(file):
        values, labels = load_svmlight_file(file, n_features=USPS_PIXELS, zero_based=False)
        if (np.diff(values.indptr) != USPS_PIXELS).any():  # a line that is cut off
            raise ValueError(f"lines without {USPS_PIXELS} pixels")
        return _split(file, _usps_images(np.rint((values.toarray() + 1) * 127.5)), labels - 1)


def _usps_images(pixels: np.ndarray) -> np.ndarray:
    return pixels.reshape(-1, 16, 16, 1).astype(np.uint8)
