"""Signals that ask a run to stop: finish the iteration, save, leave with a telling exit code."""

import contextlib
import signal
from collections.abc import Iterator

EXIT_CODES = {signal.SIGINT: 130, signal.SIGTERM: 75}


@contextlib.contextmanager
def caught() -> Iterator[list[int]]:
    """Collects the numbers of signals in the list it yields; a second one acts as usual."""
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
        yield numbers
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
