"""Reads weight files of TensorFlow.js without it: a manifest in JSON, and files of plain numbers.

A weight may be quantised: stored as integers q that stand for scale * q + min.
"""

import json
import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np

KINDS = {"uint8": "u1", "uint16": "<u2", "float16": "<f2", "float32": "<f4"}


def read(manifest: str | Path) -> dict[str, np.ndarray]:
    """Float32 arrays by name of a `-weights_manifest.json`; the files it names lie beside it.

    Raises:
        FileNotFoundError: the manifest, or a file that it names, is not there.
        ValueError: one is damaged or of another format, or a file is not beside the manifest.
    """
    manifest = Path(manifest)
    try:
        groups = json.loads(manifest.read_bytes())
        return {name: array for group in groups for name, array in _arrays(group, manifest.parent)}
    except (FileNotFoundError, PermissionError, MemoryError):
        raise
    except Exception as error:  # what stands in the wrong place of a JSON can fail in any way
        raise ValueError(f"{manifest} is damaged or no manifest of weights ({error})") from error


def _arrays(group: dict, folder: Path) -> Iterator[tuple[str, np.ndarray]]:
    """The weights of one group, which follow each other in its files."""
    raw = b"".join((folder / _plain(path)).read_bytes() for path in group["paths"])
    start = 0
    for weight in group["weights"]:
        stored = weight.get("quantization", {})
        if weight["dtype"] != "float32":
            raise ValueError(f"{weight['name']} is of {weight['dtype']}")
        kind, shape = np.dtype(KINDS[stored.get("dtype", "float32")]), weight["shape"]
        end = start + math.prod(shape) * kind.itemsize
        numbers = np.frombuffer(raw[start:end], kind).reshape(shape).astype(np.float32)
        if "scale" in stored:
            numbers = numbers * np.float32(stored["scale"]) + np.float32(stored["min"])
        yield weight["name"], numbers
        start = end
    if start != len(raw):
        raise ValueError(f"its files hold {len(raw)} bytes, not {start}")


def _plain(path: str) -> str:
    if Path(path).name != path:
        raise ValueError(f"{path} is not a file beside it")
    return path
