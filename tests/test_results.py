"""Tests of framework/results: the run folder, sheets, plots, page, progress."""

import io
import json
import math
import re
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from framework.errors import MissingError, UsageError, UserError
from framework.results import Progress, Run, files, images, page, plots, progress, write_json

CONFIG = {"cogan_data": "mnist2svhn", "lr_d": 2e-4, "batch_size": 64, "iterations": 100}
COMMAND = "python main.py --gan_type scogan --note '<b>&'"
TERMS = ("gen/adv1", "gen/adv2", "disc/adv1", "disc/adv2", "disc/penalty1", "gen/semantic")
TERMS += ("gen/cycle", "encoder/cycle", "gen/feature", "stat/weight_diff", "clf/loss", "my/term")


@pytest.fixture
def run(tmp_path) -> Run:
    run = Run.open(tmp_path / "results" / "one", CONFIG, COMMAND)
    run.quiet = True
    return run


def constant(*values: float, size: int = 2, channels: int = 1) -> np.ndarray:
    """Images [N, size, size, channels], each of one value."""
    return np.stack([np.full((size, size, channels), value, np.float32) for value in values])


def read(path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image)


# Images


def test_to_uint8_rounds_and_clips():
    values = np.array([-3.0, -1.0, -1 / 255, 0.0, 1 / 255, 1.0, 3.0, np.nan])
    assert images.to_uint8(values).tolist() == [0, 0, 127, 128, 128, 255, 255, 128]


def test_to_uint8_inverts_the_pixel_range_and_leaves_pixels_alone():
    pixels = np.arange(256, dtype=np.uint8)
    assert (images.to_uint8((pixels.astype(np.float32) - 127.5) / 127.5) == pixels).all()
    assert images.to_uint8(pixels) is pixels


def test_tile_is_row_major_with_filled_gaps():
    grid = images.tile(constant(-1, 1, 1, size=1), columns=2, gap=1, gap_value=7)
    assert grid.shape == (3, 3, 3) and grid.dtype == np.uint8
    assert grid[..., 0].tolist() == [[0, 7, 255], [7, 7, 7], [255, 7, 7]]


def test_tile_keeps_every_pixel_of_a_colour_image():
    pixels = np.arange(2 * 2 * 3 * 3, dtype=np.uint8).reshape(2, 2, 3, 3)
    grid = images.tile(pixels, columns=2)
    assert (grid == np.concatenate([pixels[0], pixels[1]], axis=1)).all()


@pytest.mark.parametrize("shape", [(2, 2, 3), (1, 2, 2, 2), (0, 2, 2, 3)])
def test_tile_refuses_other_shapes(shape):
    with pytest.raises(ValueError, match="must be"):
        images.tile(np.zeros(shape), columns=1)


@pytest.mark.parametrize(
    "count, domains, rows", [(8, 2, 2), (32, 2, 4), (64, 1, 8), (7, 2, 1), (1, 2, 1), (8, 1, 2)]
)
def test_default_rows_fill_the_sheet(count, domains, rows):
    assert images.default_rows(count, domains) == rows


def test_sheet_golden(run):
    first, second = constant(-1, 1, 1, -1), constant(1, -1, -1, 1, channels=3)
    path = run.sheet((first, second), 500, rows=2)
    assert path == run.samples / "000500.png"
    top = [[0, 0, 255, 255]] * 2 + [[255, 255, 0, 0]] * 2
    bottom = [[255 - level for level in line] for line in top]
    sheet = read(path)
    assert (sheet[..., 0] == sheet[..., 2]).all()
    assert sheet[..., 0].tolist() == [*top, [images.GREY] * 4, *bottom]


def test_sheet_pairs_stand_at_the_same_place():
    first = constant(*np.linspace(-1, 0.9, 8), size=8)
    sheet = images.pair_sheet((first, -first))
    assert sheet.shape == (2 * 8 + 1 + 2 * 8, 4 * 8, 3)  # the thesis' layout, 4 x 4 tiles
    top, bottom = sheet[:16].astype(int), sheet[17:].astype(int)
    assert (abs(top + bottom - 255) <= 1).all()


def test_sheet_of_one_domain_and_other_folder(run):
    path = run.sheet((constant(1, 1),), "walk.png", folder="walks")
    assert path == run.folder / "walks" / "walk.png"
    assert read(path).shape == (2, 4, 3)


def test_sheet_refuses_unequal_halves():
    with pytest.raises(ValueError, match=r"same number of images, got \[1, 2\]"):
        images.pair_sheet((constant(1), constant(1, 1)))


# The folder


def test_open_leaves_the_record(run):
    assert {path.name for path in run.folder.iterdir()} == {
        "config.json",
        "command.txt",
        "env.json",
    }
    assert json.loads((run.folder / "config.json").read_text()) == CONFIG
    assert (run.folder / "command.txt").read_text() == COMMAND + "\n"
    environment = json.loads((run.folder / "env.json").read_text())
    assert {"python", "tensorflow", "keras", "numpy", "platform", "cpus", "time"} <= set(
        environment
    )


def test_refuses_changed_options_naming_both_values(run):
    changed = CONFIG | {"batch_size": 128, "iterations": 200, "width": 0.5}
    before = (run.folder / "config.json").read_text()
    with pytest.raises(UsageError) as caught:
        Run.open(run.folder, changed, "other", inert={"iterations"})
    lines = str(caught.value).splitlines()
    assert "--overwrite" in lines[0] and "--name" in lines[0]
    assert [line.split() for line in lines[2:]] == [
        ["batch_size", "64", "128"],
        ["width", "-", "0.5"],
    ]
    assert (run.folder / "config.json").read_text() == before
    assert (run.folder / "command.txt").read_text() == COMMAND + "\n"


def test_inert_options_may_change(run):
    again = Run.open(run.folder, CONFIG | {"iterations": 200}, COMMAND, inert={"iterations"})
    assert again.config["iterations"] == Run.load(run.folder).config["iterations"] == 200


def test_tuples_and_numpy_numbers_compare_equal_after_a_round_trip(tmp_path):
    config = {"sizes": (1, 2), "rate": np.float64(0.1), "none": None}
    Run.open(tmp_path / "run", config, "")
    assert Run.open(tmp_path / "run", config, "").config["sizes"] == [1, 2]


def test_overwrite_empties_a_run_only(run, tmp_path):
    run.log(1, {"a": 1.0})
    run.sheet((constant(1),), 1)
    again = Run.open(run.folder, {"lr_d": 1.0}, "new", overwrite=True)
    assert again.history == [] and not again.samples.exists()
    assert not (run.folder / "history.csv").exists()
    other = tmp_path / "holiday"
    other.mkdir()
    (other / "photo.png").write_text("mine")
    for overwrite in (False, True):
        with pytest.raises(UsageError, match="no run folder"):
            Run.open(other, CONFIG, "", overwrite=overwrite)
    assert [path.name for path in other.iterdir()] == ["photo.png"]


def test_damaged_config_is_refused_and_can_be_overwritten(run):
    (run.folder / "config.json").write_text('{"lr_d": ')
    with pytest.raises(UsageError, match="damaged"):
        Run.open(run.folder, CONFIG, "")
    assert Run.open(run.folder, CONFIG, "", overwrite=True).config == CONFIG


@pytest.mark.parametrize("below", ["", "run", "a/b"])
def test_a_file_in_the_way_is_one_line(tmp_path, below):
    (tmp_path / "results").write_text("a file")
    with pytest.raises(UserError) as caught:
        Run.open(tmp_path / "results" / below, CONFIG, "")
    assert caught.value.code == 1 and "\n" not in str(caught.value)
    assert "cannot write" in str(caught.value)
    assert [path.name for path in tmp_path.iterdir()] == ["results"]


def test_a_failing_write_leaves_nothing(tmp_path, monkeypatch):
    def full(path, content):
        if path.name == "config.json":
            raise OSError(28, "No space left on device")
        write(path, content)

    write = files.write_bytes
    monkeypatch.setattr(files, "write_bytes", full)
    with pytest.raises(UserError, match="No space left"):
        Run.open(tmp_path / "new" / "run", CONFIG, "")
    assert list(tmp_path.iterdir()) == []


def test_a_failing_write_spares_an_old_run(run, monkeypatch):
    run.log(1, {"a": 1.0})

    def full(path, content):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files, "write_bytes", full)
    with pytest.raises(UserError):
        Run.open(run.folder, CONFIG, "")
    assert Run.load(run.folder).history == [{"iteration": 1, "a": 1.0}]


def test_write_bytes_keeps_the_old_file_when_it_fails(tmp_path, monkeypatch):
    path = tmp_path / "file"
    files.write_bytes(path, b"old")

    def fail(*_):
        raise OSError("no")

    monkeypatch.setattr(files.os, "replace", fail)
    with pytest.raises(OSError):
        files.write_bytes(path, b"new")
    assert path.read_bytes() == b"old" and list(tmp_path.iterdir()) == [path]


def test_load_changes_nothing_and_misses_what_is_no_run(run, tmp_path):
    before = {path: path.stat().st_mtime_ns for path in run.folder.rglob("*")}
    loaded = Run.load(run.folder)
    assert (loaded.config, loaded.command) == (CONFIG, COMMAND)
    assert before == {path: path.stat().st_mtime_ns for path in run.folder.rglob("*")}
    with pytest.raises(MissingError, match="no run folder"):
        Run.load(tmp_path / "nowhere")


def test_write_json_is_standard(tmp_path):
    path = tmp_path / "a.json"
    write_json(path, {"a": np.float32(0.5), "b": [math.nan, math.inf], "c": np.eye(2), 1: path})
    assert json.loads(path.read_text(), parse_constant=pytest.fail) == {
        "a": 0.5,
        "b": [None, None],
        "c": [[1.0, 0.0], [0.0, 1.0]],
        "1": str(path),
    }


# History


def test_history_round_trip_is_exact(run):
    rows = [{"a": 0.1, "b": 1e-300}, {"a": 1 / 3, "b": math.inf}, {"a": np.float32(0.1), "b": -0.0}]
    for i, row in enumerate(rows):
        run.log(i, row)
    assert Run.load(run.folder).history == run.history
    assert run.history[1] == {"iteration": 1, "a": 1 / 3, "b": math.inf}
    lines = (run.folder / "history.csv").read_text().splitlines()
    assert lines[:2] == ["iteration,a,b", "0,0.1,1e-300"]


def test_history_holds_nan_and_new_columns(run):
    run.log(1, {"a": math.nan})
    run.log(2, {"b": 2.0})
    run.log(3, {"a": 3.0})
    assert (run.folder / "history.csv").read_text() == "iteration,a,b\n1,nan,\n2,,2.0\n3,3.0,\n"
    loaded = Run.load(run.folder).history
    assert math.isnan(loaded[0]["a"]) and loaded[1:] == run.history[1:]


def test_rewind_forgets_later_rows(run):
    for i in (10, 20, 30):
        run.log(i, {"a": float(i)})
    run.rewind(20)
    run.log(25, {"a": 25.0})
    assert [row["iteration"] for row in Run.load(run.folder).history] == [10, 20, 25]


def test_rewind_before_the_first_row(run):
    run.rewind(0)
    assert not (run.folder / "history.csv").exists()
    run.log(1, {"a": 1.0})
    run.rewind(0)
    run.log(1, {"b": 2.0})
    assert (run.folder / "history.csv").read_text() == "iteration,b\n1,2.0\n"


@pytest.mark.parametrize("end", ["2,0.", "2,0.5", "2\n", ""])
def test_a_line_cut_off_by_a_kill_is_mended(run, end):
    run.log(1, {"a": 0.5})
    with (run.folder / "history.csv").open("a") as file:
        file.write(end)
    again = Run.open(run.folder, CONFIG, COMMAND)
    again.log(3, {"a": 3.0})
    assert (run.folder / "history.csv").read_text() == "iteration,a\n1,0.5\n3,3.0\n"


def test_note_is_kept_and_printed(run, capsys):
    run.note("silent")
    run.quiet = False
    run.note("spoken")
    assert capsys.readouterr().out == "spoken\n"
    assert re.fullmatch(
        r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d  \w+\n){2}", (run.folder / "log.txt").read_text()
    )


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
    [([1, 1001], True), ([1, 999], False), ([0, 1e6], False), ([-1, 1e6], False), ([], False)],
)
def test_log_scale_only_where_needed(values, log):
    assert plots.spans_decades([np.array(values, float), np.array([np.nan])]) is log


def test_labels_tell_the_curves_apart():
    pair = ["gen/adv1", "gen/adv2"]
    assert [plots.label(name, pair) for name in pair] == ["domain 1", "domain 2"]
    cycle = ["gen/cycle", "encoder/cycle"]
    assert [plots.label(name, cycle) for name in cycle] == ["generators", "encoder"]
    assert plots.label("clf/accuracy", ["clf/loss", "clf/accuracy"]) == "accuracy"


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
    path = run.report({"pair_accuracy": 0.7512, "lpips": 0.301}, note="A <note>.")
    return path.read_text(encoding="utf-8")


def test_page_is_self_contained(run):
    text = filled(run)
    sources = re.findall(r"""(?:src|href)\s*=\s*["']?([^"'>\s]+)""", text)
    assert len(sources) > 10 and all(source.startswith("data:") for source in sources)
    assert "url(" not in text and "@import" not in text and "<script" not in text


def test_page_shows_what_the_run_holds(run):
    text = filled(run)
    assert "python main.py --gan_type scogan --note &#x27;&lt;b&gt;&amp;&#x27;" in text
    assert "100 of 100 iterations" in text and "A &lt;note&gt;." in text
    assert "domain 1 (mnist)" in text and "domain 2 (svhn)" in text
    for number in ("0.8731", "0.8512 to 0.8934", "2,000", "0.7512", "0.301", "Protocol: net s."):
        assert number in text
    assert "label entropy, domain\N{NO-BREAK SPACE}1" in text and text.count(">41</td>") == 10
    assert "Samples at iteration 100" in text and "Walk 2" in text
    assert text.count("<figure class=thumb>") == 8 and text.count("<figure class=sheet>") == 2
    assert "batch_size" in text and "tensorflow" in text
    assert "<b>&" not in text and "<note>" not in text


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
    code = "import sys, framework.results; sys.exit('tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
