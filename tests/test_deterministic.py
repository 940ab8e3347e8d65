"""`--deterministic` in fresh processes: the switch cannot be taken back within one."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from conftest import ROOT

from framework import checkpoints

ARGV = (
    "--gan_type scogan --cogan_data mini2edge --feature_loss --cycle_loss --preset smoke "
    "--width 0.01 --iterations 3 --eval_pairs 0 --deterministic --name run"
).split()


def train(folder: Path, *more: str) -> tuple[bytes, list[bytes]]:
    """History and checkpoint data of a fresh run in `folder`."""
    folder.mkdir()
    command = [sys.executable, str(ROOT / "main.py"), *ARGV, *more]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    run = folder / "results" / "run"
    newest = max((run / "checkpoints").iterdir())
    data = [p.read_bytes() for p in sorted(newest.iterdir()) if p.name != checkpoints.RECORD]
    return (run / "history.csv").read_bytes(), data


@pytest.mark.slow
def test_two_fresh_runs_give_the_same_bytes_and_another_seed_does_not(tmp_path):
    first, second = train(tmp_path / "a"), train(tmp_path / "b")
    assert first == second
    other = train(tmp_path / "c", "--seed", "1")
    assert other[0] != first[0] and not np.array_equal(other[1], first[1])
