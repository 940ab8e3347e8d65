"""Reads the tensors of PyTorch's weight files, without PyTorch.

A `.pth` file is a pickle, which could execute any code. This reader accepts only the classes that
tensors consist of.
"""

import collections
import io
import pickle
import struct
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

KINDS = {"FloatStorage": "<f4", "HalfStorage": "<f2", "DoubleStorage": "<f8", "LongStorage": "<i8"}
MAGIC = 0x1950A86A20F9469CFC6C  # first number of files in the format before PyTorch 1.6


def read(file: str | Path) -> dict[str, np.ndarray]:
    """Reads the arrays of a `.pth` or `.npz` file, by name.

    Raises:
        OSError: the file cannot be opened.
        ValueError: the file is damaged, has another format, or contains more than tensors.
    """
    file = Path(file)
    try:
        if file.suffix == ".npz":
            with np.load(file) as arrays:
                return dict(arrays)
        return _zipped(file) if zipfile.is_zipfile(file) else _legacy(file.read_bytes())
    except (OSError, MemoryError):
        raise
    except Exception as error:  # a damaged pickle can fail in any way
        raise ValueError(f"{file} is damaged or no file of tensors ({error})") from error


class _Storage:
    """Numbers to which tensors refer; they may be read after the tensors."""

    def __init__(self, kind: str) -> None:
        self.kind, self.numbers = kind, np.empty(0)


class _Tensor:
    """A tensor that refers to a storage; `array` works once the storage has its numbers."""

    def __init__(self, storage: _Storage, offset: int, size: tuple, stride: tuple, *_) -> None:
        self.storage, self.offset, self.size, self.stride = storage, offset, size, stride

    def array(self) -> np.ndarray:
        if min(self.offset, *self.size, *self.stride, 0) < 0:
            raise pickle.UnpicklingError("a tensor begins before its storage")
        numbers = self.storage.numbers[self.offset :]
        strides = [step * numbers.itemsize for step in self.stride]
        last = sum((n - 1) * s for n, s in zip(self.size, self.stride, strict=True))
        if 0 not in self.size and last >= len(numbers):
            raise pickle.UnpicklingError("a tensor is larger than its storage")
        return np.lib.stride_tricks.as_strided(numbers, self.size, strides).copy()


class _Unpickler(pickle.Unpickler):
    """Unpickler that knows only the classes that tensors consist of."""

    def __init__(self, stream: io.BufferedIOBase) -> None:
        super().__init__(stream, encoding="utf-8")
        self.storages: dict[str, _Storage] = {}

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return collections.OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _Tensor
        if (module, name) == ("torch._utils", "_rebuild_parameter"):
            return lambda tensor, *_: tensor
        if module == "torch" and name in KINDS:
            return name
        raise pickle.UnpicklingError(f"it contains {module}.{name}")

    def persistent_load(self, key: tuple) -> _Storage:
        _, kind, name, *_ = key
        return self.storages.setdefault(str(name), _Storage(KINDS[kind]))


def _arrays(tensors: Any) -> dict[str, np.ndarray]:
    if not isinstance(tensors, dict) or not all(isinstance(t, _Tensor) for t in tensors.values()):
        raise pickle.UnpicklingError("it is no dictionary of tensors")
    return {name: tensor.array() for name, tensor in tensors.items()}


def _zipped(file: Path) -> dict[str, np.ndarray]:
    """Reads the format of PyTorch 1.6 and later, a zip archive."""
    with zipfile.ZipFile(file) as archive:
        table = next((name for name in archive.namelist() if name.endswith("data.pkl")), "")
        unpickler = _Unpickler(io.BytesIO(archive.read(table)))
        tensors = unpickler.load()
        for name, storage in unpickler.storages.items():
            raw = archive.read(table.replace("data.pkl", f"data/{name}"))
            storage.numbers = np.frombuffer(raw, storage.kind)
    return _arrays(tensors)


def _legacy(raw: bytes) -> dict[str, np.ndarray]:
    """Reads the format before PyTorch 1.6: pickles, followed by the numbers of each storage."""
    stream = io.BytesIO(raw)
    if _Unpickler(stream).load() != MAGIC:
        raise pickle.UnpicklingError("it is no PyTorch file")
    for _ in ("protocol version", "system information"):
        _Unpickler(stream).load()
    unpickler = _Unpickler(stream)
    tensors = unpickler.load()
    for name in _Unpickler(stream).load():
        (count,) = struct.unpack("<q", stream.read(8))
        kind = np.dtype(unpickler.storages[name].kind)
        numbers = np.frombuffer(stream.read(count * kind.itemsize), kind)
        unpickler.storages[name].numbers = numbers
    return _arrays(tensors)
