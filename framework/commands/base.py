"""Functions that several commands use: parsers, loading TensorFlow, opening a run."""

import argparse
import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from framework.engine import cluster
from framework.errors import UsageError, UserError, WorkerLost, out_of_memory
from framework.options.base import LARGEST_SEED, Options

if TYPE_CHECKING:
    from framework.trainers.opening import OpenedRun


class Parser(argparse.ArgumentParser):
    """Parser that raises UsageError, one line, where argparse prints the usage and exits."""

    def error(self, message: str) -> NoReturn:
        """Raises UsageError."""
        raise UsageError(message)


def parser(command: str, help: str, run: bool = True) -> argparse.ArgumentParser:
    """Builds the parser of a command; it raises UsageError for wrong arguments.

    Args:
        command: name of the command.
        help: description of the command.
        run: whether it takes a run folder as first argument, and --devices.
    """
    arguments = Parser(f"main.py {command}", description=help, allow_abbrev=False)
    if run:
        arguments.add_argument("run", metavar="RUN", help="run folder, such as results/demo")
        devices = "device to use, as in training; of several only the first [those of the run]"
        arguments.add_argument("--devices", help=devices)
    return arguments


def load_tensorflow() -> None:
    """Imports TensorFlow without the messages that its libraries write to stderr.

    If TF_CPP_MIN_LOG_LEVEL is set, the user wants these messages and they are written.
    """
    os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")
    if "TF_CPP_MIN_LOG_LEVEL" in os.environ:
        return
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    stderr = os.dup(2)
    with open(os.devnull, "w") as null:
        os.dup2(null.fileno(), 2)
    try:
        import tensorflow as tf

        tf.config.list_physical_devices()
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)


@contextlib.contextmanager
def tensorflow(devices: str, options: Options | None = None) -> Iterator[None]:
    """Loads TensorFlow and joins the cluster, if there is one.

    Args:
        devices: value of `--devices`.
        options: options of a training, for advice if there is not enough memory; None for other
            commands.

    Raises:
        UserError: there was not enough memory inside the block.
        WorkerLost: another worker stopped answering inside the block.
    """
    if options is None and cluster.workers() > 1:
        raise UsageError("TF_CONFIG names several workers: this command runs on one; unset it")
    load_tensorflow()
    import tensorflow as tf

    from framework.engine.devices import make_reproducible

    make_reproducible(getattr(options, "deterministic", False))
    if devices == "cpu":  # else operations outside the strategy, as for sheets, run on a GPU
        tf.config.set_visible_devices([], "GPU")
    if cluster.workers() > 1:
        from framework.engine.devices import of_all_workers

        of_all_workers()
    try:
        yield
    except (MemoryError, tf.errors.ResourceExhaustedError) as error:
        if options:
            raise out_of_memory(options) from error
        raise UserError("out of memory: use fewer images, or add --devices cpu") from error
    except (tf.errors.UnavailableError, tf.errors.InternalError, tf.errors.AbortedError) as error:
        if cluster.workers() == 1:
            raise
        raise WorkerLost(
            "another worker stopped answering: start all workers again, their number may differ; "
            "the run goes on from its newest checkpoint"
        ) from error


def seed(text: str) -> int:
    """Converts the value of --seed; raises ArgumentTypeError if training would not accept it."""
    if text.isdigit() and int(text) <= LARGEST_SEED:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text}: must be a whole number from 0 to {LARGEST_SEED}")


@contextlib.contextmanager
def open_with_capability(
    args: argparse.Namespace, capability: type | tuple[type, ...], message: str
) -> Iterator["OpenedRun"]:
    """Loads TensorFlow and opens the run of a command for use.

    Args:
        args: arguments of the command, from `parser`.
        capability: protocol of `engine.capabilities` that the system must have, or several of which
            it must have one.
        message: end of the error message "RUN: a SYSTEM ..." if it has none of them.

    Raises:
        UsageError: the system does not have the capability.
        UserError: as `opening.open_run`.
    """
    from framework.results import Run

    run = Run.load(Path(args.run))
    with tensorflow(args.devices or run.config.get("devices", "auto")):
        from framework.trainers.opening import open_run

        opened = open_run(args.run, devices=args.devices)
        if not isinstance(opened.system, capability):
            raise UsageError(f"{args.run}: a {opened.options.gan_type} {message}")
        yield opened
