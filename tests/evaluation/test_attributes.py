import numpy as np
import pytest

from framework.evaluation import metrics

NAMES = ("Young", "Smiling", "Male")


def table(rows):
    """Probabilities clearly on one side, from strings of 0 and 1."""
    return np.array([[0.9 if told == "1" else 0.2 for told in row] for row in rows])


def test_accuracy_of_each_attribute_and_of_all():
    told = table(["111", "110", "100", "000"])
    labels = np.array([[1, 1, 1], [1, 1, 1], [1, 1, 0], [1, 0, 0]])
    found = metrics.attribute_accuracy(told, labels, NAMES, "who")
    assert found["Young"]["value"] == 0.75 and found["Smiling"]["value"] == 0.75
    assert found["Male"]["value"] == 0.75 and found[""]["value"] == pytest.approx(0.75)
    # Always 1, 1, 1: right 4 + 3 + 2 of 12 times.
    assert found["majority"]["value"] == pytest.approx(9 / 12)
    low, high = found[""]["ci95"]
    rows = np.array([1, 2 / 3, 2 / 3, 2 / 3])
    assert high == pytest.approx(min(1, 0.75 + 1.96 * rows.std(ddof=1) / 2))
    assert low == pytest.approx(0.75 - 1.96 * rows.std(ddof=1) / 2)
    assert all("who" in metric["protocol"] and metric["n"] == 4 for metric in found.values())


def test_pairs_are_divided_by_one_attribute_and_joined_by_the_others():
    first, second = table(["101", "100", "111", "000"]), table(["111", "010", "111", "000"])
    found = metrics.attribute_pairs(first, second, NAMES, ("Smiling",), "who")
    assert found["attribute_absent1"]["value"] == 0.75
    assert found["attribute_present2"]["value"] == 0.75
    assert found["pair_separated"]["value"] == 0.5  # the first two
    assert found["pair_agreement"]["value"] == 7 / 8  # all but Young of the second
    # Young 3/4 and 2/4, Male 2/4 and 2/4: (3/8 + 1/8 + 1/4 + 1/4) / 2
    assert found["pair_agreement_chance"]["value"] == pytest.approx(0.5)
    assert "Smiling" in found["pair_separated"]["protocol"]


def test_what_the_dividing_attribute_implies_is_not_compared():
    first, second = table(["101", "100"]), table(["110", "111"])
    found = metrics.attribute_pairs(first, second, NAMES, ("Smiling", "Male"), "who")
    assert found["pair_agreement"]["value"] == 1 and found["pair_separated"]["value"] == 1
    found = metrics.attribute_pairs(first, second, NAMES, ("Smiling",), "who")
    assert found["pair_agreement"]["value"] == 0.5


def test_equal_pairs_agree_and_are_never_divided():
    told = table(["101", "010", "110", "001"])
    found = metrics.attribute_pairs(told, told, NAMES, ("Smiling",), "who")
    assert found["pair_agreement"]["value"] == 1 and found["pair_separated"]["value"] == 0
