"""Systems whose style is the class: metrics and sheets of both stages of LORD."""

import numpy as np
import pytest
import tensorflow as tf
from systems import evaluate, trainer

from framework.commands import training
from framework.evaluation.class_exchange import ClassExchange, EmbeddedExchange
from framework.utils import float_array, to_float

pytestmark = pytest.mark.usefixtures("eager")
SHARED = {"swap_acc", "copy_rate", "short_l1", "evaluator_accuracy"}


def first(*argv: str):
    return trainer("lord", "--stage", "1", *argv)


def second(*argv: str):
    return trainer("lord", *argv)


def evaluation(subject, run=None) -> ClassExchange:
    """The only evaluation of LORD."""
    (found,) = training.suite_of(subject, run).parts
    return found


def test_metrics_of_stage_1_are_of_training_images():
    subject = first("--eval_pairs", "6")
    found = evaluate(subject)
    assert found.keys() == {f"{name}_seen" for name in SHARED}
    measured = evaluation(subject)
    assert isinstance(measured, EmbeddedExchange)
    images, labels = measured.pool
    chosen = np.random.default_rng(subject.options.seed + 2).integers(0, 24, 12)
    content = subject.nets["content_codes"](chosen)
    style = subject.nets["class_codes"](labels[chosen])
    drawn = subject.nets["gen"]([content, style], training=False)
    l1 = np.abs(drawn - to_float(images[chosen])).mean()
    assert found["short_l1_seen"]["value"] == pytest.approx(l1, rel=1e-4)
    assert found["short_l1_seen"]["n"] == 12
    logged = measured.statistics()
    assert logged.keys() == {f"stat/{n}_seen" for n in SHARED - {"evaluator_accuracy"}}


def test_metrics_of_stage_2_are_of_held_out_images():
    subject = second("--eval_pairs", "6")
    assert evaluate(subject).keys() == SHARED | {"rec_l1"}
    measured = evaluation(subject)
    assert len(measured.pool[0]) == 12 and len(evaluation(first()).pool[0]) == 24
    found = measured.statistics()
    assert np.isfinite(found["stat/val_loss"]) and "stat/rec_l1" in found


@pytest.mark.parametrize("make", [first, second])
def test_a_sheet_has_contents_above_and_classes_left(make, run, monkeypatch):
    measured = evaluation(make(), run)
    images, labels = (np.array(each) for each in measured.pool)
    images[:] = labels[:, None, None, None] * 20  # a class is a shade of grey
    images[:, 0] = np.arange(len(images))[:, None, None]  # and a number stands in the first row

    def decode(content, style):
        top = np.broadcast_to(content[:, None, None, None], (100, 1, 32, 3))
        rest = np.broadcast_to(style[:, None, None, None], (100, 31, 32, 3))
        return float_array(np.concatenate([top, rest], axis=1).astype(np.uint8))

    monkeypatch.setattr(measured, "pool", (images, labels))
    monkeypatch.setattr(measured, "contents", lambda rows: rows)
    monkeypatch.setattr(measured, "styles", lambda rows: labels[rows] * 20)
    monkeypatch.setattr(measured.system, "decode", decode)
    measured.sheet()
    sheet = tf.io.decode_png((run.samples / "000000.png").read_bytes()).numpy()[..., 0].astype(int)
    assert sheet.shape == (11 * 32 + 6, 11 * 32 + 6) and (sheet[:32, :32] == 128).all()
    inner = np.delete(sheet, range(32, 38), axis=0)
    cells = np.delete(inner, range(32, 38), axis=1).reshape(11, 32, 11, 32).swapaxes(1, 2)
    assert np.abs(cells[1:, 1:, 0] - cells[:1, 1:, 0]).max() <= 1
    assert np.abs(cells[1:, 1:, 1:] - cells[1:, :1, 1:]).max() <= 1
    assert len(np.unique(cells[1:, 0, 5])) == 3, "every class in turn"


def test_figures_are_triplets(run):
    evaluation(second("--num_samples_to_gen", "2"), run).figures()
    assert {path.name for path in run.samples.iterdir()} == {"triplets.png"}


def test_stage_1_has_no_triplets(run):
    evaluation(first(), run).figures()
    assert not run.samples.exists()
