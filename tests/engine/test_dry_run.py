"""What a dry run predicts."""

import os
import re
import subprocess
import sys

import pytest
import tensorflow as tf
from conftest import ROOT
from systems import trainer

from framework.engine import devices, dry_run


def test_memory_is_that_of_the_process_and_of_the_cards_in_use(monkeypatch):
    subject = trainer("gan")
    (place, before), *others = dry_run.peaks(subject).items()
    assert place == "process" and others == [] and 100 < before < 100_000
    monkeypatch.setattr(devices, "names", lambda _: ["GPU:0", "GPU:1"])
    peaks = {"GPU:0": {"peak": 3 * 2**20}, "GPU:1": {"peak": 2**19}}
    monkeypatch.setattr(tf.config.experimental, "get_memory_info", peaks.get)
    found = dry_run.peaks(subject)
    assert list(found) == ["process", "GPU:0", "GPU:1"]
    assert (found["GPU:0"], found["GPU:1"]) == (3, 0.5) and found["process"] >= before


def peak_of(*argv: str) -> tuple[float, str]:
    """Largest memory in MiB of a process of its own that runs a command, and what it printed."""
    command = [sys.executable, str(ROOT / "main.py"), *argv]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    out = process.stdout.read()
    process.stdout.close()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    return usage.ru_maxrss / dry_run.PER_MIB, out


@pytest.mark.slow
@pytest.mark.parametrize("more", [[], "--width 0.25 --mixed_precision bfloat16".split()])
def test_the_predicted_memory_is_that_of_a_run_within_30_percent(tmp_path, more):
    argv = ["--preset", "demo", "--results_dir", str(tmp_path), *more]
    _, out = peak_of(*argv, "--dry_run")
    predicted = float(re.search(r"peak memory, process +(\d+) MiB", out)[1])
    short = "--iterations 20 --log_every 10 --sheet_every 10 --save_every 10 --eval_pairs 0"
    peak, _ = peak_of(*argv, *short.split(), "--classifier_iterations", "20")
    assert predicted == pytest.approx(peak, rel=0.3)
