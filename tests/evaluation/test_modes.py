import math

import numpy as np
import pytest

from framework.data import ring
from framework.evaluation import metrics as evaluate

CENTRES = np.array([[0.0, 0.0], [10.0, 0.0]])


def found(points, centres=CENTRES, sigma=1.0):
    metrics = evaluate.modes(np.array(points, np.float32), centres, sigma, "test")
    return metrics["modes_covered"]["value"], metrics["high_quality"]["value"]


def test_a_point_belongs_to_a_mode_up_to_three_sigma():
    assert found([[3.0, 0.0], [10.0, -3.0]]) == (2, 1.0)
    assert found([[3.01, 0.0], [10.0, -3.01]]) == (0, 0.0)
    assert found([[3.0, 0.0], [3.01, 0.0]]) == (1, 0.5)
    assert found([[-6.0, 0.0], [-6.1, 0.0]], sigma=2.0) == (1, 0.5)


def test_a_mode_counts_from_a_tenth_of_its_fair_share_on():
    """With two modes that is a twentieth of all points."""
    assert found([[0.0, 0.0]] * 19 + [[10.0, 0.0]])[0] == 2
    assert found([[0.0, 0.0]] * 20 + [[10.0, 0.0]])[0] == 1


def test_points_that_are_not_finite_are_near_nothing():
    assert found([[math.nan, 0.0], [math.inf, 0.0], [0.0, 0.0], [10.0, 0.0]]) == (2, 0.5)
    assert found([[math.nan, math.nan]]) == (0, 0.0)


def test_real_points_cover_all_modes():
    """Within three deviations of the centre lie 1 - exp(-9/2) of a Gaussian in the plane."""
    points = ring.draw(20_000, seed=0)
    assert found(points, ring.centres(), ring.SIGMA) == (10, pytest.approx(0.9889, abs=0.003))


def test_a_collapsed_generator_covers_one():
    assert found(np.tile(ring.centres()[4], (50, 1)), ring.centres(), ring.SIGMA) == (1, 1.0)


def test_the_rule_stands_beside_the_number():
    metrics = evaluate.modes(np.zeros((4, 2)), CENTRES, 1.0, "z seed 1")
    covered, quality = metrics["modes_covered"], metrics["high_quality"]
    assert covered["protocol"] == "z seed 1; at least 5.0% of the points within 3 sigma"
    assert covered["n"] == 4 and quality["ci95"][0] > 0.5 and quality["ci95"][1] == 1.0
