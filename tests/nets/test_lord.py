import keras
import numpy as np
import pytest
from symbolic import count

from framework.utils import dtype_policy
from nets import lord

TINY = dict(image_size=32, content_dim=64, style_dim=64, width=32, tail=16, adain_layers=3)
CODES = [np.ones((2, 64), "f"), np.ones((2, 64), "f")]


@pytest.mark.parametrize(
    ("make", "options", "parameters"),
    [
        (lord.naive_encoder, {}, 4_888_960),
        (lord.naive_encoder, {"image_size": 32, "width": 16, "code_dim": 64}, 107_968),
        (lord.encoder, {}, 3_910_400),
        (lord.generator, {}, 79_350_019),
        (lord.generator, TINY, 133_923),
        (lord.table, dict(name="codes", rows=7, code_dim=3), 21),
    ],
)
def test_parameters(make, options, parameters):
    assert count(make, **options) == parameters


@pytest.mark.parametrize(("size", "maps"), [(32, [16, 8, 4]), (64, [32, 16, 8, 4])])
def test_naive_encoder_goes_down_to_4x4(size, maps):
    net = lord.naive_encoder("enc", image_size=size, width=2, code_dim=5)
    assert [net.get_layer(f"enc_{row}").output.shape[1] for row in range(len(maps))] == maps
    assert net.get_layer(f"enc_{len(maps) - 1}").output.shape[-1] == 2 << len(maps) - 1
    assert net.output_shape == (None, 5)


def test_naive_encoder_norms_as_torch_does():
    norm = lord.naive_encoder("enc", image_size=32, width=2).get_layer("enc_0_norm")
    assert (norm.momentum, norm.epsilon) == (0.9, 1e-5)


def test_generator_rows():
    net = lord.generator(**TINY)
    units = [net.get_layer(f"gen_dense{row}").units for row in (1, 2, 3)]
    assert units == [4 * 4 * 4, 4 * 4 * 8, 4 * 4 * 32]
    sides = [net.get_layer(f"gen_up{row}_adain").output.shape[1:] for row in (1, 2, 3)]
    assert sides == [(8, 8, 32), (16, 16, 32), (32, 32, 32)]
    assert net.output_shape == (None, 32, 32, 3)


@pytest.mark.parametrize(("out", "low"), [("tanh", -1.0), ("sigmoid", 0.0)])
def test_range_of_images(out, low):
    net = lord.generator(**TINY, out=out)
    x = net([1e4 * np.random.normal(size=(2, 64)).astype("f") for _ in range(2)]).numpy()
    assert low <= x.min() < low + 0.1 and 0.9 < x.max() <= 1


@pytest.mark.parametrize(("unit_gain", "gain"), [(True, 1), (False, 0)])
def test_gain_of_a_zero_style(unit_gain, gain):
    layer = lord.generator(**TINY, unit_gain=unit_gain).get_layer("gen_up1_adain_modulation")
    assert layer(np.zeros((1, 64), "f")).numpy().tolist() == [[0] * 32 + [gain] * 32]


def test_images_are_float32_under_bfloat16():
    with dtype_policy("bfloat16"):
        net, encoder = lord.generator(**TINY), lord.encoder(image_size=32, widths=(4, 4), dense=8)
    assert net.get_layer("gen_up1_adain").output.dtype == "bfloat16"
    x = net(CODES)
    assert x.dtype == "float32" and abs(x.numpy()).max() <= 1
    assert encoder(x).dtype == "float32" and encoder(x).shape == (2, 128)


def test_generator_comes_back_from_a_file(tmp_path):
    net = lord.generator(**TINY)
    net.save(tmp_path / "gen.keras")
    copy = keras.models.load_model(tmp_path / "gen.keras")
    assert copy(CODES).numpy() == pytest.approx(net(CODES).numpy(), abs=1e-6)


def test_a_table_gives_the_rows_asked_for(tmp_path):
    net = lord.table("codes", 5, 2)
    net.save(tmp_path / "codes.keras")
    copy = keras.models.load_model(tmp_path / "codes.keras")
    for each in (net, copy):
        found = each(np.array([3, 0, 3])).numpy()
        np.testing.assert_array_equal(found, net.get_weights()[0][[3, 0, 3]])


def test_wrong_sizes_and_names():
    with pytest.raises(ValueError, match="power of two from 32, not 48"):
        lord.naive_encoder(image_size=48)
    with pytest.raises(ValueError, match="power of two from 32, not 16"):
        lord.naive_encoder(image_size=16)
    with pytest.raises(ValueError, match="multiple of 16, not 40"):
        lord.generator(image_size=40)
    with pytest.raises(ValueError, match="choose from tanh, sigmoid"):
        lord.generator(out="linear")
