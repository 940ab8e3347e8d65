"""The thesis' tables by name: what is run, resumed, left out, and how numbers stand beside ours."""

import csv
import html
import json
import math
from pathlib import Path

import pytest
from photographs import write_photographs
from PIL import Image

from framework import experiments
from framework.cli import main
from framework.errors import UserError
from framework.evaluation import captions
from framework.experiments import EXPERIMENTS, GROUPS, Experiment, report, runner, table
from framework.options import config


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


def test_each_reason_stands_once_below_the_table():
    line = table.Line("A", "m", 1.0, 0.5, math.nan, 1, "no: small; other net")
    found = [line, line._replace(run="B", comparable="no: small"), line._replace(comparable="yes")]
    assert table.notes(found) == ["small", "other net"]
    text = table.markdown("t", experiments.EXPERIMENTS["fig2.10"], found)
    assert text.count("other net") == 1 and "| -0.5000 | no |" in text and "| yes |" in text


@pytest.mark.parametrize(
    ("scale", "net", "told"),
    [
        ("full", "alex", "yes"),
        ("full", "squeeze", "no: another LPIPS network than AlexNet"),
        (
            "full",
            "alex, the network of --perceptual_loss too",
            "no: LPIPS by the network that trained",
        ),
        ("cpu", "alex", "no: smaller nets, another recipe and fewer iterations"),
    ],
)
def test_what_cannot_be_compared_says_why(scale, net, told):
    metrics = {"A": [{"lpips_pair": metric(0.1, f"LPIPS 0.1, {net}; 32x32")}]}
    (line,) = [each for each in table.lines(TWO, metrics, scale) if each.measure == "LPIPS"]
    assert line.comparable.startswith(told)


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
    assert "<h1>&lt;two&gt;</h1>" in page and 'src="a.png"' in page and "0.7500" in page


BOTH = Experiment(
    "two pairs of data sets", {"A": "a2o_pl", "H": "h2z_pl"}, {"lpips_pair": "LPIPS"},
    {"data apple2orange": {"lpips_real": 0.7}, "data horse2zebra": {"lpips_real": 0.8}},
)  # fmt: skip


def test_each_pair_of_data_sets_has_its_own_baseline():
    seeds = {name: [{"lpips_real": metric(value)}] for name, value in (("A", 0.5), ("H", 0.6))}
    found = {line.run: line for line in table.lines(BOTH, seeds, "full")}
    assert found["data apple2orange"].difference == pytest.approx(-0.2)
    assert found["data horse2zebra"].difference == pytest.approx(-0.2)
    assert {line.comparable for line in table.lines(BOTH, seeds, "cpu")} == {
        "no: images of 64x64"
    }, "the real images are smaller too"


def test_a_run_left_out_leaves_the_baseline_to_another():
    seeds = {"A": [{}], "B": [{"lpips_real": metric(0.3)}]}
    (line,) = [each for each in table.lines(TWO, seeds, "full") if each.run == "data"]
    assert line.ours == 0.3


@pytest.mark.parametrize("scale", experiments.SCALES)
@pytest.mark.parametrize("name", EXPERIMENTS)
def test_every_run_of_every_experiment_has_options_of_its_system(name, scale):
    for preset in EXPERIMENTS[name].runs.values():
        given = experiments.flags(preset, scale)
        job = runner.Job("run", given, ())
        options = config.parse(job.argv("results", {}))
        assert options.iterations == experiments.iterations(preset, scale)
        if experiments.shrinks(preset, scale):
            assert options.width < 1 and options.image_size <= 64
        else:
            assert options.preset == preset


@pytest.mark.parametrize(
    ("preset", "kept"),
    [
        ("smiling_slfr", {"semantic_loss": True, "feature_loss": True, "semantic_divider": True}),
        ("cogan_h2z_128_gp", {"loss": "wgan", "disc_penalty": "wgan-gp", "disc_iters": 5}),
        ("cogan_h2z_128", {"loss": "ce", "disc_penalty": "r1", "g_shared_layers": -1}),
        ("cogan_glasses", {"weight_decay": 1e-4}),
        ("cogan_glasses_paper", {"weight_decay": 0.0}),
    ],
)
def test_photographs_of_cpu_size_keep_what_is_compared(preset, kept):
    options = config.parse(runner.Job("run", experiments.flags(preset, "cpu"), ()).argv("r", {}))
    assert (options.image_size, options.upsample) == (64, "nearest")
    assert {name: getattr(options, name) for name in kept} == kept


@pytest.mark.parametrize(
    ("preset", "values"),
    [
        ("cogan_smiling", dict(loss="ce", lr_d=2e-4, b1=0.5, norm="batch", shared=(5, 7))),
        ("cogan_h2z_256", dict(image_size=256, norm="batch", iterations=35000, shared=(6, 7))),
        ("cogan_a2o_128_gp", dict(loss="wgan", disc_iters=5, lr_d=1e-4, b1=0.0, norm="layer")),
        ("smiling_slcc", dict(semantic_weight=10.0, cycle_weight=10.0, shared=(0, 0))),
        ("glasses_pl", dict(content_weight=1e-3, style_weight=1e-11, perceptual_net="vgg19")),
        ("h2z_pl", dict(iterations=20000, weight_init="normal", weight_decay=1e-4, b2=0.9)),
    ],
)
def test_presets_of_photographs_are_the_thesis(preset, values):
    options = config.parse(["--preset", preset])
    assert options.image_size == values.get("image_size", 128) and options.batch_size == 128
    assert {name: getattr(options, name) for name in values} == values


def test_every_published_number_belongs_to_a_run_and_a_measure():
    for name, each in EXPERIMENTS.items():
        assert set(each.published) <= {*each.runs, *map(each.baseline, each.runs)}, name
        for row in (row for label, row in each.published.items() if label in each.runs):
            assert set(row) <= set(each.measures), name


def test_groups_and_names_choose_each_experiment_once():
    chosen = experiments.select(["chapter2", "fig2.10", "table5.1"])
    assert chosen == [*GROUPS["chapter2"], "table5.1"]
    assert {name for group in GROUPS.values() for name in group} == set(EXPERIMENTS)


def finished(folder, measures, last=20, **options):
    folder.mkdir(parents=True)
    options = {"iterations": 20} | options
    (folder / "history.csv").write_text(f"iteration,gen/adv\n10,0.5\n{last},0.5\n")
    (folder / "metrics.json").write_text(json.dumps(dict.fromkeys(measures, metric(1))))
    (folder / "config.json").write_text(json.dumps(options))


def test_a_run_is_finished_with_all_its_metrics_and_the_options_asked_for(tmp_path):
    job = runner.Job("run", {"seed": 1, "semantic_loss": True}, ("accuracy",))
    assert not job.is_finished(tmp_path)
    finished(tmp_path / "run", ["accuracy"], seed=1, semantic_loss=True)
    assert job.is_finished(tmp_path)
    assert not runner.Job("run", {"seed": 2}, ("accuracy",)).is_finished(tmp_path)
    assert not runner.Job("run", {"seed": 1}, ("kid1",)).is_finished(tmp_path)
    without_trace = {"seed": 1, "results_dir": "elsewhere", "max_time": "1h", "keep": 9}
    assert runner.Job("run", without_trace, ("accuracy",)).is_finished(tmp_path)
    assert not runner.Job("run", {"seed": 1, "eval_pairs": 9}, ()).is_finished(tmp_path)
    finished(tmp_path / "unmeasured", [], eval_pairs=0)
    (tmp_path / "unmeasured" / "metrics.json").unlink()
    assert runner.Job("unmeasured", {"eval_pairs": 0}, ()).is_finished(tmp_path)
    finished(tmp_path / "half", ["accuracy"], last=13)
    assert not runner.Job("half", {}, ("accuracy",)).is_finished(tmp_path), "measured on the way"


def test_missing_data_leaves_a_run_out_and_a_mistake_ends_all(tmp_path, capsys):
    places = {"data_dir": str(tmp_path / "none")}
    lost = runner.Job("lost", {"preset": "smoke", "cogan_data": "mnist2usps"}, ())
    assert runner.run([lost], tmp_path, places, at_once=1) == 3
    assert "lost: left out" in capsys.readouterr().out
    wrong = runner.Job("wrong", {"preset": "smoke", "width": -1}, ())
    with pytest.raises(UserError, match="wrong failed with exit code 2"):
        runner.run([wrong], tmp_path, places, at_once=1)


def test_a_run_that_diverges_leaves_the_others_alone(tmp_path, monkeypatch, capsys):
    codes = iter([4, 0])

    class Ended:
        pid = 0

        def __init__(self, *_, **__):
            self.returncode = next(codes)

        def poll(self):
            return self.returncode

    monkeypatch.setattr(runner, "usable_cores", list)
    monkeypatch.setattr(runner.subprocess, "Popen", Ended)
    jobs = [runner.Job(name, {}, ()) for name in ("wild", "tame")]
    assert runner.run(jobs, tmp_path, {}, at_once=1) == 4
    out = capsys.readouterr().out
    assert "wild: left out" in out and "tame: done" in out


def test_a_run_of_two_experiments_has_what_both_want():
    sheet = runner.Job("run", {"preset": "smoke"}, ("pair_separated",))
    numbers = runner.Job("run", {"preset": "smoke", "lpips_net": "alex"}, ("lpips_pair",))
    both = runner.Job(
        "run", {"preset": "smoke", "lpips_net": "alex"}, ("pair_separated", "lpips_pair")
    )
    assert sheet.with_all_of(numbers) == both
    assert numbers.with_all_of(sheet).options == both.options


def test_curves_of_runs_that_were_all_left_out_are_not_drawn(tmp_path):
    experiment = Experiment("curves", {"A": "h2z_pl"}, curves=("gen/adv1",))
    page = report.write("it", experiment, {"A": [tmp_path / "none"]}, "full", tmp_path)
    assert page.is_file() and not list(page.parent.glob("*.png"))


def test_the_sheet_named_is_shown_and_one_that_is_not_there_is_not(tmp_path):
    samples = tmp_path / "run" / "samples"
    samples.mkdir(parents=True)
    for name in ("000020", "nearest_and_farthest"):
        Image.new("RGB", (8, 8)).save(samples / f"{name}.png")
    one = Experiment("one", {"A": "edge_cogan"}, sheet="nearest_and_farthest")
    shown = [report.write("one", one, {"A": [tmp_path / "run"]}, "full", tmp_path).read_text()]
    (samples / "nearest_and_farthest.png").unlink()
    shown += [report.write("one", one, {"A": [tmp_path / "run"]}, "full", tmp_path).read_text()]
    assert ["A: nearest_and_farthest" in page for page in shown] == [True, False]
    assert ["A, iteration 20" in page for page in shown] == [False, True]


def test_a_figure_of_the_ring_is_trained_drawn_and_not_trained_again(tmp_path, capsys):
    command = ["reproduce", "fig2.10", "--scale", "smoke", "--results_dir", str(tmp_path)]
    assert main(command) == 0
    printed = capsys.readouterr().out
    assert "toy_k1-smoke: done" in printed and "| GAN | modes covered of 10 | 10 |" in printed
    place = tmp_path / "reproduce" / "fig2.10-smoke"
    assert {"table.md", "table.csv", "index.html", "stat_modes.png"} <= {
        path.name for path in place.iterdir()
    }
    assert main(command) == 0
    assert "toy_k1-smoke: already finished" in capsys.readouterr().out


@pytest.fixture(scope="module")
def place(shared_data, tmp_path_factory) -> Path:
    """Where `data` are; what experiments have in common is trained once, in `results`."""
    folder = tmp_path_factory.mktemp("reproduce")
    data = folder / "data"  # caches are written beside the links, not into the real folder
    data.mkdir()
    write_photographs(data)
    for source in shared_data.iterdir():
        if not (data / source.name).exists():
            (data / source.name).symlink_to(source)
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("name", EXPERIMENTS)
def test_every_experiment_runs_at_smoke_size(name, place):
    folders = ["--data_dir", str(place / "data"), "--results_dir", str(place / "results")]
    assert main(["reproduce", name, "--scale", "smoke", "--lpips_net", "squeeze", *folders]) == 0
    folder = place / "results" / "reproduce" / f"{name}-smoke"
    page = (folder / "index.html").read_text()
    if EXPERIMENTS[name].sheet:
        assert html.escape(captions.NEAREST_AND_FARTHEST) in page
    lines = (folder / "table.csv").read_text().splitlines()
    assert len(lines) > 1 or not EXPERIMENTS[name].measures


def test_unknown_names_are_refused_and_all_are_listed(capsys):
    assert main(["reproduce", "table5.22"]) == 2
    assert "table5.2" in capsys.readouterr().err
    assert main(["reproduce", "--list"]) == 0
    listed = capsys.readouterr().out
    assert all(name in listed for name in EXPERIMENTS)


def line_of(name, text):
    return next(line for line in text.splitlines() if line.startswith(f"{name} ")).split(maxsplit=4)


@pytest.mark.parametrize(
    ("scale", "iterations", "minutes", "needs"),
    [
        ("full", "140,000", "GPU", "celeba_smiling, LPIPS weights (alex), perceptual weights (vgg"),
        ("cpu", "4,000", None, "celeba_smiling, LPIPS weights (squeeze), perceptual weights (sq"),
        ("smoke", "80", None, "celeba_smiling, LPIPS weights (squeeze); faces"),
    ],
)
def test_the_list_tells_cost_and_needs_of_a_scale(scale, iterations, minutes, needs, capsys):
    assert main(["reproduce", "--list", "--scale", scale]) == 0
    _, runs, total, cost, rest = line_of("table5.3", capsys.readouterr().out)
    assert (runs, total) == ("4", iterations)
    assert cost == minutes or minutes is None and int(cost) > 0
    assert rest.startswith(needs)


def test_a_group_counts_each_run_once(capsys):
    assert main(["reproduce", "--list"]) == 0
    _, runs, *_ = line_of("chapter3", capsys.readouterr().out)
    presets = [each for name in GROUPS["chapter3"] for each in EXPERIMENTS[name].runs.values()]
    assert int(runs) == len(set(presets)) < len(presets)
