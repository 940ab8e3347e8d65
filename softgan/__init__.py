"""The public Python interface: train a system, open a finished run, list the systems.

import softgan

run = softgan.train("scogan", data="mini2edge", preset="smoke", name="first")
images1, images2 = run.sample(8)  # pairs, each [8, 32, 32, 3] in [-1, 1]
run.history["gen/adv1"], run.metrics["pair_accuracy"]["value"]
run = softgan.open_run("results/first")  # later, in another program
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from softgan import packages

if TYPE_CHECKING:
    import keras
    import numpy as np
    from PIL import Image

    from framework import __version__
    from framework.errors import (
        DivergedError,
        MissingError,
        Stopped,
        UsageError,
        UserError,
    )
    from softgan.run import Run

__all__ = [
    "DivergedError",
    "MissingError",
    "Run",
    "Stopped",
    "UsageError",
    "UserError",
    "__version__",
    "list_systems",
    "open_run",
    "sheet",
    "train",
]


def train(
    gan_type: str,
    data: Any = None,
    *,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    **options: Any,
) -> Run:
    """Trains a run, or goes on with it, and evaluates it, as the command line does.

    The same call resumes a run that was stopped. It works in notebooks and in any thread. Several
    calls in a process, one after the other, give the same results as in new processes. A call sets
    the seeds of Python, NumPy and TensorFlow and clears the session of Keras.

    Args:
        gan_type: name of a system, or the dotted name of a module with one.
        data: name of a data set or pair; a folder of images; or images in memory: an array
            [N, H, W, C], a pair (images, labels), a `tf.data.Dataset`, a tuple of these for several
            domains, or a dict from names of domains to these. `framework.data.arrays` describes
            shapes and ranges. None for the data set of the system or of `preset`.
        callbacks: Keras callbacks. An epoch is a log interval (`log_every` iterations): the number
            of an epoch is its last iteration, and its logs are a row of `history`. A callback that
            sets `model.stop_training`, such as `keras.callbacks.EarlyStopping`, ends the training:
            the run is saved and evaluated as it is, and the same call goes on with it. Callbacks
            must not change weights.
        **options: the flags of the command line by their names, `preset` among them, such as
            `batch_size=64`.

    Returns:
        The run, opened for use.

    Raises:
        UserError: a wrong option, missing data, a loss that diverges; its text says what to do. It
            has subclasses: UsageError, MissingError, DivergedError.
        Stopped: a signal, such as Ctrl-C, or `max_time` stopped the training; it is saved, and the
            same call goes on.
    """
    _check_packages()
    from softgan import training

    return training.train(gan_type, data, callbacks, options)


def open_run(
    folder: str | Path, checkpoint: int | Literal["best"] | None = None, devices: str | None = None
) -> Run:
    """Opens a run for use, without its data, optimisers and discriminators.

    Args:
        folder: the run folder, such as results/demo.
        checkpoint: iterations of the checkpoint to load; "best" for that of `keep_best`; None for
            that of `models/`: the best with `keep_best`, else the newest.
        devices: as `--devices`, the first of several is used; None for those of the training.

    Raises:
        MissingError: there is no run or no such checkpoint.
        UserError: the checkpoint is damaged, or of other networks.
    """
    _check_packages()
    from softgan import training

    return training.open_run(folder, checkpoint, devices)


def sheet(*domains: np.ndarray, rows: int | None = None) -> Image.Image:
    """Arranges images as one picture, which notebooks show.

    Args:
        *domains: one or two arrays of images [N, H, W, C] in [-1, 1] or uint8. Those of the second
            array are below those of the first, pair by pair.
        rows: rows of images of each array.
    """
    _check_packages()
    from PIL import Image

    from framework.results import pair_sheet

    return Image.fromarray(pair_sheet(domains, rows))


def list_systems() -> tuple[str, ...]:
    """Names of the built-in systems and of those of installed packages."""
    _check_packages()
    from framework.options import config

    return config.systems()


def _check_packages() -> None:
    """Raises ImportError if packages of other projects hide those of this one."""
    if message := packages.hidden():
        raise ImportError(message)


def __getattr__(name: str) -> Any:
    """Imports errors, `Run` and the version when they are first used: TensorFlow is slow."""
    if name not in __all__:
        raise AttributeError(f"module {__name__} has no attribute {name}")
    _check_packages()
    if name == "Run":
        from softgan.run import Run

        return Run
    import framework
    from framework import errors

    return getattr(framework if name == "__version__" else errors, name)
