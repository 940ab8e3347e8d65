"""Metrics against numbers done by head; every image carries its label in its only pixel."""

import json

import numpy as np
import pytest
from scipy.spatial.distance import pdist

from framework.evaluation import metrics as evaluate
from framework.evaluation.metrics import labels

LABELS = np.repeat(np.arange(10), 10)  # ten of each class
PER_PAIR = {
    "pair_accuracy",
    "pair_accuracy_balanced",
    "pair_accuracy_chance",
    "coupling",
    "mutual_information",
    "confusion",
}
PER_DOMAIN = {
    "label_entropy",
    "label_entropy_share",
    "classes_hit",
    "confident",
    "diversity",
    "real_diversity",
}


def picture(labels):
    return (np.asarray(labels, np.float32) / 10).reshape(-1, 1, 1, 1)


def read(images, best=1.0):
    """Stand in for a classifier: the pixel is the label, the features are its one-hot code."""
    labels = np.rint(images[:, 0, 0, 0] * 10).astype(int)
    code = np.eye(10)[labels]
    return code * best + (1 - code) * (1 - best) / 9, code


def measure(labels1, labels2, classify=read):
    real = picture(LABELS)
    return evaluate.pairs(
        picture(labels1), picture(labels2), classify, real1=real, real2=real, protocol="toy, seed 3"
    )


def value(metrics, name):
    return metrics[name]["value"]


def test_equal_labels_are_perfectly_coupled():
    metrics = measure(LABELS, LABELS)
    for name in ("pair_accuracy", "pair_accuracy_balanced", "coupling", "label_entropy_share1"):
        assert value(metrics, name) == pytest.approx(1, abs=1e-12)
    assert value(metrics, "mutual_information") == pytest.approx(np.log(10), abs=1e-12)
    assert value(metrics, "label_entropy2") == pytest.approx(np.log(10), abs=1e-12)
    assert value(metrics, "pair_accuracy_chance") == pytest.approx(0.1, abs=1e-12)
    assert value(metrics, "classes_hit1") == value(metrics, "classes_hit2") == 10
    assert value(metrics, "confusion") == (np.eye(10, dtype=int) * 10).tolist()


def test_independent_labels_are_at_chance():
    metrics = measure(np.repeat(np.arange(10), 10), np.tile(np.arange(10), 10))
    assert value(metrics, "pair_accuracy") == pytest.approx(0.1, abs=1e-12)
    assert value(metrics, "pair_accuracy_balanced") == pytest.approx(0.1, abs=1e-12)
    assert value(metrics, "coupling") == pytest.approx(0, abs=1e-12)
    assert value(metrics, "mutual_information") == pytest.approx(0, abs=1e-12)
    low, high = metrics["pair_accuracy"]["ci95"]
    assert low < value(metrics, "pair_accuracy_chance") < high


def test_permuted_labels_never_agree_but_share_all_information():
    metrics = measure(LABELS, (LABELS + 1) % 10)
    assert value(metrics, "pair_accuracy") == 0
    assert value(metrics, "pair_accuracy_balanced") == 0
    assert value(metrics, "coupling") == pytest.approx(-1 / 9, abs=1e-12)
    assert value(metrics, "mutual_information") == pytest.approx(np.log(10), abs=1e-12)
    assert value(metrics, "confusion")[3][4] == 10  # domain 1 shows a 3, domain 2 a 4
    assert value(metrics, "confusion")[4][3] == 0


def test_collapse_to_two_classes_is_not_flattered():
    labels = np.repeat([2, 7], 50)
    metrics = measure(labels, labels)
    assert value(metrics, "pair_accuracy") == 1
    assert value(metrics, "pair_accuracy_balanced") == pytest.approx(0.2, abs=1e-12)
    assert value(metrics, "label_entropy1") == pytest.approx(np.log(2), abs=1e-12)
    assert value(metrics, "label_entropy_share1") == pytest.approx(0.30103, abs=1e-5)
    assert value(metrics, "classes_hit2") == 2
    assert value(metrics, "pair_accuracy_chance") == pytest.approx(0.5, abs=1e-12)


def test_collapse_to_one_class_has_no_coupling():
    metrics = measure([4] * 20, [4] * 20)
    assert value(metrics, "pair_accuracy") == value(metrics, "pair_accuracy_chance") == 1
    assert value(metrics, "coupling") == 0
    assert value(metrics, "mutual_information") == 0
    assert value(metrics, "diversity1") == 0
    assert metrics["diversity1"]["ci95"] == [0, 0]


def test_balanced_weighs_classes_and_not_pairs():
    # 90 pairs of class 0, all agreeing, and 10 of class 1, none agreeing: 0.9 against 1/10 class.
    metrics = measure([0] * 90 + [1] * 10, [0] * 100)
    assert value(metrics, "pair_accuracy") == pytest.approx(0.9, abs=1e-12)
    assert value(metrics, "pair_accuracy_balanced") == pytest.approx(0.1, abs=1e-12)


def test_wilson_interval_of_eight_in_ten():
    metric = measure([0] * 8 + [1] * 2, [0] * 8 + [2] * 2)["pair_accuracy"]
    assert metric["value"] == pytest.approx(0.8, abs=1e-12)
    assert metric["ci95"] == pytest.approx([0.490, 0.943], abs=5e-4)


def test_balanced_interval_of_two_even_classes():
    # Each class 8 of 10: errors join as sqrt(2 d^2) / 2 = d / sqrt(2), d the Wilson half.
    labels = np.repeat([0, 1], 10)
    other = np.where(np.arange(20) % 10 < 8, labels, 1 - labels)
    metrics = evaluate.coupling(labels, other, 2, "p")
    assert value(metrics, "confusion") == [[8, 2], [2, 8]]
    metric = metrics["pair_accuracy_balanced"]
    assert metric["value"] == pytest.approx(0.8, abs=1e-12)
    assert metric["ci95"] == pytest.approx([0.8 - 0.3098 / 2**0.5, 0.8 + 0.1433 / 2**0.5], abs=1e-3)


@pytest.mark.parametrize("agreement", [0.0, 0.35, 0.85, 1.0])
def test_balanced_interval_covers_the_truth(agreement):
    rng = np.random.default_rng(7)
    covered = 0
    for _ in range(50):
        labels1 = rng.integers(10, size=300)
        labels2 = np.where(rng.random(300) < agreement, labels1, (labels1 + 1) % 10)
        metric = evaluate.coupling(labels1, labels2, 10, "p")["pair_accuracy_balanced"]
        low, high = metric["ci95"]
        assert 0 <= low <= metric["value"] + 1e-12 and metric["value"] - 1e-12 <= high <= 1
        covered += low - 1e-12 <= agreement <= high + 1e-12
    assert covered >= 44


def test_stray_images_do_not_hit_a_class():
    labels = np.zeros(1000, int)
    labels[:9] = 1  # 0.9 %
    labels[9:19] = 2  # 1.0 %
    scores = evaluate.score(picture(labels), read)
    assert evaluate.coverage(scores, "p")["classes_hit"]["value"] == 2


def test_confidence_counts_images_above_the_threshold():
    sure = evaluate.coverage(evaluate.score(picture(LABELS), read), "p")["confident"]
    unsure = evaluate.score(picture(LABELS), lambda x: read(x, best=0.85))
    assert sure["value"] == 1 and sure["n"] == 100
    assert evaluate.coverage(unsure, "p")["confident"]["value"] == 0


def test_diversity_is_the_mean_distance_of_all_pairs():
    # A 3-4-5 triangle.
    metric = evaluate.diversity(np.array([[0.0, 0.0], [3.0, 0.0], [0.0, 4.0]]), "p")
    assert metric["value"] == pytest.approx(4, abs=1e-12)
    # One-hot codes of ten even classes: 90 of 99 others lie sqrt(2) away.
    metrics = measure(LABELS, [5] * 100)
    assert value(metrics, "diversity1") == pytest.approx(2**0.5 * 90 / 99, abs=1e-12)
    assert value(metrics, "diversity2") == 0
    assert value(metrics, "real_diversity2") == value(metrics, "diversity1")


def test_diversity_interval_covers_the_truth():
    rng = np.random.default_rng(5)
    truth = pdist(rng.normal(size=(3000, 3))).mean()
    covered = 0
    for _ in range(200):
        low, high = evaluate.diversity(rng.normal(size=(100, 3)), "p")["ci95"]
        covered += low <= truth <= high
    assert 180 <= covered <= 199


def test_diversity_of_many_samples_uses_an_even_part():
    metric = evaluate.diversity(np.random.default_rng(1).normal(size=(5000, 4)), "p")
    assert metric["n"] == labels.DIVERSITY_SAMPLES


def test_diversity_needs_two_images():
    with pytest.raises(ValueError, match="two images"):
        evaluate.diversity(np.zeros((1, 4)), "p")


def test_accuracy_of_the_evaluator():
    metric = evaluate.accuracy(read, picture(LABELS), np.where(LABELS < 8, LABELS, 0), "toy")
    assert metric["value"] == pytest.approx(0.8, abs=1e-12)
    assert metric["ci95"] == pytest.approx([0.7112, 0.8666], abs=5e-4)
    assert metric["n"] == 100 and metric["protocol"].startswith("toy")


def test_every_metric_is_complete_and_plain_json():
    metrics = measure(LABELS, LABELS)
    assert set(metrics) == PER_PAIR | {f"{name}{domain}" for name in PER_DOMAIN for domain in "12"}
    assert json.loads(json.dumps(metrics, allow_nan=False)) == metrics
    for metric in metrics.values():
        assert set(metric) == {"value", "ci95", "n", "protocol"}
        assert metric["n"] == 100 and "toy, seed 3" in metric["protocol"]


def test_one_domain_gives_the_same_as_its_half_of_a_pair():
    alone = evaluate.domain(picture(LABELS), picture(LABELS), read, "toy, seed 3")
    metrics = measure(LABELS, [0] * 100)
    assert alone == {name: metrics[f"{name}1"] for name in PER_DOMAIN}


def test_metrics_are_the_same_twice():
    assert measure(LABELS, LABELS[::-1]) == measure(LABELS, LABELS[::-1])


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (np.zeros((2, 4, 4, 3), np.uint8), "uint8"),
        (np.full((2, 4, 4, 3), 255.0), "255"),
        (np.full((2, 4, 4, 3), -1.01), "-1.01"),
        (np.full((2, 4, 4, 3), np.nan), "nan"),
        (np.full((2, 4, 4, 3), np.inf), "inf"),
        (np.zeros((4, 4, 3)), "N, S, S, C"),
        (np.zeros((0, 4, 4, 3)), "N > 0"),
    ],
)
def test_malformed_images_are_refused(images, message):
    with pytest.raises(ValueError, match=message):
        evaluate.score(images, read)


def test_rounding_beyond_the_range_is_allowed():
    images = np.array([-1.0005, 1.0005]).reshape(2, 1, 1, 1)
    answer = np.eye(2), np.eye(2)
    assert evaluate.score(images, lambda images: answer).labels.tolist() == [0, 1]


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ((np.ones((3, 10)) / 10, np.ones((3, 2))), "for 4 images"),
        ((np.ones((4, 10)), np.ones((4, 2))), "not logits"),
        ((np.ones((4, 10)) / 10, np.full((4, 2), np.nan)), "not finite"),
    ],
)
def test_malformed_answers_of_the_evaluator_are_refused(answer, message):
    with pytest.raises(ValueError, match=message):
        evaluate.score(picture([1, 2, 3, 4]), lambda images: answer)


def test_unequal_lengths_are_refused():
    with pytest.raises(ValueError, match="got 3 and 2"):
        measure([1, 2, 3], [1, 2])
    with pytest.raises(ValueError, match="3 images and 2 labels"):
        evaluate.accuracy(read, picture([1, 2, 3]), [1, 2], "p")


def bright_half(levels) -> np.ndarray:
    """One image per level: that level on the left half, -1 on the right."""
    images = np.full((len(levels), 2, 2, 3), -1.0, np.float32)
    images[:, :, 0] = np.reshape(levels, (-1, 1, 1))
    return images


def test_colours_by_hand():
    # Left half 0 or 1 (mean 0.5, deviation 0.5), right half always -1.
    reals = bright_half([0, 1])
    line = evaluate.colours(reals, reals)
    assert line == "mean -0.25 (real -0.25), spread 0.25 (real 0.25), correlation 1.00"


def test_inverted_and_collapsed_output_is_warned_of():
    reals = bright_half([0, 1])
    assert "correlation -1.00; WARNING: looks inverted" in evaluate.colours(-reals, reals)
    flat = np.zeros_like(reals)
    line = evaluate.colours(flat, reals)
    assert "correlation 0.00; WARNING: nearly the same image for every z" in line
    assert "WARNING" not in evaluate.colours(bright_half([0.1, 0.6]), reals)
