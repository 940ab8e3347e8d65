import keras
import numpy as np
import pytest

from nets import gan
from nets.blocks import Style


def count(net):
    return sum(int(np.prod(v.shape)) for v in net.weights)


@pytest.mark.parametrize(
    ("arch", "options", "parameters"),
    [
        ("32", {}, 2_017_411),
        ("64", {}, 32_836_099),
        ("digit", {"style": Style("element")}, 8_116_099),
        ("digit", {"style": Style("channel")}, 7_872_259),
        ("toy", {"noise_dim": 10}, 34_690),
        ("toy", {}, 46_210),
    ],
)
def test_generator_parameters(arch, options, parameters):
    assert count(gan.generator(arch, **options)) == parameters


@pytest.mark.parametrize(
    ("arch", "options", "parameters"),
    [
        ("32", {}, 522_497),
        ("64", {"image_size": 256}, 1_878_913),  # the thesis' figure holds at 256x256
        ("digit", {}, 1_628_071),
        ("toy", {}, 33_537),
    ],
)
def test_discriminator_parameters(arch, options, parameters):
    assert count(gan.discriminator(arch, **options)) == parameters


@pytest.mark.parametrize(
    ("arch", "maps"),
    [
        ("32", [(4, 4, 3), (8, 8, 3), (16, 16, 3), (32, 32, 5)]),
        ("64", [(32, 32, 10), (64, 64, 5), (64, 64, 3), (64, 64, 3)]),
        ("digit", [(8, 8, 10), (16, 16, 5), (32, 32, 3)]),
        ("toy", [(3,), (3,)]),
    ],
)
def test_generator_rows(arch, maps):
    width = 0.02
    net = gan.generator(arch, noise_dim=3, width=width, channels=1)
    shapes = [shape[1:] for shape in net.output_shape]
    size = gan.IMAGE_SIZE[arch]
    assert shapes[0] == ((size, size, 1) if size else (2,))
    assert shapes[1:] == maps


@pytest.mark.parametrize("arch", gan.GENERATORS)
def test_discriminator_judges_what_the_generator_makes(arch):
    gen = gan.generator(arch, noise_dim=3, width=0.02, channels=1)
    disc = gan.discriminator(arch, width=0.02, channels=1)
    x, features = gen(np.ones((2, 3), "f"))
    assert len(features) >= 2
    assert disc(x, training=True).shape == (2, 1)
    assert disc(x).dtype == "float32"


def test_every_generator_has_a_discriminator():
    assert set(gan.GENERATORS) == set(gan.DISCRIMINATORS) == set(gan.IMAGE_SIZE)


@pytest.mark.parametrize(("arch", "rate"), [("32", 0.4), ("64", 0.4), ("digit", 0.5)])
def test_dropout_of_the_thesis(arch, rate):
    net = gan.discriminator(arch, width=0.02)
    assert net.get_layer("disc_dropout").rate == rate


def test_strides_of_the_32_discriminator():
    net = gan.discriminator("32", width=0.02)
    assert [net.get_layer(f"disc_conv{i}").output.shape[1] for i in (1, 2, 3, 4)] == [32, 16, 8, 4]


@pytest.mark.parametrize("arch", ["32", "toy"])
def test_generator_comes_back_from_a_file(tmp_path, arch):
    net = gan.generator(arch, noise_dim=3, width=0.02)
    net.save(tmp_path / "gen.keras")
    copy = keras.models.load_model(tmp_path / "gen.keras", custom_objects={})
    z = np.ones((1, 3), "f")
    assert copy(z)[0].numpy() == pytest.approx(net(z)[0].numpy(), abs=1e-6)


def test_unknown_names():
    with pytest.raises(ValueError, match="choose from 32, 64, digit, toy"):
        gan.generator("128")
    with pytest.raises(ValueError, match="unknown discriminator"):
        gan.discriminator("128")
