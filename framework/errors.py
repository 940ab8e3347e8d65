"""What the user can put right: one line on stderr and an exit code, never a traceback."""

from typing import Any


class UserError(Exception):
    """Something the user can put right; its text is one line that says how. Exit code 1."""

    code = 1


class UsageError(UserError):
    """A wrong flag, value or combination. Exit code 2."""

    code = 2


class MissingError(UserError):
    """Data or weights are not where they were looked for. Exit code 3."""

    code = 3


class Stopped(UserError):
    """A signal ended it, what could be saved is saved; `code` is that of the signal."""

    def __init__(self, message: str, code: int):
        super().__init__(message)
        self.code = code


class WorkerLost(UserError):
    """Another machine of the same run is gone. Exit code 75, as for a run that can go on."""

    code = 75


class DivergedError(UserError):
    """Training met a loss that is not finite. Exit code 4."""

    code = 4


def out_of_memory(options: Any) -> UserError:
    """What to halve, given the options of a run that did not fit into memory."""
    batch, size = options.batch_size, options.image_size
    tried = f"out of memory at --batch_size {batch} and --image_size {size}"
    if batch % 2:
        return UserError(f"{tried}: take a smaller batch, or halve --width")
    return UserError(
        f"{tried}: halve the batch to {batch // 2}; --accumulate {2 * options.accumulate} then "
        "keeps the updates as large"
    )
