"""Exchanged codes: held-out pairs, metrics, statistics and sheets; images are those of `toy_g2g`.

An image of the toys is (content, class) / 5 - 1.
"""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf
from systems import domain, evaluate, face_data, tiny_data, trainer, update
from toy_g2g import copy, put, toy

from framework.commands import training
from framework.data import Data, Domain
from framework.engine.randomness import Random
from framework.evaluation import exchange
from framework.evaluation.evaluation import Subject
from framework.evaluation.exchange import STATISTICS_PAIRS, Exchange, held_out_pairs
from framework.frozen import classifiers
from framework.utils import batched, to_float

PERFECT = {"rec_l1": 0, "short_l1": 0, "evaluator_accuracy": 1}


def small(*argv: str, **given):
    """A naive system that needs no evaluator of real images."""
    return trainer("g2g", "--g2g_variant", "naive", "--dry_run", *argv, **given)


def levels(values) -> np.ndarray:
    """uint8 images [N, 1, 1, 2] of pairs in 0..10."""
    return np.rint(25.5 * np.asarray(values)).astype(np.uint8).reshape(-1, 1, 1, 2)


def evaluation(subject) -> Exchange:
    """Of a toy, whose evaluator reads the class from the second number."""
    test = levels([(c, k) for c in range(10) for k in range(4)])
    labels = np.tile(np.arange(4), 10)
    data = Data("halves", (Domain("toy", test, labels, test, labels),), "toy", 4)

    def classify(x):
        code = np.eye(4)[np.rint((x[:, 0, 0, 1] + 1) * 5).astype(int) % 4]
        return code, code

    store = training.classifier_store()
    terms = subject.held_out_terms
    return Exchange(
        Subject(subject.system, data, store, dict(evaluator=classify), held_out_terms=terms)
    )


def values(metrics: dict[str, dict]) -> dict[str, float]:
    return {name: metric["value"] for name, metric in metrics.items()}


@pytest.fixture
def plain_evaluator(monkeypatch):
    """An evaluator is a function here, not a network."""
    monkeypatch.setattr(classifiers, "with_features", lambda classify: classify)


def test_metrics_of_exchanged_classes(plain_evaluator):
    copied = dict(content=lambda x, training: x, style=lambda x, training: 0 * x)
    disentangled = values(evaluation(toy("naive", gen=put)).metrics())
    assert disentangled == PERFECT | {"swap_acc": 1, "copy_rate": 0}
    found = values(evaluation(toy("naive", gen=copy, **copied)).metrics())
    assert found == PERFECT | {"swap_acc": 0, "copy_rate": 1}


def test_statistics_are_of_held_out_pairs(plain_evaluator):
    subject = toy("naive", gen=lambda codes, training: 0.5 * put(codes))
    measured = evaluation(subject)
    found = measured.statistics()
    x, _ = held_out_pairs(measured.data, STATISTICS_PAIRS, subject.options.seed + 1)
    x1, x2 = tf.split(to_float(x), 2)
    terms = subject.gen_terms(dict(x1=x1, x2=x2), Random(0, tf.constant(0)))
    assert found["stat/val_loss"] == pytest.approx(float(sum(terms.values())))
    assert found["stat/rec_l1"] == pytest.approx(0.75 * float(tf.reduce_mean(tf.abs(to_float(x)))))
    assert found.keys() == {f"stat/{k}" for k in ("val_loss", "rec_l1", "swap_acc", "copy_rate")}


@pytest.mark.parametrize("held_out_terms", [None, lambda batch, random: None])
def test_without_terms_of_held_out_images_there_is_no_loss(held_out_terms, plain_evaluator):
    measured = evaluation(toy("naive", gen=put))
    measured.subject.held_out_terms = held_out_terms
    assert "stat/val_loss" not in measured.statistics()


def test_the_held_out_loss_of_parts_is_that_of_all(plain_evaluator, monkeypatch):
    measured = evaluation(toy("naive", gen=lambda codes, training: 0.5 * put(codes)))
    loss = measured.statistics()["stat/val_loss"]

    def in_parts(function, *inputs, size=STATISTICS_PAIRS):
        return batched(function, *inputs, size=50)

    monkeypatch.setattr(exchange, "batched", in_parts)
    assert measured.statistics()["stat/val_loss"] == pytest.approx(loss, rel=1e-5)


def test_held_out_pairs_are_the_same_every_time_and_have_their_classes():
    parts = [domain("a", 1), domain("b", 2)]
    for i, part in enumerate(parts):
        numbered = np.uint8(10 * i + np.arange(6))
        test = np.tile(numbered[:, None, None, None], (1, 4, 4, 3))
        parts[i] = dataclasses.replace(part, test_images=test, test_labels=numbered % 3)
    data = Data("halves", tuple(parts), "two", 3)
    x, y = held_out_pairs(data, 50, seed=1)
    assert len(x) == len(y) == 100
    np.testing.assert_array_equal(x[:, 0, 0, 0] % 3, y)
    assert set(x[:, 0, 0, 0]) == {*range(6), *range(10, 16)}
    np.testing.assert_array_equal(x, held_out_pairs(data, 50, seed=1)[0])
    assert not np.array_equal(x, held_out_pairs(data, 50, seed=2)[0])
    assert held_out_pairs(face_data("halves"), 2, seed=1)[1] is None, "attributes are no classes"


def test_domains_of_different_size_are_equally_likely():
    parts = [domain("a", 1), domain("b", 2)]
    for i, count in enumerate((600, 6)):
        test = np.full((count, 4, 4, 3), i, np.uint8)
        labels = np.zeros(count, int)
        parts[i] = dataclasses.replace(parts[i], test_images=test, test_labels=labels)
    x, _ = held_out_pairs(Data("halves", tuple(parts), "two", 3), 200, seed=1)
    assert 160 < (x[:, 0, 0, 0] == 0).sum() < 240


def test_images_without_labels_have_no_evaluator(eager):
    def bare(contract):
        without = dict(labels=None, test_labels=None)
        parts = [dataclasses.replace(d, **without) for d in tiny_data(contract).domains]
        return Data(contract, tuple(parts), "bare", 0)

    subject = small("--eval_pairs", "4", data=bare)
    assert not subject.frozen
    assert evaluate(subject).keys() == {"rec_l1", "short_l1"}
    statistics = training.suite_of(subject).statistics()
    assert statistics.keys() == {"stat/val_loss", "stat/rec_l1"}
    assert np.isfinite(update(subject, "gen")["gen/rec"])


def test_identities_of_mixed_faces_are_compared_by_a_net_of_faces():
    subject = small("--identity_metric", "face128", "--eval_pairs", "3", data=face_data)
    found = evaluate(subject)
    assert {"identity_style", "identity_content", "identity_pair"} <= found.keys()
    assert found["identity_pair"]["protocol"].startswith("face128")
    assert found["identity_pair"]["n"] == 6 and found["identity_style"]["value"] > 0
