"""Feature maps by which CycleFUNIT and LORD compare images."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from framework import penalties
from framework.errors import MissingError
from framework.frozen import perceptual
from framework.options import config
from nets import classifier

X = tf.constant(np.random.default_rng(0).uniform(-1, 1, (2, 32, 32, 3)), tf.float32)


def options(*argv: str):
    return config.parse(["--gan_type", "g2g", "--g2g_variant", "cyclefunit", *argv])


def untrained():
    """Gives the maker of a classifier."""
    keras.utils.set_random_seed(3)
    net = classifier.classifier("strided", classes=3, width=0.1)
    return lambda: net


def never():
    pytest.fail("a classifier was trained for nothing")


def test_a_classifiers_middle_map_compares_images():
    make = perceptual.second_map(options("--perceptual_net", "classifier"), untrained)
    net = make()
    assert net.output_shape == (None, 8, 8, 6)  # behind the second of three strided rows of 6
    assert not net.trainable_variables
    maps = net(X, training=False).numpy()
    assert maps.min() == 0 < maps.max(), "behind a ReLU"
    assert maps.shape == net(X, training=True).shape
    np.testing.assert_array_equal(maps, net(X, training=True))


def test_the_second_map_of_vgg16_compares_images():
    argv = "--perceptual_net vgg16 --perceptual_weights random".split()
    net = perceptual.second_map(options(*argv), never)()
    assert net.output_shape == (None, 16, 16, 128)  # relu2_2
    assert not net.trainable_variables
    with tf.GradientTape() as tape:
        tape.watch(X)
        distance = penalties.distance(net(X, training=False), net(-X, training=False))
    assert float(distance) > 0 and np.abs(tape.gradient(distance, X)).max() > 0


def test_missing_weights_are_reported():
    with pytest.raises(MissingError, match="--perceptual_weights gone"):
        perceptual.second_map(options("--perceptual_weights", "gone"), never)
