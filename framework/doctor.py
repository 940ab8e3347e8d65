"""`main.py doctor`: what this machine has, what is missing and what to do about it."""

import importlib
import os
import platform
import shutil
import statistics
import time
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

from framework.errors import UsageError, UserError
from framework.flags import suggest

PACKAGES = {"tensorflow": (2, 21), "keras": (3, 12), "numpy": (), "tensorflow-datasets": ()}
PYTHON = (3, 11), (3, 13)
ROOM = 1 << 30  # bytes: a run of the thesis' size takes a few hundred MB
BLACKWELL = 10  # compute capability from which XLA of TensorFlow 2.21 cannot compile
SIZE, ROUNDS = 1024, 5
DRIVER = Path("/proc/driver/nvidia/version")


class Line(NamedTuple):
    """One finding. `remedy` is '' where all is well; `needed`: nothing runs without it."""

    text: str
    remedy: str = ""
    needed: bool = False

    def __str__(self) -> str:
        return f"-- {self.text}: {self.remedy}" if self.remedy else f"ok {self.text}"


def examine(data_dir: str, results_dir: str, pair: str = "") -> Iterator[Line]:
    """Findings beyond `environment`, one after the other; nothing is written.

    Args:
        data_dir: where data sets are looked for.
        results_dir: where runs are to be written.
        pair: name of the pair whose data counts as needed, '' for none.

    Raises:
        UsageError: there is no such pair; whatever else is wrong is a finding.
    """
    checks: dict[str, Callable[[], Iterator[Line]]] = {
        "packages": packages,
        "devices": devices,
        "precision": precision,
        "data": lambda: data(data_dir, pair),
        "weights": lambda: weights(results_dir, data_dir),
        "disk": lambda: disk(results_dir),
    }
    for name, check in checks.items():
        try:
            yield from check()
        except UsageError:
            raise
        except Exception as error:  # whatever is broken here is what the user wants to know
            reason = " ".join(str(error).split())[:200]
            remedy = "mend what is reported above it, or reinstall the project"
            yield Line(f"{name}: {type(error).__name__} {reason}", remedy, needed=True)


def environment() -> Iterator[Line]:
    """Python, and variables that must not be as they are: they are unset, to see what else is.

    Call it before TensorFlow is imported, which reads them then.
    """
    version = platform.python_version()
    low, high = (".".join(map(str, each)) for each in PYTHON)
    right = PYTHON[0] <= _numbers(version)[:2] <= PYTHON[1]
    yield Line(f"Python {version}", "" if right else f"use {low} to {high}", needed=True)
    traps = {
        "KERAS_BACKEND": (("", "tensorflow"), "unset it: this project runs on TensorFlow", True),
        "TF_USE_LEGACY_KERAS": (("", "0", "false"), "unset it: this project needs Keras 3", True),
        "TF_ENABLE_ONEDNN_OPTS": (
            ("", "1"),
            "unset it: a CPU takes twice as long without",
            False,
        ),
    }
    for name, (harmless, remedy, needed) in traps.items():
        value = os.environ.get(name, "")
        if value.lower() not in harmless:
            yield Line(f"{name}={value}", remedy, needed)
            del os.environ[name]


def packages() -> Iterator[Line]:
    """Versions of what is installed, and whether it can be imported."""
    for name, least in PACKAGES.items():
        yield _package(name, least)
    try:
        yield Line(f"tensorboard {metadata.version('tensorboard')}")
    except metadata.PackageNotFoundError:
        yield Line("tensorboard is not installed", "for --logger tensorboard: pip install it")


def _package(name: str, least: tuple[int, ...]) -> Line:
    spelled = ".".join(map(str, least))
    install = f"pip install '{name}>={spelled}'" if least else f"pip install {name}"
    try:
        version = metadata.version(name)
        importlib.import_module(name.replace("-", "_"))
    except metadata.PackageNotFoundError:
        return Line(f"{name} is not installed", install, needed=True)
    except Exception as error:
        reason = " ".join(str(error).split())[:200]
        return Line(f"{name} {version} cannot be imported ({reason})", install, needed=True)
    return Line(f"{name} {version}", "" if _numbers(version) >= least else install, needed=True)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit())


def devices() -> Iterator[Line]:
    """The processors that TensorFlow sees."""
    import tensorflow as tf

    yield Line(f"CPU: {os.cpu_count()} cores")
    gpus = tf.config.list_physical_devices("GPU")
    for gpu in gpus:
        details = tf.config.experimental.get_device_details(gpu)
        major, minor = details.get("compute_capability", (0, 0))
        name = details.get("device_name", "GPU")
        remedy = (
            "do without --jit: XLA of this TensorFlow fails on it" if major >= BLACKWELL else ""
        )
        yield Line(f"{gpu.name.split('device:')[-1]}: {name}, capability {major}.{minor}", remedy)
    if not gpus and DRIVER.exists():
        hidden = os.environ.get("CUDA_VISIBLE_DEVICES") in ("", "-1")
        remedy = "unset CUDA_VISIBLE_DEVICES" if hidden else "pip install 'tensorflow[and-cuda]'"
        yield Line("there is a GPU that TensorFlow does not see", remedy)


def precision() -> Iterator[Line]:
    """Matrix products per second in each precision, on the device that would train."""
    import tensorflow as tf

    place = "GPU" if tf.config.list_physical_devices("GPU") else "CPU"
    base = _seconds("float32")
    yield Line(f"float32 on the {place}: {2 * SIZE**3 / base / 1e9:.0f} GFLOP/s")
    for name in ("bfloat16", "float16"):
        try:
            factor = base / _seconds(name)
        except tf.errors.OpError:
            yield Line(f"{name} on the {place} does not run", f"leave --mixed_precision {name}")
            continue
        remedy = "" if factor > 1.3 else f"--mixed_precision {name} saves memory, not time"
        yield Line(f"{name} on the {place}: {factor:.1f} times the speed of float32", remedy)


def _seconds(precision: str) -> float:
    import tensorflow as tf

    matrix = tf.ones((SIZE, SIZE), precision)
    seconds = []
    for _ in range(ROUNDS + 1):
        start = time.perf_counter()
        tf.linalg.matmul(matrix, matrix)[0, 0].numpy()  # waits for a GPU
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds[1:])


def data(data_dir: str, pair: str = "") -> Iterator[Line]:
    """Every named source: read from its original files, or prepared by TFDS, or missing."""
    from framework.data import PAIRS, sources

    if pair and pair not in PAIRS:
        raise UsageError(f"--cogan_data {pair}: {suggest(pair, PAIRS)}")
    parts = (PAIRS[pair].first, PAIRS[pair].second) if pair else ()
    wanted = {part.split(":")[0] for part in parts}
    for name, source in sources.SOURCES.items():
        if name == "folder":
            continue
        needed = name in wanted or not source.folders  # what is built in must be there
        try:
            found = sources.locate(name, data_dir)
        except UserError as error:
            what, _, remedy = str(error).rpartition(": ")
            yield Line(f"data {name}: {what}", remedy, needed)
            continue
        remedy = "" if found else sources.ways(name, data_dir)
        yield Line(f"data {name}: {found or 'not found'}", remedy, needed)


def weights(results_dir: str, data_dir: str) -> Iterator[Line]:
    """Classifiers that runs have kept, and files that several flags read; nothing is fetched."""
    from framework import identity, lpips
    from framework import weights as torchvision

    kept = len(list(Path(results_dir, "classifiers").glob("*.keras")))
    yield Line(f"weights: {kept} classifiers kept; a run trains what it lacks")
    folder = Path(data_dir) / "lpips"
    for net in torchvision.FILES:
        trunk, heads = torchvision.present(net, folder), lpips.find_heads(net, folder)
        yield _file(f"{net}, of --perceptual_net and --lpips_net", trunk, "fetched when needed")
        yield _file(f"LPIPS heads of {net}", heads, f"see main.py lpips A B --net {net}")
    for net, source in identity.SOURCES.items():
        try:
            found = identity.find(net, None, data_dir)
        except UserError:
            found = None
        yield _file(f"{net}, of --identity_net", found, f"put it there, {source.origin}")


def _file(what: str, found: Path | None, remedy: str) -> Line:
    return Line(f"weights of {what}: {found or 'not found'}", "" if found else remedy)


def disk(results_dir: str) -> Iterator[Line]:
    """Room and permission where runs are to be written."""
    folder = Path(results_dir).absolute()
    nearest = next(path for path in (folder, *folder.parents) if path.exists())
    if not (nearest.is_dir() and os.access(nearest, os.W_OK | os.X_OK)):
        yield Line(f"cannot write to {nearest}", "choose another --results_dir", needed=True)
        return
    free = shutil.disk_usage(nearest).free
    remedy = "" if free >= ROOM else f"make room, {ROOM / 1e9:.0f} GB are needed"
    yield Line(f"{free / 1e9:.1f} GB free below {nearest}", remedy, needed=True)
