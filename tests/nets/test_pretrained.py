import keras
import numpy as np
import pytest
import tensorflow as tf

from nets import pretrained

LAYERS = [  # size and channels for 32x32 images
    (32, 64), (16, 128), (8, 256), (4, 512), (2, 512), (2, 512),
]  # fmt: skip


@pytest.fixture(scope="module")
def trunk() -> keras.Model:
    """VGG19 at full size, untrained."""
    return pretrained.vgg19()


def image(count=2, size=32, seed=0):
    return np.random.default_rng(seed).uniform(-1, 1, (count, size, size, 3)).astype("f")


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    """VGG19 of keras.applications, and files of its weights in both formats of Keras."""
    folder = tmp_path_factory.mktemp("vgg")
    net = keras.applications.VGG19(include_top=False, weights=None, input_shape=(None, None, 3))
    net.save_weights(folder / "new.weights.h5")
    net.save(folder / "old.h5")
    return net, folder


def test_maps_of_a_digit_and_of_a_photograph(trunk):
    assert [each.shape[1:] for each in trunk(image())] == [(s, s, c) for s, c in LAYERS]
    assert [each.shape[1] for each in trunk(image(1, 128))] == [128, 64, 32, 16, 8, 8]


def test_it_is_frozen(trunk):
    assert trunk.trainable_variables == []
    before = [w.copy() for w in trunk.get_weights()]
    trunk(image(), training=True)
    assert all(np.array_equal(a, b) for a, b in zip(before, trunk.get_weights(), strict=True))


def test_untrained_weights_are_the_same_at_every_call(trunk):
    keras.utils.set_random_seed(7)
    for a, b in zip(trunk.get_weights(), pretrained.vgg19().get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    deepest = trunk(image())[-1].numpy()
    assert 1 < deepest.std() < 1000, "magnitudes neither die out nor grow"


def test_pixels_are_bgr_with_their_mean_taken_off(stored):
    """A first layer that passes each channel on, lifted by 200 for the sake of its ReLU."""
    weights = [np.zeros_like(w) for w in stored[0].get_weights()]
    weights[0][1, 1, [0, 1, 2], [0, 1, 2]] = 1
    weights[1][:] = 200
    colour = np.broadcast_to(np.float32([1, 0, -0.5]), (1, 32, 32, 3))  # 255, 127.5, 63.75
    first = pretrained.vgg19(weights)(colour)[0][0, 5, 5, :3].numpy()
    expected = [263.75 - 103.939, 327.5 - 116.779, 455 - 123.68]
    assert first == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize("file", ["new.weights.h5", "old.h5"])
def test_weights_come_from_files_of_both_formats(stored, file):
    net, folder = stored
    weights = pretrained.read_vgg19(folder / file)
    for a, b in zip(weights, net.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    x = image()
    pixels = keras.applications.vgg19.preprocess_input((0.5 * x + 0.5) * 255)
    deepest = keras.Model(net.input, net.get_layer("block5_conv2").output)(pixels).numpy()
    assert pretrained.vgg19(weights)(x)[-1].numpy() == pytest.approx(deepest, rel=1e-3, abs=1e-4)


def test_another_file_is_refused(tmp_path):
    path = tmp_path / "other.weights.h5"
    keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)]).save_weights(path)
    with pytest.raises(ValueError, match=r"other\.weights\.h5 has no VGG19 weights"):
        pretrained.read_vgg19(path)


def test_what_is_neither_kept_nor_reachable_is_missing(monkeypatch):
    def unreachable(*args, **kwargs):
        raise Exception("URL fetch failure")

    monkeypatch.setattr(keras.utils, "get_file", unreachable)
    with pytest.raises(FileNotFoundError, match=pretrained.VGG19_FILE):
        pretrained.vgg19_file()


def test_it_computes_in_the_policy_in_force():
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        trunk = pretrained.vgg19()
    finally:
        keras.config.set_dtype_policy(before)
    assert {each.dtype for each in trunk(image())} == {tf.bfloat16}
    assert {v.dtype for v in trunk.variables} == {"float32"}
