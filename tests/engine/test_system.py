"""A system after training: what it draws, and what is saved of it."""

import json
import zipfile

import keras
import numpy as np
import pytest
import tensorflow as tf
from systems import flags, trainer, update

from framework.engine.system import save_models

MODELS = {"generators": ("gen1", "gen2"), "discriminators": ("disc1", "disc2")}
GENERATORS = {"gan": ["gen"], "cogan": ["gen1", "gen2"], "scogan": ["gen1", "gen2"]}


def test_samples_come_from_the_average():
    subject = trainer("gan", "--ema", "0.9")
    z = subject.system.latent(3, seed=0)
    before = subject.system.sample(z)[0]
    subject.nets["gen"].set_weights([w + 1 for w in subject.nets["gen"].get_weights()])
    np.testing.assert_array_equal(subject.system.sample(z)[0], before)
    assert not np.array_equal(subject.system.latent(3, seed=1), z)


def test_bfloat16_keeps_float32_images_and_leaves_no_policy(classifier_path):
    subject = trainer("scogan", *flags("scogan", classifier_path), "--mixed_precision", "bfloat16")
    assert any(layer.compute_dtype == "bfloat16" for layer in subject.nets["gen1"].layers)
    system = subject.system
    assert all(images.dtype == np.float32 for images in system.sample(system.latent(2, seed=0)))
    assert keras.config.dtype_policy().name == "float32", "the policy is not left behind"


@pytest.mark.parametrize("system", GENERATORS)
def test_saved_generators_load_without_this_project(system, eager, run, classifier_path):
    subject = trainer(system, *flags(system, classifier_path))
    update(subject, "gen")
    save_models(subject.models(), run.models)
    path = run.models / ("gen.keras" if system == "gan" else "generators.keras")
    with zipfile.ZipFile(path) as file:
        stored = json.dumps(json.loads(file.read("config.json")))
    assert "softgan" not in stored and "Lambda" not in stored
    z = subject.system.latent(3, seed=0)
    images = keras.models.load_model(path)(z, training=False)
    images = [images[0]] if system == "gan" else images
    samples = subject.system.sample(z)
    assert len(images) == len(samples) == len(GENERATORS[system])
    for mine, other in zip(images, samples, strict=True):
        np.testing.assert_allclose(mine.numpy(), other, atol=1e-6)


@pytest.mark.parametrize("ema", ["0", "0.9"])
@pytest.mark.parametrize("shared", [0, 1, 4])
def test_saved_pairs_load_and_still_share(eager, run, shared, ema):
    argv = ["--g_shared_layers", str(shared), "--d_shared_layers", str(min(shared, 3))]
    subject = trainer("cogan", *argv, "--ema", ema)
    update(subject, "gen")
    save_models(subject.models(), run.models)
    z = subject.system.latent(2, seed=0)
    samples = subject.system.sample(z)
    loaded = {name: keras.models.load_model(run.models / f"{name}.keras") for name in MODELS}
    for mine, other in zip(loaded["generators"](z), samples, strict=True):
        np.testing.assert_allclose(mine.numpy(), other, atol=1e-6)
    x = [tf.constant(image) for image in samples]
    for i, logits in enumerate(loaded["discriminators"](x)):
        np.testing.assert_allclose(logits, subject.nets[f"disc{i + 1}"](x[i]), atol=1e-6)
    for name, nets in MODELS.items():
        own = {id(v) for net in nets for v in subject.nets[net].weights}
        assert len(loaded[name].weights) == len(own)  # without the seeds of dropout
