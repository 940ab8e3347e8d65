import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from framework import penalties
from framework.penalties import PENALTIES


def uniform(shape):
    return tf.random.stateless_uniform(shape, [1, 2])


def slope(c):
    """Critic D(x) = c * sum(x): on n inputs its gradient has length c * sqrt(n)."""
    return lambda x: c * tf.reshape(x, [tf.shape(x)[0], -1]) @ tf.ones([math.prod(x.shape[1:]), 1])


def noise(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("f")


@pytest.mark.parametrize("name", ["wgan-gp", "dragan"])
@pytest.mark.parametrize("shape", [(5, 4), (5, 2, 2, 1)])
def test_slope_two_on_four_inputs_gives_nine(name, shape):
    penalty = PENALTIES[name](slope(2.0), noise(*shape), noise(*shape, seed=1), uniform)
    assert float(penalty) == pytest.approx(9, abs=1e-5)


@pytest.mark.parametrize("name", ["wgan-gp", "dragan"])
@pytest.mark.parametrize("shape", [(5, 4), (5, 2, 2, 1)])
def test_unit_slope_costs_nothing(name, shape):
    penalty = PENALTIES[name](slope(0.5), noise(*shape), noise(*shape, seed=1), uniform)
    assert float(penalty) == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("shape", [(5, 4), (5, 2, 2, 1)])
def test_r1_is_half_the_squared_slope(shape):
    penalty = penalties.r1(slope(3.0), noise(*shape), None, uniform)
    assert float(penalty) == pytest.approx(0.5 * 36, abs=1e-4)


@pytest.mark.parametrize("name", PENALTIES)
def test_patch_critic_equals_its_sum(name):
    """Four patches that each see one pixel against one score over all of them."""
    real, fake = noise(3, 2, 2, 1), noise(3, 2, 2, 1, seed=1)
    values = [
        float(PENALTIES[name](disc, real, fake, uniform)) for disc in (lambda x: 2 * x, slope(2.0))
    ]
    assert values[0] == pytest.approx(values[1], abs=1e-5)


@pytest.mark.parametrize("name", PENALTIES)
def test_flat_critic_has_finite_gradients(name):
    weight = tf.Variable(0.0)
    with tf.GradientTape() as tape:
        value = PENALTIES[name](lambda x: weight * x, noise(3, 4), noise(3, 4), uniform)
    assert float(value) == pytest.approx(0 if name == "r1" else 1, abs=1e-5)
    assert np.isfinite(tape.gradient(value, weight))


def test_gradient_of_the_penalty_by_hand():
    """D(x) = w * x on one input: d/dw (|w| - 1)^2 = 2 (w - 1)."""
    weight = tf.Variable(4.0)
    with tf.GradientTape() as tape:
        value = penalties.gradient_penalty(lambda x: weight * x, noise(3, 1), noise(3, 1), uniform)
    assert float(tape.gradient(value, weight)) == pytest.approx(6, abs=1e-5)


def test_interpolation_draws_one_number_per_sample():
    seen = {}

    def disc(x):
        seen["x"] = x.numpy()
        return x

    def given(shape):
        seen["shape"] = shape.numpy().tolist()
        return tf.reshape(tf.constant([0.0, 0.25, 1.0]), shape)

    penalties.gradient_penalty(disc, np.zeros((3, 2, 2, 1), "f"), np.ones((3, 2, 2, 1), "f"), given)
    assert seen["shape"] == [3, 1, 1, 1]
    expected = np.repeat([0, 0.25, 1], 4).reshape(3, 2, 2, 1)
    assert seen["x"] == pytest.approx(expected, abs=1e-6)


def test_dragan_stays_near_the_data():
    seen = {}

    def disc(x):
        seen["x"] = x.numpy()
        return x

    real = noise(50, 8)
    penalties.dragan(disc, real, None, uniform)
    shift = seen["x"] - real
    assert 0 <= shift.min() and 0 < shift.max() <= 0.5 * real.std() + 1e-6


def test_half_precision_fakes_are_cast():
    fake = tf.cast(noise(5, 4), tf.float16)
    penalty = penalties.gradient_penalty(slope(2.0), noise(5, 4), fake, uniform)
    assert penalty.dtype == tf.float32
    assert float(penalty) == pytest.approx(9, abs=1e-5)


def test_penalty_works_in_a_graph_of_unknown_batch_size():
    signature = [tf.TensorSpec([None, 2, 2, 1])] * 2
    run = tf.function(
        lambda real, fake: penalties.gradient_penalty(slope(2.0), real, fake, uniform),
        input_signature=signature,
    )
    assert float(run(noise(5, 2, 2, 1), noise(5, 2, 2, 1))) == pytest.approx(9, abs=1e-5)


def test_penalty_refuses_unequal_shapes():
    with pytest.raises(ValueError, match="shapes differ"):
        penalties.gradient_penalty(slope(1.0), noise(3, 4), noise(1, 4), uniform)


MAPS1 = [np.zeros((2, 4, 4, 3), "f"), np.zeros((2, 8, 8, 3), "f"), np.zeros((2, 1), "f")]
MAPS2 = [np.full_like(m, value) for m, value in zip(MAPS1, (1, 2, 3), strict=True)]


@pytest.mark.parametrize(
    ("layers", "reduction", "distance"),
    [(1, "sum", 1), (2, "sum", 5), (3, "sum", 14), (2, "mean", 2.5), (3, "mean", 14 / 3)],
)
def test_feature_distance(layers, reduction, distance):
    value = penalties.feature_distance(MAPS1[:layers], MAPS2[:layers], reduction)
    assert float(value) == pytest.approx(distance, abs=1e-5)


def test_equal_features_cost_nothing():
    assert float(penalties.feature_distance(MAPS2, MAPS2)) == pytest.approx(0, abs=1e-9)


def test_feature_distance_refuses_nonsense():
    with pytest.raises(ValueError, match="zip"):
        penalties.feature_distance(MAPS1, MAPS2[:2])
    with pytest.raises(ValueError, match="reduction"):
        penalties.feature_distance(MAPS1, MAPS2, "max")
    with pytest.raises(ValueError, match="shapes differ"):
        penalties.feature_distance(MAPS1[:1], MAPS2[1:2])


def test_weight_distance_sums_means():
    first = [tf.Variable([0.0, 0.0]), tf.Variable([[1.0]])]
    second = [tf.Variable([1.0, 3.0]), tf.Variable([[3.0]])]
    assert float(penalties.weight_distance(first, second)) == pytest.approx(5 + 4, abs=1e-5)
    assert float(penalties.weight_distance(first, first)) == pytest.approx(0, abs=1e-9)


def test_weight_distance_takes_keras_variables_and_gives_gradients():
    first, second = (keras.Variable([value]) for value in (1.0, 3.0))
    with tf.GradientTape() as tape:
        value = penalties.weight_distance([first], [second])
    assert float(tape.gradient(value, first.value)[0]) == pytest.approx(-4, abs=1e-5)


def test_weight_distance_refuses_other_shapes():
    with pytest.raises(ValueError, match="2 variables against 1"):
        penalties.weight_distance([tf.zeros(1)] * 2, [tf.zeros(1)])
    with pytest.raises(ValueError, match="shapes differ"):
        penalties.weight_distance([tf.zeros(3)], [tf.zeros(1)])


SURE = tf.constant([[100.0, 0.0], [100.0, 0.0]])


@pytest.mark.parametrize(
    ("norm", "other", "distance"),
    [
        ("l2", [[0, 0], [100, 0]], 0.125),  # (.25 + .25 + 0 + 0) / 4
        ("l1", [[0, 0], [100, 0]], 0.25),
        ("l2", [[0, 100], [0, 100]], 1),
        ("l1", [[0, 100], [0, 100]], 1),
        ("ce", [[100, 0], [100, 0]], 0),
        ("ce", [[0, 100], [0, 100]], 100),
    ],
)
def test_semantic_distance(norm, other, distance):
    value = penalties.semantic_distance(SURE, tf.constant(other, tf.float32), norm)
    assert float(value) == pytest.approx(distance, abs=1e-4)


def test_cross_entropy_of_unsure_judgements_is_ln_2():
    value = penalties.semantic_distance(tf.zeros([3, 2]), tf.zeros([3, 2]), "ce")
    assert float(value) == pytest.approx(math.log(2), abs=1e-6)


@pytest.mark.parametrize(
    ("norm", "distance"),
    [
        ("l2", (1 + 0.25) / 4),
        ("l1", (1 + 0.5) / 4),
        ("ce", (100 + (math.log(2) + 50) / 2 + math.log(2)) / 4),
    ],
)
def test_semantic_distance_of_attributes(norm, distance):
    """Probabilities 1, 1, 1/2, 0 against 0, 1/2, 1/2, 0; more than one can be present."""
    a, b = tf.constant([[100.0, 100.0, 0.0, -100.0]]), tf.constant([[-100.0, 0.0, 0.0, -100.0]])
    value = penalties.semantic_distance(a, b, norm, multilabel=True)
    assert float(value) == pytest.approx(distance, abs=1e-4)


@pytest.mark.parametrize("norm", ["l1", "l2", "ce"])
def test_semantic_distance_is_symmetric(norm):
    a, b = noise(4, 10), noise(4, 10, seed=1)
    there, back = penalties.semantic_distance(a, b, norm), penalties.semantic_distance(b, a, norm)
    assert float(there) == pytest.approx(float(back), abs=1e-6)
    assert float(there) > 0


def test_distance():
    z, found = tf.zeros([2, 2]), tf.constant([[1.0, -3.0], [0.0, 0.0]])
    assert float(penalties.distance(z, found)) == pytest.approx(1, abs=1e-6)
    assert float(penalties.distance(z, found, "l2")) == pytest.approx(2.5, abs=1e-6)
    assert float(penalties.distance(found, found)) == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("fn", [penalties.distance, penalties.semantic_distance])
def test_distances_refuse_nonsense(fn):
    with pytest.raises(ValueError, match="shapes differ"):
        fn(tf.zeros([4, 2]), tf.zeros([1, 2]))
    with pytest.raises(ValueError, match="norm"):
        fn(tf.zeros([4, 2]), tf.zeros([4, 2]), "linf")


PIXELS = np.float32([[[[1, 2], [3, 4]]]])  # two pixels of two channels


def test_gram_by_hand():
    """1 * 1 + 3 * 3 = 10, 1 * 2 + 3 * 4 = 14 and 2 * 2 + 4 * 4 = 20, over two pixels."""
    assert penalties.gram(PIXELS).numpy().tolist() == [[[5, 7], [7, 10]]]
    assert penalties.gram(PIXELS, "hwc").numpy().tolist() == [[[2.5, 3.5], [3.5, 5]]]


def test_gram_keeps_samples_apart_and_forgets_places():
    maps = noise(3, 4, 5, 2)
    turned = maps[:, ::-1, ::-1]
    whole = penalties.gram(maps).numpy()
    assert whole == pytest.approx(penalties.gram(turned).numpy(), abs=1e-5)
    for i in range(3):
        assert whole[i] == pytest.approx(penalties.gram(maps[i : i + 1])[0].numpy(), abs=1e-5)


def test_style_distance_is_the_mean_over_layers():
    zeros = np.zeros_like(PIXELS)
    one = (5**2 + 7**2 + 7**2 + 10**2) / 4
    assert float(penalties.style_distance([PIXELS], [zeros])) == pytest.approx(one, abs=1e-4)
    both = penalties.style_distance([PIXELS, PIXELS], [zeros, PIXELS])
    assert float(both) == pytest.approx(one / 2, abs=1e-4)
    channels = penalties.style_distance([PIXELS], [zeros], "hwc")
    assert float(channels) == pytest.approx(one / 4, abs=1e-4)


def test_identical_images_cost_nothing():
    maps = [noise(2, 3, 3, 4), noise(2, 2, 2, 5)]
    assert float(penalties.style_distance(maps, maps)) == pytest.approx(0, abs=1e-9)


def test_perceptual_distances_are_float32_in_half_precision():
    half = tf.cast(PIXELS, tf.bfloat16)
    assert penalties.gram(half).dtype == tf.float32
    assert penalties.distance(half, half).dtype == tf.float32


def test_perceptual_distances_refuse_nonsense():
    with pytest.raises(ValueError, match="shapes differ"):
        penalties.style_distance([noise(2, 3, 3, 4)], [noise(1, 3, 3, 4)])
    with pytest.raises(ValueError, match="zip"):
        penalties.style_distance([PIXELS], [])
    with pytest.raises(ValueError, match="choose from hw, hwc"):
        penalties.gram(PIXELS, "chw")


def test_feature_matching_compares_means_over_the_batch():
    real = [tf.constant([[0.0, 2.0], [2.0, 2.0]]), tf.constant([[1.0], [1.0]])]
    fake = [tf.constant([[3.0, 2.0], [3.0, 2.0]]), tf.constant([[0.0], [4.0]])]
    # Means (1, 2) against (3, 2): 4 / 2; 1 against 2: 1.
    assert float(penalties.feature_matching(real, fake)) == pytest.approx(3)
    assert float(penalties.feature_matching(real, real)) == 0


def test_distances_within_a_batch_and_an_image():
    x = tf.reshape(tf.constant([0.0, 0.0, 1.0, 1.0, 4.0, 8.0]), (3, 2, 1, 1))
    np.testing.assert_allclose(penalties.pair_distances(x), [1, 6, 5])
    np.testing.assert_allclose(penalties.half_distances(x), [0, 0, 4])


def test_distances_are_compared_in_units_of_their_domain():
    before, after = np.array([1.0, 3.0]), np.array([10.0, 30.0])
    assert float(penalties.distance_change(before, after, ((2, 1), (20, 10)))) == 0
    found = penalties.distance_change(before, after, ((2, 1), (20, 5)))
    assert float(found) == pytest.approx(1)  # -1 against -2, 1 against 2
