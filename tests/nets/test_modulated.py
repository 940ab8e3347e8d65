import keras
import numpy as np
import pytest
import tensorflow as tf

from nets import modulated
from nets.blocks import Style, chain
from nets.modulated import AdaIN, ReflectPad, UnitGain

LAYERS = Style(bias_init=0.0)


def small_net():
    """Map and code -> map, with a layer of every class of the module."""
    x, code = keras.Input((4, 4, 2), name="x"), keras.Input((3,), name="code")
    adain = modulated.modulated(LAYERS, code, 2, unit_gain=True, name="adain")
    return keras.Model([x, code], chain([ReflectPad(1), adain], x))


def test_adain_gives_the_statistics_it_is_told():
    x = tf.random.normal((2, 8, 8, 3), mean=5.0, stddev=4.0)
    bias, gain = tf.random.normal((2, 3)), tf.random.normal((2, 3))
    y = AdaIN()([x, tf.concat([bias, gain], axis=1)])
    mean, variance = tf.nn.moments(y, [1, 2])
    assert mean.numpy() == pytest.approx(bias.numpy(), abs=1e-4)
    assert np.sqrt(variance) == pytest.approx(abs(gain.numpy()), abs=1e-4)


def test_adain_by_head():
    x = np.float32([[[[0.0]], [[2.0]]]])  # mean 1, deviation 1
    y = AdaIN()([x, np.float32([[10.0, 3.0]])])
    assert y.numpy().ravel() == pytest.approx([7.0, 13.0], abs=1e-3)


def test_adain_of_a_constant_map_is_its_bias():
    y = AdaIN()([np.full((1, 2, 2, 1), 7.0, "f"), np.float32([[0.5, 3.0]])])
    assert y.numpy() == pytest.approx(0.5, abs=1e-3)


def test_adain_counts_in_float32_under_bfloat16():
    x = tf.cast(100 + tf.random.normal((1, 32, 32, 1)), tf.bfloat16)
    modulation = tf.constant([[0.0, 1.0]])
    y = AdaIN(dtype="mixed_bfloat16")([x, modulation])
    assert y.dtype == tf.bfloat16
    exact = AdaIN(dtype="float32")([tf.cast(x, tf.float32), modulation])
    # Half a unit in the last of bfloat16's eight places: only the result was rounded.
    assert np.float32(y) == pytest.approx(exact.numpy(), rel=2**-8, abs=1e-6)


def test_adain_refuses_another_number_of_channels():
    with pytest.raises(ValueError, match="3 channels need 6 numbers, not 3"):
        AdaIN()([np.ones((1, 2, 2, 3), "f"), np.ones((1, 3), "f")])


def test_unit_gain_is_zeros_then_ones():
    assert UnitGain()((4,), "float32").numpy().tolist() == [0, 0, 1, 1]


def test_a_zero_code_modulates_to_instance_norm():
    x = tf.random.normal((2, 4, 4, 2))
    padded = ReflectPad(1)(x)
    y = small_net()([x, tf.zeros((2, 3))])
    assert y.numpy() == pytest.approx(modulated.instance_norm("n")(padded).numpy(), abs=1e-5)


def test_instance_norm_sees_each_image_and_channel_alone():
    x = np.float32([[[[0, 0]], [[2, 20]]], [[[5, -1]], [[7, 1]]]])
    y = modulated.instance_norm("norm")(x).numpy()
    assert y[..., 0].ravel() == pytest.approx([-1, 1, -1, 1], abs=1e-4)
    assert y[..., 1].ravel() == pytest.approx([-1, 1, -1, 1], abs=1e-4)


def test_reflect_pad_by_head():
    x = np.arange(9, dtype="f").reshape(1, 3, 3, 1)  # rows 0 1 2, 3 4 5, 6 7 8
    y = ReflectPad(2)(x).numpy()[0, :, :, 0]
    assert y[2].tolist() == [2, 1, 0, 1, 2, 1, 0]
    assert y[:, 2].tolist() == [6, 3, 0, 3, 6, 3, 0]
    assert y[0, 0] == 8


@pytest.mark.parametrize(("kernel", "stride", "side"), [(3, 1, 8), (5, 1, 8), (7, 1, 8), (4, 2, 4)])
def test_reflect_conv_keeps_or_halves_the_map(kernel, stride, side):
    x = keras.Input((8, 8, 2))
    y = chain(modulated.reflect_conv(LAYERS, 5, kernel, stride, name="conv"), x)
    assert y.shape == (None, side, side, 5)


def test_reflect_pad_of_an_unknown_size():
    assert ReflectPad(1)(keras.Input((None, 6, 2))).shape == (None, None, 8, 2)


def test_comes_back_from_a_file(tmp_path):
    net = small_net()
    net.save(tmp_path / "net.keras")
    copy = keras.models.load_model(tmp_path / "net.keras")
    inputs = [tf.random.normal((2, 4, 4, 2)), tf.random.normal((2, 3))]
    assert copy(inputs).numpy() == pytest.approx(net(inputs).numpy(), abs=1e-6)


def test_gradients_of_gradients_are_finite_and_not_zero():
    net = small_net()
    x, code = tf.random.normal((2, 4, 4, 2)), tf.random.normal((2, 3))
    with tf.GradientTape() as outer:
        with tf.GradientTape() as inner:
            inner.watch(x)
            score = tf.reduce_mean(net([x, code]) ** 3)
        penalty = tf.reduce_sum(inner.gradient(score, x) ** 2)
    for gradient in outer.gradient(penalty, net.trainable_variables):
        assert np.isfinite(gradient).all() and np.any(gradient)
