"""Hashes of everything in a run folder that a restructuring must not change."""

import hashlib
import io
import json
import re
import wave
import zipfile
from pathlib import Path

import h5py
import keras
import numpy as np
import tensorflow as tf
from cases import AFTERWARDS, SMOKE, TRAINING
from PIL import Image

from framework.cli import main

IMAGES, IMAGE_SEED = 3, 7

Hashes = dict[str, str]
"""Name of a part of a run -> its hash."""


def table_path() -> Path:
    """File of the hashes for this kind of processor and these versions."""
    cpuinfo = Path("/proc/cpuinfo")
    info = cpuinfo.read_text() if cpuinfo.exists() else ""
    fields = [re.search(rf"^{name}\s*: (.*)$", info, re.M) for name in FIELDS]
    processor = "-".join(field[1] for field in fields if field) or "any"
    versions = f"tensorflow-{tf.__version__}-keras-{keras.__version__}-numpy-{np.__version__}"
    return Path(__file__).parent / "hashes" / f"{processor}-{versions}.json"


FIELDS = ("vendor_id", "cpu family", "model")  # numbers differ from one processor to another


def read_table() -> dict[str, Hashes]:
    """Hashes by case; empty where there are none for this processor and these versions."""
    path = table_path()
    return json.loads(path.read_text()) if path.is_file() else {}


def digest(*parts: bytes) -> str:
    """First 16 hexadecimal digits of the SHA-256 of these bytes."""
    sha256 = hashlib.sha256()
    for part in parts:
        sha256.update(part)
    return sha256.hexdigest()[:16]


def content(array: np.ndarray) -> bytes:
    """Dtype, shape and bytes of an array."""
    array = np.ascontiguousarray(array)
    return f"{array.dtype}{array.shape}".encode() + array.tobytes()


def of_model(path: Path) -> str:
    """Hash of the weights in a .keras file."""
    arrays: list[bytes] = []

    def visit(name: str, item: h5py.HLObject) -> None:
        if isinstance(item, h5py.Dataset) and "seed_generator" not in name:
            arrays.append(content(item[()]))

    with zipfile.ZipFile(path) as archive:
        weights = io.BytesIO(archive.read("model.weights.h5"))
    with h5py.File(weights) as file:
        file.visititems(visit)
    return digest(*arrays)


def of_checkpoint(folder: Path) -> str:
    """Hash of names and values of all variables of the newest checkpoint."""
    newest = max(folder.glob("[0-9]*"), key=lambda path: int(path.name))
    index = next(newest.glob("*.index"))
    reader = tf.train.load_checkpoint(str(index.with_suffix("")))
    parts = []
    for name in sorted(reader.get_variable_to_shape_map()):
        value = reader.get_tensor(name)
        if isinstance(value, np.ndarray | np.generic):
            parts += [name.encode(), content(np.asarray(value))]
    return digest(*parts)


def of_metrics(path: Path) -> Hashes:
    """Hash of each metric's value, interval and number of images."""
    if not path.is_file():
        return {}
    metrics = json.loads(path.read_text())
    return {
        f"metric {name}": digest(json.dumps([m["value"], m["ci95"], m["n"]]).encode())
        for name, m in sorted(metrics.items())
    }


def of_history(path: Path) -> Hashes:
    """Hash of each column of history.csv."""
    header, *rows = [line.split(",") for line in path.read_text().splitlines()]
    columns = zip(header, *rows, strict=True)
    return {f"history {name}": digest(",".join(values).encode()) for name, *values in columns}


def of_run(folder: Path) -> Hashes:
    """Hashes of history, metrics, checkpoint, models, sheets, arrays and sounds."""
    hashes = of_history(folder / "history.csv") | of_metrics(folder / "metrics.json")
    hashes["checkpoint"] = of_checkpoint(folder / "checkpoints")
    for path in sorted((folder / "models").glob("*.keras")):
        hashes[f"model {path.stem}"] = of_model(path)
    for path in sorted((folder / "samples").glob("*.png")):
        with Image.open(path) as image:
            hashes[f"sheet {path.stem}"] = digest(content(np.asarray(image)))
    for path in sorted((folder / "samples").glob("*.npy")):
        hashes[f"array {path.stem}"] = digest(content(np.load(path)))
    for path in sorted((folder / "audio").rglob("*.wav")):
        name = path.relative_to(folder / "audio").with_suffix("")
        hashes[f"sound {name}"] = digest(path.read_bytes())
    return hashes


def write_inputs(place: Path) -> dict[str, str]:
    """Writes images and sounds for the commands of `AFTERWARDS`; returns folders by name."""
    random = np.random.default_rng(IMAGE_SEED)
    folders = {"IMAGES": place / "images", "WAVS": place / "wavs"}
    for folder in folders.values():
        folder.mkdir()
    for i in range(IMAGES):
        pixels = random.integers(0, 256, (32, 32, 3), np.uint8)
        Image.fromarray(pixels).save(folders["IMAGES"] / f"{i}.png")
    with wave.open(str(folders["WAVS"] / "noise.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(random.integers(-9000, 9000, 12000).astype("<i2").tobytes())
    return {name: str(folder) for name, folder in folders.items()}


def run_case(name: str, place: Path, inputs: dict[str, str]) -> Hashes:
    """Trains a case in `place`, uses it as `AFTERWARDS` says, and hashes what is written."""
    flags = f"{SMOKE} {TRAINING[name]} --results_dir {place} --name {name}".split()
    _expect_success(main([*flags, "--data_dir", str(place / "data")]), name)
    places = inputs | {"RUN": str(place / name)}
    for command in AFTERWARDS.get(name, []):
        words = [places.get(word, word) for word in command.split()]
        _expect_success(main([*words, "--devices", "cpu"]), f"{name}: {command}")
    keras.utils.clear_session()
    return of_run(place / name)


def _expect_success(code: int, what: str) -> None:
    if code:
        raise RuntimeError(f"{what}: exit code {code}")


def differences(known: Hashes, found: Hashes) -> list[str]:
    """What differs between two runs of a case, one sentence each."""
    lines = [f"{name} is missing" for name in known if name not in found]
    lines += [f"{name} is new" for name in found if name not in known]
    return lines + [
        f"{name} differs" for name in known if found.get(name, known[name]) != known[name]
    ]
