"""Checkpoints: networks, averages, optimisers, the iteration and a record.

A checkpoint is either complete or does not exist, even if the process is killed while it is
written. `<folder>/<step>/` holds TensorFlow's index and data files and `record.json`. That file
contains the size and SHA-256 of each file, the type and shape of each variable, and its own
SHA-256.
"""

import hashlib
import json
import os
import re
import shutil
import sys
from collections.abc import Collection
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from framework.errors import MissingError, UserError

PREFIX, RECORD = "state", "record.json"
STEP = re.compile(r"(\d{8,})(\.old)?")
UNFINISHED = ".*.tmp"  # folders that a killed process was writing or removing


def save(
    state: tf.train.Checkpoint,
    folder: Path,
    step: int,
    keep: int,
    record: dict,
    others: Collection[int] = (),
) -> None:
    """Writes a checkpoint to `folder/<step, 8 digits>/` and deletes all but the newest `keep`.

    It is written under a temporary name and then renamed: a kill or a power cut leaves either the
    old checkpoints or the new one complete. A checkpoint of the same step is replaced. Later ones
    are deleted: they are from before training went back to an earlier checkpoint.

    Args:
        state: objects to save.
        folder: folder of the checkpoints of a run.
        step: iterations done.
        keep: number of checkpoints to keep, at least 1.
        record: further state, of types that JSON knows; floats are saved exactly.
        others: iterations of older checkpoints to keep, too.

    Raises:
        UserError: the disk is full or the folder is not writable; the other checkpoints are kept.
    """
    _write(state, folder, step, record)
    forget_after(folder, step)
    for other in _newest_first(folder)[keep:]:
        if _step(other) not in others:
            _remove(other)


def _write(state: tf.train.Checkpoint, folder: Path, step: int, record: dict) -> None:
    """Writes a checkpoint under a temporary name and renames it; raises UserError."""
    path = folder / f"{step:08d}"
    unfinished = folder / f".{path.name}.tmp"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for leftover in folder.glob(UNFINISHED):
            shutil.rmtree(leftover, ignore_errors=True)
        unfinished.mkdir()
        state.write(str(unfinished / PREFIX))
        _write_record(unfinished, step, record, variables(state))
        _put_in_place(unfinished, path)
    except (OSError, tf.errors.OpError) as error:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise UserError(
            f"{path}: the checkpoint could not be written ({_reason(error)}); earlier ones are "
            "kept: make room, then the run can go on from there"
        ) from error


def forget_after(folder: Path, step: int) -> None:
    """Deletes the checkpoints of later iterations."""
    for path in _newest_first(folder):
        if _step(path) > step:
            _remove(path)


def steps(folder: Path) -> list[int]:
    """Returns the iterations of the checkpoints in a folder, latest first, damaged ones too."""
    return [_step(path) for path in _newest_first(folder)]


def newest(folder: Path) -> dict[str, Any] | None:
    """Returns the record file of the newest checkpoint that is not damaged; None without one.

    Its content is "step", "record" (the argument of `save`) and "variables" (see `variables`).
    """
    for path in _newest_first(folder):
        try:
            return _verified(path)
        except (OSError, ValueError):
            continue
    return None


def restore(state: tf.train.Checkpoint, folder: Path) -> dict[str, Any] | None:
    """Loads the newest checkpoint that is not damaged; names damaged ones on stderr.

    All files are verified before anything is loaded.

    Args:
        state: objects to load into.
        folder: folder of the checkpoints of a run.

    Returns:
        The record saved with it, or None if there is no checkpoint.

    Raises:
        UserError: all checkpoints are damaged, or the loaded one was saved by other networks.
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
            print(f"{'; '.join(damaged)}: going back to {path.name}", file=sys.stderr)
        return content["record"]
    if damaged:
        raise UserError(
            f"{'; '.join(damaged)}: there is no usable checkpoint; put a copy there, or use "
            "--overwrite to start anew"
        )
    return None


def restore_part(state: tf.train.Checkpoint, folder: Path, step: int | None = None) -> int:
    """Loads some of the saved objects from the newest checkpoint that is not damaged.

    Args:
        state: objects to load into, a part of those that were saved.
        folder: folder of the checkpoints of a run.
        step: iteration of the checkpoint to load; None for the newest.

    Returns:
        The iteration of the loaded checkpoint.

    Raises:
        MissingError: there is no checkpoint, or none of that iteration.
        UserError: all of them are damaged, or the loaded one was saved by other networks.
    """
    paths = [path for path in _newest_first(folder) if step in (None, _step(path))]
    if not paths:
        which = "checkpoint" if step is None else f"checkpoint of iteration {step}"
        raise MissingError(f"{folder.parent}: no {which} yet; train it first")
    damaged = []
    for path in paths:
        try:
            _verified(path)
        except (OSError, ValueError) as error:
            damaged.append(f"{path} is damaged ({_reason(error)})")
            continue
        try:
            state.read(str(path / PREFIX)).assert_existing_objects_matched().expect_partial()
        except (AssertionError, ValueError) as error:
            raise UserError(
                f"{path} was saved by other networks; use the version that saved it"
            ) from error
        return _step(path)
    raise UserError(f"{'; '.join(damaged)}: there is no usable checkpoint")


def prefix(folder: Path, step: int) -> str:
    """Returns the name by which TensorFlow reads the checkpoint of an iteration."""
    path = next(path for path in _newest_first(folder) if _step(path) == step)
    return str(path / PREFIX)


def exist(folder: Path) -> bool:
    """Returns whether there is any checkpoint, even a damaged one."""
    return bool(_newest_first(folder))


def variables(state: tf.train.Checkpoint) -> dict[str, str]:
    """Returns type and shape of all saved variables, by path in the checkpoint, breadth first.

    A variable that has several paths is listed once, under the shortest.
    """
    view, queue = tf.train.TrackableView(state), [("", state)]
    visited, result = {id(state)}, {}
    for path, item in queue:
        if isinstance(item, tf.Variable | keras.Variable):
            result[path] = f"{tf.as_dtype(item.dtype).name}{list(item.shape)}"
        for name, child in view.children(item).items():
            if id(child) not in visited:
                visited.add(id(child))
                queue.append((f"{path}/{name}".lstrip("/"), child))
    return result


def _write_record(folder: Path, step: int, record: dict, saved: dict[str, str]) -> None:
    files = {path.name: _fingerprint(path) for path in folder.iterdir()}
    content = dict(step=step, record=record, files=files, variables=saved)
    content = json.loads(json.dumps(content))  # the hash is that of the content as it will be read
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
    """Renames a written checkpoint to `path`; an older one there is `.old` in between."""
    for file in (*unfinished.iterdir(), unfinished):
        _sync(file)
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
    """Renames a checkpoint and deletes it, so that a kill leaves no half of it under its name."""
    if path.exists():
        renamed = path.rename(path.with_name(f".{path.name}.tmp"))
        shutil.rmtree(renamed, ignore_errors=True)


def _step(path: Path) -> int:
    match = STEP.fullmatch(path.name)
    assert match, path  # `_newest_first` lists only such folders
    return int(match[1])


def _newest_first(folder: Path) -> list[Path]:
    """Lists checkpoints, latest step first; a replaced one (`.old`) follows its replacement."""
    paths = [p for p in folder.glob("*") if STEP.fullmatch(p.name) and p.is_dir()]
    return sorted(paths, key=lambda path: (_step(path), path.suffix != ".old"), reverse=True)


def _verified(path: Path) -> dict[str, Any]:
    """Verifies the files of a checkpoint; returns the content of its record file.

    Raises:
        OSError, ValueError: a file is missing or damaged.
    """
    try:
        content = json.loads((path / RECORD).read_bytes())
        readable = content.pop("sha256") == _hash(content)
    except (ValueError, KeyError, AttributeError, TypeError):
        readable = False
    if not readable or content["step"] != _step(path):
        raise ValueError(f"{RECORD} is unreadable")
    for name, expected in content["files"].items():
        actual = _fingerprint(path / name)
        if actual["size"] != expected["size"]:
            raise ValueError(f"{name} has {actual['size']} of {expected['size']} bytes")
        if actual != expected:
            raise ValueError(f"{name} has changed since it was written")
    return content


def _check_architecture(path: Path, saved: dict[str, str], own: dict[str, str]) -> None:
    """Raises UserError unless the saved variables are those of this program."""
    different = [name for name in {**saved, **own} if saved.get(name) != own.get(name)]
    if different:
        first = different[0]
        raise UserError(
            f"{path} was saved by other networks: {len(different)} of {len(saved)} variables "
            f"differ, first {first}: {saved.get(first, 'none')} there, {own.get(first, 'none')} "
            "here; use the version that saved it, or --overwrite to start anew"
        )


def _reason(error: Exception) -> str:
    """Returns the end of the first line of an error message, where TensorFlow names the cause."""
    if isinstance(error, OSError):
        name = f"{Path(error.filename).name}: " if error.filename else ""
        return f"{name}{error.strerror or error}"
    text = error.message if isinstance(error, tf.errors.OpError) else str(error)
    return text.splitlines()[0].split("; ")[-1].split(" [Op:")[0]
