import keras
import numpy as np
import pytest
import tensorflow as tf
from symbolic import count

from framework.utils import dtype_policy
from nets import funit

CONTENT = dict(image_size=32, nf=16, downs=2, res_blocks=1)
CLASS = dict(image_size=32, nf=16, downs=3, style_dim=32)
DECODER = dict(CONTENT, style_dim=32, mlp_width=64)
DISC = dict(image_size=32, nf=16, res_blocks=6, classes=10)
CODES = [np.random.default_rng(0).normal(size=s).astype("f") for s in [(2, 8, 8, 64), (2, 32)]]


@pytest.mark.parametrize(
    ("make", "options", "parameters"),
    [
        (funit.content_encoder, {}, 12_202_112),
        (funit.class_encoder, {}, 2_779_328),
        (funit.decoder, {}, 14_884_995),
        (funit.discriminator, {}, 54_252_599),
        (funit.content_encoder, CONTENT, 117_280),
        (funit.class_encoder, CLASS, 111_104),
        (funit.decoder, DECODER, 163_171),
        (funit.discriminator, DISC, 256_890),
    ],
)
def test_parameters(make, options, parameters):
    assert count(make, **options) == parameters


def shapes(make, **options):
    with keras.StatelessScope(initialize_variables=False):
        return make(**options).output_shape


def test_published_sizes():
    assert shapes(funit.content_encoder) == (None, 16, 16, 512)
    assert shapes(funit.class_encoder) == (None, 64)
    assert shapes(funit.decoder) == (None, 128, 128, 3)
    assert shapes(funit.discriminator) == [(None, 8, 8, 119), (None, 8, 8, 1024)]


def test_tiny_sizes():
    assert funit.content_encoder(**CONTENT).output_shape == (None, 8, 8, 64)
    assert funit.class_encoder(**CLASS).output_shape == (None, 32)
    assert funit.decoder(**DECODER).output_shape == (None, 32, 32, 3)
    assert funit.discriminator(**DISC).output_shape == [(None, 8, 8, 10), (None, 8, 8, 128)]


def test_channels_of_the_class_encoder_double_twice():
    net = funit.class_encoder(image_size=32, nf=4, downs=4)
    assert [net.get_layer(f"class_conv{row}").filters for row in range(5)] == [4, 8, 16, 16, 16]


def test_style_survives_the_class_encoder_but_not_the_content_encoder():
    x = np.random.uniform(-1, 1, (1, 32, 32, 3)).astype("f")
    content, style = funit.content_encoder(**CONTENT), funit.class_encoder(**CLASS)
    assert content(x / 2).numpy() == pytest.approx(content(x).numpy(), abs=0.02)
    assert style(x / 2).numpy() == pytest.approx(style(x).numpy() / 2, abs=1e-5)


def test_a_squeezed_content_code():
    code = funit.content_encoder(**CONTENT, code_channels=4)
    net = funit.decoder(**DECODER, code_channels=4)
    assert code.output_shape == (None, 8, 8, 4)
    assert net([np.ones((2, 8, 8, 4), "f"), CODES[1]]).shape == (2, 32, 32, 3)


def test_decoder_has_two_adain_per_residual_block():
    net = funit.decoder(**{**DECODER, "res_blocks": 2})
    made = [layer.units for layer in net.layers if layer.name.endswith("_modulation")]
    assert made == 4 * [2 * 64]


@pytest.mark.parametrize(("unit_gain", "gain"), [(True, 1), (False, 0)])
def test_gain_of_a_zero_hidden_code(unit_gain, gain):
    net = funit.decoder(**DECODER, unit_gain=unit_gain)
    linear = net.get_layer("dec_res1_norm1_modulation")
    assert linear(np.zeros((1, 64), "f")).numpy().tolist() == [[0] * 64 + [gain] * 64]


def test_both_codes_reach_the_image():
    net = funit.decoder(**DECODER)
    x = net(CODES).numpy()
    assert abs(net([CODES[0], CODES[1][::-1]]).numpy() - x).max() > 1e-3
    assert abs(net([CODES[0][::-1], CODES[1]]).numpy() - x).max() > 1e-3


def test_pick_head_by_head():
    logits = tf.reshape(tf.range(2 * 1 * 2 * 3, dtype=tf.float32), (2, 1, 2, 3))
    assert funit.pick_head(logits, [2, 0]).numpy().tolist() == [[[2, 5]], [[6, 9]]]


def test_logits_stand_on_the_features_alone():
    net = funit.discriminator(**DISC)
    logits, features = net(np.random.normal(size=(2, 32, 32, 3)).astype("f"))
    head = net.get_layer("disc_logits")
    again = head(tf.nn.leaky_relu(features, 0.2)).numpy()
    assert again == pytest.approx(logits.numpy(), abs=1e-4)


def test_second_gradients_of_the_discriminator():
    net = funit.discriminator(**{**DISC, "nf": 2, "res_blocks": 4})
    x = tf.random.normal((2, 32, 32, 3))
    with tf.GradientTape() as outer:
        with tf.GradientTape() as inner:
            inner.watch(x)
            score = tf.reduce_mean(funit.pick_head(net(x)[0], [3, 1]))
        penalty = tf.reduce_sum(inner.gradient(score, x) ** 2)
    kernels = [v for v in net.trainable_variables if v.name == "kernel"]
    for gradient in outer.gradient(penalty, kernels):
        assert np.isfinite(gradient).all() and np.any(gradient)


def test_dtypes_under_bfloat16():
    with dtype_policy("bfloat16"):
        net, disc = funit.decoder(**DECODER), funit.discriminator(**DISC)
        style = funit.class_encoder(**CLASS)
    x = net(CODES)
    assert x.dtype == "float32" and abs(x.numpy()).max() <= 1
    logits, features = disc(x)
    assert (logits.dtype, features.dtype) == ("float32", "bfloat16")
    assert style(x).dtype == "float32"


def test_decoder_comes_back_from_a_file(tmp_path):
    net = funit.decoder(**DECODER, unit_gain=True)
    net.save(tmp_path / "decoder.keras")
    copy = keras.models.load_model(tmp_path / "decoder.keras")
    assert copy(CODES).numpy() == pytest.approx(net(CODES).numpy(), abs=1e-6)


@pytest.mark.parametrize("res_blocks", [0, 5])
def test_wrong_number_of_blocks(res_blocks):
    with pytest.raises(ValueError, match="even number from 2"):
        funit.discriminator(res_blocks=res_blocks)
