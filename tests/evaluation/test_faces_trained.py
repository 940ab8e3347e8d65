"""Systems on data whose labels are attributes: sigmoids from training to metrics."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from command_line import history, refused
from photographs import attribute_lines, face_files, write_attributes, write_zip
from systems import NO_DROPOUT, evaluate, face_data, save_classifier, trainer, update

from framework.cli import main
from framework.commands import training
from framework.engine.randomness import Random
from framework.errors import UsageError
from framework.options import config
from nets import classifier

FACES = 105  # of the last four, held out, two have Eyeglasses, which are bit 3 of the number
BATCH = {"x1": tf.zeros((4, 32, 32, 3)), "x2": tf.zeros((4, 32, 32, 3))}


@pytest.fixture(scope="module")
def three(tmp_path_factory) -> str:
    """A classifier of three attributes."""
    return save_classifier(tmp_path_factory.mktemp("classifier") / "net.keras", multilabel=True)


def test_the_classifier_learns_each_attribute_by_itself():
    subject = trainer("classifier", data=face_data)
    net = subject.nets["clf"]
    assert classifier.is_multilabel(net) and net.output_shape == (None, 3)
    for variable in net.get_layer("attributes").weights:
        variable.assign(tf.zeros(variable.shape))
    assert update(subject, "clf")["clf/loss"] == pytest.approx(np.log(2), abs=1e-6)
    metrics = evaluate(subject)
    parts = ("", "_majority", "_Young", "_Smiling", "_Male")
    assert metrics.keys() == {f"accuracy_{d}{p}" for d in ("no_smiling", "smiling") for p in parts}


def semantic(path: str, *argv: str):
    subject = trainer(
        "scogan", "--semantic_loss", "--classifier_path", path, *NO_DROPOUT, *argv, data=face_data
    )
    return subject, subject.fakes(BATCH, Random(1, tf.constant(0)))


@pytest.mark.parametrize("norm", ["l1", "l2", "ce"])
def test_the_attribute_that_divides_is_not_compared(three, norm):
    """Domain 2 has it and domain 1 has not: two images may differ in it at no cost."""
    subject, _ = semantic(three, "--semantic_norm", norm)
    logits = tf.zeros((4, 3)), tf.constant([[0.0, 50.0, 0.0]] * 4)
    equal = subject.semantic.distance((logits[0], logits[0]))
    different = subject.semantic.distance(logits)
    assert float(different) == pytest.approx(float(equal))
    other, _ = semantic(three, "--semantic_norm", norm, "--semantic_divider")
    assert float(other.semantic.distance(logits)) > float(equal) + 0.05


def test_probabilities_of_attributes_are_sigmoids(three):
    subject, _ = semantic(three, "--semantic_divider")
    logits = tf.zeros((4, 3)), tf.constant([[50.0, 50.0, 0.0]] * 4)
    value = subject.semantic.distance(logits)
    assert float(value) == pytest.approx((0.25 + 0.25) / 3, abs=1e-6)
    assert update(subject, "gen")["gen/semantic"] > 0


@pytest.mark.parametrize(
    ("net", "words"),
    [
        (dict(multilabel=False), "has 3 classes; the data have 3 attributes"),
        (dict(multilabel=True, classes=4), "has 4 attributes; the data have 3"),
        (dict(multilabel=True, classes=1), "has 1 attributes; the data have 3"),
    ],
)
def test_a_classifier_of_something_else_is_refused(tmp_path, net, words):
    with pytest.raises(UsageError, match=words):
        semantic(save_classifier(tmp_path / "net.keras", **net))


def test_a_classifier_without_the_attribute_that_divides_will_do(tmp_path):
    path = save_classifier(tmp_path / "net.keras", multilabel=True, classes=2)

    def glasses(contract):
        names = ("Young", "Male", "Eyeglasses")
        return dataclasses.replace(face_data(contract), attributes=names, divided_by=names[-1])

    argv = ["--semantic_loss", "--classifier_path", path, *NO_DROPOUT]
    subject = trainer("scogan", *argv, data=glasses)
    assert subject.semantic.compared == [0, 1]
    with pytest.raises(UsageError, match="the classifier lacks Eyeglasses"):
        trainer("scogan", *argv, "--divider_weight", "1", data=glasses)


def test_the_attribute_that_divides_belongs_to_image_2_alone(three):
    subject, fakes = semantic(three, "--divider_weight", "3")
    without, present = tf.constant([[5.0, -50, 5]] * 4), tf.constant([[-5.0, 50, -5]] * 4)

    def value(*logits):
        return float(subject.semantic.division(logits))

    assert value(without, present) == pytest.approx(0, abs=1e-6)
    assert value(present, without) == pytest.approx(100, rel=1e-6)
    assert value(tf.zeros((4, 3)), tf.zeros((4, 3))) == pytest.approx(2 * np.log(2), rel=1e-6)
    given = subject.regularisers(fakes)["divider"]
    logits = [subject.frozen["classifier"](image, training=False) for image in fakes.images]
    assert float(given) == pytest.approx(3 * value(*logits), rel=1e-4)
    assert update(subject, "gen")["gen/divider"] > 0


def test_a_weight_for_the_divider_needs_one_and_no_opposite(three, tmp_path):
    with pytest.raises(UsageError, match="--divider_weight: contradicts --semantic_divider"):
        semantic(three, "--divider_weight", "1", "--semantic_divider")
    path = save_classifier(tmp_path / "net.keras")
    with pytest.raises(UsageError, match="--divider_weight: no attribute divides tiny"):
        trainer("scogan", "--semantic_loss", "--classifier_path", path, "--divider_weight", "1")


def test_balance_is_for_classes(three, monkeypatch):
    with pytest.raises(UsageError, match="--balance_weight: for classes"):
        semantic(three, "--balance_weight", "1")
    monkeypatch.setattr(training, "train_classifier", lambda *_: pytest.fail("trained"))
    with pytest.raises(UsageError, match="--balance_weight: for classes"):
        trainer("scogan", "--semantic_loss", "--balance_weight", "1", data=face_data)


@pytest.fixture
def faces(tmp_path, monkeypatch):
    """Work in an empty folder with faces of one colour each."""
    monkeypatch.chdir(tmp_path)
    write_attributes(Path("data/celeba/list_attr_celeba.txt"), FACES, attribute_lines(FACES))
    write_zip(Path("data/celeba/img_align_celeba.zip"), face_files(FACES))


def test_a_pair_of_faces_trains_and_is_measured(faces, eager, capsys):
    argv = "--gan_type scogan --cogan_data celeba_glasses --semantic_loss --preset smoke".split()
    assert main([*argv, "--name", "it", "--image_size", "32"]) == 0
    assert len(history("results/it")) == 2
    metrics = json.loads(Path("results/it/metrics.json").read_text())
    assert {"pair_separated", "pair_agreement", "evaluator_divides1", "diversity2"} <= {*metrics}
    assert metrics["pair_separated"]["n"] == 20
    kept = [json.loads(p.read_text()) for p in Path("results/classifiers").glob("*.json")]
    assert len(kept) == 2
    assert all("accuracy_eyeglasses_Eyeglasses" in record["accuracy"] for record in kept)
    shown = [line for line in capsys.readouterr().out.splitlines() if "(held out)" in line]
    assert len(shown) == 2 and all(line.count("%") == 2 for line in shown)


def test_the_classifier_of_thirteen_attributes_trains(faces, eager):
    argv = "--gan_type classifier --dataset celeba --preset smoke --name it --width 0.05".split()
    assert main(argv) == 0
    metrics = json.loads(Path("results/it/metrics.json").read_text())
    assert len(metrics) == 2 + 13 and "accuracy_celeba_Wearing_Lipstick" in metrics
    preset = config.parse(["--preset", "cls_celeba13"])
    assert (preset.gan_type, preset.dataset, preset.batch_size) == ("classifier", "celeba", 16)


def test_faces_without_data_are_one_line(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    argv = "--gan_type cogan --cogan_data celeba_male --preset smoke".split()
    assert "no data for celeba" in refused(capsys, 3, *argv)
