"""Writes the networks of a run as files that other programs open without this project.

Each network is one file: generators (latent vectors to images), translators, encoders and decoders,
classifiers. Images are float32 [N, H, W, C] in [-1, 1]. Each file is read again, and the largest
difference of its outputs from those of the run is printed.
"""

import argparse
import hashlib
import importlib.util
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from framework.commands.base import add_output, parser, tensorflow
from framework.errors import MissingError, UsageError, UserError

if TYPE_CHECKING:
    import keras

    from framework.trainers.opening import OpenedRun

FORMATS = {
    "keras": {},
    "saved_model": {},
    "tflite": {"ai_edge_litert": "ai-edge-litert"},
    "onnx": {"onnx": "onnx", "tf2onnx": "tf2onnx", "onnxruntime": "onnxruntime"},
}
"""Formats, and the modules that each needs besides TensorFlow, with the packages of these."""
TABLE = "exports.json"  # lists the files that this command wrote into a folder


def run(argv: Sequence[str]) -> int:
    """Runs the command; returns its exit code."""
    args = _parse(argv)
    _check_packages(args.format)
    with _opened(args) as opened:
        from framework.engine import export

        nets = _chosen(opened.system.exports(), args.net)
        folder = args.out or opened.run.folder / "exports"
        suffix = export.FORMATS[args.format].suffix
        paths = {name: folder / f"{name}{suffix}" for name in nets}
        _check_paths(folder, paths.values(), args.overwrite)
        failures = 0
        for name, net in nets.items():
            about = {"run": args.run, "iteration": opened.step, "format": args.format}
            failures += not _write(net, paths[name], about)
    if failures:
        raise UserError(f"{failures} of {len(nets)} networks not written as {args.format}")
    return 0


def _parse(argv: Sequence[str]) -> argparse.Namespace:
    arguments = parser("export", __doc__)
    arguments.add_argument("--format", choices=FORMATS, default="keras", help="[keras]")
    arguments.add_argument("--net", metavar="NAME", help="write this network only [all]")
    add_output(arguments, "DIR", "folder of the files [RUN/exports]")
    return arguments.parse_args(argv)


def _check_packages(format: str) -> None:
    """Raises MissingError if a package of the format is not installed."""
    missing = [
        package
        for module, package in FORMATS[format].items()
        if importlib.util.find_spec(module) is None
    ]
    if missing:
        raise MissingError(
            f"--format {format} needs more packages: pip install {' '.join(missing)}"
        )


@contextmanager
def _opened(args: argparse.Namespace) -> Iterator["OpenedRun"]:
    """Opens the run for computations in float32, whatever the precision of its training was."""
    from framework.results import Run

    devices = args.devices or Run.load(Path(args.run)).config.get("devices", "auto")
    with tensorflow(devices):
        from framework.trainers.opening import open_run

        yield open_run(
            args.run, checkpoint=args.iteration, devices=args.devices, mixed_precision="no"
        )


def _chosen(nets: dict[str, Any], name: str | None) -> dict[str, Any]:
    """Returns the network of --net, or all; raises UsageError for an unknown name."""
    if name is None:
        return nets
    if name not in nets:
        raise UsageError(f"--net {name}: this run has {', '.join(nets)}")
    return {name: nets[name]}


def _check_paths(folder: Path, paths: Any, overwrite: bool) -> None:
    """Makes the folder; raises UsageError if a file is there already that must not be replaced."""
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"--out {folder}: is a file; give a folder")
    written = _table(folder)
    if not all(isinstance(entry, dict) for entry in written.values()):
        raise UsageError(
            f"{folder / TABLE} was not written by `export`: move it, or choose another --out"
        )
    for path in paths:
        if not path.exists() and not path.is_symlink():
            continue
        if written.get(path.name, {}).get("sha256") != _digest(path):
            raise UsageError(
                f"{path} exists and is not what `export` wrote: move it, or choose another --out"
            )
        if not overwrite:
            raise UsageError(f"{path} exists: choose another --out, or add --overwrite")
    folder.mkdir(parents=True, exist_ok=True)


def _write(net: "keras.Model", path: Path, about: dict[str, Any]) -> bool:
    """Writes a network, compares it with the run, adds it to the table and prints one line.

    Returns:
        Whether it was written; if not, a line on stderr says why.
    """
    import tensorflow as tf

    from framework.engine import export

    with tempfile.TemporaryDirectory(prefix=".export-", dir=path.parent) as place:
        temporary = Path(place) / path.name
        try:
            difference = export.write(net, about["format"], temporary)
        except (OSError, MemoryError, tf.errors.ResourceExhaustedError):
            raise
        except Exception as error:  # a converter raises errors of any class
            reason = str(error).strip().partition("\n")[0] or type(error).__name__
            print(f"{path}: cannot be written in this format: {reason}", file=sys.stderr)
            return False
        if difference > (limit := export.tolerance(net)):
            text = f"{path}: differs from the run by {difference:.1e}, more than {limit:.1e}"
            print(f"{text}; not written", file=sys.stderr)
            return False
        _replace(temporary, path)
    inputs, outputs = export.describe(net)
    row = about | {"inputs": inputs, "outputs": outputs, "largest_difference": difference}
    _add_to_table(path, row)
    print(f"{path}: {inputs} -> {outputs}, largest difference from the run {difference:.1e}")
    return True


def _replace(source: Path, target: Path) -> None:
    """Moves a file or folder to `target`, in place of what is there."""
    if target.is_dir():
        shutil.rmtree(target)
    os.replace(source, target)


def _table(folder: Path) -> dict[str, dict[str, Any]]:
    """Returns what this command wrote into a folder, by file name."""
    from framework.results.files import read_json

    table = read_json(folder / TABLE)
    return table if isinstance(table, dict) else {}


def _add_to_table(path: Path, row: dict[str, Any]) -> None:
    from framework.results import write_json

    table = _table(path.parent) | {path.name: row | {"sha256": _digest(path)}}
    write_json(path.parent / TABLE, table)


def _digest(path: Path) -> str:
    """Returns the SHA-256 of a file, or of the names and contents of all files of a folder."""
    files = sorted(each for each in path.rglob("*") if each.is_file()) if path.is_dir() else [path]
    sha256 = hashlib.sha256()
    for file in files:
        sha256.update(json.dumps(str(file.relative_to(path.parent))).encode())
        sha256.update(file.read_bytes())
    return sha256.hexdigest()
