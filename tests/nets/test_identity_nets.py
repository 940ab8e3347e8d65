"""Identity nets: arithmetic by head with weights that pass colours through, shapes, gradients."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from nets import classifier, identity

COLOUR = np.float32([1, 0, 0.5])  # 255, 127.5 and 191.25 of 255
PIXELS = np.float32([255, 127.5, 191.25])


def plain(size: int = 150, count: int = 1) -> np.ndarray:
    """Images of one colour."""
    return np.broadcast_to(COLOUR, (count, size, size, 3))


def noise(size: int, count: int = 2, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-1, 1, (count, size, size, 3)).astype("f")


def face_weights() -> dict[str, np.ndarray]:
    """Those that hand the three channels to the first three outputs; every block adds nothing."""
    weights, before = {}, 3
    names = [("conv32_down", 32)]
    for channels, blocks in identity.FACE_BLOCKS.items():
        pairs = [
            f"conv{channels}_{block}/{conv}" for block in blocks for conv in ("conv1", "conv2")
        ]
        names += [(name, channels) for name in pairs]
    for name, channels in names:
        side = 7 if name == "conv32_down" else 3
        weights[f"{name}/conv/filters"] = np.zeros((side, side, before, channels), "f")
        for part, value in (("conv/bias", 0), ("scale/weights", 1), ("scale/biases", 0)):
            weights[f"{name}/{part}"] = np.full(channels, value, "f")
        before = channels
    weights["conv32_down/conv/filters"][3, 3, range(3), range(3)] = 1
    weights["fc"] = np.eye(256, 128, dtype="f")
    return weights


def resnet_weights() -> dict[str, np.ndarray]:
    """As `face_weights`; a variance of 1 - 1e-5 makes a batch norm the identity."""
    weights: dict[str, np.ndarray] = {}

    def add(name: str, before: int, channels: int, side: int, pass_on: bool) -> None:
        kernel = np.zeros((channels, before, side, side), "f")
        if pass_on:
            kernel[range(3), range(3), side // 2, side // 2] = 1
        weights[f"{name}.weight"] = kernel
        parts = dict(weight=1, bias=0, running_mean=0, running_var=1 - identity.RESNET_EPSILON)
        for part, value in parts.items():
            weights[f"{name}_bn.{part}"] = np.full(channels, value, "f")

    add("conv1_7x7_s2", 3, 64, 7, True)
    before = 64
    for stage, blocks in enumerate((3, 4, 6, 3), start=2):
        width = 16 * 2**stage
        for block in range(1, blocks + 1):
            name = f"conv{stage}_{block}"
            add(f"{name}_1x1_reduce", before, width, 1, False)
            add(f"{name}_3x3", width, width, 3, False)
            add(f"{name}_1x1_increase", width, 4 * width, 1, False)
            if block == 1:
                add(f"{name}_1x1_proj", before, 4 * width, 1, True)
            before = 4 * width
    return weights


@pytest.fixture(scope="module")
def face128():
    return identity.face128()


@pytest.fixture(scope="module")
def resnet50():
    return identity.resnet50()


def test_colours_reach_the_face_code():
    """dlib's mean is taken off, the rest divided by 256, and averages keep what is constant."""
    code = identity.face128(face_weights())(plain())[0].numpy()
    assert code[:3] == pytest.approx((PIXELS - [122.782, 117.001, 104.298]) / 256, rel=1e-5)
    assert not code[3:].any()


def test_scales_and_biases_of_the_face_net():
    """Red v: 3 * (v + 0.5) + 1 in the first layer; then the branches of the down blocks.

    A bias b of `conv256_down` reaches 9 of 16 pixels, one c of `conv256_down_out` 1 of 4.
    """
    weights = face_weights()
    for part, value in (("conv/bias", 0.5), ("scale/weights", 3), ("scale/biases", 1)):
        weights[f"conv32_down/{part}"][0] = value
    weights["conv256_down/conv2/scale/biases"][0] = b = 16.0
    weights["conv256_down_out/conv2/scale/biases"][0] = c = 4.0
    code = identity.face128(weights)(plain())[0].numpy()
    red = 3 * ((255 - 122.782) / 256 + 0.5) + 1
    assert code[0] == pytest.approx(red + 9 * b / 16 + c / 4, rel=1e-5)


def test_a_block_adds_its_second_convolution_to_what_it_got():
    """In conv64_1: green 2 v, then 5 times that, beside v; negative sums are cut off."""
    weights = face_weights()
    weights["conv64_1/conv1/conv/filters"][1, 1, 1, 0] = 2
    weights["conv64_1/conv2/conv/filters"][1, 1, 0, 1] = 5
    weights["conv64_1/conv2/scale/biases"][0] = -100
    code = identity.face128(weights)(plain())[0].numpy()
    assert code[1] == pytest.approx(11 * (127.5 - 117.001) / 256, rel=1e-5)
    assert code[0] == 0


def test_colours_reach_the_code_of_resnet():
    """VGGFace2's mean is taken off; then (p - mean) / 2 * gamma + beta of the first batch norm."""
    weights = resnet_weights()
    norm = dict(weight=3, bias=7, running_mean=11, running_var=4 - identity.RESNET_EPSILON)
    for part, value in norm.items():
        weights[f"conv1_7x7_s2_bn.{part}"][2] = value
    code = identity.resnet50(weights)(plain(224))[0].numpy()
    pixels = PIXELS - [131.0912, 103.8827, 91.4953]
    assert code[:2] == pytest.approx(pixels[:2], rel=1e-5)
    assert code[2] == pytest.approx((pixels[2] - 11) / 2 * 3 + 7, rel=1e-5)
    assert not code[3:].any()


def test_a_bottleneck_adds_three_convolutions():
    """In conv3_2: red twice, 3 times that, minus 1, 5 times that."""
    weights = resnet_weights()
    weights["conv3_2_1x1_reduce.weight"][0, 0] = 2
    weights["conv3_2_3x3.weight"][4, 0, 1, 1] = 3
    weights["conv3_2_3x3_bn.bias"][4] = -1
    weights["conv3_2_1x1_increase.weight"][1, 4] = 5
    code = identity.resnet50(weights)(plain(224))[0].numpy()
    red, green = (PIXELS - [131.0912, 103.8827, 91.4953])[:2]
    assert code[1] == pytest.approx(green + 5 * (6 * red - 1), rel=1e-5)


def test_resnet_halves_in_the_first_convolution_of_a_stage(resnet50):
    strides = {
        layer.name: layer.strides[0]
        for layer in resnet50.layers
        if isinstance(layer, keras.layers.Conv2D)
    }
    halving = {name for name, stride in strides.items() if stride == 2}
    stages = {f"conv{stage}_1_1x1_{part}" for stage in (3, 4, 5) for part in ("reduce", "proj")}
    assert halving == {"conv1_7x7_s2", *stages}
    assert len(strides) == 53


def test_numbers_of_parameters(face128, resnet50):
    """torchvision's ResNet-50 has 25,557,032: without the classifier and half of the batch norm."""
    assert resnet50.count_params() == 25_557_032 - 2_049_000 - 26_560
    blocks = {32: 6, 64: 7, 128: 5, 256: 7}  # 3x3 convolutions with as many inputs as outputs
    square = sum((9 * c + 1) * c * count for c, count in blocks.items())
    widening = sum((9 * c // 2 + 1) * c for c in (64, 128, 256))
    assert face128.count_params() == (49 * 3 + 1) * 32 + square + widening + 256 * 128


@pytest.mark.parametrize("size", [32, 64, 200])
def test_codes_of_images_of_any_size(face128, size):
    code = face128(noise(size))
    assert code.shape == (2, 128) and code.dtype == tf.float32
    assert 0.01 < code.numpy().std() < 100, "magnitudes neither die out nor grow"


def test_codes_of_resnet(resnet50):
    code = resnet50(noise(32))
    assert code.shape == (2, 2048) and code.dtype == tf.float32
    assert code.numpy().min() >= 0


def test_an_enlarged_image_has_the_same_code(face128):
    small = noise(50)
    large = tf.image.resize(small, (150, 150))
    assert face128(small).numpy() == pytest.approx(face128(large).numpy(), rel=1e-4, abs=1e-4)


def test_gradients_reach_the_images_alone(face128):
    images = tf.constant(noise(48))
    with tf.GradientTape() as tape:
        tape.watch(images)
        total = tf.reduce_sum(face128(images, training=True))
    gradient = tape.gradient(total, images).numpy()
    assert np.isfinite(gradient).all() and (np.abs(gradient).sum((1, 2, 3)) > 0).all()
    assert face128.trainable_variables == []


def test_untrained_weights_are_the_same_at_every_call(face128):
    keras.utils.set_random_seed(7)
    for a, b in zip(face128.get_weights(), identity.face128().get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_codes_are_float32_in_half_precision():
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        net = identity.face128(face_weights())
    finally:
        keras.config.set_dtype_policy(before)
    code = net(plain(64))
    assert code.dtype == tf.float32
    wanted = (PIXELS - [122.782, 117.001, 104.298]) / 256
    assert code[0, :3].numpy() == pytest.approx(wanted, rel=0.02)


@pytest.mark.parametrize(
    ("make", "weights", "name"),
    [
        (identity.face128, face_weights, "conv64_1/conv2/scale/biases"),
        (identity.face128, face_weights, "fc"),
        (identity.resnet50, resnet_weights, "conv2_1_3x3_bn.running_var"),
    ],
)
def test_weights_that_are_missing_or_of_another_shape(make, weights, name):
    wrong = weights()
    array = wrong.pop(name)
    with pytest.raises(ValueError, match=f"no {name} among the weights"):
        make(wrong)
    with pytest.raises(ValueError):
        make(wrong | {name: array[:-1]})


def test_codes_of_a_classifier_are_its_features_of_resized_images():
    net = classifier.classifier("strided", classes=3, width=0.1)
    codes = identity.of_classifier(net)
    images = noise(64)
    features = keras.Model(net.input, net.get_layer("features").output)
    expected = features(tf.image.resize(images, (32, 32)), training=False).numpy()
    assert codes(images, training=False).numpy() == pytest.approx(expected, rel=1e-5, abs=1e-6)
    assert codes.trainable_variables == []
    with pytest.raises(ValueError, match="features"):
        identity.of_classifier(keras.Model(net.input, net.get_layer("flatten").output))
