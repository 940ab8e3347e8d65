"""Starts runs as separate processes: several at a time, each on its own processor cores.

A finished run is not started again; a stopped one continues.
"""

import dataclasses
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from framework.engine import signals
from framework.errors import DivergedError, MissingError, Stopped, UserError

ROOT = Path(__file__).parents[2]  # the folder that contains this package
PROGRAM = "softgan"
STOPPED = "stopped; every run is saved and the same command goes on"
WITHOUT_EFFECT = {  # options that do not change the results of a finished run
    "results_dir", "data_dir", "devices", "max_time", "keep", "save_every", "log_every",
    "sheet_every", "steps_per_call", "logger",
}  # fmt: skip
LAST_LINES = 5  # number of lines of the output of a failed run that are shown


@dataclasses.dataclass(frozen=True)
class Job:
    """One run.

    Attributes:
        name: name of its folder.
        options: its options by name.
        measures: names of the metrics that it must have at the end.
    """

    name: str
    options: Mapping[str, object]
    measures: tuple[str, ...]

    def argv(self, results_dir: Path, common: Mapping[str, object]) -> list[str]:
        """Returns the flags of the command line for this run, with `common` options of all runs."""
        options = {**self.options, **common, "name": self.name, "results_dir": results_dir}
        return [f"--{name}={_text(value)}" for name, value in options.items()]

    def with_all_of(self, other: "Job") -> "Job":
        """Returns the same run with the options and metrics of both jobs."""
        measures = tuple(dict.fromkeys((*self.measures, *other.measures)))
        return Job(self.name, {**self.options, **other.options}, measures)

    def is_finished(self, results_dir: Path) -> bool:
        """Returns whether the run was trained to its end with these options, and then measured."""
        folder = results_dir / self.name
        try:
            config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
            measured = config.get("eval_pairs") != 0
            file = folder / "metrics.json"
            metrics = json.loads(file.read_text(encoding="utf-8")) if measured else {}
            last = (folder / "history.csv").read_text(encoding="utf-8").splitlines()[-1]
            ended = int(last.partition(",")[0]) == config["iterations"]
        except (OSError, ValueError, LookupError):
            return False
        asked = {k: v for k, v in self.options.items() if k not in WITHOUT_EFFECT}
        same = all(_text(config.get(k)) == _text(v) for k, v in asked.items())
        return ended and same and all(name in metrics for name in self.measures)


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def run(jobs: Sequence[Job], results_dir: Path, common: Mapping[str, object], at_once: int) -> int:
    """Runs all jobs, `at_once` at a time.

    A run that diverges, or whose data or weights are missing, is skipped with a message.

    Returns:
        0, or the exit code of the last skipped run.

    Raises:
        UserError: a run failed; the others are stopped and saved.
        Stopped: a signal arrived; all runs are saved, and the same command continues them.
    """
    todo = [job for job in jobs if not job.is_finished(results_dir)]
    for job in jobs:
        if job not in todo:
            print(f"{job.name}: already finished", flush=True)
    at_once = min(at_once, max(1, len(todo)))  # a single run gets every core
    cores = _cores(at_once)
    running: dict[int, tuple[Job, subprocess.Popen, float]] = {}
    left_out = 0
    try:
        with signals.raising(STOPPED):
            while todo or running:
                for place in [p for p in range(at_once) if p not in running][: len(todo)]:
                    job = todo.pop(0)
                    started = _start(job, results_dir, common, cores[place])
                    running[place] = (job, started, time.time())
                for place, (job, process, start) in list(running.items()):
                    if process.poll() is not None:
                        del running[place]
                        seconds = time.time() - start
                        code = _finished(job, process.returncode, seconds, results_dir)
                        left_out = code or left_out
                time.sleep(0.2)
        return left_out
    except KeyboardInterrupt:
        raise Stopped(STOPPED, signals.EXIT_CODES[signal.SIGINT]) from None
    finally:
        _stop([process for _, process, _ in running.values()])


def _stop(processes: list[subprocess.Popen]) -> None:
    """Asks processes to save and stop, and waits for them."""
    for process in processes:
        process.send_signal(signal.SIGTERM)
    for process in processes:
        process.wait()


def _cores(at_once: int) -> list[set[int]]:
    """Returns a set of cores for each of the simultaneous runs; empty sets if unknown."""
    own = usable_cores()
    return [set(own[place::at_once]) or set(own) for place in range(at_once)]


def usable_cores() -> list[int]:
    """Returns the cores that this process may use; empty where the system does not say."""
    return sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []


def _start(job: Job, results_dir: Path, common: Mapping, cores: set[int]) -> subprocess.Popen:
    log, places = _log(job, results_dir), (str(ROOT), os.environ.get("PYTHONPATH"))
    log.parent.mkdir(parents=True, exist_ok=True)
    print(f"{job.name}: started; see {log}", flush=True)
    with log.open("a") as file:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", PROGRAM, *job.argv(results_dir, common)],
            stdout=file, stderr=subprocess.STDOUT,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, places))},
        )  # fmt: skip
    if cores:
        os.sched_setaffinity(process.pid, cores)  # inherited by the threads that it starts
    return process


def _log(job: Job, results_dir: Path) -> Path:
    return results_dir / "reproduce" / "logs" / f"{job.name}.txt"


def _finished(job: Job, code: int, seconds: float, results_dir: Path) -> int:
    """Prints how a job ended; returns 0, or its exit code if it is skipped."""
    code = signals.EXIT_CODES.get(-code, code)  # negative: killed by a signal before training
    if code in signals.EXIT_CODES.values():
        raise Stopped(STOPPED, code)
    if code in (MissingError.code, DivergedError.code):
        print(f"{job.name}: left out, {_last(job, results_dir)}", flush=True)
        return code
    if code:
        lines = _output(job, results_dir)[-LAST_LINES:]
        raise UserError("\n".join([f"{job.name} failed with exit code {code}:", *lines]))
    print(f"{job.name}: done in {seconds / 60:.1f} min", flush=True)
    return 0


def _output(job: Job, results_dir: Path) -> list[str]:
    """Returns the lines of the log of a job."""
    text = _log(job, results_dir).read_text(encoding="utf-8", errors="replace")
    return text.strip().splitlines()


def _last(job: Job, results_dir: Path) -> str:
    lines = _output(job, results_dir)
    return lines[-1].removeprefix(f"{PROGRAM}: ") if lines else ""
