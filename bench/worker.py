"""Runs a contender in a separate process: `Worker` starts the process, which calls `main`.

Both exchange lines of JSON over pipes. A worker builds its contender, makes a first call and waits.
It uses no processor time between two steps, so that any number of workers can wait while one is
timed.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Any, TextIO


class WorkerError(Exception):
    """A contender cannot be measured; the message says why."""


class Worker:
    """A running contender.

    Args:
        *words: arguments of `main`: a task with its name and workload.

    Attributes:
        first: its first answer, such as the `seconds` of the first call.

    Raises:
        WorkerError: it could not be built.
    """

    def __init__(self, *words: str):
        self._log = tempfile.TemporaryFile("w+")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.worker", *words],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._log, text=True,
        )  # fmt: skip
        try:
            self.first = self._answer()
        except BaseException:
            self.close()
            raise

    def step(self) -> dict[str, Any]:
        """Calls its step once; returns `seconds` per iteration and its `peak_mib` so far."""
        self._process.stdin.write("step\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        line = self._process.stdout.readline()
        if line:
            answer = json.loads(line)
        else:
            self._log.seek(0)
            last = self._log.read().strip().splitlines()[-1:]
            answer = {"error": f"stopped with {self._process.wait()} {' '.join(last)}"}
        if "error" in answer:
            raise WorkerError(answer["error"])
        return answer

    def close(self) -> None:
        """Ends the process."""
        self._process.kill()
        self._process.wait()
        self._process.stdin.close()
        self._process.stdout.close()
        self._log.close()


def main(words: list[str]) -> None:
    """Serves one task: `step NAME WORKLOAD`, `flops WORKLOAD`, `peak DTYPE` or `startup ROUNDS`."""
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # output of libraries must not reach the pipe
    task, *arguments = words
    try:
        TASKS[task](out, *arguments)
    except Exception as error:  # the parent prints it and continues with other contenders
        _send(out, error=f"{type(error).__name__}: {error}"[:500])


def _send(out: TextIO, **answer: Any) -> None:
    print(json.dumps(answer), file=out, flush=True)


def _timed(step: Callable[[], int]) -> dict[str, float]:
    start = time.perf_counter()
    count = step()
    seconds = (time.perf_counter() - start) / count
    return dict(seconds=seconds, peak_mib=_peak_mib())


def _peak_mib() -> int:
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // unit


def _step(out: TextIO, name: str, workload: str) -> None:
    from bench import contenders, workloads

    step = contenders.build(name, workloads.WORKLOADS[workload])
    start = time.perf_counter()
    step()
    _send(out, seconds=time.perf_counter() - start, peak_mib=_peak_mib())
    for _ in sys.stdin:
        _send(out, **_timed(step))


def _flops(out: TextIO, workload: str) -> None:
    from bench import ours, workloads

    _send(out, flops=ours.count_flops(workloads.WORKLOADS[workload]))


def _peak(out: TextIO, dtype: str) -> None:
    from bench import peak

    _send(out, **peak.measure(dtype))


def _startup(out: TextIO, rounds: str) -> None:
    from bench import startup

    _send(out, **startup.measure(int(rounds)))


TASKS: dict[str, Callable[..., None]] = {
    "step": _step,
    "flops": _flops,
    "peak": _peak,
    "startup": _startup,
}

if __name__ == "__main__":
    main(sys.argv[1:])
