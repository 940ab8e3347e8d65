"""Equations 1-4 of the interim report, computed by hand; the images are those of `toy_g2g`."""

import pytest
import tensorflow as tf
from toy_g2g import batch, copy, floats, images, put, toy

from framework.engine.randomness import Random

RANDOM = Random(0, tf.constant(0))


def test_equations_1_to_4():
    # |r1 - x1| = (2 + 16) / 2, |r2 - x2| = (10 + 32) / 2; contents (1 + 3)^2 + (5 - 7)^2;
    # styles: s1 against that of m21, s2 of m12: (2 - 6)^2 + (-4 + 12)^2.
    terms = floats(toy("naive", "--gamma", "0.5").gen_terms(batch(), RANDOM))
    assert terms == {"rec": 9 + 21, "content": 0.5 * 20, "style": 0.5 * 80}
    terms = floats(toy("naive", "--gamma", "0", "--rec_weight", "2").gen_terms(batch(), RANDOM))
    assert terms == {"rec": 60, "content": 0, "style": 0}


def test_terms_are_means_over_the_pairs():
    # The second pair is put together again exactly: G(0, 0) = (0, 0).
    two = dict(x1=images((1, 2), (0, 0)), x2=images((5, -4), (0, 0)))
    terms = floats(toy("naive", "--gamma", "1").gen_terms(two, RANDOM))
    assert terms == {"rec": 15, "content": 10, "style": 40}


@pytest.mark.parametrize(
    "nets",
    [
        dict(gen=put),
        dict(content=lambda x, training: x, style=lambda x, training: 0 * x, gen=copy),
    ],
    ids=["disentangled", "copied"],
)
def test_copying_is_as_good_as_disentangling(nets):
    terms = floats(toy("naive", "--gamma", "1", **nets).gen_terms(batch(), RANDOM))
    assert terms == {"rec": 0, "content": 0, "style": 0}


def test_both_passes_through_encoders_and_generator_have_gradients():
    weights = [tf.Variable(1.0) for _ in range(3)]
    c, s, g = weights
    nets = dict(
        content=lambda x, training: c * x[:, 0, 0, :1],
        style=lambda x, training: s * x[:, 0, 0, 1:],
        gen=lambda codes, training: g * put(codes),
    )
    # With c = s = g = 1 all codes are found again, and only their second reading moves c and s.
    subject = toy("naive", "--gamma", "1", "--rec_weight", "0", **nets)
    with tf.GradientTape() as tape:
        terms = subject.gen_terms(batch(), RANDOM)
    assert [float(each) for each in tape.gradient(terms["rec"], weights)] == [0, 0, 0]
    subject = toy("naive", "--gamma", "0", **nets)
    with tf.GradientTape() as tape:
        weights[0].assign(2.0)
        total = subject.gen_terms(batch(), RANDOM)["rec"]
    # r = (c^2 g^2 x0, s^2 g^2 x1): |4 - 1| (1 + 5) / 2; d/dc = 2 c (1 + 5) / 2, and so on.
    assert float(total) == 9
    content, style, gen = (float(each) for each in tape.gradient(total, weights))
    assert (content, style, gen) == (12, 0, 2 * 4 * 3 + 0)
