"""Factors of variation: which networks learn from which images, when the discriminator rests."""

import contextlib
import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf
from conftest import eagerly
from systems import (
    Watch,
    build,
    changed,
    phase,
    slots,
    tiny_data,
    train,
    trainable,
    update,
    weights,
)

from framework import presets
from framework.cli import main
from framework.engine.capabilities import EncodesDistributions
from framework.engine.randomness import Random
from framework.engine.system import save_models
from framework.errors import UsageError
from framework.options import config
from framework.results import Run
from framework.trainers.factors_trainer import Trainer
from framework.trainers.opening import open_run

ALL = "--vae_on both --z_class_weight 0.5 --s_class_weight 0.5 --z_noise 0.1".split()
ALL += "--adv_prior_fakes --ema 0.9".split()


def subject(*argv: str) -> Trainer:
    """A tiny trainer without an evaluator."""
    small = "--gan_type factors --preset smoke --eval_pairs 0".split()
    options = config.parse([*small, *argv])
    return build(options, tiny_data("triple", options.image_size))


def terms_and_pairs(trainer: Trainer, name: str, batch: dict) -> tuple[dict, list]:
    """Terms of a phase, and the pairs of images that the discriminator was given."""
    pairs, pair_logits = [], trainer.pair_logits
    trainer.pair_logits = lambda *pair: pairs.append(pair) or pair_logits(*pair)
    terms = phase(trainer, name).terms(batch, Random(1, tf.constant(0)))
    return terms, pairs


def term(trainer: Trainer, name: str, column: str, batch: dict) -> float:
    """One term of a phase."""
    return float(terms_and_pairs(trainer, name, batch)[0][column])


def batch(size: int = 32) -> dict[str, tf.Tensor]:
    x = np.random.default_rng(0).uniform(-1, 1, (4, 3, size, size, 3)).astype("f")
    images = {f"x{i}": tf.constant(x[i - 1]) for i in range(1, 5)}
    return images | {"y1": tf.constant([0, 1, 2], tf.int64), "y3": tf.constant([2, 1, 0], tf.int64)}


@pytest.mark.parametrize(
    ("vae_on", "heads", "ae", "gen"),
    [
        ("z", 3, {"kl_z"}, {"swap", "prior", "kl_z"}),
        ("s", 3, {"kl_s"}, {"swap", "kl_s"}),
        ("both", 4, {"kl_z", "kl_s"}, {"swap", "prior", "kl_z", "kl_s"}),
    ],
)
def test_terms_of_each_kind_of_codes(vae_on, heads, ae, gen):
    trainer = subject("--vae_on", vae_on, "--z_dim", "5", "--s_dim", "3")
    assert [shape[1] for shape in trainer.nets["enc"].output_shape] == {
        "z": [5, 5, 3], "s": [5, 3, 3], "both": [5, 5, 3, 3],
    }[vae_on]  # fmt: skip
    assert len(trainer.nets["enc"].outputs) == heads
    assert set(terms_and_pairs(trainer, "ae", batch())[0]) == ae | {"rec", "rec_same"}
    assert set(terms_and_pairs(trainer, "gen", batch())[0]) == gen
    codes = trainer.encode(batch()["x1"])
    for name in "zs":
        assert (getattr(codes, f"{name}_log_variance") is None) == (vae_on not in (name, "both"))


def test_a_phase_moves_exactly_its_nets():
    trainer = subject(*ALL, "--d_acc_limit", "0")
    assert [each.name for each in trainer.phases] == ["z_class", "ae", "gen", "disc"]
    assert [each.repeat for each in trainer.phases] == [1, 1, 2, 1]
    for each in trainer.phases:
        before = trainable(trainer)
        terms = update(trainer, each.name)
        assert all(np.isfinite(value) for value in terms.values())
        assert changed(before, trainable(trainer)) == set(each.nets), each.name


def test_images_have_the_range_of_the_data():
    dec = subject().nets["dec"]
    layer = dec.get_layer("dec_image")
    layer.set_weights([100 * weight for weight in layer.get_weights()])
    images = dec([tf.random.normal((8, 16)) for _ in range(2)]).numpy()
    assert -1 <= images.min() < -0.9 and 0.9 < images.max() <= 1


def test_order_of_pairs():
    x, trainer = batch(), subject("--adv_prior_fakes")
    _, [(references, candidates)] = terms_and_pairs(trainer, "disc", x)
    np.testing.assert_array_equal(references, tf.concat([x["x3"], x["x4"], x["x4"]], axis=0))
    np.testing.assert_array_equal(candidates[:3], x["x4"])
    codes = [trainer.encode(x[name]) for name in ("x1", "x4")]
    swapped = trainer.nets["dec"]([codes[0].z, codes[1].s])
    np.testing.assert_allclose(candidates[3:6], swapped, atol=1e-5)
    assert not np.allclose(candidates[6:], swapped, atol=1e-3)
    _, [(references, candidates)] = terms_and_pairs(subject(), "gen", x)
    np.testing.assert_array_equal(references, tf.concat([x["x3"], x["x3"]], axis=0))
    assert candidates.shape == (6, 32, 32, 3)


def test_reconstruction_and_divergence_by_hand():
    trainer = subject("--vae_on", "s", "--kl_weight", "3")  # z is no draw, s of zero scale is 1
    for name in ("enc_s", "enc_s_log_variance"):
        layer = trainer.nets["enc"].get_layer(name)
        layer.set_weights([0 * w for w in layer.get_weights()])
    x = batch()
    terms = {key: float(value) for key, value in terms_and_pairs(trainer, "ae", x)[0].items()}
    assert terms["kl_s"] == pytest.approx(0, abs=1e-7)
    layer.set_weights([layer.get_weights()[0], np.full(16, -60.0, "f")])  # draws are the mean
    terms = {key: float(value) for key, value in terms_and_pairs(trainer, "ae", x)[0].items()}
    made = trainer.nets["dec"]([trainer.encode(x["x1"]).z, tf.zeros((3, 16))])
    error = np.mean(((made - x["x1"]) / 2) ** 2)
    assert terms["rec"] == pytest.approx(error, rel=1e-5)
    assert terms["rec_same"] == pytest.approx(error, rel=1e-5)
    assert terms["kl_s"] == pytest.approx(3 * 16 * 0.5 * (60 - 1) / (32 * 32 * 3), rel=1e-5)


@pytest.mark.parametrize("limit", ["0.01", "1", "0"])
def test_the_discriminator_rests_from_the_limit_on(limit, monkeypatch):
    trainer = subject("--d_acc_limit", limit)
    logits = tf.constant([2.0] * 4 + [-2.0] * 3 + [2.0])  # 7 of 8 are right
    pair_logits = trainer.pair_logits
    monkeypatch.setattr(trainer, "pair_logits", lambda *pair: logits + 0 * pair_logits(*pair))
    before = weights(trainer), slots(trainer)
    terms = update(trainer, "disc")
    assert terms["stat/accuracy_disc"] == 0.875
    assert terms["disc/adv"] == pytest.approx((7 * np.log1p(np.exp(-2)) + np.log1p(np.exp(2))) / 4)
    rests = limit == "0.01"
    assert terms.get("stat/skipped_disc", 0.0) == float(rests)
    assert changed(before[1], slots(trainer)) == (set() if rests else {"disc"})


def test_a_resting_discriminator_keeps_its_weights():
    trainer = subject("--d_acc_limit", "0.001")
    update(trainer, "gen")
    before = weights(trainer), slots(trainer)
    terms = update(trainer, "disc")
    assert terms["stat/accuracy_disc"] > 0.001 and terms["stat/skipped_disc"] == 1
    assert changed(before[0], weights(trainer)) == changed(before[1], slots(trainer)) == set()


def right_in_odd_iterations(trainer: Trainer) -> Trainer:
    """Makes the discriminator right in every other iteration."""

    def disc_terms(batch, random):
        terms = Trainer.disc_terms(trainer, batch, random)
        return terms | {"stat/accuracy_disc": tf.cast(random.step % 2, tf.float32)}

    trainer.phases = [
        dataclasses.replace(each, terms=disc_terms) if each.name == "disc" else each
        for each in trainer.phases
    ]
    return trainer


@pytest.mark.slow
def test_a_run_whose_discriminator_rests_resumes_bit_for_bit(eager, run, capsys):
    argv = [*ALL, *"--gen_times 1 --iterations 3 --save_every 9".split()]
    whole = right_in_odd_iterations(subject(*argv))
    watch = Watch(whole, stop_at=2)
    assert train(whole, run, callbacks=[watch]) == 75
    assert [logs["stat/skipped_disc"] for _, logs in watch.logs[:2]] == [0, 1]
    resumed = right_in_odd_iterations(subject(*argv))
    assert train(resumed, Run.load(run.folder)) == 0
    assert train(whole) == 0
    assert changed(weights(resumed), weights(whole)) == set()
    assert changed(slots(resumed), slots(whole)) == set()
    assert {path.stem for path in run.samples.iterdir()} == {"000000", "000002", "000003"}


@pytest.mark.slow
def test_two_replicas_equal_one(tmp_path, capsys):
    argv = "--vae_on both --z_noise 0.1 --optim sgd --gen_times 1 --iterations 2".split()
    argv += ["--d_acc_limit", "0.5"]
    one = subject(*argv, "--devices", "CPU:0")
    two = subject(*argv, "--devices", "CPU:0,CPU:1")
    assert two.replicas == 2
    start, logs = weights(one), []
    for each, mode in ((one, eagerly), (two, contextlib.nullcontext)):
        watch = Watch(each)
        run = Run.open(tmp_path / str(each.replicas), {"gan_type": "any"}, "command")
        with mode():
            assert train(each, run, callbacks=[watch]) == 0
        logs.append([log for _, log in watch.logs[:2]])
    for mine, other in zip(*logs, strict=True):
        assert mine == pytest.approx(other, rel=1e-4, abs=1e-6)
    after = weights(one)
    for name, values in weights(two).items():
        for mine, other, before in zip(values, after[name], start[name], strict=True):
            assert np.abs(mine - other).max() <= 0.02 * np.abs(other - before).max() + 1e-6, name


def test_a_uniform_answer_costs_nothing():
    trainer = subject("--z_class_weight", "2")
    head = trainer.nets["z_class"].get_layer("class_logits")
    head.set_weights([0 * head.get_weights()[0], np.zeros(3, "f")])
    assert term(trainer, "ae", "z_class", batch()) == pytest.approx(0, abs=1e-6)
    assert term(trainer, "z_class", "ce", batch()) == pytest.approx(np.log(3), rel=1e-5)
    head.set_weights([head.get_weights()[0], np.array([9, 0, 0], "f")])
    cost = -np.mean([9, 0, 0]) + np.log(np.exp(9) + 2) - np.log(3)
    assert term(trainer, "ae", "z_class", batch()) == pytest.approx(2 * cost, rel=1e-5)


def test_s_pays_for_the_class_of_both_images():
    trainer = subject("--s_class_weight", "2")
    head = trainer.nets["s_class"].get_layer("class_logits")
    head.set_weights([0 * head.get_weights()[0], np.array([np.log(2), 0, 0], "f")])
    # Probabilities are 1/2, 1/4, 1/4; x1 and x2 are one image each of classes 0, 1 and 2.
    cost = np.log([2, 4, 4]).mean()
    assert term(trainer, "ae", "s_class", batch()) == pytest.approx(2 * cost, rel=1e-5)
    certain = batch() | {"y1": tf.zeros(3, tf.int64)}
    cost = np.log(2)
    assert term(trainer, "ae", "s_class", certain) == pytest.approx(2 * cost, rel=1e-5)


def test_models_load_without_this_project(run):
    trainer = subject("--ema", "0.9")
    update(trainer, "ae")
    save_models(trainer.models(), run.models)
    assert {path.stem for path in run.models.iterdir()} == set(trainer.nets)
    enc = keras.models.load_model(run.models / "enc.keras")
    x = batch()["x1"]
    for mine, other in zip(enc(x), trainer.system.net("enc")(x), strict=True):
        np.testing.assert_allclose(mine, other, atol=1e-6)


def test_codes_and_images_of_the_system():
    trainer, x = subject("--vae_on", "z", "--z_dim", "5", "--s_dim", "3"), batch()["x1"].numpy()
    system = trainer.system
    assert isinstance(system, EncodesDistributions) and system.has_prior()
    codes, factors = system.encode(x), trainer.encode(tf.constant(x))
    np.testing.assert_allclose(codes.content, factors.z, atol=1e-5)
    np.testing.assert_allclose(codes.style, factors.s, atol=1e-5)
    assert codes.content_log_variance.shape == (3, 5) and codes.style_log_variance is None
    images = system.decode(codes.content, codes.style)
    np.testing.assert_allclose(images, trainer.nets["dec"]([factors.z, factors.s]), atol=1e-5)
    assert not subject("--vae_on", "s").system.has_prior()


def test_a_whole_run_is_used_without_its_data(eager, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    argv = "--gan_type factors --preset smoke --width 0.1 --name it --probe_train 20"
    assert main([*argv.split(), "--probe_test", "10"]) == 0
    assert "swap_acc" in capsys.readouterr().out
    run, x = open_run("results/it", data_dir="gone"), batch()["x1"].numpy()
    assert set(run.system.nets) == {"enc", "dec"} and run.step == 2
    codes = run.system.encode(x)
    images = run.system.decode(codes.content, codes.style[::-1])
    assert images.shape == x.shape and np.abs(images).max() <= 1


@pytest.mark.parametrize("size", ["30", "72"])
def test_sizes_that_cannot_be_halved(size):
    with pytest.raises(UsageError, match="--image_size .*: must be 28 or a multiple of"):
        config.parse(["--gan_type", "factors", "--image_size", size])


@pytest.mark.parametrize("name", ["factors_z", "factors_s"])
def test_full_size_is_that_of_the_text(name):
    options = config.parse(["--preset", name])
    assert (options.gan_type, options.image_size, options.batch_size) == ("factors", 28, 64)
    assert (options.lr_g, options.b1, options.gen_times, options.d_acc_limit) == (1e-4, 0.5, 2, 0.8)
    published = presets.PRESETS[name].published
    assert published["s_svm"] == {"factors_z": 0.885, "factors_s": 0.816}[name]
    sampled = f"{options.vae_on}_sampled_mlp_f1"
    assert published[sampled] == {"factors_z": 0.031, "factors_s": 0.789}[name]
