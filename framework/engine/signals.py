"""Signals that stop a run: it finishes the iteration, saves and returns an exit code."""

import contextlib
import signal
import time
from collections.abc import Iterator

from framework.errors import Stopped

# Slurm sends SIGUSR1 before the time of a job is over; --max_time sends SIGALRM.
EXIT_CODES: dict[int, int] = {
    signal.SIGINT: 130,
    signal.SIGTERM: 75,
    signal.SIGUSR1: 75,
    signal.SIGALRM: 75,
}
STOPPING = (signal.SIGTERM, signal.SIGUSR1)
STARTED = time.monotonic()  # start of the program: the command line imports this module first


@contextlib.contextmanager
def raising(message: str) -> Iterator[None]:
    """Inside the block, SIGTERM and SIGUSR1 raise Stopped with this message and their exit code."""

    def stop(number: int, _frame: object) -> None:
        raise Stopped(message, EXIT_CODES[number])

    try:
        before = {number: signal.signal(number, stop) for number in STOPPING}
    except ValueError:  # only the main thread can receive signals
        before = {}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def collecting(seconds: float | None = None) -> Iterator[list[int]]:
    """Inside the block, signals add their numbers to a list instead of ending the program.

    The same signal has its usual effect if it comes a second time.

    Args:
        seconds: time after the start of the program at which SIGALRM comes; None for never.

    Yields:
        The list, at first empty.
    """
    numbers: list[int] = []

    def collect(number: int, _frame: object) -> None:
        numbers.append(number)
        signal.signal(number, before[number])

    try:
        before = {number: signal.signal(number, collect) for number in EXIT_CODES}
    except ValueError:  # only the main thread can receive signals
        yield numbers
        return
    try:
        if seconds is not None:
            left = STARTED + seconds - time.monotonic()
            signal.setitimer(signal.ITIMER_REAL, max(left, 0.001))
        yield numbers
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in before.items():
            signal.signal(number, handler)
