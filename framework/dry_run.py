"""`--dry_run`: resolved options, networks, speed and memory of a few real steps; writes nothing."""

import resource
import time
from datetime import datetime, timedelta

import numpy as np

from framework.trainer import Trainer


def show(trainer: Trainer) -> None:
    """Prints what a run would use and when it would end."""
    for name, value in trainer.options.to_dict().items():
        print(f"{name:24} {value}")
    for name, net in (trainer.nets | trainer.frozen).items():
        print(f"{name:24} {net.count_params():>12,} parameters")
    first, median, peak = measure(trainer)
    left = timedelta(seconds=round(first + median * trainer.options.iterations))
    print(f"{'first call':24} {first:.1f} s")
    print(f"{'one iteration':24} {median:.3f} s")
    print(f"{'peak memory':24} {peak:.0f} MiB")
    print(f"{'expected end':24} in {left}, {datetime.now() + left:%Y-%m-%d %H:%M}")


def measure(trainer: Trainer, steps: int = 3) -> tuple[float, float, float]:
    """Seconds of the first call, median seconds of the next ones, peak memory in MiB."""
    iterator, seconds = trainer.batches(0), []
    for _ in range(steps + 1):
        start = time.perf_counter()
        trainer.run_steps(iterator, 1)
        seconds.append(time.perf_counter() - start)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return seconds[0], float(np.median(seconds[1:])), peak
