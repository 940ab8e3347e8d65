"""Errors that a user can correct: one line on stderr and an exit code instead of a traceback."""

import sys
from pathlib import Path
from typing import Any


def program() -> str:
    """Returns how a user starts this program: `python main.py`, or `softgan` after installation.

    From Python, where neither was started, it is `softgan`.
    """
    return "python main.py" if Path(sys.argv[0]).name == "main.py" else "softgan"


class UserError(Exception):
    """An error that the user can correct; its text is one line that says how. Exit code 1."""

    code = 1


class UsageError(UserError):
    """A wrong flag, value or combination. Exit code 2."""

    code = 2


class MissingError(UserError):
    """Data or weights are missing or damaged. Exit code 3."""

    code = 3


class Stopped(UserError):
    """A signal stopped the process, whose state is saved; `code` is the exit code of the signal."""

    def __init__(self, message: str, code: int):
        super().__init__(message)
        self.code = code


class WorkerLost(UserError):
    """Another machine of the same run is lost. Exit code 75: the run can be continued."""

    code = 75


class DivergedError(UserError):
    """A loss became infinite or not a number during training. Exit code 4."""

    code = 4


def out_of_memory_for_data(name: str, count: int, size: int) -> UserError:
    """Returns an error for `count` images of size x size that did not fit into memory."""
    return UserError(
        f"out of memory for the data: {count:,} images of {name} at --image_size {size} take "
        f"{count * size**2 * 3 / 1e9:.1f} GB: choose a smaller size, or fewer images"
    )


def out_of_memory(options: Any) -> UserError:
    """Returns an error for a run that did not fit into memory; its text says what to reduce."""
    batch, size = options.batch_size, options.image_size
    tried = f"out of memory at --batch_size {batch} and --image_size {size}"
    if batch % 2:
        return UserError(f"{tried}: use a smaller batch, or halve --width")
    return UserError(
        f"{tried}: halve the batch to {batch // 2}; --accumulate {2 * options.accumulate} then "
        "keeps the updates as large"
    )
