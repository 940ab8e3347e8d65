"""Writes the record of a run: files with its options, its command and its environment.

Also checks whether a folder may be written to. Other files of a run folder are not changed here.
"""

import json
import os
import platform
import shutil
from collections.abc import Callable, Collection, Set
from contextlib import suppress
from datetime import datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from framework.errors import UsageError, UserError
from framework.options.continuation import iterations_done
from framework.results import files

PACKAGES = ("tensorflow", "keras", "numpy")

Options = dict[str, Any]
Upgrade = Callable[[Options, str], Options]
"""Function of (options of a run of an earlier version, its system) that returns those of now."""

Advice = Callable[[Collection[str]], str]
"""Function of the names of the options that differ from those of the existing run that returns what
to do instead. Without names, the run has more iterations than are asked for."""


def overwrite_or_rename(different: Collection[str] = ()) -> str:
    """Returns the `Advice` that fits every run."""
    return "use another --name, or --overwrite to start anew"


def unchanged(options: Options, system: str) -> Options:
    """Returns the options as they are: the `Upgrade` of runs of this version."""
    return options


def check_place(
    folder: Path,
    config: dict[str, Any],
    overwrite: bool,
    inert: Set[str],
    upgrade: Upgrade,
    advice: Advice = overwrite_or_rename,
) -> None:
    """Checks whether a run may be written to a folder; writes nothing.

    Args:
        folder: results/<run>.
        config: the options of the run, as types of JSON.
        overwrite: whether an existing run will be deleted.
        inert: names of options that may change between two sessions of one run.
        upgrade: converts the options of a run of an earlier version.
        advice: says what to do with a run that cannot be resumed with these options.

    Raises:
        UsageError: the folder holds a run with other options or more iterations, or other files.
        UserError: the place cannot be written to.
    """
    check_name(folder)
    names = _names_in(folder)
    if "config.json" not in names:
        # A process that was killed at its start leaves only hidden files.
        if any(not name.startswith(".") for name in names):
            raise UsageError(f"{folder} holds files but is no run folder: choose another --name")
        return
    if overwrite:
        return
    stored = files.read_json(folder / "config.json")
    if not isinstance(stored, dict):
        raise UsageError(f"{folder / 'config.json'} is damaged: {overwrite_or_rename()}")
    different = differences(upgrade(stored, config.get("gan_type", "")), config, inert)
    if different:
        hint, table = advice([*different]), _aligned(different)
        raise UsageError(f"{folder} holds a run with other options: {hint}\n{table}")
    _check_iterations(folder, config, advice)


def _check_iterations(folder: Path, config: dict[str, Any], advice: Advice) -> None:
    """Raises UsageError if a run has more iterations already than it is asked for."""
    done = iterations_done(folder)
    if done > config.get("iterations", done):
        raise UsageError(
            f"--iterations {config['iterations']}: this run has {done} already: {advice(())}"
        )


def check_name(folder: Path) -> None:
    """Raises UserError if TensorFlow cannot use a folder, whose name is no text in UTF-8."""
    try:
        str(folder).encode()
    except UnicodeEncodeError as error:
        raise UserError(
            f"{ascii(str(folder))}: the name of a run folder must be text here: choose another "
            "--results_dir and --name, or set PYTHONUTF8=1 if this terminal shows the name"
        ) from error


def _names_in(folder: Path) -> list[str]:
    """Returns the names of the files in a folder; UserError if it cannot be written or created."""
    try:
        names = [path.name for path in folder.iterdir()] if folder.exists() else []
        nearest = next(path for path in (folder, *folder.absolute().parents) if path.exists())
        if not nearest.is_dir():
            raise NotADirectoryError(0, f"{nearest} is a file")
        if not os.access(nearest, os.W_OK | os.X_OK):
            raise PermissionError(0, f"no permission to write in {nearest}")
    except OSError as error:
        raise unwritable(folder, error) from error
    return names


def differences(
    stored: dict[str, Any], asked: dict[str, Any], inert: Set[str]
) -> dict[str, tuple[str, str]]:
    """Returns the old and the new value, as text, of the options that differ; not `inert` ones."""
    different = {}
    for name in {**stored, **asked}:
        old, new = (json.dumps(side[name]) if name in side else "-" for side in (stored, asked))
        if old != new and name not in inert:
            different[name] = old, new
    return different


def _aligned(different: dict[str, tuple[str, str]]) -> str:
    """Returns a readable table of the options that differ."""
    table = [("option", "there", "here"), *((name, *values) for name, values in different.items())]
    widths = [max(len(row[column]) for row in table) for column in range(2)]
    return "\n".join(f"  {a:{widths[0]}}  {b:{widths[1]}}  {c}" for a, b, c in table)


def unwritable(folder: Path, error: OSError) -> UserError:
    """Returns the error for a folder that cannot be written to."""
    reason = error.strerror or str(error)
    return UserError(f"cannot write to {folder} ({reason}): choose another --results_dir or --name")


def empty(folder: Path) -> None:
    """Deletes everything in a run folder; last config.json, which marks it as a run folder."""
    for path in sorted(folder.iterdir(), key=lambda path: path.name == "config.json"):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def write(folder: Path, config: dict[str, Any], command: str) -> None:
    """Creates the folder of a run and writes config.json, command.txt and env.json.

    After an OSError, new folders are removed again.
    """
    new = [path for path in (folder, *folder.parents) if not path.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        files.write_json(folder / "config.json", config)  # first: it marks a run folder
        files.write_text(folder / "command.txt", command + "\n")
        files.write_json(folder / "env.json", environment())
    except OSError:
        if folder in new:
            shutil.rmtree(folder, ignore_errors=True)
        for path in new:
            with suppress(OSError):
                path.rmdir()
        raise


def environment() -> dict[str, Any]:
    """Returns versions, machine and current time, for env.json."""
    versions = {}
    for package in PACKAGES:
        with suppress(metadata.PackageNotFoundError):
            versions[package] = metadata.version(package)
    return {
        "python": platform.python_version(),
        **versions,
        "platform": platform.platform(),
        "cpus": os.cpu_count(),
        "time": datetime.now().astimezone().isoformat(timespec="seconds"),
    }
