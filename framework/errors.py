"""What the user can put right: one line on stderr and an exit code, never a traceback."""


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
    """A signal ended something that cannot be saved; `code` is that of the signal."""

    def __init__(self, message: str, code: int):
        super().__init__(message)
        self.code = code


class DivergedError(UserError):
    """Training met a loss that is not finite. Exit code 4."""

    code = 4
