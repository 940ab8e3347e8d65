"""Trains a run that is killed again and again: `python chaos.py RESULTS_DIR KILLS COMMAND...`.

TensorFlow is imported once and not yet initialised, and every life is a fork of that. Prints how
many lives were killed while they were writing a checkpoint.
"""

import os
import random
import signal
import sys
import time
from pathlib import Path

import tensorflow as tf  # noqa: F401 - so that a life need not import it
from keras import layers  # noqa: F401

from framework.cli import main

LONGEST = 60.0  # seconds without a sign of life, after which something is wrong


def live(argv: list[str], log: Path) -> int:
    """Starts a life; returns its process id."""
    pid = os.fork()
    if pid:
        return pid
    handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(handle, 1)
    os.dup2(handle, 2)
    code = 70
    try:
        code = main(argv)
    finally:
        os._exit(code)


def unfinished(folder: Path) -> list[Path]:
    """Checkpoints that are being written."""
    return list(folder.glob(".*.tmp"))


def wait_for_writing(pid: int, folder: Path, times: int) -> bool:
    """Waits until so many checkpoints were begun; False if the life ended before."""
    before, end = False, time.monotonic() + LONGEST
    while times and time.monotonic() < end:
        now = bool(unfinished(folder))
        times -= now and not before
        before = now
        if os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            return False
        time.sleep(0.0003)
    return not times


def kill(argv: list[str], results: Path, kills: int) -> int:
    """Lives that end by SIGKILL at random moments; returns how many were writing a checkpoint."""
    rng, folder, hits = random.Random(0), results / "killed" / "checkpoints", 0
    for turn in range(kills):
        pid = live([*argv, "--name", "killed"], results / "killed.txt")
        if turn % 4 == 0:  # wherever it is, before the first iteration too
            time.sleep(rng.uniform(0.0, 4.0))
        elif not wait_for_writing(pid, folder, rng.randint(2, 4)):
            sys.exit(f"life {turn} ended by itself: {(results / 'killed.txt').read_text()}")
        else:  # while it writes, or a little later
            time.sleep(rng.uniform(0.0, 0.02 if turn % 4 < 3 else 0.5))
        os.kill(pid, signal.SIGKILL)
        if os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) != -signal.SIGKILL:
            sys.exit(f"life {turn} ended before it was killed")
        hits += bool(unfinished(folder))
    return hits


def finish(argv: list[str], results: Path, name: str) -> None:
    """A life that nobody ends."""
    pid = live([*argv, "--name", name], results / f"{name}.txt")
    if os.waitpid(pid, 0)[1]:
        sys.exit((results / f"{name}.txt").read_text())


if __name__ == "__main__":
    place, command = Path(sys.argv[1]), [*sys.argv[3:], "--results_dir", sys.argv[1]]
    written = kill(command, place, int(sys.argv[2]))
    finish(command, place, "killed")
    finish(command, place, "unbroken")
    print(written)
