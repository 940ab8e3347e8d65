import numpy as np
import pytest
from run_folder import read

from framework.errors import MissingError
from framework.results import Run, compare, densities, plots


def folder(tmp_path, name, values, column="stat/weight_diff"):
    run = Run.open(tmp_path / name, {}, "")
    for i, value in enumerate(values, start=1):
        run.log(10 * i, {column: value})
    return run.folder


@pytest.fixture
def drawn(monkeypatch):
    """What `plots.png` was asked to draw."""
    calls = []
    png = plots.png
    monkeypatch.setattr(plots, "png", lambda *args, **how: calls.append(args) or png(*args, **how))
    return calls


def test_runs_share_one_plot_with_a_legend(tmp_path, drawn):
    runs = {"SCoGAN": folder(tmp_path, "a", [1.0, 2.0]), "CoGAN": folder(tmp_path, "b", [0.5])}
    path = compare.overlay(runs, "stat/weight_diff", tmp_path / "it.png")
    ((title, names, curves),) = drawn
    assert title == "Difference of the generators' weights" and names == ["SCoGAN", "CoGAN"]
    assert [(x.tolist(), y.tolist()) for x, y in curves] == [([10, 20], [1, 2]), ([10], [0.5])]
    assert read(path).ndim == 3


def test_a_column_of_no_group_is_its_own_title(tmp_path, drawn):
    runs = {"one": folder(tmp_path, "a", [1.0], column="my/term")}
    compare.overlay(runs, "my/term", tmp_path / "it.png")
    assert drawn[0][0] == "my/term"


def test_what_a_run_lacks_is_told(tmp_path):
    runs = {"a": folder(tmp_path, "a", [1.0]), "b": tmp_path / "nothing"}
    with pytest.raises(MissingError, match=r"nothing: its history.csv has no stat/weight_diff"):
        compare.overlay(runs, "stat/weight_diff", tmp_path / "it.png")
    with pytest.raises(MissingError, match=r"a: its history.csv has no gen/adv"):
        compare.overlay(runs, "gen/adv", tmp_path / "it.png")
    assert not (tmp_path / "it.png").exists()


def test_a_density_peaks_where_the_points_are():
    field = densities.density(np.array([[3.0, -1.5]] * 5 + [[np.nan, 0]] + [[50, 50]]))
    row, column = np.unravel_index(field.argmax(), field.shape)
    cell = 9 / 160
    assert column * cell - 4.5 == pytest.approx(3.0, abs=cell)
    assert row * cell - 4.5 == pytest.approx(-1.5, abs=cell)
    assert field.sum() * cell**2 == pytest.approx(5 / 6, rel=0.02), "a sixth lies outside"


def test_no_finite_point_is_a_dark_field():
    assert not densities.density(np.full((3, 2), np.nan)).any()


@pytest.mark.parametrize("count", [1, 2])
def test_a_sheet_of_points_is_a_plot(tmp_path, count):
    run = Run.open(tmp_path / "run", {}, "")
    points = np.random.default_rng(0).normal(size=(20, 2)).astype(np.float32)
    path = run.sheet((points,) * count, 5)
    assert path.name == "000005.png" and read(path).shape[1] == 420 * count
