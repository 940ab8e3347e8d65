"""`--dry_run`: resolved options, networks, speed and memory of a few real steps; writes no run."""

import resource
import sys
import time
from datetime import datetime, timedelta

import numpy as np
import tensorflow as tf

from framework import devices
from framework.trainer import Trainer

PER_MIB = 2**20 if sys.platform == "darwin" else 2**10  # the unit of ru_maxrss differs


def show(trainer: Trainer) -> None:
    """Prints what a run would use and when it would end."""
    for name, value in trainer.options.to_dict().items():
        print(f"{name:24} {value}")
    for name, net in (trainer.nets | trainer.frozen).items():
        print(f"{name:24} {net.count_params():>12,} parameters")
    first, median = measure(trainer)
    left = timedelta(seconds=round(first + median * trainer.options.iterations))
    print(f"{'first call':24} {first:.1f} s")
    print(f"{'one iteration':24} {median:.3f} s")
    for place, peak in peaks(trainer).items():
        print(f"{f'peak memory, {place}':24} {peak:.0f} MiB")
    print(f"{'expected end':24} in {left}, {datetime.now() + left:%Y-%m-%d %H:%M}")


def measure(trainer: Trainer, steps: int = 3) -> tuple[float, float]:
    """Seconds of the first call, and the median seconds of the next ones."""
    iterator, seconds = trainer.batches(0), []
    for _ in range(steps + 1):
        start = time.perf_counter()
        np.asarray(trainer.run_steps(iterator, 1))  # waits for the device
        seconds.append(time.perf_counter() - start)
    return seconds[0], float(np.median(seconds[1:]))


def peaks(trainer: Trainer) -> dict[str, float]:
    """Largest memory in MiB that this process has had, and that of each GPU it trains on."""
    found = {"process": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / PER_MIB}
    for name in devices.names(trainer.options.devices):
        if name.startswith("GPU"):
            found[name] = tf.config.experimental.get_memory_info(name)["peak"] / 2**20
    return found
