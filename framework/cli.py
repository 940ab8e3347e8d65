"""The command line: runs a command, and reports an error as one line and an exit code.

TensorFlow is imported only after the command line has been read and checked.
"""

import importlib
import io
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from framework import __version__
from framework.engine import signals  # imported early: it starts the clock of --max_time
from framework.errors import UsageError, UserError, program
from framework.options import flags

SHARED = (
    "__init__", "base", "doctor_checks", "given", "of_class", "outputs", "training",
    "transformations", "translating",
)  # fmt: skip
"""Files that are no commands."""
RESUMED = ("train", "reproduce")  # commands that go on where they were stopped
PRINT_ONLY = ("list", "doctor", "lpips")  # commands that write no files


def commands() -> list[str]:
    """Returns the sorted names of the commands: the files of `framework/commands`."""
    files = (Path(__file__).parent / "commands").glob("*.py")
    return sorted(path.stem for path in files if path.stem not in SHARED)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command line; without the name of a command it is `train`.

    Args:
        argv: words after the name of the program; None for those of this process.

    Returns:
        Exit code: 0 success, 1 failure, 2 wrong usage, 3 missing data or weights, 4 diverged. If a
        run was stopped and everything is saved: 130 after SIGINT, 75 after SIGTERM, SIGUSR1,
        --max_time or the loss of a worker.
    """
    argv = list(sys.argv[1:] if argv is None else argv)
    accept_any_text()
    if argv[:1] == ["--version"]:
        print(_versions())
        return 0
    if not argv or argv[0].startswith("-"):
        argv = ["train", *argv]
    try:
        return _run(argv)
    except UserError as error:
        return _fail(str(error), error.code)
    except ModuleNotFoundError as error:
        if (error.name or "framework").partition(".")[0] in ("framework", "nets"):
            raise
        missing = f"{error.name} is not installed for {sys.executable}"
        return _fail(f"{missing}: . .venv/bin/activate, or install first (README)")
    except BrokenPipeError:
        return _without_reader(argv)
    except UnicodeEncodeError as error:
        return _fail(
            f"{error.object!a} cannot be used as text here: rename it, or set PYTHONUTF8=1 if this "
            "terminal shows it"
        )
    except OSError as error:
        if error.filename is None:
            raise
        return _fail(f"{error.filename}: {error.strerror or error}")
    except KeyboardInterrupt:
        return _fail("interrupted; what is in a checkpoint stays", 130)


def _without_reader(argv: list[str]) -> int:
    """Ends a command whose output nobody reads any more; returns the exit code."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if argv[0] in PRINT_ONLY or {"-h", "--help"} & set(argv):  # as by `| head`
        return 0
    return _fail("nobody reads the output; what is in a checkpoint stays")


def _run(argv: list[str]) -> int:
    """Runs a command with its arguments; raises UsageError if there is no such command."""
    if argv[0] != "doctor":  # which reports a wrong backend itself
        _check_backend()
    if argv[0] not in commands():
        raise UsageError(f"unknown command {argv[0]}: {flags.suggest(argv[0], commands())}")
    kept = "what is in a checkpoint stays, the same command goes on"
    with signals.raising(f"stopped; {kept if argv[0] in RESUMED else 'complete files stay'}"):
        return importlib.import_module(f"framework.commands.{argv[0]}").run(argv[1:])


def _fail(message: str, code: int = UserError.code) -> int:
    """Prints one line to stderr; returns the exit code."""
    print(f"{program().split()[-1]}: {message}", file=sys.stderr)
    return code


def accept_any_text() -> None:
    """Lets stdout take names of files that its encoding lacks: they are printed with escapes."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def _versions() -> str:
    """Returns the versions of this project and of its libraries, without importing these."""
    from importlib import metadata  # slow

    parts = [f"softgan {__version__}"]
    for name in ("TensorFlow", "Keras"):
        try:
            parts.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            parts.append(f"{name} not installed")
    return ", ".join(parts)


def _check_backend() -> None:
    if os.environ.get("KERAS_BACKEND", "tensorflow") != "tensorflow":
        raise UserError(
            f"KERAS_BACKEND={os.environ['KERAS_BACKEND']}: this project runs on TensorFlow; "
            "unset it or set it to tensorflow"
        )
