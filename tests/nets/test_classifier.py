import keras
import numpy as np
import pytest

from nets import classifier

ROWS = [  # thesis table B.1, valid padding: output shape and weights
    ("conv1", (30, 30, 32), 896),
    ("conv2", (28, 28, 64), 18_496),
    ("pool", (14, 14, 64), 0),
    ("dense", (128,), 1_605_760),
    ("logits", (10,), 1_290),
]


@pytest.mark.parametrize(("padding", "parameters"), [("valid", 1_626_442), ("same", 2_117_962)])
def test_parameters(padding, parameters):
    assert classifier.classifier(padding=padding).count_params() == parameters


@pytest.mark.parametrize(("label", "shape", "parameters"), ROWS)
def test_rows(label, shape, parameters):
    layer = classifier.classifier().get_layer(label)
    assert (layer.output.shape[1:], layer.count_params()) == (shape, parameters)


def test_rates_and_slopes():
    net = classifier.classifier(width=0.05)
    assert [net.get_layer(f"dropout{i}").rate for i in (1, 2)] == [0.25, 0.5]
    assert net.get_layer("features").negative_slope == pytest.approx(0.3, abs=1e-9)


@pytest.mark.parametrize("arch", classifier.CLASSIFIERS)
def test_logits_come_from_the_features(arch):
    net = classifier.classifier(arch, width=0.1, classes=7, channels=1)
    both = keras.Model(net.input, [net.get_layer("features").output, net.output])
    features, logits = both(np.random.default_rng(0).normal(size=(3, 32, 32, 1)).astype("f"))
    kernel, bias = (v.numpy() for v in net.get_layer("logits").weights)
    assert logits.shape == (3, 7)
    assert logits.numpy() == pytest.approx(features.numpy() @ kernel + bias, abs=1e-5)
    assert np.abs(logits.numpy().sum(axis=1) - 1).max() > 1e-3  # logits, not probabilities


@pytest.mark.parametrize("arch", ["strided", "pooled"])
@pytest.mark.parametrize(("size", "units"), [(28, 3), (32, 3), (64, 4), (128, 5)])
def test_larger_images_are_halved_more_often(arch, size, units):
    net = classifier.classifier(arch, image_size=size, width=1 / 32)
    last = net.get_layer("flatten").input.shape
    rows = [layer.name for layer in net.layers if isinstance(layer, keras.layers.Conv2D)]
    assert rows == [f"conv{row}" for row in range(1, units + 1)]
    assert max(last[1:3]) <= 4 and last[3] == 4


def test_thesis_net_and_evaluator_differ():
    thesis, strided = (classifier.classifier(arch) for arch in ("thesis", "strided"))
    assert strided.count_params() < thesis.count_params() / 3


@pytest.mark.parametrize("arch", classifier.CLASSIFIERS)
def test_comes_back_from_a_file(tmp_path, arch):
    net = classifier.classifier(arch, width=0.05)
    net.save(tmp_path / "clf.keras")
    x = np.random.default_rng(0).normal(size=(2, 32, 32, 3)).astype("f")
    copy = keras.models.load_model(tmp_path / "clf.keras")
    assert copy(x).numpy() == pytest.approx(net(x).numpy(), abs=1e-5)


@pytest.mark.parametrize(("padding", "parameters"), [("valid", 31_511_245), ("same", 33_575_629)])
def test_parameters_of_the_classifier_of_faces(padding, parameters):
    with keras.StatelessScope(initialize_variables=False):
        net = classifier.classifier(image_size=128, classes=13, padding=padding, multilabel=True)
    assert sum(np.prod(v.shape) for v in net.weights) == parameters


@pytest.mark.parametrize("multilabel", [False, True])
def test_a_file_says_whether_its_net_tells_attributes(tmp_path, multilabel):
    classifier.classifier(width=0.05, classes=3, multilabel=multilabel).save(tmp_path / "clf.keras")
    net = keras.models.load_model(tmp_path / "clf.keras")
    assert classifier.is_multilabel(net) is multilabel
    told = classifier.probabilities(net, np.zeros((2, 3), "f")).numpy()
    assert told == pytest.approx(np.full((2, 3), 1 / 2 if multilabel else 1 / 3), abs=1e-6)


def test_unknown_name():
    with pytest.raises(ValueError, match="choose from thesis, strided"):
        classifier.classifier("lenet")
