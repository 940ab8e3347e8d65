"""The loop, for every system: what moves, what is saved, and that devices do not matter."""

import json
import zipfile

import keras
import numpy as np
import pytest
import tensorflow as tf
from conftest import eagerly
from systems import (
    Watch,
    changed,
    flags,
    phase,
    trainable,
    trainer,
    update,
    weights,
)

from framework import config, gan_trainer, losses
from framework.errors import DivergedError, MissingError, UsageError
from framework.utils import Random
from nets import gan

pytestmark = pytest.mark.usefixtures("plotless")
SYSTEMS = config.systems()
# Two replicas take long to trace: one is traced every time, the one with most terms.
TRACED = ("scogan",)
QUICK_FIRST = [
    name if name in TRACED else pytest.param(name, marks=pytest.mark.slow) for name in SYSTEMS
]
SGD = {"classifier": "", **dict.fromkeys(("content", "factors", "g2g", "lord"), "--optim sgd")}
MODELS = {"generators": ("gen1", "gen2"), "discriminators": ("disc1", "disc2")}
STRAIGHT = {"gan": ["gen"], "cogan": ["gen1", "gen2"], "scogan": ["gen1", "gen2"]}


@pytest.fixture
def straight(monkeypatch):
    """Single-GAN discriminators without dropout, whose masks depend on where a row stands."""
    plain = gan.discriminator
    monkeypatch.setattr(gan, "discriminator", lambda *a, **k: plain(*a, **k, dropout=0.0))


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_phase_moves_exactly_its_nets_in_bfloat16_too(system, eager, classifier_path):
    subject = trainer(system, *flags(system, classifier_path), "--mixed_precision", "bfloat16")
    assert set().union(*(each.nets for each in subject.phases)) == set(subject.nets)
    for each in subject.phases:
        before = trainable(subject)
        assert all(np.isfinite(value) for value in update(subject, each.name).values())
        assert changed(before, trainable(subject)) == set(each.nets), each.name
    assert {v.dtype for net in subject.nets.values() for v in net.trainable_variables} == {
        "float32"
    }


@pytest.mark.parametrize("system", QUICK_FIRST)
def test_two_replicas_equal_one(system, straight, classifier_path, capsys):
    # Plain descent: Adam would divide a sum instead of a mean away, and blow up rounding.
    count = "2" if system == "ost" else "3"  # a third takes one of its few units over a kink
    argv = [*flags(system, classifier_path), "--iterations", count, "--sheet_every", "9"]
    argv += SGD.get(system, "--optim_d sgd --optim_g sgd --disc_iters 1").split()
    one = trainer(system, *argv, "--devices", "CPU:0")
    two = trainer(system, *argv, "--devices", "CPU:0,CPU:1")
    assert (one.replicas, two.replicas) == (1, 2)
    start = weights(one)
    assert changed(start, weights(two)) == set()
    with eagerly():
        assert one.fit() == 0
    assert two.fit() == 0
    after = weights(one)
    for name, values in weights(two).items():
        for mine, other, before in zip(values, after[name], start[name], strict=True):
            np.testing.assert_allclose(mine, other, rtol=1e-4, atol=1e-5, err_msg=name)
            assert np.abs(mine - other).max() <= 0.02 * np.abs(other - before).max() + 1e-6


@pytest.mark.parametrize("clip", [True, False])
def test_a_wasserstein_critic_is_clipped_unless_it_is_penalised(clip):
    more = [] if clip else ["--disc_penalty", "r1"]
    subject = trainer("cogan", "--loss", "wgan", "--clip", "0.02", *more)
    update(subject, "disc")
    values = [np.abs(v.numpy()).max() for v in subject.variables(phase(subject, "disc"))]
    assert (max(values) <= np.float32(0.02)) == clip
    assert max(np.abs(v.numpy()).max() for v in subject.variables(phase(subject, "gen"))) > 0.02


def test_the_critic_is_clipped_on_both_devices(capsys):
    argv = "--loss wgan --clip 0.02 --iterations 1 --devices CPU:0,CPU:1".split()
    subject = trainer("gan", *argv)
    subject.fit()
    for variable in subject.nets["disc"].trainable_variables:
        copies = [np.array(copy) for copy in variable.value.values]
        assert np.abs(copies[0]).max() <= np.float32(0.02)
        np.testing.assert_array_equal(*copies)


def test_the_average_after_each_of_two_steps(eager, capsys):
    subject = trainer("gan", "--ema", "0.25")
    watch = Watch(subject)
    subject.fit([watch])
    slow = watch.states[0]["gen"]
    # A decay of min(0.25, (1 + n) / (10 + n)) after n iterations: 2/11, then 0.25.
    for step, decay in ((1, 2 / 11), (2, 0.25)):
        fast = watch.states[step]["gen"]
        slow = [decay * old + (1 - decay) * new for old, new in zip(slow, fast, strict=True)]
        for mine, hand in zip(watch.states[step]["average gen"], slow, strict=True):
            np.testing.assert_allclose(mine, hand, rtol=1e-5, atol=1e-7)


def test_samples_come_from_the_average():
    subject = trainer("gan", "--ema", "0.9")
    z = subject.fixed_latent(3)
    before = subject.sample(z)[0]
    subject.nets["gen"].set_weights([w + 1 for w in subject.nets["gen"].get_weights()])
    np.testing.assert_array_equal(subject.sample(z)[0], before)
    assert not np.array_equal(trainer("gan").fixed_latent(3, 1), z)


def test_weight_decay_is_a_term_and_shrinks_kernels():
    argv = "--optim_d sgd --lr_d 0.1".split()
    decayed = trainer("cogan", *argv, "--weight_decay", "0.5")
    kernels = [v for v in decayed.variables(phase(decayed, "disc")) if v.name == "kernel"]
    by_hand = 0.5 * sum(np.sum(v.numpy().astype(np.float64) ** 2) for v in kernels)
    assert len(kernels) == 2 * 4 - 3, "three of four layers are shared and count once"
    terms = update(decayed, "disc")
    assert terms["disc/decay"] == pytest.approx(by_hand, rel=1e-5)
    plain = trainer("cogan", *argv)
    assert "disc/decay" not in update(plain, "disc")
    for mine, other in zip(
        decayed.variables(phase(decayed, "disc")),
        plain.variables(phase(plain, "disc")),
        strict=True,
    ):
        if mine.name == "kernel":
            assert np.linalg.norm(mine) < 0.95 * np.linalg.norm(other)
        else:
            np.testing.assert_allclose(mine.numpy(), other.numpy(), atol=1e-7)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_term_that_is_not_finite_stops_training_by_name(eager, run, monkeypatch, capsys, bad):
    pair = losses.ADVERSARIAL["ce"]
    subject = trainer("gan", "--save_every", "1", "--iterations", "3", run=run)

    def gen(fake_logits):
        return tf.reduce_mean(fake_logits) * (bad if int(subject.step) == 2 else 1.0)

    monkeypatch.setitem(losses.ADVERSARIAL, "ce", pair._replace(gen=gen))
    with pytest.raises(DivergedError, match=r"gen/adv .* at iteration 3") as caught:
        subject.fit()
    assert caught.value.code == 4 and "\n" not in str(caught.value)
    assert max(path.name for path in run.checkpoints.iterdir()) == "00000002"
    assert [row["iteration"] for row in run.history] == [1, 2]
    subject.restore()
    assert all(np.isfinite(w).all() for ws in weights(subject).values() for w in ws)


def test_weights_that_are_not_finite_stop_training_before_they_are_looked_at(eager, run, capsys):
    subject = trainer("gan", "--iterations", "1", run=run)
    step = subject.run_steps

    def spoil(iterator, count):
        rows = step(iterator, count)
        kernel = subject.nets["gen"].trainable_variables[0]
        kernel.assign(kernel * np.nan)
        return rows

    subject.run_steps, subject.statistics = spoil, lambda: 1 / 0
    with pytest.raises(DivergedError, match="gen has weights that are not finite"):
        subject.fit()
    assert not run.history


def test_a_row_of_the_history_is_the_mean_of_its_interval(eager, run, capsys):
    every = trainer("gan", "--iterations", "3")
    watch = Watch(every)
    every.fit([watch])
    third = trainer("gan", "--iterations", "3", "--log_every", "3", run=run)
    third.fit()
    assert [row["iteration"] for row in run.history] == [3]
    for name, value in run.history[0].items():
        if name != "iteration":
            mean = np.mean([logs[name] for _, logs in watch.logs[:3]])
            assert value == pytest.approx(mean, rel=1e-5)


def test_only_the_newest_checkpoints_are_kept(eager, run, capsys):
    subject = trainer("gan", *"--iterations 4 --save_every 1 --keep 2".split(), run=run)
    subject.fit()
    assert {path.name for path in run.checkpoints.iterdir()} == {"00000003", "00000004"}


def test_the_step_compiled_by_xla_equals_the_plain_one(straight, monkeypatch):
    # From equal seeds XLA draws other numbers, so both are given the same ones here.
    def drawn(self, law, shape):
        return tf.constant(np.random.default_rng(0).random(shape), tf.float32)

    monkeypatch.setattr(Random, "_draw", drawn)
    argv = "--optim_d sgd --optim_g sgd --lr_d 0.01 --lr_g 0.01".split()
    plain, fast = trainer("gan", *argv), trainer("gan", *argv, "--jit")
    start = weights(plain)
    for name in ("disc", "gen"):
        assert update(plain, name) == pytest.approx(update(fast, name), rel=1e-4)
    assert changed(start, weights(fast)) == {"gen", "disc"}
    for name in ("disc", "gen"):
        for mine, other in zip(weights(plain)[name], weights(fast)[name], strict=True):
            np.testing.assert_allclose(mine, other, rtol=1e-4, atol=1e-5)


def test_a_row_has_the_mean_over_the_updates_of_a_phase(eager, monkeypatch):
    subject = trainer("gan", "--disc_iters", "3")
    seen = []

    def update(phase, batch, random):
        seen.append(phase.name)
        return {f"{phase.name}/adv": tf.constant(float(len(seen)))}

    monkeypatch.setattr(subject, "update", update)
    (row,) = subject.run_steps(subject.batches(0), 1).numpy()
    assert seen == ["disc", "disc", "disc", "gen"]
    assert dict(zip(subject.names, row, strict=True)) == {"disc/adv": 2, "gen/adv": 4}


def test_bfloat16_keeps_float32_images_and_leaves_no_policy(classifier_path):
    subject = trainer("scogan", *flags("scogan", classifier_path), "--mixed_precision", "bfloat16")
    assert any(layer.compute_dtype == "bfloat16" for layer in subject.nets["gen1"].layers)
    assert all(images.dtype == np.float32 for images in subject.sample(subject.fixed_latent(2)))
    assert keras.config.dtype_policy().name == "float32", "the policy is not left behind"


@pytest.mark.parametrize("system", STRAIGHT)
def test_saved_generators_load_without_this_project(system, eager, run, classifier_path):
    subject = trainer(system, *flags(system, classifier_path), run=run)
    update(subject, "gen")
    subject.save_models()
    path = run.models / ("gen.keras" if system == "gan" else "generators.keras")
    with zipfile.ZipFile(path) as file:
        stored = json.dumps(json.loads(file.read("config.json")))
    assert "softgan" not in stored and "Lambda" not in stored
    z = subject.fixed_latent(3)
    images = keras.models.load_model(path)(z, training=False)
    images = [images[0]] if system == "gan" else images
    assert len(images) == len(subject.sample(z)) == len(STRAIGHT[system])
    for mine, other in zip(images, subject.sample(z), strict=True):
        np.testing.assert_allclose(mine.numpy(), other, atol=1e-6)


@pytest.mark.parametrize("ema", ["0", "0.9"])
@pytest.mark.parametrize("shared", [0, 1, 4])
def test_saved_pairs_load_and_still_share(eager, run, shared, ema):
    argv = ["--g_shared_layers", str(shared), "--d_shared_layers", str(min(shared, 3))]
    subject = trainer("cogan", *argv, "--ema", ema, run=run)
    update(subject, "gen")
    subject.save_models()
    z = subject.fixed_latent(2)
    loaded = {name: keras.models.load_model(run.models / f"{name}.keras") for name in MODELS}
    for mine, other in zip(loaded["generators"](z), subject.sample(z), strict=True):
        np.testing.assert_allclose(mine.numpy(), other, atol=1e-6)
    x = [tf.constant(image) for image in subject.sample(z)]
    for i, logits in enumerate(loaded["discriminators"](x)):
        np.testing.assert_allclose(logits, subject.nets[f"disc{i + 1}"](x[i]), atol=1e-6)
    for name, nets in MODELS.items():
        own = {id(v) for net in nets for v in subject.nets[net].variables}
        assert len(loaded[name].variables) == len(own)


def test_shared_layers_stay_one():
    subject = trainer("cogan", "--g_shared_layers", "4", "--d_shared_layers", "3")
    pairs = (("gen1", "gen2", "gen"), ("disc1", "disc2", "disc"))
    for first, second, name in pairs:
        update(subject, name)
        both = [subject.nets[net].trainable_variables for net in (first, second)]
        shared = {id(v) for v in both[0]} & {id(v) for v in both[1]}
        variables = subject.variables(phase(subject, name))
        assert shared and len(variables) == 2 * len(both[0]) - len(shared)
        assert len({id(v) for v in variables}) == len(variables)
        own = [v for v in both[0] if id(v) not in shared]
        assert own, "the last layer of each generator, the first of each critic are its own"
    trunk = [net.get_layer("shared_dense") for net in (subject.nets["gen1"], subject.nets["gen2"])]
    assert trunk[0] is trunk[1]


def test_every_update_of_an_iteration_gets_a_batch_of_its_own():
    subject = trainer("gan", "--disc_iters", "3")
    seen = []
    subject.update = lambda each, batch, random: (
        seen.append((each.name, batch["x1"])) or {"term": tf.constant(0.0)}
    )
    subject.iteration(next(subject.batches(0)))
    assert [name for name, _ in seen] == ["disc", "disc", "disc", "gen"]
    assert len({images.numpy().tobytes() for _, images in seen}) > 1
    assert all(images.shape == (4, 32, 32, 3) and images.dtype == tf.float32 for _, images in seen)


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        ("--devices GPU:9", "no GPU:9 here"),
        ("--devices CPU:0,CPU:1 --batch_size 3", "multiple of the 2 devices"),
    ],
)
def test_devices_that_cannot_be_used(argv, words):
    with pytest.raises(UsageError, match=words):
        trainer("gan", *argv.split())


def test_restoring_needs_a_checkpoint(run):
    with pytest.raises(MissingError, match="no checkpoint"):
        trainer("gan", run=run).restore()


class Points(gan_trainer.Trainer):
    """Nets without batch statistics on 2-D points, under a gradient penalty."""

    def build_nets(self):
        nets = {"gen": gan.generator("toy", noise_dim=4, width=0.05)}
        return nets | {"disc": gan.discriminator("toy", width=0.05)}

    def disc_terms(self, batch, random):
        points = tf.reduce_mean(batch["x1"][..., :2], axis=(1, 2))
        return super().disc_terms({"x1": points + random.uniform(points.shape)}, random)


@pytest.mark.parametrize("system", ["classifier", "points"])
def test_accumulated_batches_equal_one_so_many_times_as_large(eager, system, capsys):
    def make(*argv):
        if system == "classifier":
            return trainer(system, "--classifier_arch", "thesis", *argv)
        sgd = "--optim_d sgd --optim_g sgd --disc_penalty wgan-gp --disc_iters 2".split()
        small = trainer("gan", *sgd, *argv)
        return Points(small.options, small.data)

    large, small = make("--batch_size", "6"), make("--batch_size", "2", "--accumulate", "3")
    start, logs = weights(large), []
    for subject in (large, small):
        watch = Watch(subject)
        assert subject.fit([watch]) == 0
        logs.append(watch.logs[1][1])
    assert changed(start, weights(small)) == set(start)
    assert logs[0] == pytest.approx(logs[1], rel=1e-4)
    for name, values in weights(large).items():
        for mine, other, before in zip(values, weights(small)[name], start[name], strict=True):
            assert np.abs(mine - other).max() <= 1e-3 * np.abs(mine - before).max() + 1e-7
