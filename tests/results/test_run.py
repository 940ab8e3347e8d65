"""Tests of the run folder and its sheets."""

import json
import math
import re

import numpy as np
import pytest
from run_folder import COMMAND, CONFIG, constant, opened, read

from framework.errors import MissingError, UsageError, UserError
from framework.results import Run, embeddings, files, images, write_json


@pytest.fixture
def run(tmp_path) -> Run:
    return opened(tmp_path)


# Images


def test_to_uint8_rounds_and_clips():
    values = np.array([-3.0, -1.0, -1 / 255, 0.0, 1 / 255, 1.0, 3.0, np.nan])
    assert images.to_uint8(values).tolist() == [0, 0, 127, 128, 128, 255, 255, 128]


def test_to_uint8_inverts_the_pixel_range_and_leaves_pixels_alone():
    pixels = np.arange(256, dtype=np.uint8)
    assert (images.to_uint8((pixels.astype(np.float32) - 127.5) / 127.5) == pixels).all()
    assert images.to_uint8(pixels) is pixels


def test_tile_is_row_major_and_filled_with_grey():
    grid = images.tile(constant(-1, 1, 1, size=1), columns=2)
    assert grid.shape == (2, 2, 3) and grid.dtype == np.uint8
    assert grid[..., 0].tolist() == [[0, 255], [255, images.GREY]]


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


def test_sheet_of_one_domain_and_another_name(run):
    path = run.sheet((constant(1, 1),), "walk")
    assert path == run.samples / "walk.png"
    assert read(path).shape == (2, 4, 3)


def test_sheet_refuses_unequal_halves():
    with pytest.raises(ValueError, match=r"same number of images, got \[1, 2\]"):
        images.pair_sheet((constant(1), constant(1, 1)))


def test_a_table_sets_its_heads_apart():
    cells = np.linspace(-1, 0.9, 12).reshape(3, 4, 1, 1, 1) * np.ones((1, 1, 2, 2, 1))
    plain, table = images.table(cells), images.table(cells, top=1, left=2)
    assert plain.shape == (6, 8, 3) and table.shape == (12, 14, 3)
    np.testing.assert_array_equal(plain, images.tile(cells.reshape(12, 2, 2, 1), 4))
    assert (table[2:8] == images.GREY).all() and (table[:, 4:10] == images.GREY).all()
    parts = np.delete(np.delete(table, range(2, 8), axis=0), range(4, 10), axis=1)
    np.testing.assert_array_equal(parts, plain)


def test_a_table_is_a_sheet_of_the_run(run):
    path = run.table(np.zeros((1, 2, 4, 4, 3)), 12, left=1)
    assert path == run.samples / "000012.png" and read(path).shape == (4, 14, 3)


SHEETS = {
    "sheet": lambda run, **caption: run.sheet((constant(1, -1),), "a", **caption),
    "points": lambda run, **caption: run.sheet((np.zeros((9, 2)),), "a", **caption),
    "table": lambda run, **caption: run.table(np.zeros((1, 2, 4, 4, 3)), "a", **caption),
    "triplets": lambda run, **caption: run.triplets(
        {row: constant(1, -1, size=12) for row in "xmr"}, "a", **caption
    ),
    "embedding": lambda run, **caption: run.embedding(
        {"s": np.eye(5)}, np.arange(5), "a", **caption
    ),
}


@pytest.mark.parametrize("write", SHEETS.values(), ids=SHEETS)
def test_a_caption_is_kept_in_the_file_and_changes_no_pixel(run, write):
    plain = write(run)
    assert images.caption_of(plain) == ""
    pixels = read(plain)
    path = write(run, caption="Domäne 1 über 領域 2.")
    assert images.caption_of(path) == "Domäne 1 über 領域 2."
    np.testing.assert_array_equal(read(path), pixels)


@pytest.mark.parametrize("codes", [np.random.default_rng(0).normal(size=(20, 3)), np.ones((20, 2))])
def test_maps_of_codes_even_of_collapsed_ones(run, codes):
    path = run.embedding({"s": codes, "z": codes}, np.arange(20) % 12, "codes")
    assert path == run.samples / "codes.png" and read(path).shape[1] > 900


def test_near_codes_are_near_on_the_map():
    codes = np.repeat([[0.0, 0.0], [9.0, 9.0]], 15, axis=0)
    codes += np.random.default_rng(0).normal(size=codes.shape)
    places = embeddings.tsne(codes)
    first, second = places[:15], places[15:]
    apart = np.linalg.norm(first.mean(axis=0) - second.mean(axis=0))
    assert apart > 2 * max(first.std(axis=0).max(), second.std(axis=0).max())
    with pytest.raises(ValueError, match="at least 4 codes, not 3"):
        embeddings.tsne(codes[:3])


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


def test_advice_is_asked_with_the_options_that_differ(run):
    def advice(names):
        return f"try {' and '.join(names) or 'more'}"

    changed = CONFIG | {"batch_size": 128, "width": 0.5}
    with pytest.raises(UsageError, match="other options: try batch_size and width\n"):
        Run.check(run.folder, changed, advice=advice)
    (run.checkpoints / "00000300").mkdir(parents=True)
    with pytest.raises(UsageError, match="--iterations 200: this run has 300 already: try more"):
        Run.check(run.folder, CONFIG | {"iterations": 200}, inert={"iterations"}, advice=advice)


def test_the_origin_of_the_networks_is_kept(run):
    assert run.origin is None
    run.save_origin({"iteration": 7, "chosen": "newest"})
    assert Run.load(run.folder).origin == {"iteration": 7, "chosen": "newest"}


def test_metrics_during_training_are_a_table_beside_the_history(run):
    for iteration in (10, 20, 30):
        run.log(iteration, {"a": 1.0})
        run.metrics_table.append(iteration, {"accuracy": iteration / 100})
    run.rewind(20)
    assert (run.folder / "metrics.csv").read_text() == "iteration,accuracy\n10,0.1\n20,0.2\n"
    assert Run.load(run.folder).metrics_table.rows == run.metrics_table.rows


def test_inert_options_may_change(run):
    again = Run.open(run.folder, CONFIG | {"iterations": 200}, COMMAND, inert={"iterations"})
    assert again.config["iterations"] == Run.load(run.folder).config["iterations"] == 200


def test_options_of_an_earlier_version_have_other_names(run):
    now = {"stage" if name == "batch_size" else name: value for name, value in CONFIG.items()}
    with pytest.raises(UsageError, match="batch_size"):
        Run.check(run.folder, now)

    def upgrade(options, system):
        return {("stage" if name == "batch_size" else name): v for name, v in options.items()}

    Run.check(run.folder, now, upgrade=upgrade)
    assert Run.open(run.folder, now, COMMAND, upgrade=upgrade).config == now
    with pytest.raises(UsageError, match="stage +64 +65"):
        Run.check(run.folder, now | {"stage": 65}, upgrade=upgrade)


def test_data_are_facts_in_a_file(run):
    assert run.data == {} and run.domain_names == ("domain 1", "domain 2")
    run.write_data({"domains": ["mnist"]})
    assert run.data == {"domains": ["mnist"]} and run.domain_names == ("mnist", "domain 2")
    run.write_data({"domains": ["mnist", "svhn"]})
    assert Run.load(run.folder).domain_names == ("mnist", "svhn")


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
