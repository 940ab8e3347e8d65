import threading

import keras
import numpy as np
import pytest
import tensorflow as tf

from nets import blocks


def build(layer, shape):
    layer.build((None, *shape))
    return layer


@pytest.mark.parametrize("name", ["normal", "xavier", "he"])
def test_initialiser_is_new_each_time(name):
    first, second = blocks.initializer(name), blocks.initializer(name)
    assert first is not second
    assert np.abs(np.asarray(first((4, 4))) - np.asarray(second((4, 4)))).max() > 1e-4


def test_normal_initialiser_has_deviation_of_dcgan():
    values = np.asarray(blocks.initializer("normal")((200, 200)))
    assert values.std() == pytest.approx(0.02, abs=5e-4)
    assert values.mean() == pytest.approx(0, abs=5e-4)


def test_unknown_names_list_the_choices():
    with pytest.raises(ValueError, match="choose from normal, xavier, he"):
        blocks.initializer("zeros")
    with pytest.raises(ValueError, match="PReLU kind"):
        blocks.prelu("pixel")
    with pytest.raises(ValueError, match="unknown norm"):
        blocks.norm("group")


@pytest.mark.parametrize(
    ("kind", "shape"), [("channel", (1, 1, 5)), ("element", (3, 2, 5)), ("layer", (1, 1, 1))]
)
def test_prelu_slopes(kind, shape):
    layer = build(blocks.prelu(kind), (3, 2, 5))
    assert tuple(layer.alpha.shape) == shape
    assert layer(-4.0 * np.ones((1, 3, 2, 5), "f")).numpy() == pytest.approx(-1.0, abs=1e-6)


@pytest.mark.parametrize(("kind", "shape"), [("channel", (5,)), ("element", (5,)), ("layer", (1,))])
def test_prelu_of_a_vector(kind, shape):
    assert tuple(build(blocks.prelu(kind, rank=2), (5,)).alpha.shape) == shape


@pytest.mark.parametrize(
    ("kind", "axes"), [("layer", (1, 2, 3)), ("channel", (3,)), ("instance", (1, 2))]
)
def test_norm_is_over_its_axes(kind, axes):
    x = np.random.default_rng(0).normal(3, 10, (2, 8, 8, 6)).astype("f")
    y = blocks.norm(kind)[0](x).numpy()
    assert y.mean(axis=axes) == pytest.approx(0, abs=1e-4)
    assert y.std(axis=axes) == pytest.approx(1, abs=1e-2)


def test_norms_have_an_affine_per_channel():
    for kind in ("layer", "channel", "instance", "batch"):
        layer = build(blocks.norm(kind)[0], (4, 4, 6))
        assert [tuple(v.shape) for v in layer.trainable_variables] == [(6,), (6,)]


def test_norm_none_is_nothing():
    conv = keras.layers.Conv2D(3, 3, name="conv")
    assert blocks.norm("none") == []
    assert blocks.normed(conv, "none") == [conv]


def test_batch_norm_is_synchronised_over_replicas_only():
    assert not blocks.batch_norm().synchronized
    with tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"]).scope():
        assert blocks.batch_norm().synchronized


def test_batch_norm_keeps_its_numbers():
    layer = blocks.batch_norm(momentum=0.8, epsilon=0.5)
    assert (layer.momentum, layer.epsilon) == (0.8, 0.5)


@pytest.mark.parametrize("training", [None, False])
def test_dropout_is_the_identity_outside_training(training):
    x = np.ones((2, 3), "f")
    assert (blocks.Dropout(0.5)(x, training=training).numpy() == x).all()


def test_dropout_uses_the_source_in_force():
    def half(shape):
        return tf.reshape(tf.constant([0.1, 0.6, 0.4, 0.5]), shape)

    with blocks.randomness(half):
        y = blocks.Dropout(0.5)(np.ones((2, 2), "f"), training=True).numpy()
    assert y.tolist() == [[0, 2], [0, 2]]


def test_dropout_keeps_the_mean():
    y = blocks.Dropout(0.25)(np.ones((200, 200), "f"), training=True).numpy()
    assert y.mean() == pytest.approx(1, abs=0.02)
    assert (y == 0).mean() == pytest.approx(0.25, abs=0.02)


def test_dropout_acts_in_a_model_and_a_graph():
    x = keras.Input((4,))
    net = keras.Model(x, blocks.Dropout(0.5)(x))

    @tf.function
    def run(seed):
        with blocks.randomness(lambda shape: tf.random.stateless_uniform(shape, [seed, 0])):
            return net(tf.ones((8, 4)), training=True)

    first, again, other = (run(tf.constant(seed)).numpy() for seed in (1, 1, 2))
    assert (first == again).all()
    assert (first != other).any()
    assert set(np.unique(first)) == {0.0, 2.0}


def test_randomness_belongs_to_its_thread():
    """Replicas of a MirroredStrategy take turns inside a network call."""
    inside, seen = threading.Barrier(2, timeout=10), {}

    def replica(number):
        with blocks.randomness(lambda shape: tf.fill(shape, float(number))):
            inside.wait()
            seen[number] = float(blocks.uniform(tf.constant([1]))[0])
            inside.wait()

    threads = [threading.Thread(target=replica, args=(number,)) for number in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == {0: 0.0, 1: 1.0}


def test_randomness_ends_with_its_block():
    with pytest.raises(RuntimeError), blocks.randomness(tf.zeros):
        raise RuntimeError
    assert float(tf.reduce_max(blocks.uniform(tf.constant([50])))) > 0


@pytest.mark.parametrize("rate", [-0.1, 1.0])
def test_dropout_rate_is_checked(rate):
    with pytest.raises(ValueError, match="dropout rate"):
        blocks.Dropout(rate)


def test_dropout_comes_back_from_its_config():
    layer = blocks.Dropout(0.3, name="drop")
    copy = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer))
    assert isinstance(copy, blocks.Dropout)
    assert copy.rate == 0.3


def test_width_is_rounded_and_at_least_one():
    assert [blocks.scaled(64, width) for width in (1, 0.375, 0.001)] == [64, 24, 1]
    with pytest.raises(ValueError, match="width"):
        blocks.scaled(64, 0)


def test_style_gives_each_layer_its_own_initialiser():
    first, second = (blocks.Style().weights() for _ in range(2))
    assert first["kernel_initializer"] is not second["kernel_initializer"]


def test_decay_is_the_sum_of_squared_kernels():
    layer = blocks.Style(weight_decay=0.5, bias_init=3.0).dense(2, name="dense")
    build(layer, (2,)).kernel.assign([[1.0, 2.0], [0.0, -3.0]])
    assert [float(loss) for loss in layer.losses] == [pytest.approx(7.0, abs=1e-5)]
    assert layer.bias.numpy().tolist() == [3.0, 3.0]


def test_no_decay_no_loss():
    assert build(blocks.Style().dense(2, name="dense"), (2,)).losses == []


@pytest.mark.parametrize(
    ("kind", "values"),
    [("transpose", {1, 2, 4}), ("nearest", {9})],  # weights that hit an inner pixel, of 9
)
def test_repeated_pixels_leave_no_checkerboard(kind, values):
    block = blocks.Style(bias_init=0.0, upsample=kind).up(1, 3, name="up")
    x = keras.Input((6, 6, 1))
    net = keras.Model(x, blocks.chain(block, x))
    kernel = net.get_layer("up").kernel
    kernel.assign(np.ones(kernel.shape))
    assert set(net(np.ones((1, 6, 6, 1), "f")).numpy()[0, 2:-2, 2:-2].ravel()) == values


def test_a_residual_block_is_the_sum_of_its_branches():
    dense = [keras.layers.Dense(2, name=name) for name in ("main", "skip")]
    x = keras.Input((3,))
    net = keras.Model(x, blocks.Residual([dense[0]], [dense[1]], keras.layers.Add())(x))
    given = np.random.default_rng(0).normal(size=(4, 3)).astype("f")
    expected = given @ (dense[0].kernel.numpy() + dense[1].kernel.numpy())
    assert net(given).numpy() == pytest.approx(expected, abs=1e-6)
