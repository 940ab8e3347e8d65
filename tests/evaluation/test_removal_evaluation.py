"""Evaluation of removal and transfer: held-out images, sheets and metrics."""

import dataclasses
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image
from systems import evaluate, tiny_data, trainer
from tiny_content import VARIANTS, content, known, random_images

from framework.commands import training
from framework.evaluation import captions
from framework.evaluation.evaluation import Subject
from framework.evaluation.removal import Extras, Removal
from framework.evaluation.suite import evaluations
from framework.results import to_uint8


def evaluation(subject, run=None):
    """The only evaluation of a trainer of content transfer."""
    (only,) = training.suite_of(subject, run).parts
    return only


def test_unequal_numbers_of_held_out_images():
    def few(contract):
        data = tiny_data(contract)
        first, second = data.domains
        first = dataclasses.replace(first, test_images=first.test_images[:2])
        return dataclasses.replace(data, domains=(first, second))

    x1, x2 = evaluation(content(data=few)).held_out(9, seed=0)
    assert x1.shape == x2.shape and len(x2) == 6
    assert len(np.unique(x1, axis=0)) == 2 and len(np.unique(x2, axis=0)) == 6


# Sheets


def opened(path):
    with Image.open(path) as image:
        return np.asarray(image), image.text["Description"]


@pytest.mark.parametrize("variant", VARIANTS)
def test_sheets(variant, run):
    part = evaluation(content(variant, "--num_samples_to_gen", "4"), run)
    part.sheet()
    part.figures()
    sheets = {path.stem: opened(path) for path in run.samples.iterdir()}
    sizes = {name: sheet.shape[1::-1] for name, (sheet, _) in sheets.items()}
    assert sizes == {
        "000000": (5 * 32 + 6, 5 * 32 + 6),
        "removal": (4 * 32, 2 * 32 + 6),
        "swap": (4 * 32, 3 * 32 + 6),
        "guides": (12 * 32 + 6, 4 * 32),
    }
    texts = {
        "000000": (captions.GUIDE_MATRIX, captions.EXTRA_MATRIX),
        "removal": (captions.REMOVAL, captions.REMOVAL),
        "swap": (captions.SWAP, captions.SWAP_WITHOUT_GUIDE),
        "guides": (captions.GUIDES, captions.GUIDES_WITHOUT_GUIDE),
    }
    for name, (_, caption) in sheets.items():
        assert caption == texts[name][variant == "fader"]
    matrix = sheets["000000"][0]
    assert (matrix[:32, :32] == 128).all()
    x1, x2 = (to_uint8(images) for images in part.held_out(4, part.options.seed))
    np.testing.assert_array_equal(matrix[:32, 38:70], x1[0])
    np.testing.assert_array_equal(matrix[38:70, :32], x2[0])


def test_without_a_run_no_sheets_are_drawn():
    part = evaluation(known("press"))
    part.sheet()
    part.figures()


def test_an_interpolation_begins_without_extra_and_ends_with_that_of_the_second_guide():
    subject, x = known("press"), random_images(2)
    guides, system = (random_images(2, seed=1), random_images(2, seed=2)), subject.system
    strip = evaluation(subject).interpolation(x, *guides)
    ends = [system.no_extra(system.extra(x)), *map(system.extra, guides)]
    for column, code in zip((3, 7, 11), ends, strict=True):
        np.testing.assert_allclose(strip[:, column], system.put(x, code), atol=1e-5)


# Metrics


def test_metrics_of_a_system_with_codes_and_what_they_come_from(eager, tmp_path, capsys):
    subject = trainer("content", "--eval_pairs", "20", "--results_dir", str(tmp_path))
    found = evaluate(subject)
    assert found.keys() == {
        "rec_l1", "removal_probability", "real_probability1", "real_probability2", "guided",
        "evaluator_accuracy", "class_kept",
    }  # fmt: skip
    assert found["removal_probability"]["n"] == 6 and found["evaluator_accuracy"]["n"] == 12
    assert evaluation(subject).statistics().keys() == {
        "stat/rec_l1", "stat/removal_probability", "stat/guided", "stat/class_kept",
    }  # fmt: skip
    assert subject.frozen["domains"].output_shape == (None, 2)
    assert subject.frozen["classes"].output_shape == (None, 3)
    assert evaluation(known("press")).statistics().keys() == {"stat/rec_l1"}


class Painter:
    """A system that transfers and has no codes: the extra is brightness."""

    options = SimpleNamespace(eval_pairs=6, seed=0, num_samples_to_gen=2, evaluator_arch="known")

    def remove(self, images):
        return np.full_like(images, -1)

    def add(self, images, guides):
        return guides


def by_brightness(images):
    """Stands in for a classifier: domain 2 is bright."""
    bright = np.mean(images, axis=(1, 2, 3)) > 0
    return np.eye(2, dtype=np.float32)[bright.astype(int)], images.reshape(len(images), -1)


@pytest.fixture
def bright_data():
    """Black images in domain 1 and white ones in domain 2."""
    data = tiny_data("domains")
    domains = [
        dataclasses.replace(domain, test_images=np.full_like(domain.test_images, value))
        for domain, value in zip(data.domains, (0, 255), strict=True)
    ]
    return dataclasses.replace(data, domains=tuple(domains))


def test_a_system_without_codes_has_removal_metrics_and_sheets(bright_data, run, monkeypatch):
    assert evaluations(Painter, bright_data) == [Removal]
    assert evaluations(type(known("press").system), bright_data) == [Extras]
    monkeypatch.setattr("framework.evaluation.removal.with_features", lambda net: net)
    subject = Subject(Painter(), bright_data, None, {"domains": by_brightness}, run=run)
    part = Removal(subject)
    values = {name: metric["value"] for name, metric in part.metrics().items()}
    assert values == {
        "removal_probability": 0, "real_probability1": 0, "real_probability2": 1, "guided": 1,
        "evaluator_accuracy": 1,
    }  # fmt: skip
    assert part.statistics() == {"stat/removal_probability": 0, "stat/guided": 1}
    part.sheet()
    part.figures()
    assert {path.stem for path in run.samples.iterdir()} == {"000000", "removal"}
    matrix, _ = opened(run.samples / "000000.png")
    body = matrix[38:, 38:]
    assert (body == 255).all() and (matrix[:32, 38:] == 0).all()
