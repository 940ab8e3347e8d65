"""Checkpoints that are whole or not there: nets, averages, optimisers, the iteration and a record.

`<folder>/<step>/` holds TensorFlow's index and data files and `record.json`, which has the size and
SHA-256 of each of them, every saved variable with its type, and its own SHA-256.
"""

import hashlib
import json
import os
import re
import shutil
import sys
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from framework.errors import UserError

PREFIX, RECORD = "state", "record.json"
STEP = re.compile(r"(\d{8,})(\.old)?")
UNFINISHED = ".*.tmp"  # what a killed process was writing or removing


def save(state: tf.train.Checkpoint, folder: Path, step: int, keep: int, record: dict) -> None:
    """Writes `folder/<step, 8 digits>/` beside, renames it, and deletes all but the newest `keep`.

    A checkpoint of the same step is replaced, later ones are forgotten: training came back from
    there. At any moment a kill or a power cut leaves the old checkpoints or the new one whole.

    Args:
        state: what is saved.
        folder: where the checkpoints of a run are.
        step: iterations done.
        keep: how many checkpoints stay, at least 1.
        record: what else belongs to the state, in JSON's types; floats are kept to the bit.

    Raises:
        UserError: the disk is full or cannot be written to; the checkpoints there are untouched.
    """
    path = folder / f"{step:08d}"
    unfinished = folder / f".{path.name}.tmp"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for left in folder.glob(UNFINISHED):
            shutil.rmtree(left, ignore_errors=True)
        unfinished.mkdir()
        state.write(str(unfinished / PREFIX))
        _write_record(unfinished, step, record, variables(state))
        _put_in_place(unfinished, path)
    except (OSError, tf.errors.OpError) as error:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise UserError(
            f"{path}: the checkpoint could not be written ({_reason(error)}); those before it are "
            "kept: make room, then the run can go on from there"
        ) from error
    newest = _newest_first(folder)
    stale = [other for other in newest if _step(other) > step]
    for other in [*stale, *newest[len(stale) + keep :]]:
        _remove(other)


def restore(state: tf.train.Checkpoint, folder: Path) -> dict[str, Any] | None:
    """Loads the newest checkpoint that is whole; one line on stderr tells of damaged newer ones.

    Nothing is loaded before every file has been verified.

    Returns:
        The record saved with it, or None if there is no checkpoint.

    Raises:
        UserError: all checkpoints are damaged, or the newest whole one is of other networks.
    """
    damaged = []
    for path in _newest_first(folder):
        try:
            content = _verified(path)
            _check_architecture(path, content["variables"], variables(state))
            state.read(str(path / PREFIX)).assert_consumed()
        except (OSError, ValueError, tf.errors.OpError) as error:
            damaged.append(f"{path} is damaged ({_reason(error)})")
            continue
        if damaged:
            print(f"main.py: {'; '.join(damaged)}: going back to {path.name}", file=sys.stderr)
        return content["record"]
    if damaged:
        raise UserError(
            f"{'; '.join(damaged)}: no checkpoint is whole; put a copy there, or --overwrite "
            "starts anew"
        )
    return None


def exist(folder: Path) -> bool:
    """Whether there is any checkpoint, whole or damaged."""
    return bool(_newest_first(folder))


def variables(state: tf.train.Checkpoint) -> dict[str, str]:
    """Type and shape of all that is saved, by its place in the checkpoint, nearest first."""
    view, queue, seen, found = tf.train.TrackableView(state), [("", state)], {id(state)}, {}
    for place, item in queue:
        if isinstance(item, tf.Variable | keras.Variable):
            found[place] = f"{tf.as_dtype(item.dtype).name}{list(item.shape)}"
        for name, child in view.children(item).items():
            if id(child) not in seen:
                seen.add(id(child))
                queue.append((f"{place}/{name}".lstrip("/"), child))
    return found


def _write_record(folder: Path, step: int, record: dict, saved: dict[str, str]) -> None:
    files = {path.name: _fingerprint(path) for path in folder.iterdir()}
    content = dict(step=step, record=record, files=files, variables=saved)
    content = json.loads(json.dumps(content))  # as it will be read
    content["sha256"] = _hash(content)
    (folder / RECORD).write_text(json.dumps(content, indent=1), encoding="utf-8")


def _hash(content: dict) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _fingerprint(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        return dict(
            size=path.stat().st_size, sha256=hashlib.file_digest(file, "sha256").hexdigest()
        )


def _put_in_place(unfinished: Path, path: Path) -> None:
    """Renames once all is on the disk; what stands there is a checkpoint `.old` until then."""
    for written in (*unfinished.iterdir(), unfinished):
        _sync(written)
    old = path.with_name(f"{path.name}.old")
    if path.exists():
        _remove(old)
        path.rename(old)
    unfinished.rename(path)
    _sync(path.parent)
    _remove(old)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _remove(path: Path) -> None:
    """Removes a checkpoint, so that a kill in between does not leave half of it under its name."""
    if path.exists():
        doomed = path.rename(path.with_name(f".{path.name}.tmp"))
        shutil.rmtree(doomed, ignore_errors=True)


def _step(path: Path) -> int:
    return int(STEP.fullmatch(path.name)[1])


def _newest_first(folder: Path) -> list[Path]:
    """Checkpoints by step; one about to be replaced comes after that which replaces it."""
    found = [p for p in folder.glob("*") if STEP.fullmatch(p.name) and p.is_dir()]
    return sorted(found, key=lambda path: (_step(path), path.suffix != ".old"), reverse=True)


def _verified(path: Path) -> dict[str, Any]:
    """Content of the record of a checkpoint that is whole. Raises ValueError or OSError if not."""
    try:
        content = json.loads((path / RECORD).read_bytes())
        sealed = content.pop("sha256") == _hash(content)
    except (ValueError, KeyError, AttributeError, TypeError):
        sealed = False
    if not sealed or content["step"] != _step(path):
        raise ValueError(f"{RECORD} is unreadable")
    for name, expected in content["files"].items():
        found = _fingerprint(path / name)
        if found["size"] != expected["size"]:
            raise ValueError(f"{name} has {found['size']} of {expected['size']} bytes")
        if found != expected:
            raise ValueError(f"{name} has changed since it was written")
    return content


def _check_architecture(path: Path, there: dict[str, str], here: dict[str, str]) -> None:
    differing = [place for place in {**there, **here} if there.get(place) != here.get(place)]
    if differing:
        first = differing[0]
        raise UserError(
            f"{path} was saved by other networks: {len(differing)} of {len(there)} variables "
            f"differ, first {first}: {there.get(first, 'none')} there, {here.get(first, 'none')} "
            "here; use the version that saved it, or --overwrite to start anew"
        )


def _reason(error: Exception) -> str:
    """The end of an error's first line, where TensorFlow names the cause."""
    if isinstance(error, OSError):
        name = f"{Path(error.filename).name}: " if error.filename else ""
        return f"{name}{error.strerror or error}"
    text = error.message if isinstance(error, tf.errors.OpError) else str(error)
    return text.splitlines()[0].split("; ")[-1].split(" [Op:")[0]
