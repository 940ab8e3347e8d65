"""Exchanged codes against shares done by head; an image's only pixel is its class."""

import numpy as np
import pytest

from framework.evaluation import metrics as evaluate


def picture(values):
    return (np.asarray(values, np.float32) / 10).reshape(-1, 1, 1, 1)


def read(images):
    """The evaluator: class by pixel."""
    code = np.eye(10)[np.rint(images[:, 0, 0, 0] * 10).astype(int)]
    return code, code


def found(shown, labels):
    metrics = evaluate.swaps(picture(shown), np.asarray(labels), read, "toy")
    return {name: (metric["value"], metric["n"]) for name, metric in metrics.items()}


# Four pairs: image 1 of classes 1, 2, 3, 4 and image 2 of 5, 6, 7, 4; the last is left out.
LABELS = [1, 2, 3, 4, 5, 6, 7, 4]


@pytest.mark.parametrize(
    ("shown", "swap_acc", "copy_rate"),
    [
        ([5, 6, 7, 4, 1, 2, 3, 4], 1, 0),  # every mixed image has the class of the other
        ([1, 2, 3, 4, 5, 6, 7, 4], 0, 1),  # every one that of its own content
        ([5, 6, 9, 0, 1, 6, 7, 0], 3 / 6, 2 / 6),
        ([0, 0, 0, 4, 0, 0, 0, 4], 0, 0),
    ],
)
def test_shares_over_pairs_of_different_classes(shown, swap_acc, copy_rate):
    assert found(shown, LABELS) == {"swap_acc": (swap_acc, 6), "copy_rate": (copy_rate, 6)}


def test_pairs_of_equal_classes_say_nothing():
    assert found([1, 2, 1, 2], [1, 2, 1, 2]) == {}


def test_the_protocol_and_an_interval_come_with_them():
    metric = evaluate.swaps(picture([5, 1]), np.array([1, 5]), read, "toy, seed 3")["swap_acc"]
    assert metric["protocol"] == "toy, seed 3; pairs of different classes"
    low, high = metric["ci95"]
    assert 0.3 < low < high <= 1  # Wilson, 2 of 2


def test_wrong_input_is_refused():
    with pytest.raises(ValueError, match="got 2 images and 4 labels"):
        evaluate.swaps(picture([1, 2]), np.arange(4), read, "")
    with pytest.raises(ValueError, match="float"):
        evaluate.swaps(np.zeros((2, 1, 1, 1), np.uint8), np.arange(2), read, "")


def test_identities_are_measured_from_both_sources_and_between_them():
    x = np.stack([np.full((2, 2, 1), value, np.float32) for value in (0.0, 0.5)])
    mixed = np.stack([np.full((2, 2, 1), value, np.float32) for value in (0.4, 0.3)])
    found = evaluate.identities(x, mixed, evaluate.l1, "toy")
    means = {name: each["value"] for name, each in found.items()}
    expected = dict(identity_style=0.2, identity_content=0.3, identity_pair=0.5)
    assert means == pytest.approx(expected)


def test_reconstructions_are_mean_absolute_differences():
    x = np.float32([0, 0.5, -1, 1]).reshape(4, 1, 1, 1)
    made = {"back": -x, "short": x, "mixed": 0 * x}
    metrics = evaluate.reconstructions(x, made, "toy")
    assert metrics["rec_l1"]["value"] == pytest.approx((0 + 1 + 2 + 2) / 4)
    assert metrics["short_l1"]["value"] == 0 and metrics.keys() == {"rec_l1", "short_l1"}
    low, high = metrics["rec_l1"]["ci95"]
    assert low < 1.25 < high and metrics["rec_l1"]["n"] == 4


def test_distances_take_any_row_by_row():
    x = np.zeros((2, 1, 1, 1), np.float32)
    made = {"back": x + 0.5, "short": x + 1}

    def squared(a, b):
        return ((a - b) ** 2).mean(axis=(1, 2, 3))

    metrics = evaluate.distances(x, made, squared, "who")
    assert {k: m["value"] for k, m in metrics.items()} == {"rec_lpips": 0.25, "short_lpips": 1}
    with pytest.raises(ValueError, match="finite"):
        evaluate.distances(x, made | {"back": x * np.nan}, squared, "who")
