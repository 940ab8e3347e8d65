import numpy as np
import pytest

from framework.experiments import curves


@pytest.fixture(scope="module")
def found():
    return curves.curves()


def test_jensen_shannon_on_one_grid(found):
    golden = [0, 0.1114, 0.3368, 0.5268, 0.6327, 0.6759, 0.6893]
    assert found.jsd.shape == (21,)
    assert found.jsd[:7] == pytest.approx(golden, abs=6e-5)
    assert found.jsd[8:] == pytest.approx(np.full(13, np.log(2)), abs=1e-4)
    assert (np.diff(found.jsd[:9]) > 0).all() and found.jsd.max() <= np.log(2) + 1e-9


def test_wasserstein_is_the_shift(found):
    assert found.wasserstein == pytest.approx(np.arange(21), abs=0.02)


def test_the_printed_script():
    """Its values: not 0 for equal distributions, and lower than the true ones up to ln 2."""
    printed = curves.curves(printed=True)
    golden = [0.01, 0.107, 0.304, 0.5, 0.621, 0.668, 0.687]
    assert printed.jsd[:7] == pytest.approx(golden, abs=1e-3)
    assert printed.jsd[10:] == pytest.approx(np.full(11, 0.693), abs=1e-3)
    assert printed.jsd[0] > 5e-3
    assert printed.wasserstein == pytest.approx(np.arange(21), abs=0.02)


def test_earth_mover_of_the_thesis():
    costs, distance = curves.earth_mover((1, 3, 1), (2, 1, 2))
    assert costs.tolist() == [-1, 1, 0] and distance == 2
    costs, distance = curves.earth_mover((0, 0, 5), (5, 0, 0))
    assert costs.tolist() == [-5, -5, 0] and distance == 10
    assert curves.earth_mover((1, 2), (1, 2))[1] == 0


@pytest.mark.parametrize(("p", "q"), [((1, 2), (1, 3)), ((1, 2), (1, 1, 1))])
def test_piles_must_hold_the_same(p, q):
    with pytest.raises(ValueError, match="cannot be moved"):
        curves.earth_mover(p, q)


def test_both_figures_are_drawn(tmp_path):
    paths = curves.draw(tmp_path / "new", printed=True)
    assert [path.name for path in paths] == ["jsd_curve.png", "wd_curve.png"]
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in paths)
