import numpy as np
import pytest
import tensorflow as tf
from symbolic import count

from framework.utils import dtype_policy
from nets import cyclegan

TINY = dict(image_size=32, nf=4, res_blocks=1)


@pytest.mark.parametrize(
    ("make", "options", "parameters"),
    [
        (cyclegan.generator, {}, 11_378_179),
        (cyclegan.generator, {"image_size": 128, "res_blocks": 6}, 7_837_699),
        (cyclegan.patch_discriminator, {}, 2_764_737),
        (cyclegan.patch_discriminator, {"strided": 2}, 662_977),
    ],
)
def test_parameters(make, options, parameters):
    assert count(make, **options) == parameters


@pytest.mark.parametrize(
    ("size", "strided", "side"), [(256, 3, 30), (224, 3, 26), (128, 3, 14), (32, 3, 2), (32, 2, 6)]
)
def test_map_of_the_patch_discriminator(size, strided, side):
    net = cyclegan.patch_discriminator(image_size=size, nf=2, strided=strided)
    assert net.output_shape == (None, side, side, 1)


@pytest.mark.parametrize(("strided", "field"), [(2, 34), (3, 70)])
def test_field_of_a_patch(strided, field):
    """Without the norms, which see the whole image, a logit depends on so many pixels."""
    net = cyclegan.patch_discriminator(image_size=128, channels=1, nf=1, strided=strided)
    x = tf.random.normal((1, 128, 128, 1))
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = x
        for layer in net.layers[1:]:
            y = y if layer.name.endswith("_norm") else layer(y)
        middle = y[0, y.shape[1] // 2, y.shape[2] // 2, 0]
    seen = np.any(tape.gradient(middle, x)[0, :, :, 0], axis=0)
    assert seen.sum() == field


def test_generator_rows():
    net = cyclegan.generator("g", **TINY)
    names = ("g_in", "g_down1", "g_down2", "g_res1_add", "g_up1", "g_up0")
    maps = [net.get_layer(name).output.shape[1:] for name in names]
    down = [(32, 32, 4), (16, 16, 8), (8, 8, 16)]
    assert maps == [*down, (8, 8, 16), (16, 16, 8), (32, 32, 4)]
    assert net.output_shape == (None, 32, 32, 3)


def test_weights_start_with_deviation_of_2_percent():
    kernel = cyclegan.patch_discriminator(image_size=32, nf=16).get_layer("disc_conv2").kernel
    assert np.std(kernel) == pytest.approx(0.02, rel=0.05)


def test_dtypes_under_bfloat16():
    with dtype_policy("bfloat16"):
        net, disc = cyclegan.generator(**TINY), cyclegan.patch_discriminator(image_size=32, nf=2)
    x = net(np.random.uniform(-1, 1, (2, 32, 32, 3)).astype("f"))
    assert x.dtype == "float32" and abs(x.numpy()).max() <= 1
    assert disc(x).dtype == "float32"
