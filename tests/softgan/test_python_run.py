"""What an open run offers a Python program, with systems of a few lines."""

from types import SimpleNamespace

import numpy as np
import pytest

from framework.data import Facts
from framework.engine.capabilities import Codes, Direction
from framework.errors import UsageError
from framework.trainers.opening import OpenedRun
from softgan.run import Run

SIZE = 4
IMAGE = np.linspace(-1, 1, SIZE * SIZE * 3, dtype=np.float32).reshape(SIZE, SIZE, 3)


class System:
    """A system of no capability."""

    facts = Facts()


class Pairs(System):
    """Pairs whose images are filled with a latent number, and with its negative."""

    def latent(self, rows, seed):
        return np.linspace(-1, 1, rows, dtype=np.float32)[:, None] * seed

    def sample(self, z):
        images = np.broadcast_to(z[:, :, None, None], (len(z), SIZE, SIZE, 3))
        return images, -images

    def invert(self, images, domain, *, restarts, steps, seed):
        z = images.mean(axis=(1, 2, 3))[:, None]
        return z if domain == 1 else -z, np.full(len(images), 0.25)


class Translator(System):
    """Translates domain 2 to domain 1 by a negative."""

    def directions(self):
        return (Direction(2, 1),)

    def translate(self, images, direction):
        return -images


class Exchange(System):
    """Content is an image without its mean, style is the mean."""

    def encode(self, images):
        style = images.mean(axis=(1, 2, 3), keepdims=True)
        return Codes(images - style, style)

    def decode(self, content, style):
        return content + style


class Classifier(System):
    """Two classes: bright and dark."""

    def classify(self, images, domain=1):
        bright = (images.mean(axis=(1, 2, 3)) + 1) / 2
        return np.stack([bright, 1 - bright], axis=1)


@pytest.fixture
def opened(run):
    """Opens a run folder with a system."""

    def open_with(system) -> Run:
        options = SimpleNamespace(gan_type="any", image_size=SIZE)
        return Run(OpenedRun(run, options, system, 5))

    return open_with


def test_samples_of_pairs_are_a_tuple_and_of_one_domain_an_array(opened, monkeypatch):
    first, second = opened(Pairs()).sample(3, seed=1)
    np.testing.assert_array_equal(first[:, 0, 0, 0], [-1, 0, 1])
    np.testing.assert_array_equal(second, -first)
    monkeypatch.setattr(Pairs, "sample", lambda self, z: (z,))
    assert opened(Pairs()).sample(3).shape == (3, 1)
    with pytest.raises(UsageError, match="n=0"):
        opened(Pairs()).sample(0)


def test_a_translation_has_the_form_of_what_is_given(opened):
    run = opened(Translator())
    np.testing.assert_array_equal(run.translate(IMAGE), -IMAGE)
    np.testing.assert_array_equal(run.translate(np.stack([IMAGE, -IMAGE])), [-IMAGE, IMAGE])
    with pytest.raises(UsageError, match="takes images of domain 2"):
        run.translate(IMAGE, domain=1)


def test_pairs_translate_by_a_search_for_the_latent_vector(opened):
    run, bright = opened(Pairs()), np.full((2, SIZE, SIZE, 3), 0.5, np.float32)
    np.testing.assert_allclose(run.translate(bright), -bright)
    codes = run.encode(bright, domain=2)
    np.testing.assert_allclose(codes["z"], [[-0.5]] * 2)
    np.testing.assert_array_equal(codes["error"], [0.25] * 2)


def test_guides_give_images_their_style(opened):
    run, guides = opened(Exchange()), np.full((2, SIZE, SIZE, 3), 0.5, np.float32)
    assert run.translate(IMAGE, guide=guides).shape == (2, SIZE, SIZE, 3)
    result = run.translate(IMAGE[None] / 2, guide=guides[0])
    np.testing.assert_allclose(result, IMAGE[None] / 2 + 0.5, atol=1e-6)
    codes = run.encode(IMAGE)
    assert sorted(codes) == ["content", "style"]
    np.testing.assert_allclose(run.decode(**codes), IMAGE[None], atol=1e-6)


def test_classes_of_images(opened):
    run, white = opened(Classifier()), np.full((3, SIZE, SIZE, 3), 255, np.uint8)
    np.testing.assert_allclose(run.classify(white), [[1, 0]] * 3)
    np.testing.assert_allclose(run.classify(white[0]), [1, 0])


@pytest.mark.parametrize(
    ("system", "method", "part"),
    [
        (Classifier, "sample", "cannot generate samples; it has classify"),
        (Pairs, "classify", "cannot classify images; it has sample, translate, encode"),
        (System, "translate", "cannot make images from images; use its `system`"),
        (Translator, "encode", "cannot encode images; it has translate"),
    ],
)
def test_what_a_system_cannot_do_is_one_error_that_names_what_it_can(opened, system, method, part):
    arguments = () if method == "sample" else (IMAGE,)
    with pytest.raises(UsageError, match=f"a any {part}"):
        getattr(opened(system()), method)(*arguments)


@pytest.mark.parametrize("facts", [Facts(points=True), Facts(sound=True)])
def test_runs_of_points_and_sound_take_no_images(opened, facts):
    system = Translator()
    system.facts = facts
    with pytest.raises(UsageError, match="was not trained on images"):
        opened(system).translate(IMAGE)


def test_history_and_metrics_are_those_of_the_folder(run, opened):
    assert opened(System()).history == {"iteration": pytest.approx([])}
    run.log(10, {"gen/adv": 0.5})
    run.log(20, {"gen/adv": 0.25, "stat/x": 3.0})
    run.save_metrics({"kid1": {"value": 1.0, "ci95": None, "n": 2, "protocol": "p"}})
    result = opened(System())
    assert result.history["iteration"].dtype == np.int64
    np.testing.assert_array_equal(result.history["iteration"], [10, 20])
    np.testing.assert_array_equal(result.history["gen/adv"], [0.5, 0.25])
    np.testing.assert_array_equal(result.history["stat/x"], [np.nan, 3])
    assert result.metrics["kid1"]["value"] == 1.0 and result.step == 5
    assert str(run.folder) in repr(result)
