"""LORD: what codes are learned and how, what encoders are to find, what is seen and measured."""

import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf
from systems import changed, phase, tiny_data, trainer, update, weights

from framework import config, first_phase, lord_trainer
from framework.data import Data
from framework.errors import UsageError, UserError
from framework.utils import to_float

pytestmark = pytest.mark.usefixtures("eager")
TABLES = lord_trainer.TABLES


def first(*argv: str, **given):
    return trainer("lord", "--phase", "1", *argv, **given)


def second(*argv: str, **given):
    return trainer("lord", *argv, **given)


def batch(subject, step: int = 0) -> dict[str, np.ndarray]:
    return {k: np.array(v[0]) for k, v in next(subject.batches(step)).items() if k != "step"}


def rows(net: keras.Model) -> np.ndarray:
    return np.array(net.get_weights()[0])


# Phase 1


def test_there_is_a_code_for_every_training_image_and_every_class():
    subject = first("--content_dim", "5", "--style_dim", "7")
    assert [rows(subject.nets[name]).shape for name in TABLES] == [(24, 5), (3, 7)]
    both = np.concatenate([rows(subject.nets[name]).ravel() for name in TABLES])
    assert 0.04 < np.abs(both).max() <= 0.05 and np.abs(both).min() < 0.01


def test_decay_by_hand():
    subject = first("--content_decay", "3")
    seen = batch(subject)["i"]
    squares = np.square(rows(subject.nets["content_codes"])[seen])
    assert len(seen) == 4
    by_hand = 3 * squares.sum() / 4
    assert update(subject, "gen")["gen/content_decay"] == pytest.approx(by_hand, rel=1e-5)


def test_codes_move_with_their_images_and_then_by_adams_momentum():
    argv = "--content_decay 9 --lr_codes 0.1 --lr_end 0.1 --b1 0.5 --b2 0.999".split()
    subject = first(*argv)
    seen = [set(batch(subject, step)["i"].tolist()) for step in (0, 1)]
    before = rows(subject.nets["content_codes"])
    states = []
    for step in (0, 1):
        update(subject, "gen", step)
        states.append(rows(subject.nets["content_codes"]))
    moves = np.diff([before, *states], axis=0)
    others = sorted(set(range(24)) - seen[0])
    assert not moves[0][others].any(), "bit for bit"
    # Adam's first step has the length of its rate.
    np.testing.assert_allclose(np.abs(moves[0][sorted(seen[0])]), 0.1, rtol=1e-2)
    gone = sorted(seen[0] - seen[1])
    assert gone and not moves[1][sorted(set(others) - seen[1])].any()
    # Dense as published: without a gradient the means are 0.5 / (1 + 0.5) and 0.999 / 1.999 of it.
    share = (0.5 / 1.5) / np.sqrt(0.999 / 1.999)
    np.testing.assert_allclose(moves[1][gone], share * moves[0][gone], rtol=1e-2)


def test_a_gradient_of_rows_is_clipped_and_accumulated_as_any():
    argv = "--optim sgd --lr_codes 1 --lr_g 1 --lr_end 1 --content_decay 9".split()
    for more in (["--clip_norm", "0.5"], ["--accumulate", "2"], ["--nan_policy", "skip"]):
        subject = first(*argv, *more)
        before = [np.array(v) for v in subject.variables(subject.phases[0])]
        update(subject, "gen")
        after = subject.variables(subject.phases[0])
        moved = np.sqrt(sum(np.square(a - b).sum() for a, b in zip(after, before, strict=True)))
        assert moved == pytest.approx(0.5, rel=1e-4) if "--clip_norm" in more else moved > 0


def test_noise_is_added_to_contents():
    plain, noisy = (first("--content_noise", n) for n in ("0", "9"))
    assert changed(weights(plain), weights(noisy)) == set()
    content, style = plain.codes(batch(plain)["i"])
    drawn = plain.draw(content, style, training=True)
    x = to_float(batch(plain)["x"])
    found = [update(subject, "gen")["gen/pixel"] for subject in (plain, noisy)]
    assert found[0] == pytest.approx(np.abs(drawn - x).mean() / 2, rel=1e-4) != found[1]


@pytest.mark.parametrize(
    ("make", "rates", "starts"),
    [
        (first, "--lr_codes 3e-3 --lr_g 3e-4", (3e-3, 3e-4)),
        (second, "--lr_phase2 1e-4", (1e-4,)),
    ],
)
def test_rates_fall_along_a_cosine_to_their_end(make, rates, starts):
    argv = f"--iterations 8 --lr_end 1e-5 {rates}".split()
    optimizer = make(*argv).optimizers["gen"]
    for each, start in zip(getattr(optimizer, "optimizers", [optimizer]), starts, strict=True):
        for step, rate in ((0, start), (4, (start + 1e-5) / 2), (8, 1e-5)):
            each.iterations.assign(step)
            assert float(each.learning_rate) == pytest.approx(rate, rel=1e-4)


def test_distances_by_hand():
    subject = first("--perceptual_weight", "3")
    subject.frozen["perceptual"] = lambda x, training: [2 * x, x[..., :1]]
    drawn, x = np.full((2, 4, 4, 3), 1, "f"), np.full((2, 4, 4, 3), -1, "f")
    found = subject.distances(tf.constant(drawn), tf.constant(x))
    assert {k: float(v) for k, v in found.items()} == {"pixel": 1, "perceptual": 3 * (4 + 2)}
    assert update(first("--perceptual_weight", "0"), "gen").keys() == {
        "gen/pixel",
        "gen/content_decay",
    }


# Phase 2


def test_encoders_are_to_find_the_codes_of_phase_1():
    subject = second("--code_weight", "7")
    given = {name: rows(subject.frozen[name]) for name in TABLES}
    data = batch(subject)
    codes = subject.encode(to_float(data["x"]), training=True)
    wanted = given["content_codes"][data["i"]], given["class_codes"][data["y"]]
    found = update(subject, "gen")  # without the noise of phase 1
    for name, code, target in zip(TABLES, codes, wanted, strict=True):
        by_hand = 7 * np.square(code - target).mean()
        assert found[f"gen/{name}"] == pytest.approx(by_hand, rel=1e-4)
        np.testing.assert_array_equal(rows(subject.frozen[name]), given[name])
    assert phase(subject, "gen").nets == ("content", "style", "gen")


def test_the_codes_are_in_the_checkpoint(run):
    subject = second(run=run)
    subject.frozen["content_codes"].set_weights([np.arange(96, dtype="f").reshape(24, 4)])
    subject.save({})
    resumed = second(run=run)
    resumed.restore()
    assert rows(resumed.frozen["content_codes"])[1].tolist() == [4, 5, 6, 7]


def tiny(*argv: str) -> config.Options:
    small = "--gan_type lord --preset smoke --width 0.01 --eval_pairs 0 --perceptual_weight 0"
    return config.parse([*small.split(), *argv])


def test_phase_1_gives_its_codes_and_generator(tmp_path, capsys):
    options, data = tiny("--results_dir", str(tmp_path), "--ema", "0.9"), tiny_data("indexed")
    subject = lord_trainer.Trainer(options, data)
    (folder,) = tmp_path.glob("lord-phase1-tiny-*")
    nets = subject.nets | subject.frozen
    for name in (*TABLES, "gen"):
        saved = keras.models.load_model(folder / "models" / f"{name}.keras").get_weights()
        for mine, other in zip(nets[name].get_weights(), saved, strict=True):
            np.testing.assert_array_equal(mine, other)
    same = dataclasses.replace(options, code_weight=1.0, lr_phase2=1.0, iterations=9)
    assert first_phase.obtain(lord_trainer.FIRST, same, data) == folder
    for change in (dict(content_noise=9.0), dict(phase1_iterations=9)):
        other = dataclasses.replace(options, **change)
        assert first_phase.options_of(lord_trainer.FIRST, other, data).name != folder.name
    told = dataclasses.replace(options, pretrained=str(folder))
    assert changed(weights(lord_trainer.Trainer(told, data)), weights(subject)) == set()
    with pytest.raises(UserError, match="another net than asked for"):
        lord_trainer.Trainer(told, dataclasses.replace(data, domains=data.domains[:1]))


def test_a_run_with_a_checkpoint_needs_no_phase_1(tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(first_phase, "obtain", lambda *_: asked.append(1) or tmp_path)
    options = tiny("--results_dir", str(tmp_path), "--name", "it")
    (tmp_path / "it" / "checkpoints" / "00000002").mkdir(parents=True)
    begun = [first_phase.start(lord_trainer.FIRST, options, None, None)]
    assert begun == [None] and not asked
    (tmp_path / "new" / "checkpoints").mkdir(parents=True)  # as a first one leaves it that failed
    for change in (dict(name="new"), dict(overwrite=True)):
        given = dataclasses.replace(options, **change)
        assert first_phase.start(lord_trainer.FIRST, given, None, None) == tmp_path
    assert len(asked) == 2
    dry = dataclasses.replace(options, name="new", dry_run=True)
    assert first_phase.start(lord_trainer.FIRST, dry, None, None) is None and len(asked) == 2


def test_images_need_labels():
    bare = tuple(dataclasses.replace(d, labels=None) for d in tiny_data("indexed").domains)
    with pytest.raises(UsageError, match="no labels"):
        Data("indexed", bare, "bare", 0).classed("indexed")


# What is seen and measured


def test_metrics_of_phase_1_are_of_training_images():
    subject = first("--eval_pairs", "6")
    found = subject.metrics()
    names = {"swap_acc", "copy_rate", "short_l1", "evaluator_accuracy"}
    assert found.keys() == {f"{name}_seen" for name in names}
    images, labels = subject.pool
    chosen = np.random.default_rng(subject.options.seed + 2).integers(0, 24, 12)
    content = subject.nets["content_codes"](chosen)
    style = subject.nets["class_codes"](labels[chosen])
    drawn = subject.draw(content, style, training=False)
    l1 = np.abs(drawn - to_float(images[chosen])).mean()
    assert found["short_l1_seen"]["value"] == pytest.approx(l1, rel=1e-4)
    assert found["short_l1_seen"]["n"] == 12
    watched = subject.statistics()
    assert watched.keys() == {f"stat/{n}_seen" for n in names - {"evaluator_accuracy"}}


def test_metrics_of_phase_2_are_of_held_out_images():
    subject = second("--eval_pairs", "6")
    names = {"swap_acc", "copy_rate", "rec_l1", "short_l1", "evaluator_accuracy"}
    assert subject.metrics().keys() == names
    assert len(subject.pool[0]) == 12 and len(first().pool[0]) == 24
    found = subject.statistics()
    assert np.isfinite(found["stat/val_loss"]) and "stat/rec_l1" in found


@pytest.mark.parametrize("make", [first, second])
def test_a_sheet_has_contents_above_and_classes_left(make, run, monkeypatch):
    subject = make(run=run)
    images, labels = subject.pool
    images[:] = labels[:, None, None, None] * 20  # a class is a shade of grey
    images[:, 0] = np.arange(len(images))[:, None, None]  # and a number stands in the first row

    def draw(content, style, training):
        top = np.broadcast_to(content[:, None, None, None], (100, 1, 32, 3))
        rest = np.broadcast_to(style[:, None, None, None], (100, 31, 32, 3))
        return tf.constant(np.concatenate([top, rest], axis=1) / 127.5 - 1, tf.float32)

    monkeypatch.setattr(subject, "pool", (images, labels))
    monkeypatch.setattr(subject, "codes", lambda rows: (rows, tf.constant(labels[rows] * 20)))
    monkeypatch.setattr(subject, "draw", draw)
    subject.sheet()
    sheet = tf.io.decode_png((run.samples / "000000.png").read_bytes()).numpy()[..., 0].astype(int)
    assert sheet.shape == (11 * 32 + 6, 11 * 32 + 6) and (sheet[:32, :32] == 128).all()
    inner = np.delete(sheet, range(32, 38), axis=0)
    cells = np.delete(inner, range(32, 38), axis=1).reshape(11, 32, 11, 32).swapaxes(1, 2)
    assert np.abs(cells[1:, 1:, 0] - cells[:1, 1:, 0]).max() <= 1
    assert np.abs(cells[1:, 1:, 1:] - cells[1:, :1, 1:]).max() <= 1
    assert len(np.unique(cells[1:, 0, 5])) == 3, "every class in turn"


def test_figures_are_triplets(run):
    subject = second("--num_samples_to_gen", "2", run=run)
    subject.figures()
    assert {path.name for path in run.samples.iterdir()} == {"triplets.png"}
