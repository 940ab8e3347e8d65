"""The command line: finds the command, turns errors into one line and an exit code.

TensorFlow is imported only after the command line has been read and checked.
"""

import importlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from framework import flags, signals  # the second starts the clock of --max_time
from framework.errors import UsageError, UserError

SHARED = ("__init__", "base")  # files of `commands` that are no command
TELLING = ("list", "doctor", "lpips")  # commands that leave nothing but what they print


def commands() -> list[str]:
    """Names of the commands: every file of `framework/commands`, sorted."""
    files = (Path(__file__).parent / "commands").glob("*.py")
    return sorted(path.stem for path in files if path.stem not in SHARED)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command line.

    Returns:
        Exit code: 0 done, 1 failure, 2 usage, 3 data or weights missing, 4 diverged, 75 and 130
        stopped with everything saved: by SIGINT (130), by SIGTERM, SIGUSR1, --max_time or a
        lost worker (75).
    """
    argv = list(sys.argv[1:] if argv is None else argv)
    try:
        if argv[:1] != ["doctor"]:  # which tells of this itself
            _check_backend()
        if not argv or argv[0].startswith("-"):
            argv = ["train", *argv]
        if argv[0] not in commands():
            raise UsageError(f"unknown command {argv[0]}: {flags.suggest(argv[0], commands())}")
        with signals.raising("stopped; what is in a checkpoint stays, the same command goes on"):
            return importlib.import_module(f"framework.commands.{argv[0]}").run(argv[1:])
    except UserError as error:
        print(f"main.py: {error}", file=sys.stderr)
        return error.code
    except ModuleNotFoundError as error:
        if (error.name or "framework").partition(".")[0] in ("framework", "nets"):
            raise
        where = f"{error.name} is not installed for {sys.executable}"
        print(f"main.py: {where}: . .venv/bin/activate, or install first (README)", file=sys.stderr)
        return UserError.code
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if argv[0] in TELLING or {"-h", "--help"} & set(argv):  # `| head` has seen enough
            return 0
        print("main.py: nobody reads the output; what is in a checkpoint stays", file=sys.stderr)
        return UserError.code
    except OSError as error:
        if error.filename is None:
            raise
        print(f"main.py: {error.filename}: {error.strerror or error}", file=sys.stderr)
        return UserError.code
    except KeyboardInterrupt:
        print("main.py: interrupted; what is in a checkpoint stays", file=sys.stderr)
        return 130


def _check_backend() -> None:
    if os.environ.get("KERAS_BACKEND", "tensorflow") != "tensorflow":
        raise UserError(
            f"KERAS_BACKEND={os.environ['KERAS_BACKEND']}: this project runs on TensorFlow; "
            "unset it or set it to tensorflow"
        )
