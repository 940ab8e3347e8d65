"""The same command computes the same bits."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from conftest import ROOT

from framework.engine import checkpoints, devices

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


def test_sums_are_computed_in_the_order_in_which_they_are_written():
    numbers = [tf.fill([4], value) for value in (2.0**24, 0.0, 1.0, 1.0)]

    def first() -> float:
        return float(tf.function(lambda a, b, c, d: (a + b) + (c + d))(*numbers)[0])

    tf.config.optimizer.set_experimental_options({"arithmetic_optimization": True})
    turned_round = first()
    devices.make_reproducible(deterministic=False)
    assert (turned_round, first()) == (2.0**24, 2.0**24 + 2)


@pytest.mark.slow  # in fresh processes: `--deterministic` cannot be taken back within one
def test_two_fresh_runs_give_the_same_bytes_and_another_seed_does_not(tmp_path):
    first, second = train(tmp_path / "a"), train(tmp_path / "b")
    assert first == second
    other = train(tmp_path / "c", "--seed", "1")
    assert other[0] != first[0] and not np.array_equal(other[1], first[1])
