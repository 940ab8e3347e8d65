"""What all variants of G2G share: the exchange, what moves, what is seen and what is measured."""

import dataclasses
import importlib

import numpy as np
import pytest
import tensorflow as tf
from commands import history
from PIL import Image
from systems import (
    changed,
    domain,
    face_data,
    phase,
    tiny_data,
    trainable,
    trainer,
    update,
    weights,
)
from toy_g2g import X1, X2, copy, images, numbers, put, toy

from framework import config, exchange, g2g_trainer, g2g_views
from framework.data import Data, Domain
from framework.errors import UsageError
from framework.results.images import LABELS
from framework.utils import Random, batched, to_float

VARIANTS = ("naive", "cyclefunit", "funit", "funit2funit")
OTHERS = VARIANTS[1:]  # naive is what the tests of every system have
ALL = {"content", "style", "gen"}


def small(variant: str, *argv: str, **given):
    """With untrained frozen nets, so that none is trained or looked for."""
    return trainer("g2g", "--g2g_variant", variant, "--dry_run", *argv, **given)


def test_the_halves_of_a_batch_are_exchanged():
    rows = tf.constant([[1, 1], [2, 2], [3, 3], [4, 4]])
    assert exchange.exchange(rows).numpy()[:, 0].tolist() == [3, 4, 1, 2]
    batch = dict(x1=rows[:2], x2=rows[2:], y1=rows[2:], y2=rows[:2])
    np.testing.assert_array_equal(exchange.pair(batch), rows)
    np.testing.assert_array_equal(exchange.pair(batch, "y"), exchange.exchange(rows))


def test_mixed_images_are_content_first_then_style():
    subject = toy("naive")
    swap = subject.swap(images(X1, X2), training=True)
    m12, m21 = numbers(swap.mixed)
    assert m12 == (1 - 4, 3 * -4) and m21 == (5 + 2, 3 * 2)
    assert swap.mixed_content.numpy().ravel().tolist() == [-3, 7]
    assert swap.mixed_style.numpy().ravel().tolist() == [-12, 6]
    assert numbers(swap.back) == [(-3 + 6, 3 * 6), (7 - 12, 3 * -12)]
    # Several pairs: rows of image 1, then of image 2.
    swap = toy("naive", gen=put).swap(images((1, 2), (3, 4), (5, 6), (7, 8)), training=True)
    assert numbers(swap.mixed) == [(1, 6), (3, 8), (5, 2), (7, 4)]
    assert numbers(swap.back) == [(1, 2), (3, 4), (5, 6), (7, 8)]


def test_images_are_made_by_averages_and_training_is_not():
    subject = toy("naive")
    subject.ema_nets = dict(gen=put)
    assert numbers(subject.swap(images(X1, X2), training=False).mixed) == [(1, -4), (5, 2)]
    assert numbers(subject.swap(images(X1, X2), training=True).mixed) == [(-3, -12), (7, 6)]


@pytest.mark.parametrize("variant", OTHERS)
def test_each_phase_moves_exactly_its_nets(variant, eager):
    subject = small(variant, "--id_mode", "loss")
    order = ["gen", "disc"] if variant == "cyclefunit" else ["disc", "gen"]
    assert [each.name for each in subject.phases] == order
    for name in order:
        before = trainable(subject)
        terms = update(subject, name)
        assert all(np.isfinite(value) for value in terms.values())
        assert changed(before, trainable(subject)) == (ALL if name == "gen" else {"disc"})


@pytest.mark.parametrize("variant", ["cyclefunit", "funit2funit"])
def test_a_run_leaves_sheets_losses_and_models(variant, run, eager, capsys):
    argv = "--iterations 1 --eval_pairs 4 --num_samples_to_gen 2 --ema 0.9".split()
    subject = small(variant, *argv, run=run)
    assert subject.fit() == 0
    for name in ("000000.png", "000001.png"):
        with Image.open(run.samples / name) as sheet:
            assert sheet.size == (LABELS + 2 * 2 * 32 + 6, 3 * 32)
    (row,) = history(run.folder)
    assert {"stat/val_loss", "stat/rec_l1", "stat/swap_acc", "stat/copy_rate"} <= row.keys()
    assert all(np.isfinite(float(value)) for value in row.values())
    subject.save_models()
    assert {path.stem for path in run.models.iterdir()} == set(subject.nets)
    metrics = subject.metrics()
    names = {"swap_acc", "copy_rate", "rec_l1", "short_l1", "evaluator_accuracy"}
    assert metrics.keys() == names and metrics["rec_l1"]["n"] == 8
    before = weights(subject)
    for net in (*subject.nets.values(), *subject.ema_nets.values()):
        net.set_weights([w + 1 for w in net.get_weights()])
    subject.restore()
    assert not changed(before, weights(subject))


@pytest.mark.parametrize("variant", ["naive", "funit"])  # the others have FUNIT's generator
def test_images_have_the_range_of_the_data(variant):
    drawn = _extremes(small(variant))
    assert drawn.min() < -0.9 and drawn.max() > 0.9 and np.abs(drawn).max() <= 1


def test_the_published_range_makes_grey_images():
    drawn = _extremes(small("naive", "--g2g_out", "sigmoid"))
    assert 0 <= drawn.min() < 0.1 and 0.9 < drawn.max() <= 1


def _extremes(subject) -> np.ndarray:
    """Images of codes that are far from any that were learned."""
    gen = subject.nets["gen"]
    random = np.random.default_rng(0)
    codes = [1e3 * random.standard_normal((8, *shape[1:])) for shape in gen.input_shape]
    for variable in gen.layers[-1].weights or gen.layers[-2].weights:
        variable.assign(10 * variable)
    return gen([each.astype(np.float32) for each in codes]).numpy()


# Held-out pairs and what is measured on them. An image is (content, class) / 5 - 1.


def levels(values) -> np.ndarray:
    """uint8 images [N, 1, 1, 2] of pairs in 0..10."""
    return np.rint(25.5 * np.asarray(values)).astype(np.uint8).reshape(-1, 1, 1, 2)


def measured(subject) -> dict[str, float]:
    """Metrics of a toy, whose evaluator reads the class from the second number."""
    test = levels([(c, k) for c in range(10) for k in range(4)])
    labels = np.tile(np.arange(4), 10)
    one = Domain("toy", test, labels, test, labels)
    subject.data = Data("halves", (one,), "toy", 4)

    def classify(x):
        code = np.eye(4)[np.rint((x[:, 0, 0, 1] + 1) * 5).astype(int) % 4]
        return code, code

    subject.frozen["evaluator"] = classify
    return {name: metric["value"] for name, metric in subject.metrics().items()}


PERFECT = {"rec_l1": 0, "short_l1": 0, "evaluator_accuracy": 1}


@pytest.fixture
def plain_evaluator(monkeypatch):
    """An evaluator is a function here, not a net."""
    monkeypatch.setattr(g2g_views.classifier_trainer, "outputs", lambda classify: classify)


def test_metrics_of_exchanged_classes(plain_evaluator):
    whole = dict(content=lambda x, training: x, style=lambda x, training: 0 * x)
    disentangled = measured(toy("naive", gen=put))
    assert disentangled == PERFECT | {"swap_acc": 1, "copy_rate": 0}
    assert measured(toy("naive", gen=copy, **whole)) == PERFECT | {"swap_acc": 0, "copy_rate": 1}


def test_statistics_are_those_of_held_out_pairs(plain_evaluator):
    subject = toy("naive", gen=lambda codes, training: 0.5 * put(codes))
    measured(subject)
    found = subject.statistics()
    x, y = subject.held_out(g2g_views.VALIDATED, subject.options.seed + 1)
    x1, x2 = tf.split(to_float(x), 2)
    terms = subject.gen_terms(dict(x1=x1, x2=x2), Random(0, tf.constant(0)))
    assert found["stat/val_loss"] == pytest.approx(float(sum(terms.values())))
    assert found["stat/rec_l1"] == pytest.approx(0.75 * float(tf.reduce_mean(tf.abs(to_float(x)))))
    assert found.keys() == {f"stat/{k}" for k in ("val_loss", "rec_l1", "swap_acc", "copy_rate")}


def test_the_held_out_loss_of_slices_is_that_of_all(plain_evaluator, monkeypatch):
    subject = toy("naive", gen=lambda codes, training: 0.5 * put(codes))
    measured(subject)
    whole = subject.statistics()["stat/val_loss"]

    def sliced(function, *inputs, size=g2g_views.VALIDATED):
        return batched(function, *inputs, size=50)

    monkeypatch.setattr(g2g_views, "batched", sliced)
    assert subject.statistics()["stat/val_loss"] == pytest.approx(whole, rel=1e-5)


def test_held_out_pairs_are_the_same_every_time_and_know_their_classes():
    subject = toy("naive")
    parts = [domain("a", 1), domain("b", 2)]
    for i, part in enumerate(parts):
        numbered = np.uint8(10 * i + np.arange(6))
        test = np.tile(numbered[:, None, None, None], (1, 4, 4, 3))
        parts[i] = dataclasses.replace(part, test_images=test, test_labels=numbered % 3)
    subject.data = Data("halves", tuple(parts), "two", 3)
    x, y = subject.held_out(50, seed=1)
    assert len(x) == len(y) == 100
    np.testing.assert_array_equal(x[:, 0, 0, 0] % 3, y)
    assert set(x[:, 0, 0, 0]) == {*range(6), *range(10, 16)}
    np.testing.assert_array_equal(x, subject.held_out(50, seed=1)[0])
    assert not np.array_equal(x, subject.held_out(50, seed=2)[0])
    many = {k: np.repeat(getattr(parts[0], k), 100, axis=0) for k in ("test_images", "test_labels")}
    parts[0] = dataclasses.replace(parts[0], **many)
    subject.data = Data("halves", tuple(parts), "two", 3)
    x, _ = subject.held_out(200, seed=1)
    assert 160 < (x[:, 0, 0, 0] < 10).sum() < 240, "as many of each domain"
    subject.data = face_data("halves")
    assert subject.held_out(2, seed=1)[1] is None, "attributes are not one class"


def test_r1_now_and_then_is_compiled():
    subject = small("funit", "--penalty_every", "2")
    subject.phases = [phase(subject, "disc")]
    rows = subject.run_steps(subject.batches(0), 2).numpy()
    penalty = rows[:, subject.names.index("disc/penalty")]
    assert penalty[0] > 0 and penalty[1] == 0
    assert np.isfinite(rows).all()


def test_r1_now_and_then_is_not_compiled_by_xla():
    with pytest.raises(UsageError, match="add --penalty_every 1"):
        small("funit", "--penalty_every", "2", "--jit")


def test_images_without_labels_have_no_evaluator(eager):
    def bare(contract):
        without = dict(labels=None, test_labels=None)
        parts = [dataclasses.replace(d, **without) for d in tiny_data(contract).domains]
        return Data(contract, tuple(parts), "bare", 0)

    subject = small("naive", "--eval_pairs", "4", data=bare)
    assert not subject.frozen
    assert subject.metrics().keys() == {"rec_l1", "short_l1"}
    assert subject.statistics().keys() == {"stat/val_loss", "stat/rec_l1"}
    assert np.isfinite(update(subject, "gen")["gen/rec"])


def test_the_evaluator_is_another_net_and_no_teacher():
    subject = small("cyclefunit", "--perceptual_net", "classifier", "--eval_pairs", "4")
    assert subject.frozen.keys() == {"evaluator", "perceptual"}
    names = {each: {v.shape for v in subject.frozen[each].weights} for each in subject.frozen}
    assert names["evaluator"] != names["perceptual"]
    with pytest.raises(UsageError, match="--evaluator_arch strided: must be another one"):
        config.parse("--gan_type g2g --evaluator_arch strided".split())


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (
            "--g2g_variant funit --id_mode loss --identity_net face128 --identity_metric face128",
            "--identity_metric face128: it is what trains here",
        ),
        ("--id_mode loss", "--id_mode: for --g2g_variant cyclefunit or funit or funit2funit"),
        (
            "--g2g_variant funit --id_mode replace",
            "--id_mode replace: for --g2g_variant cyclefunit",
        ),
        ("--penalty_every 2", "--penalty_every: for --g2g_variant funit or funit2funit, not"),
        ("--g2g_variant funit --ablate long", "--ablate: for --g2g_variant funit2funit, not"),
        ("--g2g_variant stargan", "--g2g_variant stargan: choose from naive, cyclefunit"),
    ],
)
def test_what_a_variant_does_not_have_is_refused(argv, words):
    with pytest.raises(UsageError, match=words):
        config.parse(["--gan_type", "g2g", *argv.split()])


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_variant_has_its_file(variant):
    options = config.parse(["--gan_type", "g2g", "--g2g_variant", variant])
    own = importlib.import_module(f"framework.g2g.{variant}").Trainer
    assert g2g_trainer.Trainer.of(options) is own
    assert own.contract == ("labelled_pair" if "funit" in variant[:5] else "halves")


def test_whom_mixed_faces_show_is_measured_by_a_net_of_faces():
    subject = small("naive", "--identity_metric", "face128", "--eval_pairs", "3", data=face_data)
    found = subject.metrics()
    assert {"identity_style", "identity_content", "identity_pair"} <= found.keys()
    assert found["identity_pair"]["protocol"].startswith("face128")
    assert found["identity_pair"]["n"] == 6 and found["identity_style"]["value"] > 0
