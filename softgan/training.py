"""Trains and opens runs for a Python program. TensorFlow is imported after options are checked."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from framework import cli
from framework.commands import train as command
from framework.commands.base import load_tensorflow
from framework.engine import cluster, signals
from framework.errors import Stopped, UsageError
from framework.options import config
from framework.options.base import Options

if TYPE_CHECKING:
    import keras

    from softgan.run import Run

ARRAYS = "arrays"  # value of --data for images in memory
NEED_OPTIMISER = {"LearningRateScheduler", "ReduceLROnPlateau"}  # of a model, which has none here
_ALONE = threading.Lock()
"""Is held while a run is trained: seeds and names of layers belong to the whole process."""


def train(
    gan_type: str,
    data: Any,
    callbacks: Sequence[keras.callbacks.Callback],
    given: Mapping[str, Any],
) -> Run:
    """As `softgan.train`, with the options in `given`."""
    is_name = data is None or isinstance(data, str | Path)
    values = {"gan_type": gan_type, "data": data if is_name else ARRAYS, **given}
    argv = [f"--{name}={_text(value)}" for name, value in values.items() if value is not None]
    if gan_type not in config.BUILT_IN:
        load_tensorflow()  # else the module of a user's system would import it with messages
    options = config.parse(argv)
    _check(options, callbacks)
    call = _call(gan_type, {"data": data} if is_name else {}, given)
    if not _ALONE.acquire(blocking=False):
        raise UsageError(
            "another run is being trained in this process, with which this one would share random "
            "numbers: wait until it has ended, or use another process"
        )
    try:
        cli.accept_any_text()
        signals.start_clock()
        _start_anew()
        code = command.train(options, call, None if is_name else data, callbacks)
    finally:
        _ALONE.release()
    if code:
        raise Stopped("stopped and saved; the same call goes on", code)
    return open_run(config.run_folder(options), None, options.devices)


def _start_anew() -> None:
    """Lets a run begin as in a new process, whatever this one has computed before."""
    load_tensorflow()
    import keras
    import tensorflow as tf

    keras.utils.clear_session()  # names of layers are counted
    tf.config.list_logical_devices()  # after that, a run on the CPU hides no GPUs from later ones


def _check(options: Options, callbacks: Sequence[keras.callbacks.Callback]) -> None:
    """Refuses what has no meaning in a Python program. Raises UsageError."""
    if options.dry_run:
        raise UsageError("dry_run: only on the command line, because it makes no run")
    if cluster.workers() > 1:
        raise UsageError("TF_CONFIG names several workers: train on them by the command line")
    names = {kind.__name__ for callback in callbacks for kind in type(callback).__mro__}
    if unfit := sorted(names & NEED_OPTIMISER):
        raise UsageError(f"callbacks: no {unfit[0]}; use the option lr_schedule instead")
    if any(getattr(callback, "restore_best_weights", False) for callback in callbacks):
        raise UsageError(
            "callbacks: restore_best_weights would change weights after they were saved; leave it "
            "out and use the options keep_best and evaluate_every"
        )


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _call(gan_type: str, *arguments: Mapping[str, Any]) -> str:
    """Returns the Python code of a call, for the page of the run."""
    values = {k: v for part in arguments for k, v in part.items() if v is not None}
    shown = {k: str(v) if isinstance(v, Path) else v for k, v in values.items()}
    words = [repr(gan_type), *(f"{name}={value!r}" for name, value in shown.items())]
    return f"softgan.train({', '.join(words)})"


def open_run(
    folder: str | Path, checkpoint: int | Literal["best"] | None, devices: str | None
) -> Run:
    """As `softgan.open_run`."""
    load_tensorflow()
    from framework.engine import devices as system_devices
    from framework.trainers import opening
    from softgan.run import Run

    system_devices.make_reproducible(False)
    return Run(opening.open_run(Path(folder).expanduser(), checkpoint=checkpoint, devices=devices))
