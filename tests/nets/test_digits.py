import keras
import numpy as np
import pytest
from symbolic import count

from framework.utils import dtype_policy
from nets import digits


def autoencoder(channels=3, width=64):
    """The four parts in order."""
    return [
        digits.unshared_encoder("enc", channels=channels, width=width),
        digits.shared_encoder(width=width),
        digits.shared_decoder(width=width),
        digits.unshared_decoder("dec", channels=channels, width=width),
    ]


@pytest.mark.parametrize(
    ("channels", "width", "unshared", "total"),
    [(3, 64, 6_400, 565_248), (1, 64, 2_304, 561_152), (3, 32, 3_200, 143_360)],
)
def test_parameters_of_an_autoencoder(channels, width, unshared, total):
    counts = [net.count_params() for net in autoencoder(channels, width)]
    assert counts[0] + counts[3] == unshared
    assert sum(counts) == total


@pytest.mark.parametrize(("width", "parameters"), [(64, 664_064), (32, 168_192)])
def test_parameters_of_the_discriminator(width, parameters):
    assert count(digits.discriminator, width=width) == parameters


def test_a_generator_is_the_four_parts_in_one():
    net = digits.generator(width=32)
    assert net.count_params() == 143_360 and net.output_shape == (None, 32, 32, 3)


def test_shapes():
    maps = [net.output_shape[1:] for net in autoencoder(channels=1, width=4)]
    assert maps == [(16, 16, 4), (8, 8, 8), (16, 16, 4), (32, 32, 1)]
    assert digits.discriminator(width=4).output_shape == (None, 1)


def test_image_goes_through():
    x = np.random.uniform(-1, 1, (2, 32, 32, 3)).astype("f")
    for net in autoencoder(width=4):
        x = net(x, training=True)
    assert x.shape == (2, 32, 32, 3) and abs(x.numpy()).max() <= 1


def test_no_biases_and_the_slope():
    for net in [*autoencoder(width=4), digits.discriminator(width=4)]:
        for layer in net.layers:
            assert getattr(layer, "use_bias", False) is False
            if isinstance(layer, keras.layers.LeakyReLU):
                assert layer.negative_slope == 0.05


def test_domains_start_with_different_weights():
    first, second = (digits.unshared_encoder(name, width=4) for name in ("enc_a", "enc_b"))
    assert abs(first.weights[0].numpy() - second.weights[0].numpy()).max() > 0.01


def test_dtypes_under_bfloat16():
    with dtype_policy("bfloat16"):
        net, disc = digits.unshared_decoder("dec", width=4), digits.discriminator(width=4)
    x = net(np.random.normal(size=(2, 16, 16, 4)).astype("f"))
    assert x.dtype == "float32" and abs(x.numpy()).max() <= 1
    assert disc(x).dtype == "float32"
