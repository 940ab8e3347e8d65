"""Means over a log interval: exact, whatever calls fed them and wherever a run was stopped."""

import json

import numpy as np
import pytest

from framework.errors import DivergedError
from framework.results import Interval

NAMES = ["disc/adv", "gen/adv"]


def rows(*values) -> np.ndarray:
    return np.array(values, np.float32)


def test_the_mean_of_three_iterations():
    interval = Interval()
    interval.add(NAMES, rows([1, 10], [2, 20]), 2)
    interval.add(NAMES, rows([6, 60]), 3)
    assert interval.terms() == {"disc/adv": 3.0, "gen/adv": 30.0}


def test_calls_and_a_stop_in_between_do_not_change_a_bit():
    values = np.random.default_rng(0).normal(size=(50, 2)).astype(np.float32) * 1e6
    whole, parts = Interval(), Interval()
    whole.add(NAMES, values, 50)
    for start, end in ((0, 7), (7, 8), (8, 50)):
        parts.add(NAMES, values[start:end], end)
        parts = Interval(json.loads(json.dumps(parts.record())))
    assert parts.terms() == whole.terms()


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_the_first_bad_term_is_named_with_its_iteration(bad):
    values = rows([1, 1], [1, bad], [bad, bad])
    with pytest.raises(DivergedError, match=f"^gen/adv is {bad} at iteration 9$") as caught:
        Interval().add(NAMES, values, 10)
    assert "\n" not in str(caught.value)


def test_bad_iterations_can_be_left_out_and_are_counted():
    interval = Interval()
    interval.add(NAMES, rows([1, 1], [np.nan, 5], [3, 3]), 3, skip=True)
    again = Interval(json.loads(json.dumps(interval.record())))
    assert again.terms() == {"disc/adv": 2.0, "gen/adv": 2.0, "stat/left_out": 1.0}


def test_an_interval_of_bad_iterations_alone_has_no_terms():
    interval = Interval()
    interval.add(NAMES, rows([np.nan, 1]), 1, skip=True)
    assert interval.terms() == {"stat/left_out": 1.0}
