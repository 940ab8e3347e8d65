"""LORD: the codes of stage 1, the encoders of stage 2 and what they start from, opened runs."""

import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf
from systems import build, changed, phase, tiny_data, train, trainer, update, weights

from framework.commands import training
from framework.data import Data
from framework.engine import stages
from framework.errors import UsageError, UserError
from framework.options import config
from framework.options.base import Options
from framework.results import Run
from framework.trainers import lord_trainer
from framework.trainers.opening import open_run
from framework.utils import to_float

pytestmark = pytest.mark.usefixtures("eager")
TABLES = lord_trainer.TABLES


def first(*argv: str, **given):
    return trainer("lord", "--stage", "1", *argv, **given)


def second(*argv: str, **given):
    return trainer("lord", *argv, **given)


def batch(subject, step: int = 0) -> dict[str, np.ndarray]:
    return {k: np.array(v[0]) for k, v in next(subject.batches(step)).items() if k != "step"}


def rows(net: keras.Model) -> np.ndarray:
    return np.array(net.get_weights()[0])


# Stage 1


def test_there_is_a_code_for_every_training_image_and_every_class():
    subject = first("--content_dim", "5", "--style_dim", "7")
    assert [rows(subject.nets[name]).shape for name in TABLES] == [(24, 5), (3, 7)]
    both = np.concatenate([rows(subject.nets[name]).ravel() for name in TABLES])
    assert 0.04 < np.abs(both).max() <= 0.05 and np.abs(both).min() < 0.01


def test_decay_by_hand():
    subject = first("--content_decay", "3")
    numbers = batch(subject)["i"]
    squares = np.square(rows(subject.nets["content_codes"])[numbers])
    assert len(numbers) == 4
    by_hand = 3 * squares.sum() / 4
    assert update(subject, "gen")["gen/content_decay"] == pytest.approx(by_hand, rel=1e-5)


def test_codes_move_with_their_images_and_then_by_adams_momentum():
    argv = "--content_decay 9 --lr_codes 0.1 --lr_end 0.1 --b1 0.5 --b2 0.999".split()
    subject = first(*argv)
    numbers = [set(batch(subject, step)["i"].tolist()) for step in (0, 1)]
    before = rows(subject.nets["content_codes"])
    states = []
    for step in (0, 1):
        update(subject, "gen", step)
        states.append(rows(subject.nets["content_codes"]))
    moves = np.diff([before, *states], axis=0)
    others = sorted(set(range(24)) - numbers[0])
    assert not moves[0][others].any(), "bit for bit"
    # Adam's first step has the length of its rate.
    np.testing.assert_allclose(np.abs(moves[0][sorted(numbers[0])]), 0.1, rtol=1e-2)
    gone = sorted(numbers[0] - numbers[1])
    assert gone and not moves[1][sorted(set(others) - numbers[1])].any()
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
    data = batch(plain)
    content, style, *_ = plain.system.embedded(data["i"], data["y"])
    drawn = plain.nets["gen"]([content, style], training=True)
    x = to_float(data["x"])
    found = [update(subject, "gen")["gen/pixel"] for subject in (plain, noisy)]
    assert found[0] == pytest.approx(np.abs(drawn - x).mean() / 2, rel=1e-4) != found[1]


@pytest.mark.parametrize(
    ("make", "rates", "starts"),
    [
        (first, "--lr_codes 3e-3 --lr_g 3e-4", (3e-3, 3e-4)),
        (second, "--lr_stage2 1e-4", (1e-4,)),
    ],
)
def test_rates_fall_along_a_cosine_to_their_end(make, rates, starts):
    argv = f"--iterations 8 --lr_end 1e-5 {rates}".split()
    optimizer = phase(make(*argv), "gen").optimizer
    for each, start in zip(getattr(optimizer, "optimizers", [optimizer]), starts, strict=True):
        for step, rate in ((0, start), (4, (start + 1e-5) / 2), (8, 1e-5)):
            each.iterations.assign(step)
            assert float(each.learning_rate) == pytest.approx(rate, rel=1e-4)


def test_distances_by_hand():
    frozen = dict(perceptual=lambda x, training: [2 * x, x[..., :1]])
    drawn, x = (tf.fill((2, 4, 4, 3), value) for value in (1.0, -1.0))
    options = tiny("--perceptual_weight", "3")
    found = lord_trainer.reconstruction_terms(options, frozen, drawn, x)
    assert {k: float(v) for k, v in found.items()} == {"pixel": 1, "perceptual": 3 * (4 + 2)}
    assert update(first("--perceptual_weight", "0"), "gen").keys() == {
        "gen/pixel",
        "gen/content_decay",
    }


# Stage 2


def test_encoders_learn_the_codes_of_stage_1():
    subject = second("--code_weight", "7")
    given = {name: rows(subject.frozen[name]) for name in TABLES}
    data = batch(subject)
    codes = subject.system.coder(training=True).encode(to_float(data["x"]))
    targets = given["content_codes"][data["i"]], given["class_codes"][data["y"]]
    found = update(subject, "gen")  # without the noise of stage 1
    for name, code, target in zip(TABLES, codes, targets, strict=True):
        by_hand = 7 * np.square(code - target).mean()
        assert found[f"gen/{name}"] == pytest.approx(by_hand, rel=1e-4)
        np.testing.assert_array_equal(rows(subject.frozen[name]), given[name])
    assert phase(subject, "gen").nets == ("content", "style", "gen")


def test_the_codes_are_in_the_checkpoint(tmp_path):
    subject = second()
    subject.frozen["content_codes"].set_weights([np.arange(96, dtype="f").reshape(24, 4)])
    subject.save(tmp_path, {})
    resumed = second()
    resumed.restore(tmp_path)
    assert rows(resumed.frozen["content_codes"])[1].tolist() == [4, 5, 6, 7]


def tiny(*argv: str) -> Options:
    weight = () if "--perceptual_weight" in argv else ("--perceptual_weight", "0")
    small = "--gan_type lord --preset smoke --width 0.01 --eval_pairs 0"
    return config.parse([*small.split(), *weight, *argv])


def test_stage_1_gives_its_codes_and_generator(tmp_path, capsys):
    options, data = tiny("--results_dir", str(tmp_path), "--ema", "0.9"), tiny_data("indexed")
    subject = training.build_trainer(options, data)
    (folder,) = tmp_path.glob("lord-phase1-tiny-*")
    nets = subject.nets | subject.frozen
    for name in (*TABLES, "gen"):
        saved = keras.models.load_model(folder / "models" / f"{name}.keras").get_weights()
        for mine, other in zip(nets[name].get_weights(), saved, strict=True):
            np.testing.assert_array_equal(mine, other)
    same = dataclasses.replace(options, code_weight=1.0, lr_stage2=1.0, iterations=9)
    assert stages.obtain(lord_trainer.FIRST, same, data, training.train_stage) == folder
    for change in (dict(content_noise=9.0), dict(stage1_iterations=9)):
        other = dataclasses.replace(options, **change)
        assert stages.options_of(lord_trainer.FIRST, other, data).name != folder.name
    given = dataclasses.replace(options, pretrained=str(folder))
    assert changed(weights(build(given, data)), weights(subject)) == set()
    with pytest.raises(UserError, match="content_codes.keras"):
        build(given, dataclasses.replace(data, domains=data.domains[:1]))


def test_a_run_with_a_checkpoint_needs_no_stage_1(tmp_path, monkeypatch):
    calls = []
    monkeypatch.setattr(stages, "obtain", lambda *_: calls.append(1) or tmp_path)
    options = tiny("--results_dir", str(tmp_path), "--name", "it")
    (tmp_path / "it" / "checkpoints" / "00000002").mkdir(parents=True)
    assert stages.start(lord_trainer.FIRST, options, None, None) is None and not calls
    (tmp_path / "new" / "checkpoints").mkdir(parents=True)  # as a first one leaves it that failed
    for change in (dict(name="new"), dict(overwrite=True)):
        given = dataclasses.replace(options, **change)
        assert stages.start(lord_trainer.FIRST, given, None, None) == tmp_path
    assert len(calls) == 2
    dry = dataclasses.replace(options, name="new", dry_run=True)
    assert stages.start(lord_trainer.FIRST, dry, None, None) is None and len(calls) == 2


def test_images_need_labels():
    bare = tuple(dataclasses.replace(d, labels=None) for d in tiny_data("indexed").domains)
    with pytest.raises(UsageError, match="no labels"):
        Data("indexed", bare, "bare", 0).classed("indexed")


@pytest.mark.parametrize("make", [first, second])
def test_a_finished_run_is_used_without_its_data(make, tmp_path):
    subject = make("--iterations", "1", "--ema", "0.9")
    options = dict(subject.options.to_dict(), data_dir=str(tmp_path / "gone"), dry_run=False)
    run = Run.open(tmp_path / "run", options, "command")
    run.quiet = True
    run.write_data(subject.data.facts.to_dict())
    assert train(subject, run) == 0

    system, x = open_run(run.folder).system, to_float(tiny_data("indexed").domains[0].images[:3])
    if make is first:
        codes = system.embedded(np.array([0, 1, 23]), np.array([0, 1, 2]))
    else:
        codes = system.encode(x.numpy())
        np.testing.assert_array_equal(codes.style, system.encode_class(x.numpy()))
    images = system.decode(codes.content, codes.style[::-1])
    assert images.shape == x.shape and images.dtype == np.float32
    assert np.isfinite(images).all() and np.abs(images).max() <= 1
