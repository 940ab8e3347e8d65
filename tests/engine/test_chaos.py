"""A run that is killed at any moment, again and again, ends with the bytes of an unbroken one."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from conftest import ROOT

KILLS = 40
COMMAND = (
    "--gan_type gan --dataset mini --preset smoke --width 0.005 --ema 0.9 --weight_decay 1e-3 "
    "--iterations 300 --save_every 2 --log_every 3 --sheet_every 100 --eval_pairs 0"
).split()


def saved(run: Path) -> dict[str, np.ndarray]:
    """Every tensor of the newest checkpoint: weights, averages, optimisers, the iteration."""
    reader = tf.train.load_checkpoint(str(max((run / "checkpoints").iterdir()) / "state"))
    names = [name for name in reader.get_variable_to_shape_map() if not name.startswith("_CHECK")]
    return {name: np.asarray(reader.get_tensor(name)) for name in names}


@pytest.mark.slow
def test_forty_kills_change_nothing(tmp_path):
    driver = [sys.executable, str(ROOT / "tests/helpers/chaos.py"), str(tmp_path), str(KILLS)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [*driver, *COMMAND], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout.split()[-1]) >= KILLS // 8, "kills that hit a checkpoint being written"
    killed, unbroken = tmp_path / "killed", tmp_path / "unbroken"
    assert (killed / "history.csv").read_bytes() == (unbroken / "history.csv").read_bytes()
    mine, other = saved(killed), saved(unbroken)
    assert mine.keys() == other.keys() and mine["step/.ATTRIBUTES/VARIABLE_VALUE"] == 300
    for part in ("nets/", "ema/", "opt/"):
        assert any(name.startswith(part) for name in mine)
    different = [name for name in mine if mine[name].tobytes() != other[name].tobytes()]
    assert different == []
    assert [path.name for path in (killed / "checkpoints").glob(".*")] == []
    assert not (tmp_path / ".killed.lock").exists()
