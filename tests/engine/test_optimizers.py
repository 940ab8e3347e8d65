"""Learning rates over time, and updates that are clipped, scaled and skipped as one."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from framework.engine import checkpoints, devices, precision
from framework.engine.optimizers import FallingRate, Joint, make, of_codes
from framework.engine.updater import Updater
from framework.options import config

pytestmark = pytest.mark.usefixtures("plotless")


@pytest.mark.parametrize(
    ("kind", "rates"),
    [
        ("linear", {0: 2.0, 10: 2.0, 12: 1.0, 13: 0.5, 14: 0.0, 99: 0.0}),
        ("cosine", {0: 2.0, 10: 2.0, 12: 1.0, 13: 1 - 0.5**0.5, 14: 0.0, 99: 0.0}),
        ("exponential", {0: 2.0, 10: 2.0, 14: 1.0, 18: 0.5}),
        ("step", {0: 2.0, 13: 2.0, 14: 1.0, 17: 1.0, 18: 0.5}),
    ],
)
def test_rates_that_fall_from_update_10_over_4(kind, rates):
    schedule = FallingRate(kind, 2.0, 10, 4)
    again = FallingRate(**schedule.get_config())
    for step, rate in rates.items():
        assert float(schedule(tf.constant(step, tf.int64))) == pytest.approx(rate, abs=1e-6)
        assert float(again(step)) == float(schedule(step))


def test_each_kind_has_its_own_numbers():
    kinds = {kind: make(kind, 0.5, 0.1, 0.2, 0.3).get_config() for kind in ("adam", "rms", "sgd")}
    assert (kinds["adam"]["beta_1"], kinds["adam"]["beta_2"]) == (0.1, 0.2)
    assert kinds["rms"]["rho"] == 0.3 and make("rms", 0.5, 0.1, 0.2).rho == 0.9
    assert {each["learning_rate"] for each in kinds.values()} == {0.5}


def test_rmsprop_of_codes_is_that_of_pytorch_for_small_gradients_too():
    weight, grad, square = keras.Variable([0.0]), 1e-6, 0.1 * 1e-12
    options = config.parse("--gan_type g2g --optim rms".split())
    for optimizer, step in (
        (of_codes(options, 1.0), grad / (square**0.5 + 1e-8)),
        (make("rms", 1.0, 0.9, 0.999), grad / (square + 1e-7) ** 0.5),
    ):
        weight.assign([0.0])
        optimizer.apply([tf.constant([grad])], [weight])
        assert -float(weight[0]) == pytest.approx(step, rel=0.05)


def test_joint_optimisers_move_each_its_own_and_are_saved():
    weights = [keras.Variable([3.0]), keras.Variable([3.0])]
    parts = [make("adam", rate, 0.9, 0.999) for rate in (1.0, 0.25)]
    joint = Joint(list(zip(parts, ([weights[1]], [weights[0]]), strict=True)))
    joint.build(weights)
    joint.apply([tf.constant([5.0]), tf.constant([-5.0])], weights)
    # Adam's first step has the length of its rate.
    np.testing.assert_allclose([w.numpy()[0] for w in weights], [2.75, 4.0], rtol=1e-5)
    assert len(joint.variables) == 2 * len(parts[0].variables)
    saved = checkpoints.variables(tf.train.Checkpoint(opt=joint))
    moments = [place for place, kind in saved.items() if kind == "float32[1]"]
    assert len(moments) >= 4, "two of each weight"


@pytest.fixture
def pair():
    return devices.strategy("CPU:0,CPU:1")


class Subject:
    """One weight pair (3, 4) and one statistic under an updater, stepped on every replica."""

    def __init__(self, strategy, optimizer="sgd", scaled=False, **how):
        self.strategy = strategy
        with strategy.scope():
            self.weight = keras.Variable([3.0, 4.0])
            self.statistic = keras.Variable(7.0, trainable=False)
            scale = precision.LossScale() if scaled else None
            updates = make(optimizer, 1.0, 0.9, 0.999)
            self.updater = Updater(updates, [self.weight], [self.statistic], scale=scale, **how)

    def step(self, per_replica, wanted=None):
        """One update with a gradient per replica, each a share of the mean."""
        table = tf.constant(per_replica, tf.float32)

        @tf.function
        def whole():
            def replica():
                before = self.updater.snapshot()
                self.statistic.assign_add(1.0)
                context = tf.distribute.get_replica_context()
                grad = table[context.replica_id_in_sync_group]
                asked = None if wanted is None else tf.constant(wanted)
                loss = tf.constant(0.0)
                self.updater.apply([self.updater.scaled(grad)], loss, before, asked)

            self.strategy.run(replica)

        whole()
        copies = [np.array(value) for value in self.strategy.experimental_local_results(
            self.weight.value)]  # fmt: skip
        assert all(np.array_equal(copy, copies[0], equal_nan=True) for copy in copies), (
            "replicas differ"
        )
        return copies[0]


def test_gradients_of_replicas_are_summed(pair):
    np.testing.assert_allclose(Subject(pair).step([[1, 0], [0, 2]]), [2, 2])


def test_the_norm_is_clipped_after_the_sum(pair):
    # The sum is (6, 8) of norm 10; clipped to 5 it is (3, 4). Each alone would have norm 5 already.
    np.testing.assert_allclose(
        Subject(pair, clip_norm=5.0).step([[3, 4], [3, 4]]), [0, 0], atol=1e-6
    )
    np.testing.assert_allclose(Subject(pair, clip_norm=11.0).step([[3, 4], [3, 4]]), [-3, -4])


@pytest.mark.parametrize(
    ("scaled", "where", "bad"), [(True, 0, np.inf), (True, 1, np.inf), (False, 1, np.nan)]
)
def test_a_bad_gradient_on_one_replica_skips_the_update_on_all(pair, scaled, where, bad):
    subject = Subject(pair, "adam", scaled, skip=True)
    first = subject.step([[1, 1], [1, 1]])
    slots = [np.array(v.numpy()) for v in subject.updater.optimizer.variables]
    grads = [[1.0, 1.0], [1.0, 1.0]]
    grads[where][1] = bad
    np.testing.assert_array_equal(subject.step(grads), first)
    after = [np.array(v.numpy()) for v in subject.updater.optimizer.variables]
    for slot, value in zip(slots, after, strict=True):
        np.testing.assert_array_equal(slot, value)
    assert float(subject.statistic.numpy()) == 8.0, "the statistic of the bad pass is undone"
    assert not np.array_equal(subject.step([[1, 1], [1, 1]]), first)
    if scaled:
        factor = float(tf.convert_to_tensor(subject.updater.scale.factor))
        assert factor == precision.FIRST_SCALE / 2


@pytest.mark.parametrize("skip", [False, True])
def test_an_update_that_is_not_wanted_leaves_no_trace(pair, skip):
    grads = [[1.0, 1.0], [2.0, 3.0]]
    plain, subject = Subject(pair, "adam"), Subject(pair, "adam", conditional=True, skip=skip)
    first = plain.step(grads)
    np.testing.assert_array_equal(subject.step(grads, True), first)
    slots = [np.array(v.numpy()) for v in subject.updater.optimizer.variables]
    np.testing.assert_array_equal(subject.step(grads, False), first)
    for slot, variable in zip(slots, subject.updater.optimizer.variables, strict=True):
        np.testing.assert_array_equal(slot, variable.numpy())
    assert float(subject.statistic.numpy()) == 8.0
    np.testing.assert_array_equal(subject.step(grads, True), plain.step(grads))


def test_a_bad_gradient_of_a_wanted_update_is_not_hidden(pair):
    subject = Subject(pair, conditional=True)
    assert np.isnan(subject.step([[np.nan, 1.0], [1.0, 1.0]], True)).any()


def test_a_scaled_update_moves_as_far_as_a_plain_one(pair):
    grads = [[0.5, 0.25], [0.5, 0.25]]
    plain, scaled = Subject(pair).step(grads), Subject(pair, scaled=True).step(grads)
    np.testing.assert_array_equal(plain, scaled)


def test_the_loss_scale_halves_on_overflow_and_doubles_after_good_updates(monkeypatch):
    monkeypatch.setattr(precision, "GROWTH_INTERVAL", 3)
    scale, factors = precision.LossScale(), []
    for good in (True, True, False, True, True, True, True, True, True):
        scale.update(tf.constant(good))
        factors.append(float(scale.factor) / precision.FIRST_SCALE)
    assert factors == [1, 1, 0.5, 0.5, 0.5, 1, 1, 1, 2]


def test_the_loss_scale_stays_between_1_and_its_largest():
    scale = precision.LossScale()
    scale.factor.assign(1.0)
    scale.update(tf.constant(False))
    assert float(scale.factor) == 1.0
    scale.factor.assign(precision.LARGEST_SCALE)
    scale.good.assign(precision.GROWTH_INTERVAL - 1)
    scale.update(tf.constant(True))
    assert float(scale.factor) == precision.LARGEST_SCALE and int(scale.good) == 0
