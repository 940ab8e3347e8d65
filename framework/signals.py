"""What asks a run to stop: finish the iteration, save, leave with a telling exit code."""

import contextlib
import signal
import time
from collections.abc import Iterator

from framework.errors import Stopped

# SIGUSR1 is what Slurm sends before the time of a job is up; SIGALRM is our own --max_time.
EXIT_CODES = {
    signal.SIGINT: 130,
    signal.SIGTERM: 75,
    signal.SIGUSR1: 75,
    signal.SIGALRM: 75,
}
STOPPING = (signal.SIGTERM, signal.SIGUSR1)
STARTED = time.monotonic()  # the command line imports this module first


@contextlib.contextmanager
def raising(message: str) -> Iterator[None]:
    """SIGTERM and SIGUSR1 raise Stopped with this message and their exit code."""

    def stop(number: int, _frame: object) -> None:
        raise Stopped(message, EXIT_CODES[number])

    try:
        before = {number: signal.signal(number, stop) for number in STOPPING}
    except ValueError:  # not the main thread, which alone receives signals
        before = {}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def caught(seconds: float | None = None) -> Iterator[list[int]]:
    """Collects the numbers of signals in the list it yields; a second one acts as usual.

    Args:
        seconds: ask to stop so long after the program started; None for never.
    """
    numbers: list[int] = []

    def catch(number: int, _frame: object) -> None:
        numbers.append(number)
        signal.signal(number, before[number])

    try:
        before = {number: signal.signal(number, catch) for number in EXIT_CODES}
    except ValueError:  # not the main thread, which alone receives signals
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
