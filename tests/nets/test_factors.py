import numpy as np
import pytest
import tensorflow as tf
from symbolic import count

from framework.utils import dtype_policy
from nets import factors


@pytest.mark.parametrize(
    ("make", "parameters"),
    [
        (factors.encoder, 76_848),
        (factors.decoder, 82_737),
        (factors.pair_discriminator, 258_850),
    ],
)
def test_parameters(make, parameters):
    assert count(make) == parameters


@pytest.mark.parametrize(
    ("vae_on", "shapes"), [("z", [5, 5, 3]), ("s", [5, 3, 3]), ("both", [5, 5, 3, 3])]
)
def test_heads(vae_on, shapes):
    net = factors.encoder(z_dim=5, s_dim=3, vae_on=vae_on)
    assert [shape[1] for shape in net.output_shape] == shapes


def test_a_small_code_does_not_hide_its_class():
    net = factors.code_classifier(dim=3, classes=4, units=8)
    code = np.random.normal(size=(64, 3)).astype("f")
    assert net(code).shape == (64, 4)
    np.testing.assert_allclose(
        net(code, training=True), net(10 * code + 5, training=True), atol=1e-2
    )


def sides(net, names):
    return [net.get_layer(name).output.shape[1] for name in names]


@pytest.mark.parametrize(
    ("size", "down", "up"), [(28, [13, 6, 2], [6, 14, 28]), (32, [16, 8, 4], [8, 16, 32])]
)
def test_maps(size, down, up):
    encoder, decoder = factors.encoder(image_size=size), factors.decoder(image_size=size)
    disc = factors.pair_discriminator(image_size=size)
    assert sides(encoder, ["enc_conv1", "enc_conv2", "enc_conv3"]) == down
    assert sides(disc, ["disc_conv1", "disc_conv2", "disc_conv3"]) == down
    assert sides(decoder, ["dec_up1", "dec_up2", "dec_image"]) == up


def test_four_stages_for_photographs():
    options = dict(image_size=64, channels=3, widths=(2, 4, 8, 16), z_dim=5, s_dim=3)
    encoder, decoder = factors.encoder(**options), factors.decoder(**options, out="tanh")
    assert encoder.output_shape == [(None, 5), (None, 5), (None, 3)]
    x = decoder([1e3 * np.ones((2, 5), "f"), np.ones((2, 3), "f")])
    assert x.shape == (2, 64, 64, 3) and x.numpy().min() < -0.1


def test_weights_start_with_deviation_of_5_percent():
    kernel = factors.pair_discriminator().get_layer("disc_conv3").kernel
    assert np.std(kernel) == pytest.approx(0.05, rel=0.02)


def test_pair_has_an_order():
    net = factors.pair_discriminator()
    x, y = np.random.uniform(size=(2, 2, 28, 28, 1)).astype("f")
    assert net([x, y]).shape == (2, 2)
    assert abs(net([x, y]).numpy() - net([y, x]).numpy()).max() > 1e-3


def test_dtypes_under_bfloat16():
    with dtype_policy("bfloat16"):
        encoder, decoder = factors.encoder(), factors.decoder()
        disc = factors.pair_discriminator()
    x = tf.random.uniform((2, 28, 28, 1))
    mean, log_variance, s = encoder(x)
    assert all(code.dtype == "float32" for code in (mean, log_variance, s))
    image = decoder([mean, s])
    assert image.dtype == "float32" and 0 <= image.numpy().min() <= image.numpy().max() <= 1
    assert disc([x, image]).dtype == "float32"
