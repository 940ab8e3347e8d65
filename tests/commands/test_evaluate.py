"""`evaluate`: metrics of another checkpoint do not replace those of the models."""

import json
from pathlib import Path

import numpy as np
import pytest
from command_line import SMOKE, refused

from framework.cli import main

pytestmark = pytest.mark.usefixtures("empty_folder", "eager", "plotless")
METRICS = Path("results/it/metrics.json")


def test_metrics_of_another_checkpoint_have_a_file_of_their_own(capsys):
    argv = ["--gan_type", "cogan", *SMOKE, *"--save_every 1 --keep 2 --eval_pairs 4".split()]
    assert main([*argv, "--name", "it"]) == 0
    before, page = METRICS.read_bytes(), Path("results/it/index.html").read_bytes()
    sheets = sorted(Path("results/it/samples").iterdir())
    capsys.readouterr()
    assert main("evaluate results/it --iteration 1 --n 6".split()) == 0
    assert METRICS.read_bytes() == before
    assert Path("results/it/index.html").read_bytes() == page
    assert sorted(Path("results/it/samples").iterdir()) == sheets
    assert capsys.readouterr().out.splitlines()[-1] == "see results/it/metrics_1.json"
    metrics = json.loads(Path("results/it/metrics_1.json").read_text())
    assert metrics["pair_accuracy"]["n"] == 6
    assert np.isfinite(metrics["pair_accuracy"]["value"])
    assert main("evaluate results/it --iteration 2 --n 6".split()) == 0  # the newest
    assert json.loads(METRICS.read_text())["pair_accuracy"]["n"] == 6
    assert not Path("results/it/metrics_2.json").exists()
    message = refused(capsys, 3, *"evaluate results/it --iteration 9".split())
    assert "no checkpoint of iteration 9" in message
