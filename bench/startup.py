"""Measures how long the program takes to start: for its help, and until a first iteration."""

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench import ours
from bench.workloads import WORKLOADS, Workload
from nets import classifier

ROOT = Path(__file__).parent.parent
LIMIT = 300.0  # seconds until an attempt is given up


def measure(rounds: int) -> dict[str, dict]:
    """Returns medians in seconds: of `--help`, and until the first iteration of W1 on mini2edge."""
    with tempfile.TemporaryDirectory() as folder:
        return {
            "help": _spread([_help() for _ in range(rounds)]),
            "first_iteration": _spread(
                [_first_iteration(WORKLOADS["W1"], Path(folder) / str(i)) for i in range(rounds)]
            ),
        }


def _spread(seconds: list[float]) -> dict:
    return {"median": round(statistics.median(seconds), 3), "rounds": len(seconds)}


def _help() -> float:
    start = time.perf_counter()
    command = [sys.executable, "main.py", "--help"]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def _first_iteration(workload: Workload, folder: Path) -> float:
    """Returns the seconds until the first row of history.csv, written after iteration 1."""
    folder.mkdir()
    path = str(folder / "classifier.keras")
    classifier.classifier().save(path)
    argv = [*ours.workload_flags(workload, path), "--cogan_data", "mini2edge"]
    argv += ["--results_dir", str(folder), "--name", "run", "--log_every", "1", "--eval_pairs", "0"]
    history = folder / "run" / "history.csv"
    start = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "main.py", *argv], cwd=ROOT,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        while not (history.exists() and history.read_text().count("\n") > 1):
            seconds = time.perf_counter() - start
            if process.poll() is not None or seconds > LIMIT:
                raise RuntimeError(f"no iteration in {seconds:.0f} s: main.py {' '.join(argv)}")
            time.sleep(0.05)
        return time.perf_counter() - start
    finally:
        process.kill()
        process.wait()
