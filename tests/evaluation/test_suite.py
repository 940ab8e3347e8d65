"""A system of a user's, with base options alone, is measured and shown by what it can do."""

import dataclasses

import numpy as np
import pytest
from systems import domain

from framework.data import Data
from framework.engine import system
from framework.engine.capabilities import Codes, Direction
from framework.evaluation.evaluation import Subject
from framework.evaluation.suite import Suite, evaluations, prepare
from framework.frozen.classifiers import ClassifierStore
from framework.options import base


class Bare(system.System):
    """A system without networks."""

    def build_nets(self):
        return {}


class Negative(Bare):
    """Translates by turning images into their negatives."""

    def directions(self):
        return Direction(1, 2), Direction(2, 1)

    def translate(self, images, direction):
        return -images


class Mean(Bare):
    """Takes the mean colour of an image as its style and the rest as its content."""

    def encode(self, images):
        style = images.mean(axis=(1, 2), keepdims=True)
        return Codes(images - style, style)

    def decode(self, content, style):
        return np.clip(content + style, -1, 1)


class Frame(Bare):
    """Removes nothing and adds the left half of the guide."""

    def remove(self, images):
        return images

    def add(self, images, guides):
        half = images.shape[2] // 2
        return np.concatenate([guides[:, :, :half], images[:, :, half:]], axis=2)


class Noise(Bare):
    """Draws random images of two domains."""

    def latent(self, rows, seed):
        return np.random.default_rng(seed).uniform(-1, 1, (rows, 4)).astype(np.float32)

    def sample(self, z):
        images = np.tile(z[:, None, None, :3], (1, 32, 32, 1))
        return images, -images


class Guess(Bare):
    """Finds all classes equally probable."""

    def classify(self, images, domain=1):
        return np.full((len(images), 3), 1 / 3)


@dataclasses.dataclass(frozen=True)
class Options(base.Options):
    """Those of every system; a dry run has untrained evaluators."""

    classifier_arch: str = base.option("thesis", "network", "networks")


SYSTEMS = {
    Negative: {"l1_121", "translation_accuracy12", "translation_accuracy12_source", "kid2"},
    Mean: {"swap_acc", "copy_rate", "rec_l1", "evaluator_accuracy"},
    Frame: {"removal_probability", "guided", "class_kept"},
    Noise: {"pair_accuracy", "kid1", "fid2"},
    Guess: {"accuracy_a", "accuracy_b"},
}


def suite_of(kind, run=None):
    """The evaluations of a system on 12 random images of each of two domains."""
    data = Data("domains", (domain("a", 1), domain("b", 2)), "tiny", 3)
    options = Options(gan_type="my.own", dry_run=True, eval_pairs=6, num_samples_to_gen=4)
    store = ClassifierStore(lambda *_: pytest.fail("trained"))
    makers = prepare(kind, options, data, store)
    evaluators = {name: make() for name, make in makers.items()}
    subject = Subject(kind(options, data.facts), data, store, evaluators, run=run)
    return Suite(subject)


@pytest.mark.parametrize("kind", SYSTEMS)
def test_its_metrics_follow_from_its_methods(kind, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    metrics = suite_of(kind).metrics()
    assert SYSTEMS[kind] <= metrics.keys()
    assert all(metric.keys() == {"value", "ci95", "n", "protocol"} for metric in metrics.values())


@pytest.mark.parametrize("kind", [kind for kind in SYSTEMS if kind is not Guess])
def test_it_has_sheets_and_statistics(kind, run, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    suite = suite_of(kind, run)
    suite.sheet()
    suite.figures()
    assert (run.samples / "000000.png").is_file()
    assert all(np.isfinite(value) for value in suite.statistics().values())


def test_exact_translations_have_no_cycle_error(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    metrics = suite_of(Negative).metrics()
    assert metrics["l1_121"]["value"] == metrics["l1_212"]["value"] == 0


def test_a_system_without_capabilities_is_not_measured():
    data = Data("domains", (domain("a", 1), domain("b", 2)), "tiny", 3)
    assert evaluations(Bare, data) == []
