"""A sweep: which runs it makes, and what it leaves."""

import io
import json

import numpy as np
import pytest
from PIL import Image

from framework import cli
from framework.errors import UsageError
from framework.experiments import grid
from framework.results import compare, plots


def test_every_combination_is_a_run_of_its_own():
    sweep = grid.read("--preset smoke --grid seed=1,2 --grid=batch_size=2,4 --at_once 2".split())
    assert sweep.values == {"seed": ["1", "2"], "batch_size": ["2", "4"]}
    assert (sweep.rest, sweep.at_once) == (["--preset", "smoke"], 2)
    jobs = grid.jobs(sweep)
    assert list(jobs)[0] == "seed=1, batch_size=2" and len(jobs) == 4
    assert len({job.name for job in jobs.values()}) == 4
    assert [job.options["batch_size"] for job in jobs.values()] == [2, 4, 2, 4]


def test_a_name_is_told_apart_by_the_values():
    jobs = grid.jobs(grid.read(["--name", "run", "--grid", "seed=1,2"]))
    assert [job.name for job in jobs.values()] == ["run-seed_1", "run-seed_2"]


@pytest.mark.parametrize("flag", ["iterations=1000,2000", "evaluator_arch=strided,pooled"])
def test_flags_that_do_not_name_a_run_tell_runs_apart_too(flag):
    words = [
        "--gan_type",
        "scogan",
        "--cogan_data",
        "mini2edge",
        "--grid",
        flag,
        "--grid",
        "seed=1,2",
    ]
    names = [job.name for job in grid.jobs(grid.read(words)).values()]
    assert len(set(names)) == 4


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("--dataset mini2street --preset cpu --grid gan_type=g2g,lord", "g2g-mini2street-cpu"),
        ("--rec_weight 5 --grid gan_type=unit,ost", "unit-mini2street"),
        ("--preset cpu --grid data=mini2edge,mini2street", "cogan-mini2edge-cpu"),
    ],
)
def test_what_a_run_is_named_after_may_be_swept(words, name, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(compare, "losses", lambda *a: None)
    sweep = grid.read(words.split())
    place = grid.write(sweep, grid.jobs(sweep), tmp_path)
    assert place.name.startswith(f"{name}-") and (place / "table.md").is_file()


def test_a_flag_may_need_one_of_the_grid():
    words = "--gan_type cogan --penalty_weight_d 3 --grid disc_penalty=r1,dragan".split()
    sweep = grid.read(words)
    assert grid.first(sweep).disc_penalty == "r1"
    assert len(grid.jobs(sweep)) == 2


def test_without_a_grid_nothing_is_taken_away():
    argv = ["--preset", "smoke", "--seed", "2"]
    assert grid.read(argv) == ({}, argv, 1)


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["--grid"], "a value is missing"),
        (["--grid", "seed"], "FLAG=V1,V2"),
        (["--grid", "seed=1", "--grid", "seed=2"], "twice"),
        (["--grid", "seed=1", "--at_once", "0"], "--at_once 0"),
    ],
)
def test_malformed_grids_are_refused(argv, words):
    with pytest.raises(UsageError, match=words):
        grid.read(argv)


def test_a_wrong_value_is_refused_before_anything_runs(tmp_path, capsys):
    argv = ["--results_dir", str(tmp_path), "--grid", "gamma=0.1,0.2"]
    assert cli.main(argv) == 2
    assert "--gamma is for --gan_type g2g" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_the_table_and_the_curves_of_finished_runs(tmp_path, capsys):
    sweep = grid.read(["--results_dir", str(tmp_path), "--grid", "seed=1,2"])
    jobs = grid.jobs(sweep)
    for i, job in enumerate(jobs.values()):
        folder = tmp_path / job.name
        folder.mkdir()
        metrics = {"rec_l1": {"value": 0.25 + i}, "confusion": {"value": [[1]]}}
        (folder / "metrics.json").write_text(json.dumps(metrics))
        rows = "iteration,gen/a,gen/b,disc/adv,stat/val_loss\n1,1,2,3,4\n2,1,2,3,4\n"
        (folder / "history.csv").write_text(rows)
    place = grid.write(sweep, jobs, tmp_path)
    assert (place / "table.csv").read_text() == "run,rec_l1\nseed=1,0.25\nseed=2,1.25\n"
    assert "| seed=2 | 1.250 |" in capsys.readouterr().out
    assert {path.name for path in place.glob("*.png")} == {"gen.png", "disc.png"}


def test_a_run_that_leaves_a_term_out_has_its_curve_too(tmp_path, monkeypatch):
    for name, rows in {"all": "gen/a,gen/b\n1,2,3", "less": "gen/a\n1,2"}.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "history.csv").write_text(f"iteration,{rows}\n")
    curves = []
    monkeypatch.setattr(
        plots, "solid_and_dashed", lambda title, solid, dashed: curves.append(solid) or b""
    )
    compare.losses({name: tmp_path / name for name in ("all", "less")}, tmp_path)
    assert {name: y.tolist() for name, (_, y) in curves[0].items()} == {"all": [5], "less": [2]}


def test_metrics_are_drawn_against_the_flag_that_has_numbers(tmp_path):
    argv = ["--grid", "arch=a,b,c", "--grid", "width=1,2,4", "--grid", "seed=1,2,3"]
    sweep = grid.read(argv)
    assert grid.axis(sweep) == "width"
    assert grid.axis(grid.read(["--grid", "seed=1,2,3", "--grid", "width=1,2"])) is None
    metrics = {
        label: {"l1": {"value": float(values["width"]) * int(values["seed"])}}
        for label, values in grid.combinations(sweep).items()
    }
    lines = grid.curves(sweep, "width", metrics)["l1"]
    assert lines.keys() == {"arch=a", "arch=b", "arch=c"}
    assert [each["value"] for each in lines["arch=b"][4.0]] == [4.0, 8.0, 12.0]


def test_bars_are_the_interval_of_one_run_and_the_range_of_several(monkeypatch, tmp_path):
    drawn = {}
    monkeypatch.setattr(plots, "panels", lambda found, xlabel: drawn.update(found) or b"png")
    one, three = {"value": 0.5, "ci95": [0.4, 0.7]}, [{"value": value} for value in (0.1, 0.2, 0.6)]
    found = {"swap": {"A": {1.0: [one], 0.5: three}}, "same": {"A": {1.0: [{"value": 2.0}]}}}
    compare.metrics(found, "gamma", tmp_path / "it.png")
    assert drawn.keys() == {"swap"}  # what is the same in all runs says nothing
    expected = [[0.5, 1.0], [0.3, 0.5], [0.1, 0.4], [0.6, 0.7]]
    np.testing.assert_allclose(drawn["swap"]["A"], expected)


def test_panels_of_metrics_are_a_picture_with_a_line_each():
    points = np.array([[1.0, 10.0, 1000.0], [0.2, 0.4, 0.5], [0.1, 0.3, 0.5], [0.3, 0.5, 0.6]])
    few = plots.panels({"a": {"ost": points}}, "n")
    many = plots.panels({name: {"ost": points, "unit": points / 2} for name in "abcde"}, "n")
    sizes = [Image.open(io.BytesIO(each)).size for each in (few, many)]
    assert sizes[0][0] < sizes[1][0] and sizes[0][1] < sizes[1][1]
