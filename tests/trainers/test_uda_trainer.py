"""What domain adaptation adds to CoGAN: labels of domain 1 alone, and accuracies."""

import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf
from systems import (
    NO_DROPOUT,
    changed,
    evaluate,
    phase,
    tiny_data,
    trainable,
    trainer,
    update,
    weights,
)

from framework import presets
from framework.cli import main
from framework.engine.system import save_models
from framework.errors import UsageError
from framework.evaluation.classification import accuracy
from framework.options import config
from framework.trainers import uda_trainer

ACCURACIES = {
    "source_accuracy", "target_accuracy", "target_accuracy_seen", "source_only_accuracy",
}  # fmt: skip


def with_data(change, *argv):
    """A trainer on the tiny pair with one of its domains changed by `change(domains)`."""
    subject = trainer("uda", *NO_DROPOUT, *argv)
    data = tiny_data("labelled_source")
    data = dataclasses.replace(data, domains=change(data.domains))
    return uda_trainer.Trainer(subject.options, data)


def test_the_target_trains_without_its_labels():
    def unlabelled(domains):
        return domains[0], dataclasses.replace(domains[1], labels=None, test_labels=None)

    known, blind = with_data(lambda domains: domains), with_data(unlabelled)
    for subject in (known, blind):
        for each in subject.phases:
            update(subject, each.name)
    assert changed(weights(known), weights(blind)) == set()


def test_labels_of_the_source_matter():
    def swapped(domains):
        return dataclasses.replace(domains[0], labels=2 - domains[0].labels), domains[1]

    subjects = with_data(lambda domains: domains), with_data(swapped)
    terms = [update(subject, "disc") for subject in subjects]
    assert terms[0]["disc/class"] != pytest.approx(terms[1]["disc/class"])
    assert terms[0]["disc/adv1"] == pytest.approx(terms[1]["disc/adv1"])


def test_the_class_term_is_the_weighted_cross_entropy_of_the_source():
    subject = trainer("uda", *NO_DROPOUT, "--class_weight", "3")
    batch = {k: v[0] for k, v in next(subject.batches(0)).items() if k != "step"}
    logits = subject.system.classifiers[0](tf.cast(batch["x1"], tf.float32) / 127.5 - 1).numpy()
    likely = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    by_hand = -3 * likely[np.arange(4), batch["y1"].numpy()].mean()
    assert update(subject, "disc")["disc/class"] == pytest.approx(by_hand, rel=1e-5)


def test_the_pair_term_is_zero_for_equal_towers_and_counts_every_feature(eager):
    argv = [*NO_DROPOUT, "--g_shared_layers", "4", "--pair_weight", "2"]
    subject = trainer("uda", *argv, "--d_shared_layers", "4")
    for name in ("gen", "disc"):
        first, second = (subject.nets[f"{name}{i}"] for i in (1, 2))
        second.set_weights(first.get_weights())
    assert update(subject, "disc")["disc/pair"] == pytest.approx(0, abs=1e-9)
    apart = trainer("uda", *argv)
    fakes, kept = apart.fakes, []
    apart.fakes = lambda batch, random: kept.append(fakes(batch, random)) or kept[0]
    found = update(apart, "disc")["disc/pair"]
    fresh = trainer("uda", *argv)  # the same weights as before that update
    first, second = (net(x) for net, x in zip(fresh.hidden, kept[0].images, strict=True))
    assert found == pytest.approx(2 * float(tf.reduce_sum((first - second) ** 2)) / 4, rel=1e-4)


def test_the_baseline_is_alike_and_apart():
    subject = trainer("uda", *NO_DROPOUT)
    alike = subject.system.classifiers[0]
    assert [w.shape for w in subject.nets["baseline"].weights] == [w.shape for w in alike.weights]
    before = trainable(subject)
    update(subject, "baseline")
    assert changed(before, trainable(subject)) == {"baseline"}
    assert phase(subject, "baseline").nets == ("baseline",)
    images = tiny_data("labelled_source").domains[1].images
    assert subject.system.classify_by_source(images).shape == (12, 3)
    without = trainer("uda", *NO_DROPOUT, "--no-baseline")
    assert "baseline" not in without.nets and without.system.classify_by_source(images) is None


def test_every_accuracy_says_of_which_images(capsys):
    argv = "--source_images 9 --target_images 8 --eval_pairs 4 --evaluator_iterations 1".split()
    subject = trainer("uda", *NO_DROPOUT, *argv)
    assert [len(domain.images) for domain in subject.data.domains] == [9, 8]
    found = {name: metric for name, metric in evaluate(subject).items() if name in ACCURACIES}
    assert {name: metric["n"] for name, metric in found.items()} == {
        "source_accuracy": 6,
        "target_accuracy": 6,
        "target_accuracy_seen": 8,
        "source_only_accuracy": 6,
    }
    for metric in found.values():
        assert metric["protocol"].startswith("9 labelled images of a")
    assert "alone" in found["source_only_accuracy"]["protocol"]


@pytest.mark.parametrize(
    ("argv", "change", "names"),
    [
        (["--no-baseline"], {}, ACCURACIES - {"source_only_accuracy"}),
        ([], dict(labels=None, test_labels=None), {"source_accuracy"}),
    ],
)
def test_accuracies_that_cannot_be_known_are_left_out(argv, change, names):
    def changed_target(domains):
        return domains[0], dataclasses.replace(domains[1], **change)

    argv = [*argv, "--eval_pairs", "4", "--evaluator_iterations", "1"]
    metrics = evaluate(with_data(changed_target, *argv))
    assert {name for name in metrics if name in ACCURACIES} == names


def test_accuracy_by_hand():
    probabilities = np.eye(4)[[1, 3, 0]]
    found = accuracy(probabilities, np.array([1, 3, 3]), "")
    assert found["value"] == pytest.approx(2 / 3) and found["n"] == 3


def test_saved_classifiers_are_those_measured(run):
    subject = trainer("uda", "--ema", "0.9")
    update(subject, "disc")
    save_models(subject.models(), run.models)
    assert {path.stem for path in run.models.iterdir()} == {
        "generators",
        "discriminators",
        "classifier1",
        "classifier2",
    }
    images = np.random.default_rng(0).uniform(-1, 1, (2, 32, 32, 3)).astype("float32")
    for domain in (1, 2):
        loaded = keras.models.load_model(run.models / f"classifier{domain}.keras")
        probabilities = tf.nn.softmax(loaded(images))
        np.testing.assert_allclose(
            probabilities, subject.system.classify(images, domain), atol=1e-6
        )


def test_towers_without_a_shared_hidden_layer_are_refused():
    with pytest.raises(UsageError, match="--d_shared_layers 1: adaptation needs at least 2"):
        config.parse("--gan_type uda --d_shared_layers 1".split())
    config.parse("--gan_type uda --d_shared_layers 2".split())


@pytest.mark.parametrize("name", ["uda_mnist2usps", "uda_usps2mnist"])
def test_presets_name_what_is_published(name):
    metrics = {"target_accuracy", "target_accuracy_seen"}
    assert presets.PRESETS[name].published.keys() == metrics


def test_a_whole_run(eager, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    argv = "--gan_type uda --cogan_data mini2edge --preset smoke --width 0.01 --name it".split()
    assert main(argv) == 0
    out = capsys.readouterr().out
    for name in ("target_accuracy", "source_only_accuracy", "pair_accuracy", "kid2"):
        assert name in out
    assert main("evaluate results/it --n 10".split()) == 0
