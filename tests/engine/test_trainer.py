"""The step of every system: what it changes, what is saved, and that devices do not matter."""

import numpy as np
import pytest
import tensorflow as tf
from conftest import eagerly
from systems import Watch, changed, flags, phase, train, trainable, trainer, update, weights

from framework import losses
from framework.engine.loop import Loop
from framework.engine.randomness import Random
from framework.errors import DivergedError, UsageError
from framework.options import config
from framework.results import Run
from framework.trainers import gan_trainer
from nets import gan

pytestmark = pytest.mark.usefixtures("plotless")
SYSTEMS = config.systems()
# Two replicas take long to trace: one is traced every time, the one with most terms.
TRACED = ("scogan",)
QUICK_FIRST = [
    name if name in TRACED else pytest.param(name, marks=pytest.mark.slow) for name in SYSTEMS
]
SGD = {"classifier": "", **dict.fromkeys(("content", "factors", "g2g", "lord"), "--optim sgd")}


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
        assert train(one) == 0
    assert train(two) == 0
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
    train(subject)
    for variable in subject.nets["disc"].trainable_variables:
        copies = [np.array(copy) for copy in variable.value.values]
        assert np.abs(copies[0]).max() <= np.float32(0.02)
        np.testing.assert_array_equal(*copies)


def test_the_average_after_each_of_two_steps(eager, run, capsys):
    subject = trainer("gan", "--ema", "0.25")
    watch = Watch(subject)
    train(subject, run, callbacks=[watch])
    slow = watch.states[0]["gen"]
    # A decay of min(0.25, (1 + n) / (10 + n)) after n iterations: 2/11, then 0.25.
    for step, decay in ((1, 2 / 11), (2, 0.25)):
        fast = watch.states[step]["gen"]
        slow = [decay * old + (1 - decay) * new for old, new in zip(slow, fast, strict=True)]
        for mine, hand in zip(watch.states[step]["average gen"], slow, strict=True):
            np.testing.assert_allclose(mine, hand, rtol=1e-5, atol=1e-7)


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
    subject = trainer("gan", "--save_every", "1", "--iterations", "3")

    def gen(fake_logits):
        return tf.reduce_mean(fake_logits) * (bad if int(subject.step) == 2 else 1.0)

    monkeypatch.setitem(losses.ADVERSARIAL, "ce", pair._replace(gen=gen))
    with pytest.raises(DivergedError, match=r"gen/adv .* at iteration 3") as caught:
        train(subject, run)
    assert caught.value.code == 4 and "\n" not in str(caught.value)
    assert max(path.name for path in run.checkpoints.iterdir()) == "00000002"
    assert [row["iteration"] for row in run.history] == [1, 2]
    subject.restore(run.checkpoints)
    assert all(np.isfinite(w).all() for ws in weights(subject).values() for w in ws)


def test_weights_that_are_not_finite_stop_training_before_they_are_measured(eager, run, capsys):
    subject = trainer("gan", "--iterations", "1")
    step = subject.run_steps

    def spoil(iterator, count):
        rows = step(iterator, count)
        kernel = subject.nets["gen"].trainable_variables[0]
        kernel.assign(kernel * np.nan)
        return rows

    subject.run_steps, subject.statistics = spoil, lambda: 1 / 0
    with pytest.raises(DivergedError, match="gen has weights that are not finite"):
        train(subject, run)
    assert not run.history


def test_a_row_of_the_history_is_the_mean_of_its_interval(eager, run, tmp_path, capsys):
    every = trainer("gan", "--iterations", "3")
    watch = Watch(every)
    train(every, Run.open(tmp_path / "every", {"gan_type": "any"}, "command"), callbacks=[watch])
    third = trainer("gan", "--iterations", "3", "--log_every", "3")
    train(third, run)
    assert [row["iteration"] for row in run.history] == [3]
    for name, value in run.history[0].items():
        if name != "iteration":
            mean = np.mean([logs[name] for _, logs in watch.logs[:3]])
            assert value == pytest.approx(mean, rel=1e-5)


def test_only_the_newest_checkpoints_are_kept(eager, run, capsys):
    subject = trainer("gan", *"--iterations 4 --save_every 1 --keep 2".split())
    train(subject, run)
    assert {path.name for path in run.checkpoints.iterdir()} == {"00000003", "00000004"}


def test_the_step_compiled_by_xla_equals_the_plain_one(straight, monkeypatch):
    # From equal seeds XLA draws other numbers, so both are given the same ones here.
    def numbers(self, law, shape):
        return tf.constant(np.random.default_rng(0).random(shape), tf.float32)

    monkeypatch.setattr(Random, "_draw", numbers)
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
    updates = []

    def update(phase, batch, random):
        updates.append(phase.name)
        return {f"{phase.name}/adv": tf.constant(float(len(updates)))}

    monkeypatch.setattr(subject, "update", update)
    (row,) = subject.run_steps(subject.batches(0), 1).numpy()
    assert updates == ["disc", "disc", "disc", "gen"]
    assert dict(zip(subject.term_names, row, strict=True)) == {"disc/adv": 2, "gen/adv": 4}


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
    batches = []
    subject.update = lambda each, batch, random: (
        batches.append((each.name, batch["x1"])) or {"term": tf.constant(0.0)}
    )
    subject.iteration(next(subject.batches(0)))
    assert [name for name, _ in batches] == ["disc", "disc", "disc", "gen"]
    assert len({images.numpy().tobytes() for _, images in batches}) > 1
    for _, images in batches:
        assert images.shape == (4, 32, 32, 3) and images.dtype == tf.float32


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


def test_without_a_checkpoint_nothing_is_restored(run):
    assert trainer("gan").restore(run.checkpoints) is None


class ToySystem(gan_trainer.System):
    """Draws points of a plane, without batch statistics."""

    def build_nets(self):
        return {"gen": gan.generator("toy", noise_dim=4, width=0.05)}


class Points(gan_trainer.Trainer):
    """Learns points of a plane under a gradient penalty."""

    system_class = ToySystem

    def build_training_nets(self):
        return {"disc": gan.discriminator("toy", width=0.05)}

    def disc_terms(self, batch, random):
        points = tf.reduce_mean(batch["x1"][..., :2], axis=(1, 2))
        return super().disc_terms({"x1": points + random.uniform(points.shape)}, random)


@pytest.mark.parametrize("system", ["classifier", "points"])
def test_accumulated_batches_equal_one_so_many_times_as_large(eager, system, capsys):
    def logged(subject):
        """The mean terms of the first iteration; trains to the end."""
        loop, rows = Loop(subject), []
        loop.every(1, lambda step: rows.append(loop.end_interval()))
        assert loop.run() == 0
        return rows[0]

    def make(*argv):
        if system == "classifier":
            return trainer(system, "--classifier_arch", "thesis", *argv)
        sgd = "--optim_d sgd --optim_g sgd --disc_penalty wgan-gp --disc_iters 2".split()
        small = trainer("gan", *sgd, *argv)
        return Points(small.options, small.data)

    large, small = make("--batch_size", "6"), make("--batch_size", "2", "--accumulate", "3")
    start = weights(large)
    assert logged(large) == pytest.approx(logged(small), rel=1e-4)
    assert changed(start, weights(small)) == set(start)
    for name, values in weights(large).items():
        for mine, other, before in zip(values, weights(small)[name], start[name], strict=True):
            assert np.abs(mine - other).max() <= 1e-3 * np.abs(mine - before).max() + 1e-7
