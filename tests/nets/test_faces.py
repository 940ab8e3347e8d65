import keras
import numpy as np
import pytest
import tensorflow as tf

from framework import penalties
from nets import faces

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
SIZES = (128, 256)


def shapes_only(make, *args, **options):
    """A pair of nets at paper size whose weights have shapes but no values."""
    with keras.StatelessScope(initialize_variables=False):
        return make(*args, **options)


def count(*nets):
    """Number of weights, each once however many nets use it."""
    weights = {id(v): v for net in nets for v in net.weights}
    return sum(int(np.prod(v.shape)) for v in weights.values())


def small_generators(size=128, **options):
    return faces.generators(size, noise_dim=4, width=0.004, **options)


def small_discriminators(size=128, **options):
    return faces.discriminators(size, **{"width": 0.02} | options)


def shared_blocks(net1, net2):
    """Labels of the blocks whose first layer is the same object in both nets."""
    layers = [layer for layer in net1.layers if layer.weights and layer in net2.layers]
    return [layer.name.removeprefix("shared_") for layer in layers if layer.name.count("_") == 1]


def start_apart(net1, net2):
    """Whether every kernel that is not shared starts with other values in the other net."""
    pairs = zip(net1.weights, net2.weights, strict=True)
    kernels = [(a, b) for a, b in pairs if a.name == "kernel" and a is not b]
    return all(np.abs(a.numpy() - b.numpy()).max() > 1e-5 for a, b in kernels)


@pytest.mark.parametrize("kind", ["element", "channel"])
def test_generator_rows(kind):
    net, _ = shapes_only(faces.generators, 128, prelu=kind)
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
        (128, "element", 13_870_787),
        (128, "channel", 12_840_611),
        (256, "element", 52_218_563),
        (256, "channel", 48_061_091),
    ],
)
def test_generator_parameters(size, kind, parameters):
    assert count(shapes_only(faces.generators, size, prelu=kind)[0]) == parameters


@pytest.mark.parametrize(("shared", "parameters"), [(5, 14_428_870), (1, 26_066_310)])
def test_generator_pairs_of_the_thesis(shared, parameters):
    pair = shapes_only(faces.generators, 128, prelu="element", shared_layers=shared)
    assert count(*pair) == parameters


@pytest.mark.parametrize(
    ("size", "norm", "kind", "parameters"),
    [
        (128, "batch", "element", 15_122_625),
        (128, "layer", "element", 15_114_497),
        (128, "channel", "element", 15_114_497),
        (128, "layer", "channel", 14_858_465),
        (256, "batch", "element", 41_062_593),
    ],
)
def test_discriminator_parameters(size, norm, kind, parameters):
    net, _ = shapes_only(faces.discriminators, size, norm=norm, prelu=kind)
    assert count(net) == parameters


def test_discriminator_pair_of_the_thesis():
    """Only the first convolution, with its norm and slopes, is there twice."""
    one, pair = (
        shapes_only(faces.discriminators, 128, prelu="element", shared_layers=shared)
        for shared in (8, 7)
    )
    assert count(*one) == 15_122_625
    assert count(*pair) == 15_122_625 + 2_432 + 4 * 32 + 64 * 64 * 32


@pytest.mark.parametrize(
    ("size", "maps"), [(128, [8, 16, 32, 64, 128]), (256, [8, 16, 32, 64, 128, 256])]
)
def test_generator_outputs(size, maps):
    net, _ = small_generators(size)
    image, features = net(np.zeros((2, 4), "f"))
    assert image.shape == (2, size, size, 3)
    assert [f.shape[1] for f in features] == maps
    assert float(tf.reduce_max(tf.abs(image))) <= 1


@pytest.mark.parametrize(
    ("shared", "labels"), [(0, []), (1, ["dense"]), (3, ["dense", "up8", "up16"])]
)
def test_generators_share_from_the_latent_on(shared, labels):
    pair = small_generators(shared_layers=shared)
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
    """The penalty of a penalty critic must reach every kernel it depends on."""
    net, _ = small_discriminators(norm=norm, width=0.05)
    real, fake = tf.random.normal((2, 3, 128, 128, 3))
    kernels = [v for v in net.trainable_variables if v.name == "kernel"]
    with tf.GradientTape() as tape:
        disc = lambda x: net(x, training=True)  # noqa: E731
        penalty = penalties.gradient_penalty(disc, real, fake, tf.random.uniform)
    gradients = tape.gradient(penalty, [v.value for v in kernels])
    assert all(np.isfinite(g.numpy()).all() and np.abs(g.numpy()).max() > 0 for g in gradients)


def test_instance_norm_leaves_the_dense_block_alive():
    net, _ = small_discriminators(norm="instance")
    names = [layer.name for layer in net.layers]
    assert "disc1_conv6_norm" in names and "disc1_dense_norm" not in names


def test_both_nets_come_back_from_a_file(tmp_path):
    inputs = np.zeros((2, 4), "f"), np.random.default_rng(0).normal(size=(2, 128, 128, 3))
    for (net, _), x in zip((small_generators(), small_discriminators()), inputs, strict=True):
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
    with pytest.raises(ValueError, match="must be 128 or 256, not 64"):
        faces.generators(64)
    with pytest.raises(ValueError, match="shared_layers must be 0..6"):
        small_generators(shared_layers=7)
    with pytest.raises(ValueError, match="shared_layers must be 0..7"):
        small_generators(256, shared_layers=8)
    with pytest.raises(ValueError, match="shared_layers must be 0..8"):
        small_discriminators(shared_layers=9)
