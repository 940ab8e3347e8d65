"""Networks as plain layers of Keras: the same function, weights and order of weights."""

import random

import keras
import numpy as np
import pytest
import tensorflow as tf
from variants import randomize

from nets import blocks, classifier, funit, gan, lord, modulated, plain
from nets.blocks import Style

SIZES = dict(image_size=32, nf=2, downs=2, style_dim=3)
NETS = {
    "adain": lambda: lord.generator(
        image_size=16, content_dim=4, style_dim=3, width=8, tail=4, adain_layers=2
    ),
    "residual adain": lambda: funit.decoder(
        **SIZES, mlp_width=4, res_blocks=2, unit_gain=True, code_channels=2
    ),
    "reflect padding": lambda: funit.discriminator(image_size=16, nf=2, res_blocks=4, classes=3),
    "dropout": lambda: classifier.classifier(width=0.1),
}


def values(net, training=False) -> list[np.ndarray]:
    """Outputs of a net for inputs that are always the same."""
    numbers = np.random.default_rng(3)
    x = [numbers.uniform(-1, 1, (2, *each.shape[1:])).astype(np.float32) for each in net.inputs]
    outputs = net(x if len(x) > 1 else x[0], training=training)
    return [np.asarray(each) for each in keras.tree.flatten(outputs)]


@pytest.fixture(params=NETS)
def net(request) -> keras.Model:
    net = NETS[request.param]()
    randomize(net)
    return net


@pytest.mark.parametrize("convert", [plain.to_keras, plain.for_inference])
def test_a_converted_net_has_layers_of_keras_alone_and_the_same_weights(net, convert):
    copy = convert(net)
    assert "softgan" in net.to_json() and "softgan" not in copy.to_json()
    assert [w.path for w in copy.weights] == [w.path for w in net.weights]
    for mine, other in zip(copy.get_weights(), net.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, other)
    for mine, other in zip(values(copy), values(net), strict=True):
        np.testing.assert_allclose(mine, other, atol=1e-4 * np.abs(other).max())


def test_adain_sets_mean_and_deviation():
    # The map is -1, 1: mean 0, deviation 1. Bias 5 and gain 2 make it 3, 7.
    x, modulation = keras.Input((1, 2, 1)), keras.Input((2,))
    net = keras.Model([x, modulation], modulated.AdaIN(name="a")([x, modulation]))
    given = [tf.constant([[[[-1.0], [1.0]]]]), tf.constant([[5.0, 2.0]])]
    np.testing.assert_allclose(np.ravel(plain.to_keras(net)(given)), [3, 7], atol=1e-4)


def test_a_net_of_keras_alone_is_returned_itself():
    net = gan.generator("toy", noise_dim=2)
    assert plain.to_keras(net) is net


def test_a_model_that_is_no_graph_is_returned_itself():
    class Own(keras.Model):
        def call(self, x):
            return x

    net = Own()
    assert plain.to_keras(net) is net


def test_a_layer_that_is_applied_twice_stays_one_layer():
    inputs = [keras.Input((3,)), keras.Input((3,))]
    dense, drop = keras.layers.Dense(2), blocks.Dropout(0.5, name="drop")
    net = keras.Model(inputs, [drop(dense(x)) for x in inputs])
    copy = plain.to_keras(net)
    assert len(copy.weights) == 2
    np.testing.assert_allclose(values(copy), values(net), atol=1e-6)


def test_a_sequence_and_models_inside_a_model_are_converted_too():
    inner = keras.Sequential([keras.Input((4, 4, 1)), modulated.ReflectPad(1, name="pad")])
    x = keras.Input((4, 4, 1))
    for net in (inner, keras.Model(x, inner(x))):
        copy = plain.to_keras(net)
        assert "softgan" not in copy.to_json()
        np.testing.assert_array_equal(values(copy), values(net))


def test_conversion_draws_no_random_numbers(net):
    random.seed(5)
    before = random.getstate()
    plain.to_keras(net)
    assert random.getstate() == before


def test_for_inference_training_mode_changes_nothing():
    x = keras.Input((2,))
    layers = [keras.layers.Dense(3), blocks.batch_norm(), blocks.Dropout(0.5)]
    net = keras.Model(x, blocks.chain([*layers, keras.layers.Dropout(0.5)], x))
    copy = plain.for_inference(net)
    np.testing.assert_array_equal(values(copy, training=True), values(net))
    assert not copy.trainable_weights


def test_for_inference_computes_in_float32():
    x = keras.Input((2,))
    dense = Style().dense(2, name="dense", dtype="mixed_bfloat16")
    net = keras.Model(x, dense(x))
    assert values(net)[0].dtype != np.float32
    assert values(plain.for_inference(net))[0].dtype == np.float32


def test_features_are_left_out():
    net = gan.generator("32", noise_dim=2, width=0.01)
    image, features = net(np.zeros((1, 2), np.float32))
    assert features
    np.testing.assert_array_equal(plain.without_features(net)(np.zeros((1, 2), np.float32)), image)
    assert plain.without_features(plain.without_features(net)).output_shape == (None, 32, 32, 3)
