"""Functions that several commands use: parsers, loading TensorFlow, opening a run."""

import argparse
import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from framework.engine import cluster
from framework.errors import UsageError, UserError, WorkerLost, out_of_memory, program
from framework.options.base import LARGEST_SEED, Options
from framework.options.flags import Parser

if TYPE_CHECKING:
    from framework.trainers.opening import OpenedRun

IMAGE_FORMATS = ("png", "jpg", "webp")  # in which commands write images


def parser(command: str, help: str, run: bool = True) -> argparse.ArgumentParser:
    """Builds the parser of a command; it raises UsageError for wrong arguments.

    Args:
        command: name of the command.
        help: description of the command.
        run: whether it takes a run folder as first argument, --iteration and --devices.
    """
    arguments = Parser(prog=f"{program()} {command}", description=help, allow_abbrev=False)
    if run:
        arguments.add_argument("run", metavar="RUN", help="run folder, such as results/demo")
        devices = "device to use, as in training; of several only the first [those of the run]"
        arguments.add_argument("--devices", help=devices)
        checkpoint = (
            "checkpoint to use: its iteration, or best, the one of --keep_best [that of models/]"
        )
        arguments.add_argument("--iteration", type=iteration, metavar="N|best", help=checkpoint)
    return arguments


def of_iteration(args: argparse.Namespace) -> str:
    """Returns the end of the name of a result, which says from which checkpoint it is."""
    return "" if args.iteration is None else f"_iteration_{args.iteration}"


def add_output(arguments: argparse.ArgumentParser, metavar: str, help: str) -> None:
    """Adds --out, a path, and --overwrite to the parser of a command."""
    arguments.add_argument("--out", type=Path, metavar=metavar, help=help)
    arguments.add_argument(
        "--overwrite", action="store_true", help="replace existing files of the same names"
    )


def add_format(arguments: argparse.ArgumentParser) -> None:
    """Adds --format of image files to the parser of a command."""
    arguments.add_argument(
        "--format", choices=IMAGE_FORMATS, default="png", help="of the image files [%(default)s]"
    )


def add_images(arguments: argparse.ArgumentParser, systems: str) -> None:
    """Adds PATH and --domain, of images that a user gives, to the parser of a command.

    Args:
        arguments: the parser.
        systems: for which systems the domain of the images matters, in words.
    """
    arguments.add_argument("path", type=Path, metavar="PATH", help="image, or folder of images")
    arguments.add_argument(
        "--domain", type=int, choices=(1, 2), default=1,
        help=f"domain of the images, for {systems} [%(default)s]",
    )  # fmt: skip


def add_search(arguments: argparse.ArgumentParser) -> None:
    """Adds the settings of the search for latent vectors to the parser of a command."""
    arguments.add_argument(
        "--restarts", type=positive, default=4, metavar="N",
        help="random starts per image of the search for a latent vector [%(default)s]",
    )  # fmt: skip
    arguments.add_argument(
        "--steps", type=positive, default=300, metavar="N", help="updates per start [%(default)s]"
    )
    arguments.add_argument("--seed", type=seed, default=0, help="seed of the starts [%(default)s]")


def positive(text: str) -> int:
    """Converts a number; raises ArgumentTypeError unless it is whole and at least 1."""
    if text.isdecimal() and int(text) > 0:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text}: must be a whole number, at least 1")


def iteration(text: str) -> int | Literal["best"]:
    """Converts the value of --iteration; raises ArgumentTypeError unless a number or `best`."""
    if text == "best":
        return "best"
    if text.isdecimal():
        return int(text)
    raise argparse.ArgumentTypeError(f"{text}: must be a whole number or best")


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
        tf.get_logger().setLevel("ERROR")
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

    from framework.engine.devices import make_reproducible, of_all_workers

    make_reproducible(getattr(options, "deterministic", False))
    if cluster.workers() > 1:
        of_all_workers()
    try:
        with _without_gpus() if devices == "cpu" else contextlib.nullcontext():
            yield
    except (MemoryError, tf.errors.ResourceExhaustedError) as error:
        if options:
            raise out_of_memory(options) from error
        raise UserError("out of memory: use fewer images, or add --devices cpu") from error
    except tf.errors.UnknownError as error:
        from framework.data.batches import reading_error

        raise reading_error(error) or error from error
    except (tf.errors.UnavailableError, tf.errors.InternalError, tf.errors.AbortedError) as error:
        if cluster.workers() == 1:
            raise
        raise WorkerLost(
            "another worker stopped answering: start all workers again, their number may differ; "
            "the run goes on from its newest checkpoint"
        ) from error


def _without_gpus() -> contextlib.AbstractContextManager:
    """Keeps operations outside the strategy, such as those of sheets, off the GPUs."""
    import tensorflow as tf

    try:
        tf.config.set_visible_devices([], "GPU")
    except RuntimeError:  # a Python program may have used them, and may do so again
        return tf.device("CPU:0")
    return contextlib.nullcontext()


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

        opened = open_run(args.run, checkpoint=args.iteration, devices=args.devices)
        if not isinstance(opened.system, capability):
            raise UsageError(f"{args.run}: a {opened.options.gan_type} {message}")
        yield opened
