"""`--dry_run`: prints options, sizes of networks, and speed and memory use of a few iterations."""

import resource
import sys
import time
from datetime import datetime, timedelta

import numpy as np
import tensorflow as tf

from framework.engine import devices
from framework.engine.trainer import Trainer

PER_MIB = 2**20 if sys.platform == "darwin" else 2**10  # ru_maxrss is in bytes or KiB


def show(trainer: Trainer) -> None:
    """Prints the time and memory that a run needs, and when it would end."""
    for name, value in trainer.options.to_dict().items():
        print(f"{name:24} {value}")
    for name, net in (trainer.nets | trainer.frozen).items():
        print(f"{name:24} {net.count_params():>12,} parameters")
    first, median = measure(trainer)
    duration = timedelta(seconds=round(first + median * trainer.options.iterations))
    print(f"{'first call':24} {first:.1f} s")
    print(f"{'one iteration':24} {median:.3f} s")
    for owner, peak in peaks(trainer).items():
        print(f"{f'peak memory, {owner}':24} {peak:.0f} MiB")
    print(f"{'expected end':24} in {duration}, {datetime.now() + duration:%Y-%m-%d %H:%M}")


def measure(trainer: Trainer, steps: int = 3) -> tuple[float, float]:
    """Returns the seconds of the first iteration, and the median of the next `steps` ones."""
    iterator, seconds = trainer.batches(0), []
    for _ in range(steps + 1):
        start = time.perf_counter()
        np.asarray(trainer.run_steps(iterator, 1))  # the conversion waits for the device
        seconds.append(time.perf_counter() - start)
    return seconds[0], float(np.median(seconds[1:]))


def peaks(trainer: Trainer) -> dict[str, float]:
    """Returns the peak memory in MiB of the process, and of each GPU that it trains on."""
    memory = {"process": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / PER_MIB}
    for name in devices.names(trainer.options.devices):
        if name.startswith("GPU"):
            memory[name] = tf.config.experimental.get_memory_info(name)["peak"] / 2**20
    return memory
