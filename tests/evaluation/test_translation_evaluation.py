"""What is measured and shown of systems that translate or reconstruct images."""

import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf
from systems import tiny_data, trainer

from framework.commands import training
from framework.data import Data
from framework.engine.capabilities import Direction
from framework.evaluation import perceptual
from framework.evaluation.translation import Translation
from framework.frozen.classifiers import ClassifierStore
from framework.options import config
from framework.utils import float_array

pytestmark = pytest.mark.usefixtures("eager")


def measure(subject, evaluators=None, **options) -> dict[str, dict]:
    """Metrics of a trainer's system with other options and evaluators than it was built with."""
    for name, value in options.items():
        object.__setattr__(subject.options, name, value)
    subject.frozen |= evaluators or {}
    return training.suite_of(subject).metrics()


def random_classifier() -> keras.Model:
    x = keras.Input((32, 32, 3))
    features = keras.layers.Flatten(name="features")(keras.layers.AveragePooling2D(16)(x))
    return keras.Model(x, keras.layers.Dense(3)(features))


def unlabelled(contract: str) -> Data:
    data = tiny_data(contract)
    domains = (dataclasses.replace(d, labels=None, test_labels=None) for d in data.domains)
    return dataclasses.replace(data, domains=tuple(domains), classes=0)


def test_pairs_without_labels_are_measured_too():
    argv = "--paired --cycle_weight 0 --direction 12 --kid_features none".split()
    subject = trainer("cyclegan", *argv, data=unlabelled)
    assert measure(subject) == {}
    assert measure(subject, eval_pairs=4).keys() == {"l1_pair12"}
    images, partners = (float_array(d.test_images[:4]) for d in subject.data.domains)
    by_hand = np.abs(subject.system.translate(images, Direction(1, 2)) - partners).mean()
    found = measure(subject)["l1_pair12"]
    assert found["value"] == pytest.approx(by_hand, rel=1e-4) and found["n"] == 4


def test_metrics_by_hand():
    subject = trainer("unit", "--kid_features", "none")
    evaluators = {f"evaluator{j}": random_classifier() for j in (1, 2)}
    found = measure(subject, evaluators=evaluators, eval_pairs=6)
    for direction in (Direction(1, 2), Direction(2, 1)):
        i, j = direction
        domain, evaluator = subject.data.domains[i - 1], evaluators[f"evaluator{j}"]
        x = float_array(domain.test_images)
        x12 = subject.system.translate(x, direction)
        x121 = subject.system.translate(x12, direction.reverse)
        for images, suffix in ((x12, ""), (x, "_source")):
            right = np.argmax(evaluator(images), axis=1) == domain.test_labels
            metric = found[f"translation_accuracy{direction}{suffix}"]
            assert metric["value"] == pytest.approx(right.mean())
        l1 = np.abs(x121 - x).mean()
        assert found[f"l1_{i}{j}{i}"]["value"] == pytest.approx(l1, rel=1e-4)
        x11 = subject.system.reconstruct(x, i)
        assert found[f"l1_{i}{i}"]["value"] == pytest.approx(np.abs(x11 - x).mean(), rel=1e-4)
        assert found[f"evaluator_accuracy{j}"]["n"] == 6


class Pixels:
    """A distance that compares pixels, in place of a network."""

    protocol = "pixels"

    def __init__(self, net, folder, image_size):
        pass

    def __call__(self, first, second):
        return np.abs(first - second).mean(axis=(1, 2, 3))

    def style(self, images, reals, protocol):
        value = abs(images.mean() - reals.mean())
        return dict(value=value, ci95=None, n=len(images), protocol=protocol)


def test_content_is_compared_with_the_images_and_style_with_the_other_domain(monkeypatch):
    monkeypatch.setattr(perceptual, "Distance", Pixels)
    subject = trainer("cyclegan", *"--kid_features none --direction 12 --cycle_weight 0".split())
    metrics = measure(subject, eval_pairs=6, lpips_net="squeeze")
    found = {name: each["value"] for name, each in metrics.items()}
    x, reals = (float_array(domain.test_images) for domain in subject.data.domains)
    x12 = subject.system.translate(x, Direction(1, 2))
    assert found["lpips_content12"] == pytest.approx(np.abs(x12 - x).mean(), rel=1e-4)
    assert found["style2"] == pytest.approx(abs(x12.mean() - reals.mean()), abs=1e-5)
    assert found["style2_source"] == pytest.approx(abs(x.mean() - reals.mean()), abs=1e-5)
    assert "style1" not in found


def test_kid_is_named_after_the_domain_of_the_translations(tmp_path):
    argv = f"--direction 21 --cycle_weight 0 --results_dir {tmp_path}".split()
    subject = trainer("cyclegan", *argv)
    found = measure(subject, evaluators={"evaluator1": random_classifier()}, eval_pairs=6)
    assert {name for name in found if name[:3] in ("kid", "fid")} == {"kid1", "fid1"}


@pytest.mark.parametrize("count", [1, 2, 8])
def test_training_images_that_were_chosen_are_measured_apart(count):
    subject = trainer("cyclegan", "--max_items_A", str(count), "--kid_features", "none")
    found = measure(subject, eval_pairs=6)
    assert found["l1_121_seen"]["n"] == min(count, 6) and found["l1_121"]["n"] == 6
    assert (found["l1_121_seen"]["ci95"] is None) == (count == 1)
    assert not any(name.startswith("l1_212") and name.endswith("_seen") for name in found)


def with_few_held_out(count: int):
    """Data whose domain 1 has only so many held-out images."""

    def make(contract: str) -> Data:
        data = tiny_data(contract)
        first, *others = data.domains
        assert first.test_labels is not None
        few = dict(test_images=first.test_images[:count], test_labels=first.test_labels[:count])
        return dataclasses.replace(data, domains=(dataclasses.replace(first, **few), *others))

    return make


@pytest.mark.parametrize("count", [0, 1])
def test_a_domain_without_held_out_images_is_left_out(count, monkeypatch, capsys):
    monkeypatch.setattr(perceptual, "Distance", Pixels)
    subject = trainer("cyclegan", "--max_items_A", "1", data=with_few_held_out(count))
    evaluators = {f"evaluator{j}": random_classifier() for j in (1, 2)}
    found = measure(subject, evaluators=evaluators, eval_pairs=6, lpips_net="squeeze")
    assert {"l1_121_seen", "l1_212", "translation_accuracy21", "evaluator_accuracy2"} <= {*found}
    left_out = "l1_121 translation_accuracy12 evaluator_accuracy1 style1 style2 kid1 kid2 fid2"
    assert not {*left_out.split()} & {*found}
    message = f"domain 1: no metrics of held-out images, of which it has {count} and needs 2"
    assert message in capsys.readouterr().out


@pytest.mark.parametrize(("direction", "targets"), [("both", (1, 2)), ("12", (2,)), ("21", (1,))])
def test_evaluators_learn_all_images_of_the_target_domains(direction, targets):
    cycle = [] if direction == "both" else ["--cycle_weight", "0"]
    argv = "--gan_type cyclegan --preset smoke --max_items_A 1 --direction".split()
    options = dataclasses.replace(config.parse([*argv, direction, *cycle]), eval_pairs=6)
    used = []

    class Store(ClassifierStore):
        def ready(self, options, data):
            used.append((data.name, data.facts.images))
            return random_classifier

    makers = Translation.prepare(options, tiny_data("domains"), Store(train=print))
    assert tuple(makers) == tuple(f"evaluator{j}" for j in targets)
    assert used == [("ab"[j - 1], (12,)) for j in targets]
    assert Translation.prepare(options, unlabelled("domains"), Store(train=print)) == {}


@pytest.mark.parametrize(
    ("system", "argv", "rows"),
    [
        ("cyclegan", "", 6),
        ("cyclegan", "--direction 21 --cycle_weight 0", 2),
        ("unit", "", 8),
        ("ost", "--stage 1", 2),
    ],
)
def test_a_sheet_has_rows_for_each_domain_and_for_its_results(system, argv, rows, run):
    subject = trainer(system, "--num_samples_to_gen", "3", *argv.split())
    training.suite_of(subject, run).sheet()
    (path,) = run.samples.iterdir()
    shape = tf.io.decode_png(path.read_bytes()).shape
    assert shape == (rows * 32 + (rows - 1) * 4, 3 * 32, 3)
