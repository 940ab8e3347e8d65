"""Signals that stop a run: it finishes the iteration, saves and returns an exit code."""

import contextlib
import signal
import threading
import time
from collections.abc import Iterator
from typing import Any

from framework.errors import Stopped

# Slurm sends SIGUSR1 before the time of a job is over; SIGALRM stands for the end of --max_time.
EXIT_CODES: dict[int, int] = {
    signal.SIGINT: 130,
    signal.SIGTERM: 75,
    signal.SIGUSR1: 75,
    signal.SIGALRM: 75,
}
STOPPING = (signal.SIGTERM, signal.SIGUSR1)
STARTED = time.monotonic()  # start of the program: the command line imports this module first


def start_clock() -> None:
    """Lets --max_time count from now, for a program that trains when it has run for some time."""
    global STARTED
    STARTED = time.monotonic()


@contextlib.contextmanager
def raising(message: str) -> Iterator[None]:
    """Inside the block, SIGTERM and SIGUSR1 raise Stopped with this message and their exit code."""

    def stop(number: int, _frame: object) -> None:
        raise Stopped(message, EXIT_CODES[number])

    before: dict[int, Any] = {}
    if threading.current_thread() is threading.main_thread():  # no other can receive signals
        before = {number: signal.signal(number, stop) for number in STOPPING}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def collecting(seconds: float | None = None) -> Iterator[list[int]]:
    """Inside the block, signals add their numbers to a list instead of ending the program.

    The same signal has its usual effect if it comes a second time. Only the main thread of a
    program can receive signals; in another one, the list gets nothing but the end of the time.

    Args:
        seconds: time after the start of the program at which the list gets SIGALRM; None for never.

    Yields:
        The list, at first empty.
    """
    numbers: list[int] = []

    def collect(number: int, _frame: object) -> None:
        numbers.append(number)
        signal.signal(number, before[number])

    before: dict[int, Any] = {}
    if threading.current_thread() is threading.main_thread():
        before = {number: signal.signal(number, collect) for number in EXIT_CODES}
    timer = None
    if seconds is not None and (left := STARTED + seconds - time.monotonic()) <= 0:
        numbers.append(signal.SIGALRM)
    elif seconds is not None:
        timer = threading.Timer(left, numbers.append, [signal.SIGALRM])
        timer.daemon = True
        timer.start()
    try:
        yield numbers
    finally:
        if timer:
            timer.cancel()
        for number, handler in before.items():
            signal.signal(number, handler)
