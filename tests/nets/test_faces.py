import keras
import numpy as np
import pytest
import tensorflow as tf
from coupled import count, penalty_reaches_every_kernel, start_apart

from nets import faces
from nets.blocks import Style

GEN_ROWS = [  # rows of thesis table A.1: label, map, weights, PReLU element / channel
    ("dense", (4, 4, 1024), 1_654_784, 16_384, 1_024),
    ("up8", (8, 8, 512), 8_389_120, 32_768, 512),
    ("up16", (16, 16, 256), 2_097_408, 65_536, 256),
    ("up32", (32, 32, 128), 524_416, 131_072, 128),
    ("up64", (64, 64, 64), 131_136, 262_144, 64),
    ("up128", (128, 128, 32), 32_800, 524_288, 32),
]
DISC_ROWS = [  # rows of thesis table A.2: label, map, weights, dropout
    ("conv1", (64, 64, 32), 2_432, 0.0),
    ("conv2", (32, 32, 64), 51_264, 0.0),
    ("conv3", (16, 16, 128), 204_928, 0.1),
    ("conv4", (8, 8, 256), 295_168, 0.3),
    ("conv5", (4, 4, 512), 1_180_160, 0.3),
    ("conv6", (2, 2, 1024), 4_719_616, 0.5),
    ("dense", (2048,), 8_390_656, 0.5),
]
BLOCKS = ["conv1", "conv2", "conv3", "conv4", "conv5", "conv6", "dense", "logit"]
SIZES = (64, 128, 256)


def shapes_only(make, *args, **options):
    """A pair of nets at paper size whose weights have shapes but no values."""
    with keras.StatelessScope(initialize_variables=False):
        return make(*args, **options)


def small_generators(size=128, **options):
    return faces.generators(size, noise_dim=4, width=0.004, **options)


def small_discriminators(size=128, **options):
    return faces.discriminators(size, **{"width": 0.02} | options)


def shared_blocks(net1, net2):
    """Labels of the blocks whose main layer is the same object in both nets."""
    layers = [layer for layer in net1.layers if layer.weights and layer in net2.layers]
    return [layer.name.removeprefix("shared_") for layer in layers if layer.name.count("_") == 1]


@pytest.mark.parametrize("kind", ["element", "channel"])
def test_generator_rows(kind):
    net, _ = shapes_only(faces.generators, 128, style=Style(prelu=kind))
    for label, shape, weights, element, channel in GEN_ROWS:
        layers = [net.get_layer(f"gen1_{label}{part}") for part in ("", "_norm", "_prelu")]
        slopes = {"element": element, "channel": channel}[kind]
        assert [each.count_params() for each in layers] == [weights, 4 * shape[-1], slopes]
        assert layers[-1].output.shape == (None, *shape)
    image = net.get_layer("gen1_image")
    assert (image.count_params(), image.output.shape) == (867, (None, 128, 128, 3))


def test_discriminator_rows():
    net, _ = shapes_only(faces.discriminators, 128)
    drops = {layer.name: layer.rate for layer in net.layers if "dropout" in layer.name}
    assert drops == {f"disc1_{label}_dropout": rate for label, *_, rate in DISC_ROWS if rate}
    for label, shape, weights, _ in DISC_ROWS:
        layers = [net.get_layer(f"disc1_{label}{part}") for part in ("", "_norm", "_prelu")]
        assert [each.count_params() for each in layers] == [weights, 4 * shape[-1], shape[-1]]
        assert layers[-1].output.shape == (None, *shape)
    assert net.get_layer("disc1_logit").count_params() == 2_049
    assert net.output_shape == (None, 1)


@pytest.mark.parametrize(
    ("size", "kind", "parameters"),
    [
        (64, "channel", 12_808_515),  # up to up64 of table A.1, then k3 from 64 channels: 1,731
        (128, "element", 13_870_787),
        (128, "channel", 12_840_611),
        (256, "element", 52_218_563),
        (256, "channel", 48_061_091),
    ],
)
def test_generator_parameters(size, kind, parameters):
    assert count(shapes_only(faces.generators, size, style=Style(prelu=kind))[0]) == parameters


@pytest.mark.parametrize(("shared", "parameters"), [(5, 14_428_870), (1, 26_066_310)])
def test_generator_pairs_of_the_thesis(shared, parameters):
    pair = shapes_only(faces.generators, 128, style=Style("element"), shared_layers=shared)
    assert count(*pair) == parameters


@pytest.mark.parametrize(
    ("size", "norm", "kind", "parameters"),
    [
        (128, "batch", "element", 15_122_625),
        (128, "layer", "element", 15_114_497),
        (128, "channel", "element", 15_114_497),
        (128, "layer", "channel", 14_858_465),
        (256, "batch", "element", 41_062_593),
        (64, "batch", "channel", 5_947_553),  # conv1 to conv5 of table A.2, dense 2048 -> 2048
    ],
)
def test_discriminator_parameters(size, norm, kind, parameters):
    net, _ = shapes_only(faces.discriminators, size, norm=norm, style=Style(prelu=kind))
    assert count(net) == parameters


@pytest.mark.parametrize(("size", "parameters"), [(64, 16_644_995), (128, 16_688_579)])
def test_residual_generator_parameters(size, parameters):
    """Dense, blocks of 5 in + 5 out + 17 in out + 9 out^2 + 3 out, norm and PReLU, image."""
    assert count(shapes_only(faces.generators, size, residual=True)[0]) == parameters


@pytest.mark.parametrize("residual", [False, True])
def test_repeated_pixels_need_as_many_parameters(residual):
    pair = [
        shapes_only(faces.generators, 64, residual=residual, style=Style(upsample=kind))[0]
        for kind in ("transpose", "nearest")
    ]
    assert count(pair[0]) == count(pair[1])
    for label, shape, weights, *_ in GEN_ROWS[1:-1]:
        rows = [net.get_layer(f"gen1_{label}") for net in pair]
        assert [row.count_params() for row in rows] == [weights] * 2
        assert [row.output.shape for row in rows] == [(None, *shape)] * 2
    kinds = [[type(net.get_layer(f"gen1_{name}")) for name in ("up8", "image")] for net in pair]
    assert kinds == [
        [keras.layers.Conv2DTranspose] * 2,
        [keras.layers.Conv2D, keras.layers.Conv2DTranspose],  # the image keeps its size
    ]


def test_discriminator_pair_of_the_thesis():
    """Only the first convolution, with its norm and slopes, is there twice."""
    one, pair = (
        shapes_only(faces.discriminators, 128, style=Style("element"), shared_layers=shared)
        for shared in (8, 7)
    )
    assert count(*one) == 15_122_625
    assert count(*pair) == 15_122_625 + 2_432 + 4 * 32 + 64 * 64 * 32


@pytest.mark.parametrize(
    ("size", "maps"),
    [(64, [8, 16, 32, 64]), (128, [8, 16, 32, 64, 128]), (256, [8, 16, 32, 64, 128, 256])],
)
@pytest.mark.parametrize("residual", [False, True])
def test_generator_outputs(size, maps, residual):
    net, _ = small_generators(size, residual=residual)
    image, features = net(np.zeros((2, 4), "f"))
    assert image.shape == (2, size, size, 3)
    assert [f.shape[1] for f in features] == maps
    assert float(tf.reduce_max(tf.abs(image))) <= 1


@pytest.mark.parametrize(
    ("shared", "labels"), [(0, []), (1, ["dense"]), (3, ["dense", "up8", "up16"])]
)
@pytest.mark.parametrize("residual", [False, True])
def test_generators_share_from_the_latent_on(shared, labels, residual):
    pair = small_generators(shared_layers=shared, residual=residual)
    assert shared_blocks(*pair) == labels
    assert start_apart(*pair)


@pytest.mark.parametrize("size", SIZES)
def test_all_hidden_generator_blocks_can_be_shared(size):
    hidden = len(faces.GENERATOR_WIDTHS[size])
    assert len(shared_blocks(*small_generators(size, shared_layers=hidden))) == hidden


@pytest.mark.parametrize("shared", [0, 1, 7, 8])
def test_discriminators_share_from_the_output_on(shared):
    pair = small_discriminators(shared_layers=shared)
    assert shared_blocks(*pair) == BLOCKS[len(BLOCKS) - shared :]
    assert start_apart(*pair)


@pytest.mark.parametrize("norm", ["none", "batch", "layer", "channel", "instance"])
def test_second_order_gradients(norm):
    net, _ = small_discriminators(norm=norm, width=0.05)
    assert penalty_reaches_every_kernel(net)


def test_a_residual_block_adds_what_it_repeats():
    """With all of the main branch at zero a block repeats pixels and mixes their channels."""
    net, _ = faces.generators(64, noise_dim=4, width=0.004, residual=True)
    for name in ("kernel", "bias"):
        variable = getattr(net.get_layer("gen1_up8_conv"), name)
        variable.assign(tf.zeros(variable.shape))
    x, y = (net.get_layer(f"gen1_{name}").output for name in ("dense_reshape", "up8_add"))
    before, after = keras.Model(net.input, [x, y])(np.ones((1, 4), "f"))
    skip = net.get_layer("gen1_up8_skip")
    mixed = before.numpy() @ skip.kernel.numpy()[0, 0] + skip.bias.numpy()
    assert after.numpy() == pytest.approx(mixed.repeat(2, axis=1).repeat(2, axis=2), abs=1e-5)


def test_every_kernel_of_a_residual_generator_learns():
    net, _ = small_generators(64, residual=True)
    kernels = [v for v in net.trainable_variables if v.name == "kernel"]
    assert len(kernels) == 1 + 4 * 3 + 1
    with tf.GradientTape() as tape:
        image, _ = net(tf.random.normal((4, 4)), training=True)
        value = tf.reduce_mean(image**3)
    gradients = tape.gradient(value, [v.value for v in kernels])
    assert all(np.abs(g.numpy()).max() > 0 for g in gradients)


def test_instance_norm_leaves_the_dense_block_alive():
    net, _ = small_discriminators(norm="instance")
    names = [layer.name for layer in net.layers]
    assert "disc1_conv6_norm" in names and "disc1_dense_norm" not in names


@pytest.mark.parametrize("residual", [False, True])
def test_both_nets_come_back_from_a_file(tmp_path, residual):
    style = Style(upsample="nearest")
    pairs = small_generators(residual=residual, style=style), small_discriminators()
    inputs = np.zeros((2, 4), "f"), np.random.default_rng(0).normal(size=(2, 128, 128, 3))
    for (net, _), x in zip(pairs, inputs, strict=True):
        net.save(tmp_path / "net.keras")
        copy = keras.models.load_model(tmp_path / "net.keras")
        expected, found = (keras.tree.flatten(model(x.astype("f"))) for model in (net, copy))
        for a, b in zip(expected, found, strict=True):
            assert b.numpy() == pytest.approx(a.numpy(), abs=1e-6)


def test_outputs_stay_float32_under_mixed_precision():
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        (gen, _), (disc, _) = small_generators(), small_discriminators(norm="layer")
    finally:
        keras.config.set_dtype_policy(before)
    image, features = gen(np.zeros((1, 4), "f"))
    assert [t.dtype for t in (image, features[0], disc(image))] == [
        tf.float32,
        tf.bfloat16,
        tf.float32,
    ]


def test_what_is_refused():
    with pytest.raises(ValueError, match="must be one of 64, 128, 256, not 32"):
        faces.generators(32)
    with pytest.raises(ValueError, match="unknown upsample 'bicubic'"):
        small_generators(style=Style(upsample="bicubic"))
    with pytest.raises(ValueError, match="shared_layers must be 0..7"):
        small_discriminators(64, shared_layers=8)
    with pytest.raises(ValueError, match="shared_layers must be 0..6"):
        small_generators(shared_layers=7)
    with pytest.raises(ValueError, match="shared_layers must be 0..7"):
        small_generators(256, shared_layers=8)
    with pytest.raises(ValueError, match="shared_layers must be 0..8"):
        small_discriminators(shared_layers=9)
