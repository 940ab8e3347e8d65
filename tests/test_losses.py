"""Adversarial losses and the divergence of Gaussians, by head."""

import math

import numpy as np
import pytest
import tensorflow as tf

from framework.losses import ADVERSARIAL, gaussian_kl
from framework.options.adversarial import LOSSES

LN2 = math.log(2)
GOLDEN = [  # loss, logit of the real, of the fake, real part, fake part, generator
    ("ce", 0, 0, LN2, LN2, LN2),
    ("minimax", 0, 0, LN2, LN2, -LN2),
    ("lsgan", 0, 0, 0.5, 0, 0.5),
    ("lsgan", 3, -1, 2, 0.5, 2),
    ("hinge", 0, 0, 1, 1, 0),
    ("hinge", 0.5, -3, 0.5, 0, 3),
    ("hinge", 2, 1, 0, 2, -1),
    ("wgan", 2, 5, -2, 5, -5),
]


@pytest.mark.parametrize(("name", "real", "fake", "real_part", "fake_part", "gen_loss"), GOLDEN)
def test_golden(name, real, fake, real_part, fake_part, gen_loss):
    disc, gen, _ = ADVERSARIAL[name]
    real_logits, fake_logits = tf.fill([4, 1], float(real)), tf.fill([4, 1], float(fake))
    parts = disc(real_logits=real_logits, fake_logits=fake_logits)
    assert float(parts["real"]) == pytest.approx(real_part, abs=1e-6)
    assert float(parts["fake"]) == pytest.approx(fake_part, abs=1e-6)
    assert float(gen(fake_logits=fake_logits)) == pytest.approx(gen_loss, abs=1e-6)


@pytest.mark.parametrize("name", ADVERSARIAL)
def test_patches_equal_flat_logits(name):
    disc, gen, _ = ADVERSARIAL[name]
    real, fake = np.random.default_rng(0).normal(size=(2, 48)).astype("f")
    flat = [*disc(real_logits=real, fake_logits=fake).values(), gen(fake_logits=fake)]
    real, fake = real.reshape(3, 4, 4, 1), fake.reshape(3, 4, 4, 1)
    patch = [*disc(real_logits=real, fake_logits=fake).values(), gen(fake_logits=fake)]
    assert [t.shape for t in patch] == [(), (), ()]
    assert np.array(patch) == pytest.approx(np.array(flat), abs=1e-6)


@pytest.mark.parametrize("name", ADVERSARIAL)
def test_extreme_half_precision_logits_stay_finite(name):
    disc, gen, _ = ADVERSARIAL[name]
    logits = tf.constant([-1e4, 1e4], tf.float16)
    values = [*disc(real_logits=logits, fake_logits=logits).values(), gen(fake_logits=logits)]
    assert all(value.dtype == tf.float32 and np.isfinite(value) for value in values)


@pytest.mark.parametrize("name", ADVERSARIAL)
def test_who_gains_by_which_score(name):
    """The critic gains by real above fake, the generator by fakes that score higher."""
    disc, gen, _ = ADVERSARIAL[name]
    real, fake = tf.Variable([0.3]), tf.Variable([0.4])
    with tf.GradientTape(persistent=True) as tape:
        loss = sum(disc(real_logits=tf.identity(real), fake_logits=tf.identity(fake)).values())
        generator = gen(fake_logits=tf.identity(fake))
    assert float(tape.gradient(loss, real)[0]) < 0
    assert float(tape.gradient(loss, fake)[0]) > 0
    assert float(tape.gradient(generator, fake)[0]) < 0


@pytest.mark.parametrize("name", ADVERSARIAL)
def test_logits_are_given_by_keyword_and_generators_ignore_the_real_ones(name):
    pair, fake = ADVERSARIAL[name], tf.constant([0.5])
    for function in (pair.disc, pair.gen):
        with pytest.raises(TypeError):
            function(fake, fake)
    assert not pair.needs_real
    values = [pair.gen(fake_logits=fake, real_logits=tf.constant([x])) for x in (-3.0, 3.0)]
    assert float(values[0]) == float(values[1]) == float(pair.gen(fake_logits=fake))


@pytest.mark.parametrize(
    ("mean", "log_variance", "divergence"),
    [(0.0, 0.0, 0.0), (2.0, 0.0, 3 * 2.0), (0.0, np.log(4.0), 3 * (1.5 - np.log(2.0)))],
)
def test_divergence_of_gaussians(mean, log_variance, divergence):
    rows = [np.full((5, 3), value, np.float32) for value in (mean, log_variance)]
    assert float(gaussian_kl(*rows)) == pytest.approx(divergence, rel=1e-6, abs=1e-7)


def test_every_loss_can_be_chosen():
    assert {*LOSSES} == {*ADVERSARIAL}
