"""Which features samples are compared by, what is kept of real images, and the metrics' names."""

import dataclasses
import json

import keras
import numpy as np
import pytest
from systems import domain, evaluate, trainer

from framework.errors import MissingError
from framework.evaluation import features
from framework.options import config
from nets import classifier, inception

IMAGES = domain("a", 1).test_images


@pytest.fixture
def net_features():
    return features.of_digits(classifier.classifier("strided", classes=3, width=0.1), "a net")


@pytest.fixture
def options(tmp_path):
    return config.parse(["--results_dir", str(tmp_path)])


def kept(tmp_path):
    return sorted((tmp_path / "statistics").glob("*"))


def distances(options, net_features, images=IMAGES, notes=None):
    fakes = [np.linspace(-1, 1, images.size, dtype="float32").reshape(images.shape)]
    real = dataclasses.replace(domain("a", 1), test_images=images)
    note = (lambda text: None) if notes is None else notes.append
    return features.distances(options, net_features, fakes, [real], "seed 3", note)


def test_metrics_by_domain_with_all_that_was_done(options, net_features):
    notes = []
    found = distances(options, net_features, notes=notes)
    assert found.keys() == {"kid1", "fid1"}
    for metric in found.values():
        for part in ("a net", "as they are", "6 samples", "6 real images", "held-out images of a"):
            assert part in metric["protocol"]
        assert np.isfinite(metric["value"])
    assert "6 images for" in found["fid1"]["protocol"]
    assert len(notes) == 1 and notes[0].startswith("WARNING: kid1, fid1: 6 images for")
    json.dumps(found)


def test_without_features_there_are_no_metrics(options, tmp_path):
    assert features.choose("none", None, "") is None
    assert features.choose("digit", None, "") is None
    assert distances(options, None) == {} and kept(tmp_path) == []


def test_features_of_real_images_are_computed_once(options, net_features, tmp_path, monkeypatch):
    first = distances(options, net_features)
    (file,) = kept(tmp_path)
    before, counts, plain = file.stat().st_mtime_ns, [], features.Features.of
    monkeypatch.setattr(
        features.Features, "of", lambda self, images: counts.append(1) or plain(self, images)
    )
    assert distances(options, net_features) == first
    assert len(counts) == 1, "of the samples alone"
    assert [file.stat().st_mtime_ns, kept(tmp_path)] == [before, [file]]
    file.write_bytes(file.read_bytes()[:50])
    assert distances(options, net_features) == first, "a damaged file is made anew"


def test_other_images_and_another_net_have_files_of_their_own(options, net_features, tmp_path):
    distances(options, net_features)
    other = IMAGES.copy()
    other[0, 0, 0, 0] ^= 1
    distances(options, net_features, other)
    distances(options, net_features, IMAGES[:5])
    distances(options, net_features._replace(name="resized otherwise"))
    net_features.net.set_weights([w + 1e-3 for w in net_features.net.get_weights()])
    distances(options, net_features)
    assert len(kept(tmp_path)) == 5


def test_uint8_and_float_images_have_the_same_features(net_features):
    np.testing.assert_allclose(
        net_features.of(IMAGES), net_features.of(IMAGES / np.float32(127.5) - 1), atol=1e-5
    )


def test_inception_resizes_and_pools(monkeypatch):
    def small(include_top, weights, pooling, input_shape):
        assert (include_top, weights, pooling) == (False, "imagenet", "avg")
        x = keras.Input(input_shape)
        return keras.Model(x, keras.layers.GlobalAveragePooling2D()(x))

    monkeypatch.setattr(keras.applications, "InceptionV3", small)
    found = features.choose("inception", None, "")
    assert "InceptionV3" in found.name and "bilinear" in found.name
    flat = np.full((2, 32, 32, 3), 0.25, "float32")
    np.testing.assert_allclose(found.of(flat), np.full((2, 3), 0.25), rtol=1e-6)


def test_inception_has_2048_features():
    assert inception.inception(weights=None).output_shape == (None, 2048)


def test_missing_inception_weights_are_an_error_before_training(tmp_path, monkeypatch):
    def offline(**_):
        raise ConnectionError("no network")

    monkeypatch.setattr(keras.applications, "InceptionV3", offline)
    with pytest.raises(MissingError, match="--kid_features inception: no InceptionV3 weights"):
        trainer("cogan", "--kid_features", "inception")
    trainer("cogan", "--kid_features", "inception", "--eval_pairs", "0")


@pytest.mark.parametrize("system", ["gan", "cogan"])
def test_systems_measure_their_samples(system, tmp_path, capsys):
    argv = ["--results_dir", str(tmp_path), "--evaluator_iterations", "1"]
    found = evaluate(trainer(system, *argv, "--eval_pairs", "8"))
    names = {"kid1", "fid1"} if system == "gan" else {"kid1", "kid2", "fid1", "fid2"}
    assert {name for name in found if name[:3] in ("kid", "fid")} == names
    assert found["kid1"]["n"] == 8 and "8 samples" in found["kid1"]["protocol"]
