import keras
import numpy as np
import pytest
import tensorflow as tf
from coupled import count, penalty_reaches_every_kernel, start_apart

from nets import cogan
from nets.blocks import Style

KINDS = ("element", "channel")
DISC_ROWS = [  # rows of thesis table 3.2: weights of the layer, output shape
    ("conv1", 1_520, (None, 32, 32, 20)),
    ("conv2", 25_050, (None, 16, 16, 50)),
    ("dense", 1_600_500, (None, 500)),
    ("prelu", 500, (None, 500)),
    ("logit", 501, (None, 1)),
]
GEN_ROWS = [  # rows of thesis table 3.1: label, map, weights, batch norm, PReLU element / channel
    ("dense", (4, 4, 1024), 1_654_784, 4_096, 16_384, 1_024),
    ("up8", (8, 8, 512), 4_719_104, 2_048, 32_768, 512),
    ("up16", (16, 16, 256), 1_179_904, 1_024, 65_536, 256),
    ("up32", (32, 32, 128), 295_040, 512, 131_072, 128),
]
PARTS = ("", "_norm", "_prelu")
FIRST_ROW = ("up4", (4, 4, 1024), 16_778_240, 4_096, 16_384, 1_024)


def small_generators(**options):
    return cogan.digit_generators(noise_dim=4, width=0.02, **options)


def small_discriminators(**options):
    return cogan.digit_discriminators(**{"width": 0.1, "image_size": 16} | options)


def shared_layers(net1, net2):
    """Names of the layers with weights that are the same objects in both nets."""
    return [layer.name for layer in net1.layers if layer.weights and layer in net2.layers]


@pytest.fixture(scope="module")
def generators():
    """Full-size pairs by PReLU kind, with the extra 4x4 row, nothing shared."""
    return {
        kind: cogan.digit_generators(style=Style(prelu=kind), use_firstlayer=True) for kind in KINDS
    }


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("row", [*GEN_ROWS, FIRST_ROW], ids=lambda row: row[0])
def test_generator_rows(generators, row, kind):
    label, shape, weights, norm, element, channel = row
    net = generators[kind][0]
    layers = [net.get_layer(f"gen1_{label}{part}") for part in PARTS]
    slopes = {"element": element, "channel": channel}[kind]
    assert [layer.count_params() for layer in layers] == [weights, norm, slopes]
    assert layers[-1].output.shape == (None, *shape)


def test_generator_output_row(generators):
    layer = generators["element"][0].get_layer("gen1_image")
    assert (layer.count_params(), layer.output.shape) == (13_827, (None, 32, 32, 3))


@pytest.mark.parametrize(
    ("kind", "first", "parameters"),
    [
        ("element", False, 8_116_099),
        ("channel", False, 7_872_259),
        ("element", True, 24_914_819),
        ("channel", True, 24_655_619),
    ],
)
def test_generator_parameters(generators, kind, first, parameters):
    whole = count(generators[kind][0])
    extra = sum(generators[kind][0].get_layer(f"gen1_up4{p}").count_params() for p in PARTS)
    assert whole - (0 if first else extra) == parameters


@pytest.mark.parametrize(("shared", "parameters"), [(4, 8_129_926), (1, 14_556_934)])
def test_generator_pairs_of_the_thesis(shared, parameters):
    assert (
        count(*cogan.digit_generators(style=Style("element"), shared_layers=shared)) == parameters
    )


def test_residual_generator():
    """Dense, blocks of 5 in + 5 out + 10 in out + 9 out^2 + 3 out, norm and PReLU, image."""
    net, _ = cogan.digit_generators(residual=True)
    blocks = [(1024, 512), (512, 256), (256, 128)]
    own = [5 * (i + o) + 10 * i * o + 9 * o * o + 3 * o for i, o in blocks]
    assert own == [7_611_392, 1_905_152, 477_440]
    assert count(net) == 1_654_784 + sum(own) + 5 * 128 + 13_827
    assert [shape[1:] for shape in net.output_shape[1:]] == [
        (8, 8, 512),
        (16, 16, 256),
        (32, 32, 128),
    ]


def test_repeated_pixels_need_as_many_parameters():
    pair = [small_generators(style=Style(upsample=kind))[0] for kind in ("transpose", "nearest")]
    assert count(pair[0]) == count(pair[1])
    kinds = [type(net.get_layer("gen1_up32")).__name__ for net in pair]
    assert kinds == ["Conv2DTranspose", "Conv2D"]
    image, features = pair[1](np.zeros((2, 4), "f"))
    assert image.shape == (2, 32, 32, 3) and [f.shape[1] for f in features] == [8, 16, 32]


def test_generator_outputs():
    net, _ = small_generators()
    image, features = net(np.zeros((2, 4), "f"))
    assert image.shape == (2, 32, 32, 3)
    assert [f.shape[1] for f in features] == [8, 16, 32]
    assert float(tf.reduce_max(tf.abs(image))) <= 1


def test_first_layer_emits_the_4x4_map_first():
    net, _ = small_generators(use_firstlayer=True)
    assert [shape[1] for shape in net.output_shape[1:]] == [4, 8, 16, 32]


@pytest.mark.parametrize(
    ("shared", "names"), [(0, []), (1, ["dense"]), (3, ["dense", "up8", "up16"])]
)
def test_generators_share_from_the_latent_on(shared, names):
    pair = small_generators(shared_layers=shared)
    found = [name for name in shared_layers(*pair) if name.count("_") == 1]
    assert found == [f"shared_{name}" for name in names]
    assert start_apart(*pair)


def test_first_layer_belongs_to_the_dense_block():
    pair = small_generators(shared_layers=4, use_firstlayer=True)
    private = [
        layer.name for layer in pair[0].layers if layer.weights and layer not in pair[1].layers
    ]
    assert private == ["gen1_image"]
    assert shared_layers(*small_generators(use_firstlayer=True)) == []


def test_shared_norms_and_slopes_are_shared_too():
    pair = small_generators(shared_layers=1)
    assert shared_layers(*pair) == ["shared_dense", "shared_dense_norm", "shared_dense_prelu"]


def test_generator_comes_back_without_the_project(tmp_path):
    net, _ = small_generators(shared_layers=1)
    net.save(tmp_path / "gen1.keras")
    modules = {layer.__class__.__module__.split(".")[0] for layer in net.layers}
    copy = keras.models.load_model(tmp_path / "gen1.keras", custom_objects={})
    z = np.random.default_rng(0).normal(size=(2, 4)).astype("f")
    expected, found = (keras.tree.flatten(model(z)) for model in (net, copy))
    assert modules == {"keras"}
    assert len(found) == 4
    for a, b in zip(expected, found, strict=True):
        assert b.numpy() == pytest.approx(a.numpy(), abs=1e-6)


def test_discriminator_comes_back_from_a_file(tmp_path):
    net, _ = small_discriminators(norm="layer")
    net.save(tmp_path / "disc1.keras")
    x = np.random.default_rng(0).normal(size=(2, 16, 16, 3)).astype("f")
    copy = keras.models.load_model(tmp_path / "disc1.keras")
    assert copy(x).numpy() == pytest.approx(net(x).numpy(), abs=1e-6)


@pytest.fixture(scope="module")
def discriminator():
    return cogan.digit_discriminators()[0]


@pytest.mark.parametrize(("label", "parameters", "shape"), DISC_ROWS)
def test_discriminator_rows(discriminator, label, parameters, shape):
    layer = discriminator.get_layer(f"disc1_{label}")
    assert (layer.count_params(), layer.output.shape) == (parameters, shape)


def test_discriminator_pools_and_drops(discriminator):
    shapes = [discriminator.get_layer(f"disc1_conv{i}_pool").output.shape[1:] for i in (1, 2)]
    assert shapes == [(16, 16, 20), (8, 8, 50)]
    assert discriminator.get_layer("disc1_dropout").rate == 0.5


@pytest.mark.parametrize(("shared", "parameters"), [(0, 3_256_142), (3, 1_629_591), (4, 1_628_071)])
def test_discriminator_pairs_of_the_thesis(shared, parameters):
    assert count(*cogan.digit_discriminators(shared_layers=shared)) == parameters


def test_discriminator_parameters(discriminator):
    assert count(discriminator) == 1_628_071


@pytest.mark.parametrize("arch", ["lenet", "strided"])
@pytest.mark.parametrize("shared", range(5))
def test_discriminators_share_from_the_output_on(arch, shared):
    pair = small_discriminators(arch=arch, shared_layers=shared)
    kernels = [n for n in shared_layers(*pair) if "prelu" not in n]
    assert len(kernels) == shared
    assert not shared or kernels[-1] == "shared_logit"
    assert start_apart(*pair)


def test_strided_widths():
    net, _ = cogan.digit_discriminators(arch="strided", width=0.375)
    kernels = [v.shape for v in net.weights if v.name == "kernel"]
    assert kernels == [(4, 4, 3, 24), (4, 4, 24, 48), (4, 4, 48, 96), (4 * 4 * 96, 1)]
    assert not any("dropout" in layer.name for layer in net.layers)


def test_dropout_can_be_set():
    rates = [small_discriminators(arch=arch, dropout=0.3)[0] for arch in ("lenet", "strided")]
    assert [net.get_layer("disc1_dropout").rate for net in rates] == [0.3, 0.3]
    net, _ = small_discriminators(dropout=0.0)
    assert not any("dropout" in layer.name for layer in net.layers)


@pytest.mark.parametrize("arch", ["lenet", "strided"])
@pytest.mark.parametrize("norm", ["none", "layer", "channel", "instance", "batch"])
def test_second_order_gradients(arch, norm):
    net, _ = small_discriminators(arch=arch, norm=norm, dropout=0.0)
    assert penalty_reaches_every_kernel(net)


def test_decay_reaches_kernels_only():
    net, _ = small_generators(style=Style(weight_decay=0.5))
    kernels = [v.numpy() for v in net.weights if v.name == "kernel"]
    assert len(net.losses) == len(kernels) == 5
    expected = 0.5 * sum(np.square(k).sum() for k in kernels)
    assert float(sum(net.losses)) == pytest.approx(expected, rel=1e-5)


def test_biases_start_where_told():
    net, _ = small_discriminators(style=Style(bias_init=0.7))
    biases = [v.numpy() for v in net.weights if v.name == "bias"]
    assert all((bias == np.float32(0.7)).all() for bias in biases)


def test_outputs_stay_float32_under_mixed_precision():
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        gen, _ = small_generators()
        disc, _ = small_discriminators(norm="layer", image_size=32)
        encoder = cogan.latent_encoder(noise_dim=4, width=0.02)
    finally:
        keras.config.set_dtype_policy(before)
    image, features = gen(np.zeros((1, 4), "f"))
    dtypes = [t.dtype for t in (image, features[0], disc(image), encoder(image))]
    assert dtypes == [tf.float32, tf.bfloat16, tf.float32, tf.float32]


@pytest.mark.parametrize(("size", "parameters"), [(32, 928_100), (128, 7_072_100)])
def test_encoder_parameters(size, parameters):
    net = cogan.latent_encoder(image_size=size)
    assert count(net) == parameters
    assert net.output_shape == (None, 100)


def test_encoder_rows():
    net = cogan.latent_encoder()
    shapes = [net.get_layer(f"encoder_conv{i}").output.shape[1:] for i in (1, 2, 3, 4)]
    assert shapes == [(32, 32, 64), (16, 16, 128), (8, 8, 128), (4, 4, 256)]
    assert net.get_layer("encoder_dropout").rate == 0.4


@pytest.mark.parametrize("shared", [-1, 5])
def test_too_many_shared_layers(shared):
    with pytest.raises(ValueError, match="shared_layers must be 0..4"):
        small_generators(shared_layers=shared)
    with pytest.raises(ValueError, match="shared_layers must be 0..4"):
        small_discriminators(shared_layers=shared)


def test_unknown_discriminator():
    with pytest.raises(ValueError, match="choose from lenet, strided"):
        small_discriminators(arch="vgg")
