"""Frozen nets that guide disentanglement."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from systems import save_classifier

from framework import config, guides, penalties
from framework.errors import MissingError
from nets import classifier

X = tf.constant(np.random.default_rng(0).uniform(-1, 1, (2, 32, 32, 3)), tf.float32)


def options(*argv: str):
    ids = ["--id_mode", "loss"] if any(word.startswith("--id") for word in argv) else []
    return config.parse(["--gan_type", "g2g", "--g2g_variant", "cyclefunit", *ids, *argv])


def own():
    """What makes a classifier; its making is what training one is."""
    keras.utils.set_random_seed(3)
    net = classifier.classifier("strided", classes=3, width=0.1)
    return lambda: net


def never():
    pytest.fail("a classifier was trained for nothing")


def test_a_classifiers_middle_map_compares_images():
    make = guides.perceptual(options("--perceptual_net", "classifier"), own)
    see = make()
    assert see.output_shape == (None, 8, 8, 6)  # behind the second of three strided rows of 6
    assert not see.trainable_variables
    maps = see(X, training=False).numpy()
    assert maps.min() == 0 < maps.max(), "behind a ReLU"
    assert maps.shape == see(X, training=True).shape
    np.testing.assert_array_equal(maps, see(X, training=True))


def test_the_second_map_of_vgg16_compares_images():
    argv = "--perceptual_net vgg16 --perceptual_weights random".split()
    see = guides.perceptual(options(*argv), never)()
    assert see.output_shape == (None, 16, 16, 128)  # relu2_2
    assert not see.trainable_variables
    with tf.GradientTape() as tape:
        tape.watch(X)
        distance = penalties.distance(see(X, training=False), see(-X, training=False))
    assert float(distance) > 0 and np.abs(tape.gradient(distance, X)).max() > 0


def test_missing_weights_are_told():
    with pytest.raises(MissingError, match="--perceptual_weights gone"):
        guides.perceptual(options("--perceptual_weights", "gone"), never)
    with pytest.raises(MissingError, match="no resnet50"):
        guides.identity(options("--identity_net", "resnet50", "--data_dir", "gone"), never)


def test_identities_of_the_face_net():
    argv = "--identity_net face128 --identity_weights random".split()
    net = guides.identity(options(*argv), never)()
    assert net(X, training=False).shape == (2, 128) and not net.trainable_variables
    dry = "--identity_net face128 --data_dir gone --dry_run".split()
    assert guides.identity(options(*dry), never)().output_shape == (None, 128)


def test_identities_of_a_classifier_are_its_features(tmp_path):
    net = keras.models.load_model(save_classifier(tmp_path / "net.keras"))
    see = guides.identity(options("--identity_net", "classifier"), lambda: lambda: net)()
    features = keras.Model(net.input, net.get_layer("features").output)
    np.testing.assert_allclose(see(X, training=False), features(X, training=False), atol=1e-5)


@pytest.mark.parametrize(
    ("argv", "weights"),
    [
        ("", {1: 1.0, 9: 1.0}),
        ("--id_weight 3 --id_ramp 3", {1: 1.0, 2: 2.0, 3: 3.0, 9: 3.0}),
        ("--id_weight 3 --id_start 5", {1: 0.0, 5: 0.0, 6: 3.0}),
        ("--id_weight 4 --id_start 5 --id_ramp 2", {5: 0.0, 6: 2.0, 7: 4.0, 8: 4.0}),
    ],
)
def test_the_ramp_by_iteration(argv, weights):
    o = options(*argv.split())
    steps = {i: tf.constant(i - 1, tf.int64) for i in weights}
    assert {i: float(guides.ramp(o, step)) for i, step in steps.items()} == weights
