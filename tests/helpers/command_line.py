"""Running commands in tests, and looking at what they left."""

import contextlib
import csv
import resource
import subprocess
import sys
from pathlib import Path

from conftest import ROOT

from framework.cli import main
from framework.errors import program

SMOKE = "--cogan_data mini2edge --preset smoke --width 0.005".split()


def in_a_fresh_process(code: str) -> str:
    """What Python code prints in a new process; it must end well and warn of nothing."""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return done.stdout


def everything_below(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def history(run: str | Path) -> list[dict[str, str]]:
    with (Path(run) / "history.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def refused(capsys, code: int, *argv: str) -> str:
    """Run a mistaken command; return its one line on stderr. It changes nothing on the disk."""
    before = everything_below(Path.cwd())
    capsys.readouterr()
    assert main(argv) == code
    out, err = capsys.readouterr()
    assert err.count("\n") == 1 and err.endswith("\n") and err.startswith(f"{program()}: ")
    assert "Traceback" not in out + err
    assert everything_below(Path.cwd()) == before
    return err


@contextlib.contextmanager
def room_for(size: int):
    """Let no file grow beyond `size` bytes, as on a disk that is full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
