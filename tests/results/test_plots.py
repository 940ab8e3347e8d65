"""Tests of loss plots."""

import math

import numpy as np
import pytest
from run_folder import opened, read

from framework.results import Run, plots

TERMS = ("gen/adv1", "gen/adv2", "disc/adv1", "disc/adv2", "disc/penalty1", "gen/semantic")
TERMS += ("gen/cycle", "gen/feature", "stat/weight_diff", "clf/loss", "my/term")


@pytest.fixture
def run(tmp_path) -> Run:
    return opened(tmp_path)


def test_every_group_has_its_plot(run):
    for i in range(3):
        run.log(i, {name: float(i + 1) for name in TERMS} | {"disc/adv1": math.nan})
    names = [path.stem for path in run.plots()]
    assert names == [
        "gen_loss",
        "disc_loss",
        "disc_penalty",
        "semantic_loss",
        "cycle_loss",
        "feature_loss",
        "weight_diff",
        "classifier",
        "my_term",
    ]
    for name in names:
        assert read(run.losses / f"{name}.png").shape[:2] == (448, 728)


def test_plots_that_take_long_are_drawn_less_often(run, monkeypatch):
    now, drawn = [100.0], []

    def draw():
        drawn.append(now[0])
        now[0] += 1.0

    monkeypatch.setattr("framework.results.run.time.monotonic", lambda: now[0])
    monkeypatch.setattr(run, "plots", draw)
    for now[0] in (100.0, 101.0, 120.9, 121.0, 122.0):
        run.plots_now_and_then()
    assert drawn == [100.0, 121.0]


def test_no_history_no_plots(run):
    assert run.plots() == []


@pytest.mark.parametrize("values", [[math.nan] * 3, [1.0], [1e-9] * 150 + [math.nan] * 5 + [1e9]])
def test_plots_bear_any_values(run, values):
    for i, value in enumerate(values):
        run.log(i, {"gen/adv": value})
    assert [path.stem for path in run.plots()] == ["gen_loss"]


def test_smooth_is_a_mean_that_skips_nan():
    assert plots.smooth(np.array([0.0, 3.0, 6.0, 9.0])).tolist() == [1.5, 3.0, 6.0, 7.5]
    gaps = plots.smooth(np.array([1.0, np.nan, 3.0, np.nan, np.nan, np.nan]))
    np.testing.assert_array_equal(gaps, [1.0, 2.0, 3.0, 3.0, np.nan, np.nan])


@pytest.mark.parametrize(
    "values, log",
    [([1, 101], True), ([1, 99], False), ([0, 1e6], False), ([-1, 1e6], False), ([], False)],
)
def test_log_scale_only_where_needed(values, log):
    assert plots.spans_decades([np.array(values, float), np.array([np.nan])]) is log


def test_labels_tell_the_curves_apart():
    pair = ["gen/adv1", "gen/adv2"]
    assert [plots.label(name, pair) for name in pair] == ["domain 1", "domain 2"]
    decay = ["gen/decay", "disc/decay"]
    assert [plots.label(name, decay) for name in decay] == ["generators", "discriminators"]
    assert plots.label("clf/accuracy", ["clf/loss", "clf/accuracy"]) == "accuracy"
    ways = ["disc/adv12", "disc/adv22"]
    assert [plots.label(name, ways) for name in ways] == ["adv12", "adv22"]
