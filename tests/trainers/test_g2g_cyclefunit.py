"""Equations 2-8 of the paper, computed by hand; the images are those of `toy_g2g`."""

import numpy as np
import pytest
import tensorflow as tf
from systems import changed, trainable, trainer, update
from toy_g2g import X1, X2, batch, floats, numbers, style, toy

from framework.engine.randomness import Random
from framework.options import config
from framework.trainers.g2g_trainer import identity_weight

UNTRAINED = "--g2g_variant cyclefunit --dry_run".split()


def features(x, training=None):
    """V of the toys."""
    return 10 * x


def disc(x, training=None):
    """D of the toys: two patches, both the sum of content and style."""
    return tf.repeat(tf.reduce_sum(x, axis=-1), 2, axis=2)


def cycle(*argv: str, identity=style, **nets):
    """The toy, whose identity is its style."""
    gamma = () if "--sanity" in argv else ("--gamma", "1")
    argv = *gamma, "--perceptual_net", "classifier", *argv
    frozen = dict(perceptual=features, identity=identity)
    return toy("cyclefunit", *argv, frozen=frozen, **dict(disc=disc) | nets)


def at(step: int) -> Random:
    return Random(0, tf.constant(step, tf.int64))


def test_terms_of_encoders_and_generator():
    # V scales the distances of the naive variant by 10. D(m12) = -15, D(m21) = 13, so that
    # eq. 6 is the mean of 16^2 and 12^2. Short: |G(1, 2) - x1| = (2 + 4) / 2, (4 + 8) / 2.
    terms = floats(cycle().gen_terms(batch(), at(0)))
    assert terms == {"rec": 300, "content": 20, "style": 80, "adv": 200}
    argv = "--rec_short_weight 2 --adv_weight 0.5 --rec_weight 0.1".split()
    terms = floats(cycle(*argv).gen_terms(batch(), at(0)))
    assert terms["rec_short"] == 2 * 90
    assert terms["adv"] == 100 and terms["rec"] == pytest.approx(30)
    assert "adv" not in cycle("--adv_weight", "0").gen_terms(batch(), at(0))


def test_the_discriminator_separates_images_from_mixed_ones():
    # Eq. 7: half the mean of (D(x) - 1)^2 = 2^2, 0 and half that of D(m)^2 = 15^2, 13^2.
    factor = tf.Variable(1.0)
    subject = cycle(gen=lambda codes, training: factor * cycle().nets["gen"](codes))
    with tf.GradientTape() as tape:
        terms = subject.disc_terms(batch(), at(0))
    assert floats(terms) == {"adv": 1 + 98.5}
    assert tape.gradient(terms["adv"], factor) is None, "no gradient flows into mixed images"


def test_identities_are_those_of_the_mixed_image_with_the_style():
    # Eq. 8: F(x1) = 2 against F(m21) = 6, F(x2) = -4 against F(m12) = -12; the text's index, which
    # pairs by content, would give |2 + 12| + |-4 - 6| = 24.
    terms = floats(cycle("--id_mode", "loss", "--id_weight", "0.5").gen_terms(batch(), at(0)))
    assert terms["identity"] == 0.5 * 12


@pytest.mark.parametrize(("iteration", "share"), [(1, 0), (3, 0), (5, 0.5), (7, 1), (99, 1)])
def test_the_weight_of_identities_rises(iteration, share):
    argv = "--id_mode loss --id_weight 2 --id_start 3 --id_ramp 4".split()
    terms = floats(cycle(*argv).gen_terms(batch(), at(iteration - 1)))
    assert terms["identity"] == share * 2 * 12
    late = "--id_mode loss --id_start 3".split()
    assert floats(cycle(*late).gen_terms(batch(), at(2)))["identity"] == 0
    assert floats(cycle(*late).gen_terms(batch(), at(3)))["identity"] == 12


def test_sanity_sees_one_image_twice_and_reconstructs_alone():
    terms = floats(cycle("--sanity").gen_terms(batch(X1, X2), at(0)))
    assert terms == {"rec": floats(cycle().gen_terms(batch(X1, X1), at(0)))["rec"]}
    assert terms["rec"] != floats(cycle().gen_terms(batch(X1, X2), at(0)))["rec"]
    inputs = []
    subject = cycle("--sanity", disc=lambda x, training: inputs.append(numbers(x)) or disc(x))
    subject.disc_terms(batch(), at(0))
    assert inputs[0] == [X1, X1]


def test_replaced_styles_are_codes_of_the_frozen_net():
    identity = lambda x, training: 2 * style(x)  # noqa: E731
    subject = cycle("--id_mode", "replace", identity=identity, style=None)
    # s = (4, -8), m12 = G(1, -8) = (-7, -24), m21 = (9, 12) with styles -48 and 24.
    terms = floats(subject.gen_terms(batch(), at(0)))
    assert terms["style"] == (4 - 24) ** 2 + (-8 + 48) ** 2 and "identity" not in terms


def test_identities_as_styles_train_without_a_style_net(eager):
    subject = trainer("g2g", *UNTRAINED, "--id_mode", "replace", "--ema", "0.9")
    assert set(subject.nets) == {"content", "gen", "disc"}
    assert set(subject.system.averages) == {"content", "gen"}
    assert subject.frozen["identity"].output_shape == subject.nets["gen"].input_shape[1]
    for name, moved in (("gen", {"content", "gen"}), ("disc", {"disc"})):
        before = trainable(subject)
        assert all(np.isfinite(value) for value in update(subject, name).values())
        assert changed(before, trainable(subject)) == moved


@pytest.mark.parametrize(
    ("argv", "weights"),
    [
        ("", {1: 1.0, 9: 1.0}),
        ("--id_weight 3 --id_ramp 3", {1: 1.0, 2: 2.0, 3: 3.0, 9: 3.0}),
        ("--id_weight 3 --id_start 5", {1: 0.0, 5: 0.0, 6: 3.0}),
        ("--id_weight 4 --id_start 5 --id_ramp 2", {5: 0.0, 6: 2.0, 7: 4.0, 8: 4.0}),
    ],
)
def test_the_weight_of_identities_by_iteration(argv, weights):
    flags = "--gan_type g2g --g2g_variant cyclefunit --id_mode loss".split()
    options = config.parse([*flags, *argv.split()])
    steps = {i: tf.constant(i - 1, tf.int64) for i in weights}
    found = {i: float(identity_weight(options, step)) for i, step in steps.items()}
    assert found == weights
