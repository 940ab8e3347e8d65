"""The thesis' tables by name: what is run, resumed, left out, and how numbers stand beside ours."""

import csv
import json
import math

import pytest

from framework import config, experiments
from framework.cli import main
from framework.errors import MissingError, UserError
from framework.experiments import EXPERIMENTS, GROUPS, Experiment
from framework.reproduce import runner, table


def metric(value, protocol="evaluator"):
    return {"value": value, "ci95": None, "n": 10, "protocol": protocol}


TWO = Experiment(
    "two runs", {"A": "edge_fr", "B": "edge_sl"}, {"accuracy": "accuracy", "lpips_pair": "LPIPS"},
    {"A": {"accuracy": 0.5, "lpips_pair": 0.1}, "data": {"lpips_real": 0.2}}, finding="A is better",
)  # fmt: skip


def test_published_numbers_stand_beside_ours():
    seeds = [
        {"accuracy": metric(value), "lpips_real": metric(0.3, "LPIPS 0.1, alex")}
        for value in (0.6, 0.8)
    ]
    found = {(line.run, line.measure): line for line in table.lines(TWO, {"A": seeds}, "full")}
    assert len(found) == 3
    ours = found["A", "accuracy"]
    assert ours.ours == pytest.approx(0.7) and ours.difference == pytest.approx(0.2)
    assert ours.spread == pytest.approx(math.sqrt(0.02)) and ours.seeds == 2
    assert ours.comparable == "yes"
    assert found["A", "LPIPS"].comparable == "not measured"
    assert found["data", "LPIPS of the two data sets"].difference == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("scale", "net", "told"),
    [
        ("full", "alex", "yes"),
        ("full", "squeeze", "no: another LPIPS network than AlexNet"),
        ("cpu", "alex", "no: smaller nets, another recipe and fewer iterations"),
    ],
)
def test_what_cannot_be_compared_says_why(scale, net, told):
    metrics = {"A": [{"lpips_pair": metric(0.1, f"LPIPS 0.1, {net}; 32x32")}]}
    (line,) = [each for each in table.lines(TWO, metrics, scale) if each.measure == "LPIPS"]
    assert line.comparable == told


def test_counts_have_no_decimals():
    shown = table.cells(table.Line("A", "modes", 10.0, 7.0, math.nan, 1, "yes"))
    assert shown[2:5] == ("10", "7", "-3")
    shown = table.cells(table.Line("A", "share", 0.98, 1.5, 0.25, 2, "yes"))
    assert shown[2:5] == ("0.9800", "1.5000 ± 0.2500 (2 seeds)", "+0.5200")


def test_the_table_is_written_in_three_forms():
    found = table.lines(TWO, {"A": [{"accuracy": metric(0.75)}]}, "full")
    text = table.markdown("two", TWO, found)
    assert "| A | accuracy | 0.5000 | 0.7500 | +0.2500 | yes |" in text
    assert "The thesis finds: A is better." in text
    rows = list(csv.DictReader(table.comma_separated(found).splitlines()))
    assert float(rows[0]["ours"]) == 0.75 and rows[1]["comparable?"] == "not measured"
    page = table.page("<two>", TWO, found, {"caption": "a.png"}, {"A": "../a/index.html"})
    assert "<h1>&lt;two&gt;</h1>" in page and "src='a.png'" in page and "0.7500" in page


@pytest.mark.parametrize("scale", experiments.SCALES)
@pytest.mark.parametrize("name", EXPERIMENTS)
def test_every_run_of_every_experiment_has_options_of_its_system(name, scale):
    for preset in EXPERIMENTS[name].runs.values():
        given = experiments.flags(preset, scale)
        job = runner.Job("run", given, ())
        options = config.parse(job.argv("results", {}))
        assert options.iterations == experiments.iterations(preset, scale)
        assert (options.width < 1) == experiments.shrinks(preset, scale) or scale == "cpu"


def test_every_published_number_belongs_to_a_run_and_a_measure():
    for name, each in EXPERIMENTS.items():
        assert set(each.published) <= {*each.runs, "data"}, name
        numbers = {m for label, row in each.published.items() if label != "data" for m in row}
        assert numbers <= set(each.measures), name


def test_groups_and_names_choose_each_experiment_once():
    chosen = experiments.select(["chapter2", "fig2.10", "table5.1"])
    assert chosen == [*GROUPS["chapter2"], "table5.1"]
    assert {name for group in GROUPS.values() for name in group} == set(EXPERIMENTS)


def finished(folder, measures, **options):
    folder.mkdir(parents=True)
    (folder / "metrics.json").write_text(json.dumps(dict.fromkeys(measures, metric(1))))
    (folder / "config.json").write_text(json.dumps(options))


def test_a_run_is_finished_with_all_its_metrics_and_the_options_asked_for(tmp_path):
    job = runner.Job("run", {"seed": 1, "semantic_loss": True}, ("accuracy",))
    assert not job.is_finished(tmp_path)
    finished(tmp_path / "run", ["accuracy"], seed=1, semantic_loss=True)
    assert job.is_finished(tmp_path)
    assert not runner.Job("run", {"seed": 2}, ("accuracy",)).is_finished(tmp_path)
    assert not runner.Job("run", {"seed": 1}, ("kid1",)).is_finished(tmp_path)


def test_missing_data_leaves_a_run_out_and_a_mistake_ends_all(tmp_path, capsys):
    places = {"data_dir": str(tmp_path / "none")}
    lost = runner.Job("lost", {"preset": "smoke", "cogan_data": "mnist2usps"}, ())
    runner.run([lost], tmp_path, places, at_once=1)
    assert "lost: left out" in capsys.readouterr().out
    wrong = runner.Job("wrong", {"preset": "smoke", "width": -1}, ())
    with pytest.raises(UserError, match="wrong failed with exit code 2"):
        runner.run([wrong], tmp_path, places, at_once=1)
    assert MissingError.code == 3


def test_a_figure_of_the_ring_is_trained_drawn_and_not_trained_again(tmp_path, capsys):
    command = ["reproduce", "fig2.10", "--scale", "smoke", "--results_dir", str(tmp_path)]
    assert main(command) == 0
    told = capsys.readouterr().out
    assert "toy_k1-smoke: done" in told and "| GAN | modes covered of 10 | 10 |" in told
    place = tmp_path / "reproduce" / "fig2.10-smoke"
    assert {"table.md", "table.csv", "index.html", "stat_modes.png"} <= {
        path.name for path in place.iterdir()
    }
    assert main(command) == 0
    assert "toy_k1-smoke: is there already" in capsys.readouterr().out


@pytest.mark.slow
@pytest.mark.parametrize("name", EXPERIMENTS)
def test_every_experiment_runs_at_smoke_size(name, shared_data, tmp_path):
    data = tmp_path / "data"  # caches are written beside the links, not into the real folder
    data.mkdir()
    for folder in shared_data.iterdir():
        (data / folder.name).symlink_to(folder)
    place = ["--data_dir", str(data), "--results_dir", str(tmp_path / "results")]
    assert main(["reproduce", name, "--scale", "smoke", "--lpips_net", "squeeze", *place]) == 0
    folder = tmp_path / "results" / "reproduce" / f"{name}-smoke"
    assert (folder / "index.html").is_file()
    lines = (folder / "table.csv").read_text().splitlines()
    assert len(lines) > 1 or not EXPERIMENTS[name].measures


def test_unknown_names_are_refused_and_all_are_listed(capsys):
    assert main(["reproduce", "table5.22"]) == 2
    assert "table5.2" in capsys.readouterr().err
    assert main(["reproduce", "--list"]) == 0
    listed = capsys.readouterr().out
    assert all(name in listed for name in EXPERIMENTS)
