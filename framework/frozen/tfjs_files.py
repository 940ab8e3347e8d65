"""Reads weight files of TensorFlow.js, without it: a manifest in JSON and binary files.

A weight may be quantised: integers q are stored, and its values are scale * q + min.
"""

import json
import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np

KINDS = {"uint8": "u1", "uint16": "<u2", "float16": "<f2", "float32": "<f4"}


def read(manifest: str | Path) -> dict[str, np.ndarray]:
    """Reads the weights of a `-weights_manifest.json` as float32 arrays, by name.

    The binary files must be in the folder of the manifest.

    Raises:
        OSError: the manifest or a binary file cannot be opened.
        ValueError: one of them is damaged or has another format, or is in another folder.
    """
    manifest = Path(manifest)
    try:
        groups = json.loads(manifest.read_bytes())
        return {name: array for group in groups for name, array in _arrays(group, manifest.parent)}
    except (FileNotFoundError, PermissionError, MemoryError):
        raise
    except Exception as error:  # a wrong manifest can fail in any way
        raise ValueError(f"{manifest} is damaged or no manifest of weights ({error})") from error


def _arrays(group: dict, folder: Path) -> Iterator[tuple[str, np.ndarray]]:
    """Yields names and arrays of one group, which are stored one after the other in its files."""
    raw = b"".join((folder / _file_name(path)).read_bytes() for path in group["paths"])
    start = 0
    for weight in group["weights"]:
        quantization = weight.get("quantization", {})
        if weight["dtype"] != "float32":
            raise ValueError(f"{weight['name']} is of {weight['dtype']}")
        kind = np.dtype(KINDS[quantization.get("dtype", "float32")])
        shape = weight["shape"]
        end = start + math.prod(shape) * kind.itemsize
        numbers = np.frombuffer(raw[start:end], kind).reshape(shape).astype(np.float32)
        if "scale" in quantization:
            scale, minimum = (np.float32(quantization[key]) for key in ("scale", "min"))
            numbers = numbers * scale + minimum
        yield weight["name"], numbers
        start = end
    if start != len(raw):
        raise ValueError(f"its files hold {len(raw)} bytes, not {start}")


def _file_name(path: str) -> str:
    """Returns `path`; raises ValueError unless it is a file name without folders."""
    if Path(path).name != path:
        raise ValueError(f"{path} is not in the same folder")
    return path
