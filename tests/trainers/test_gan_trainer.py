"""The GAN on the points of the ring."""

import functools
import json
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from command_line import history

from framework import data
from framework.cli import main
from framework.commands import training
from framework.data import ring
from framework.errors import UsageError
from framework.evaluation import ring as ring_evaluation
from framework.frozen import classifiers
from framework.options import config
from framework.trainers import gan_trainer
from framework.utils import to_float

TINY = "--iterations 4 --log_every 2 --sheet_every 4 --save_every 4 --steps_per_call 2".split()
TINY += "--width 0.05 --batch_size 4 --eval_pairs 30".split()


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@functools.cache
def toy():
    options = config.parse(["--preset", "toy_k1", *TINY])
    return gan_trainer.Trainer(options, data.load(options, "single"))


def test_a_ring_runs_from_command_to_page(eager, monkeypatch, capsys):
    monkeypatch.setattr(ring_evaluation, "POINTS", 50)
    assert main(["--preset", "toy_wgangp", *TINY, "--name", "it"]) == 0
    run = Path("results/it")
    rows = history(run)
    assert [row["iteration"] for row in rows] == ["2", "4"]
    assert all(0 <= float(row["stat/modes"]) <= 10 for row in rows)
    assert {path.name for path in (run / "samples").iterdir()} == {"000000.png", "000004.png"}
    assert (run / "losses/modes.png").is_file()
    metrics = json.loads((run / "metrics.json").read_text())
    assert metrics.keys() == {"modes_covered", "high_quality", "real_high_quality"}
    assert metrics["modes_covered"]["n"] == 30
    assert metrics["real_high_quality"]["value"] == pytest.approx(0.989, abs=0.01)
    assert "modes covered" in (run / "index.html").read_text()
    assert main(["sample", str(run), "--n", "5"]) == 0
    assert np.load(run / "samples/sample_5_seed0_domain1.npy").shape == (5, 2)


def test_the_first_batch_is_points_as_they_are():
    subject, batches = toy(), []
    subject.update = lambda phase, batch, random: (
        batches.append(batch["x1"].numpy()) or {"term": tf.constant(0.0)}
    )
    subject.iteration(next(subject.batches(0)))
    for points in batches:
        distances = np.linalg.norm(points[:, None] - ring.centres(), axis=2).min(axis=1)
        assert points.shape == (4, 2) and (distances < 0.3).all()


def test_statistics_count_the_modes_of_the_samples(monkeypatch):
    subject = toy()
    suite = training.suite_of(subject)
    centres = ring.centres()
    monkeypatch.setattr(subject.system, "sample", lambda z: (centres[np.arange(len(z)) % 3],))
    assert suite.statistics() == {"stat/modes": 3.0, "stat/high_quality": 1.0}
    monkeypatch.setattr(subject.system, "sample", lambda z: (np.zeros((len(z), 2)),))
    assert suite.statistics() == {"stat/modes": 0.0, "stat/high_quality": 0.0}


def test_floats_are_not_scaled_as_pixels_are():
    points = np.array([[200.0, -3.0]], np.float32)
    np.testing.assert_array_equal(to_float(points), points)
    np.testing.assert_array_equal(to_float(np.array([0, 255], np.uint8)), [-1, 1])


@pytest.mark.parametrize("argv", ["--dataset ring", "--arch toy", "--dataset mini --arch toy"])
def test_points_and_images_do_not_mix(argv):
    with pytest.raises(UsageError, match="points of ring need --arch toy"):
        config.parse(["--gan_type", "gan", *argv.split()])


def test_the_image_size_does_not_matter_for_points():
    argv = "--gan_type gan --dataset ring --arch toy --image_size 128".split()
    assert config.parse(argv).arch == "toy"


def test_the_largest_seed_has_an_evaluator_of_another():
    options = config.parse(["--gan_type", "gan", "--seed", str(2**31)])
    assert classifiers.for_evaluation(options).seed == 0
