"""Tests of loss plots, the page and the progress line."""

import io
import math
import re
import sys

import numpy as np
import pytest
from commands import in_a_fresh_process
from run_folder import constant, opened, read

from framework.results import Progress, Run, page, plots, progress

TERMS = ("gen/adv1", "gen/adv2", "disc/adv1", "disc/adv2", "disc/penalty1", "gen/semantic")
TERMS += ("gen/cycle", "gen/feature", "stat/weight_diff", "clf/loss", "my/term")


@pytest.fixture
def run(tmp_path) -> Run:
    return opened(tmp_path)


# Plots


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


# The page


def filled(run: Run) -> str:
    """The page of a run with everything in it."""
    for i in range(0, 101, 10):
        run.log(i, {"gen/adv1": 1.0})
        run.sheet((constant(1, -1), constant(-1, 1)), i)
    run.sheet((constant(1, -1), constant(-1, 1)), "walk_2")
    run.plots()
    metric = {"value": 0.8731, "ci95": [0.8512, 0.8934], "n": 2000, "protocol": "net s; Wilson"}
    counts = [[int(i == j) * 41 for j in range(10)] for i in range(10)]
    run.save_metrics(
        {
            "pair_accuracy": metric,
            "label_entropy1": {"value": 2.25, "ci95": None, "n": 2000, "protocol": "net s; nats"},
            "confusion": {"value": counts, "ci95": None, "n": 410, "protocol": "net s"},
        }
    )
    path = run.report({"pair_accuracy": 0.7512, "lpips": 0.301})
    return path.read_text(encoding="utf-8")


def test_sheets_of_codes_say_what_they_show(run):
    run.config["gan_type"] = "factors"
    for name in (10, "swap_matrix"):
        run.table(np.zeros((2, 5, 4, 4, 3)), name, left=3)
    score = {"value": 0.25, "ci95": None, "n": 9, "protocol": "held out"}
    run.save_metrics({"rec_l1": score, "s_svm_f1": score, "s_svm": score})
    text = run.report().read_text(encoding="utf-8")
    assert "dec(z1, s3) and dec(z3, s1)" in text and "that of the image above" in text
    assert (
        "rec l1<small>" in text and "s svm f1" in text and "domain" not in text.split("Options")[0]
    )
    assert "<b>0.25</b><span>s svm</span>" in text


def test_what_a_kill_left_half_written_is_no_sheet(run):
    run.sheet((constant(1, -1), constant(-1, 1)), 10)
    run.sheet((constant(1, -1), constant(-1, 1)), "translate_cats_domain1")
    for folder in (run.samples, run.losses):
        folder.mkdir(exist_ok=True)
        (folder / ".7.tmp.000500.png").write_bytes(b"half")
    text = run.report().read_text(encoding="utf-8")
    assert text.count("<figure class=sheet>") == 2 and "000500" not in text
    assert "their partners in the other domain" in text


def test_fader_networks_see_no_guide(run):
    run.config.update(gan_type="content", content_variant="fader")
    run.table(np.zeros((2, 5, 4, 4, 3)), 10, left=1)
    run.sheet((constant(1, -1), constant(-1, 1)), "swap")
    metric = {"value": 0.25, "ci95": None, "n": 9, "protocol": "held out"}
    run.save_metrics({"translation_accuracy12": metric})
    text = run.report().read_text(encoding="utf-8")
    assert text.count("play no part") == 2 and "what the image on the left has" not in text
    assert "<b>0.25</b><span>translation accuracy12</span>" in text


def test_page_is_self_contained(run):
    text = filled(run)
    sources = re.findall(r"""(?:src|href)\s*=\s*["']?([^"'>\s]+)""", text)
    assert len(sources) > 10 and all(source.startswith("data:") for source in sources)
    assert "url(" not in text and "@import" not in text and "<script" not in text


def test_page_shows_what_the_run_holds(run):
    text = filled(run)
    assert "python main.py --gan_type scogan --note &#x27;&lt;b&gt;&amp;&#x27;" in text
    assert "100 of 100 iterations" in text
    assert "domain 1 (mnist)" in text and "domain 2 (svhn)" in text
    for number in ("0.8731", "0.8512 to 0.8934", "2,000", "0.7512", "0.301", "Protocol: net s."):
        assert number in text
    assert "label entropy, domain\N{NO-BREAK SPACE}1" in text and text.count(">41</td>") == 10
    assert "Samples at iteration 100" in text and "Walk 2" in text
    assert text.count("<figure class=thumb>") == 8 and text.count("<figure class=sheet>") == 2
    assert "batch_size" in text and "tensorflow" in text
    assert "<b>&" not in text


def test_page_of_a_run_without_results(run):
    text = run.report().read_text(encoding="utf-8")
    assert "0 of 100 iterations" in text and "<section>" not in text


def test_page_of_a_metric_that_could_not_be_measured(run):
    run.save_metrics({"a": {"value": math.nan, "ci95": None, "n": 0, "protocol": "p"}})
    assert "<section>" not in run.report().read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "config, names",
    [
        ({"cogan_data": "mini2edge"}, ("mini", "edge")),
        (
            {"cogan_data": "folder", "domain1": "my/cats", "domain2": "/data/dogs/"},
            ("cats", "dogs"),
        ),
        ({"dataset": "mnist"}, ("domain 1", "domain 2")),
        ({"cogan_data": "celeba_facial_hair"}, ("no_facial_hair", "facial_hair")),
    ],
)
def test_domain_names(config, names):
    assert page.domain_names(config) == names


def test_common_protocol_ends_at_a_whole_part():
    assert page.common_protocol(["net s; nats", "net s; of ln 10"]) == "net s"
    assert page.common_protocol(["net s", "net t"]) == page.common_protocol([]) == ""


# Progress


def test_plain_lines_where_there_is_no_terminal(capsys):
    with Progress(2000, initial=400) as bar:
        bar.update(450)
        bar.update(500, {"disc/adv1": 0.51234, "stat/weight_diff": 1.0})
    output, errors = capsys.readouterr()
    pattern = r"iteration 500/2000 \| [\d.e+]+ it/s \| ends [\w: ]+ \| disc/adv1 0\.512\n"
    assert re.fullmatch(pattern, output), output
    assert errors == ""


def test_rate_counts_only_this_session(monkeypatch, capsys):
    clock = iter([0.0, 10.0, 20.0])
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(clock))
    bar = Progress(1000, initial=900)
    bar.update(910, {"a": 1.0})
    bar.update(915, {"a": 1.0})
    speeds = [line.split(" | ")[1] for line in capsys.readouterr().out.splitlines()]
    assert speeds == ["1 it/s", "1.33 s/it"]  # 1, then the mean of 1 and 0.5 per second


def test_a_bar_on_a_terminal(monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    with Progress(10) as bar:
        bar.update(5, {"gen/adv": 0.25})
    assert "5/10" in screen.getvalue() and "gen/adv 0.25" in screen.getvalue()


def test_results_need_no_tensorflow():
    in_a_fresh_process("import sys, framework.results; sys.exit('tensorflow' in sys.modules)")


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("label_entropy1", "label entropy, domain\N{NO-BREAK SPACE}1"),
        ("rec_l1", "rec l1"),
        ("l1_121", "l1 121"),
        ("translation_accuracy12", "translation accuracy12"),
    ],
)
def test_only_a_single_digit_at_the_end_of_a_name_is_a_domain(tmp_path, name, shown):
    run = opened(tmp_path)
    run.save_metrics({name: {"value": 0.5, "ci95": None, "n": 3, "protocol": "p"}})
    assert f">{shown}<" in run.report().read_text()
