"""The checks of the command `doctor`: what this machine has, what is missing and what to do."""

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

from framework.errors import UsageError, UserError, program
from framework.options.flags import suggest

PACKAGES = {"tensorflow": (2, 21), "keras": (3, 12), "numpy": (), "tensorflow-datasets": ()}
PYTHON = (3, 11), (3, 13)
FREE_BYTES = 1 << 30  # a run of the thesis' size takes a few hundred MB
BLACKWELL = 10  # first compute capability for which XLA of TensorFlow 2.21 cannot compile
SIZE, ROUNDS = 1024, 5  # of the matrix products that are timed
DRIVER = Path("/proc/driver/nvidia/version")


class Finding(NamedTuple):
    """The result of one check, printed as one line.

    Attributes:
        text: what was found.
        remedy: what to do about it; '' if nothing has to be done.
        required: whether no run works without it.
    """

    text: str
    remedy: str = ""
    required: bool = False

    def __str__(self) -> str:
        return f"-- {self.text}: {self.remedy}" if self.remedy else f"ok {self.text}"


def check_all(data_dir: str, results_dir: str, pair: str = "") -> Iterator[Finding]:
    """Makes all checks except `environment`, one after the other; writes nothing.

    Args:
        data_dir: folder of the data sets.
        results_dir: folder of the runs.
        pair: name of the pair whose data are required, '' for none.

    Raises:
        UsageError: there is no such pair. All other errors are findings.
    """
    checks: dict[str, Callable[[], Iterator[Finding]]] = {
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
        except Exception as error:  # any error of a check is a finding
            remedy = "fix what is reported above, or install the project again"
            text = f"{name}: {type(error).__name__} {_one_line(error)}"
            yield Finding(text, remedy, required=True)


def environment() -> Iterator[Finding]:
    """Checks Python and environment variables; unsets wrong ones, so that later checks can run.

    Call it before TensorFlow is imported, which reads the variables.
    """
    version = platform.python_version()
    low, high = (".".join(map(str, limit)) for limit in PYTHON)
    supported = PYTHON[0] <= _numbers(version)[:2] <= PYTHON[1]
    remedy = "" if supported else f"use {low} to {high}"
    yield Finding(f"Python {version}", remedy, required=True)
    variables = {  # allowed values, remedy, whether the remedy is required
        "KERAS_BACKEND": (("", "tensorflow"), "unset it: this project runs on TensorFlow", True),
        "TF_USE_LEGACY_KERAS": (("", "0", "false"), "unset it: this project needs Keras 3", True),
        "TF_ENABLE_ONEDNN_OPTS": (
            ("", "1"),
            "unset it: else a CPU is half as fast",
            False,
        ),
    }
    for name, (allowed, remedy, required) in variables.items():
        value = os.environ.get(name, "")
        if value.lower() not in allowed:
            yield Finding(f"{name}={value}", remedy, required)
            del os.environ[name]


def packages() -> Iterator[Finding]:
    """Checks the versions of packages, and whether they can be imported."""
    for name, minimum in PACKAGES.items():
        yield _package(name, minimum)
    try:
        yield Finding(f"tensorboard {metadata.version('tensorboard')}")
    except metadata.PackageNotFoundError:
        remedy = "for --logger tensorboard: pip install tensorboard"
        yield Finding("tensorboard is not installed", remedy)


def _package(name: str, minimum: tuple[int, ...]) -> Finding:
    condition = ".".join(map(str, minimum))
    install = f"pip install '{name}>={condition}'" if minimum else f"pip install {name}"
    try:
        version = metadata.version(name)
        importlib.import_module(name.replace("-", "_"))
    except metadata.PackageNotFoundError:
        return Finding(f"{name} is not installed", install, required=True)
    except Exception as error:  # importing a broken package can raise anything
        text = f"{name} {version} cannot be imported ({_one_line(error)})"
        return Finding(text, install, required=True)
    remedy = "" if _numbers(version) >= minimum else install
    return Finding(f"{name} {version}", remedy, required=True)


def _one_line(error: Exception) -> str:
    """Returns the first 200 characters of an error's message, without line breaks."""
    return " ".join(str(error).split())[:200]


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit())


def devices() -> Iterator[Finding]:
    """Lists the CPU and the GPUs that TensorFlow finds."""
    import tensorflow as tf

    yield Finding(f"CPU: {os.cpu_count()} cores")
    gpus = tf.config.list_physical_devices("GPU")
    for gpu in gpus:
        details = tf.config.experimental.get_device_details(gpu)
        major, minor = details.get("compute_capability", (0, 0))
        name = details.get("device_name", "GPU")
        too_new_for_xla = major >= BLACKWELL
        remedy = "do not use --jit: XLA of this TensorFlow fails on it" if too_new_for_xla else ""
        place = gpu.name.split("device:")[-1]
        yield Finding(f"{place}: {name}, capability {major}.{minor}", remedy)
    if not gpus and DRIVER.exists():
        hidden = os.environ.get("CUDA_VISIBLE_DEVICES") in ("", "-1")
        remedy = "unset CUDA_VISIBLE_DEVICES" if hidden else "pip install 'tensorflow[and-cuda]'"
        yield Finding("there is a GPU that TensorFlow does not find", remedy)


def precision() -> Iterator[Finding]:
    """Measures the speed of matrix products in each precision, on the device of a training."""
    import tensorflow as tf

    place = "GPU" if tf.config.list_physical_devices("GPU") else "CPU"
    base = _seconds("float32")
    yield Finding(f"float32 on the {place}: {2 * SIZE**3 / base / 1e9:.0f} GFLOP/s")
    for name in ("bfloat16", "float16"):
        try:
            factor = base / _seconds(name)
        except tf.errors.OpError:
            remedy = f"do not use --mixed_precision {name}"
            yield Finding(f"{name} on the {place} does not work", remedy)
            continue
        remedy = "" if factor > 1.3 else f"--mixed_precision {name} saves memory, not time"
        yield Finding(f"{name} on the {place}: {factor:.1f} times the speed of float32", remedy)


def _seconds(precision: str) -> float:
    """Measures the median time of a product of two matrices [SIZE, SIZE]."""
    import tensorflow as tf

    matrix = tf.ones((SIZE, SIZE), precision)
    seconds = []
    for _ in range(ROUNDS + 1):
        start = time.perf_counter()
        tf.linalg.matmul(matrix, matrix)[0, 0].numpy()  # the conversion waits for a GPU
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds[1:])


def data(data_dir: str, pair: str = "") -> Iterator[Finding]:
    """Looks for every data set: its original files, or files that TFDS has prepared."""
    from framework.data import PAIRS, sources

    if pair and pair not in PAIRS:
        raise UsageError(f"--cogan_data {pair}: {suggest(pair, PAIRS)}")
    domains = (PAIRS[pair].first, PAIRS[pair].second) if pair else ()
    required_sources = {domain.split(":")[0] for domain in domains}
    for name, source in sources.SOURCES.items():
        if name == "folder":
            continue
        built_in = not source.folders
        required = built_in or name in required_sources
        try:
            location = sources.locate(name, data_dir)
        except UserError as error:
            text, _, remedy = str(error).rpartition(": ")
            yield Finding(f"data {name}: {text}", remedy, required)
            continue
        remedy = "" if location else sources.ways(name, data_dir)
        yield Finding(f"data {name}: {location or 'not found'}", remedy, required)


def weights(results_dir: str, data_dir: str) -> Iterator[Finding]:
    """Looks for stored classifiers and for weight files of pretrained networks; downloads none."""
    from framework.frozen import identity, lpips
    from framework.frozen import weights as torchvision

    count = len(list(Path(results_dir, "classifiers").glob("*.keras")))
    yield Finding(f"weights: {count} stored classifiers; a run trains missing ones")
    folder = Path(data_dir) / "lpips"
    for net in torchvision.FILES:
        trunk, heads = torchvision.present(net, folder), lpips.find_heads(net, folder)
        remedy = "a run that needs it downloads it"
        yield _weight_file(f"{net} (--perceptual_net, --lpips_net)", trunk, remedy)
        yield _weight_file(f"LPIPS heads of {net}", heads, f"see {program()} lpips A B --net {net}")
    for net, source in identity.SOURCES.items():
        try:
            file = identity.find(net, None, data_dir)
        except UserError:
            file = None
        yield _weight_file(f"{net} (--identity_net)", file, f"put it there, {source.origin}")


def _weight_file(title: str, file: Path | None, remedy: str) -> Finding:
    return Finding(f"weights of {title}: {file or 'not found'}", "" if file else remedy)


def disk(results_dir: str) -> Iterator[Finding]:
    """Checks free space and permission to write in the folder of the runs."""
    folder = Path(results_dir).absolute()
    nearest = next(path for path in (folder, *folder.parents) if path.exists())
    if not (nearest.is_dir() and os.access(nearest, os.W_OK | os.X_OK)):
        yield Finding(f"cannot write to {nearest}", "choose another --results_dir", required=True)
        return
    free = shutil.disk_usage(nearest).free
    remedy = "" if free >= FREE_BYTES else f"make room, {FREE_BYTES / 1e9:.0f} GB are needed"
    yield Finding(f"{free / 1e9:.1f} GB free in {nearest}", remedy, required=True)
