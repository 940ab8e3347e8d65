"""Adversarial losses whose generator part compares generated images with real ones."""

import numpy as np
import pytest
import tensorflow as tf
from systems import NO_DROPOUT, changed, phase, trainable, trainer, update

from framework import losses
from framework.engine.randomness import Random
from framework.options import config
from framework.trainers import adversarial
from framework.utils import to_float
from nets import gan


def disc(*, real_logits, fake_logits):
    """Relativistic loss of the discriminator: Jolicoeur-Martineau, arXiv 1807.00734, eq. 6."""
    return {"real": tf.reduce_mean(tf.nn.softplus(fake_logits - real_logits)), "fake": 0.0}


def gen(*, real_logits, fake_logits):
    """Relativistic loss of the generator, eq. 7."""
    return tf.reduce_mean(tf.nn.softplus(real_logits - fake_logits))


@pytest.fixture
def relativistic(monkeypatch):
    """Puts a relativistic loss in the place of `ce`."""
    monkeypatch.setitem(losses.ADVERSARIAL, "ce", losses.Pair(disc, gen, needs_real=True))


def test_a_relativistic_loss_by_head():
    real, fake = tf.zeros((2, 1)), tf.fill((2, 1), np.float32(np.log(3)))
    assert float(gen(real_logits=real, fake_logits=fake)) == pytest.approx(np.log(4 / 3))
    assert float(disc(real_logits=real, fake_logits=fake)["real"]) == pytest.approx(np.log(4))


@pytest.fixture
def without_dropout(monkeypatch):
    """Discriminators of single GANs whose logits are the same in every pass."""
    plain = gan.discriminator
    monkeypatch.setattr(gan, "discriminator", lambda *a, **k: plain(*a, **k, dropout=0.0))


@pytest.mark.parametrize("system", ["gan", "cogan"])
def test_both_teams_train_by_it(system, relativistic, without_dropout, eager):
    subject = trainer(system, *(NO_DROPOUT if system == "cogan" else []))
    element = next(subject.batches(0))
    batch = {name: to_float(element[name][0]) for name in element if name[0] == "x"}
    random = Random(7, tf.constant(0))  # that of `update`
    if system == "gan":
        pairs = {"adv": ("disc", batch["x1"], subject.fake(batch, random))}
    else:
        fake1, fake2 = subject.fakes(batch, random).images
        pairs = {"adv1": ("disc1", batch["x1"], fake1), "adv2": ("disc2", batch["x2"], fake2)}
    for term, (name, real, fake) in pairs.items():
        real_logits, fake_logits = (subject.nets[name](x, training=True) for x in (real, fake))
        differences = real_logits.numpy() - fake_logits.numpy()
        pairs[term] = np.mean(np.log1p(np.exp(differences)))
    before = trainable(subject)
    terms = update(subject, "gen")
    assert {name: terms[f"gen/{name}"] for name in pairs} == pytest.approx(pairs, rel=1e-4)
    assert changed(before, trainable(subject)) == set(phase(subject, "gen").nets)
    before = trainable(subject)
    assert all(np.isfinite(value) for value in update(subject, "disc").values())
    assert changed(before, trainable(subject)) == set(phase(subject, "disc").nets)


@pytest.mark.parametrize(("needs_real", "rows"), [(False, 2), (True, 4)])
def test_real_images_pass_only_for_losses_that_need_them(needs_real, rows, monkeypatch):
    def either(*, fake_logits, real_logits=None):
        return tf.reduce_mean(fake_logits)

    monkeypatch.setitem(losses.ADVERSARIAL, "ce", losses.Pair(disc, either, needs_real))
    sizes, real, fake = [], tf.zeros((2, 4, 4, 3)), tf.ones((2, 4, 4, 3))

    def net(images):
        sizes.append(len(images))
        return tf.reduce_mean(images, axis=(1, 2))

    options = config.parse(["--gan_type", "cogan"])
    assert float(adversarial.gen_loss(options, net, real, fake)) == 1.0
    assert sizes == [rows]
