"""Latent vectors found for images that a tiny generator drew itself."""

import csv
import shutil
from pathlib import Path

import keras
import numpy as np
import pytest
from command_line import SMOKE, refused
from conftest import eagerly
from PIL import Image
from systems import trainer

from framework.cli import main
from framework.engine.inversion import invert


def linear(matrix) -> keras.Model:
    """A generator of 1x1 images that are `matrix` times z."""
    z = keras.Input((matrix.shape[0],))
    net = keras.Model(z, (keras.layers.Reshape((1, 1, -1))(keras.layers.Dense(3)(z)), ()))
    net.set_weights([matrix, np.zeros(3)])
    return net


def test_own_images_are_found_again():
    subject = trainer("cogan")
    z = subject.system.latent(5, seed=0)
    images = subject.system.sample(z)[0]
    found, errors = invert(subject.nets["gen1"], images, "uniform", steps=200)
    assert found.shape == z.shape and errors.shape == (5,)
    assert np.abs(found).max() <= 1
    again = subject.system.sample(found)[0]
    np.testing.assert_allclose(((again - images) ** 2).mean(axis=(1, 2, 3)), errors, atol=1e-6)
    others = subject.system.sample(subject.system.latent(5, seed=1))[0]
    by_chance = ((others - images) ** 2).mean()
    assert errors.mean() < 0.05 * by_chance


@pytest.mark.parametrize(("noise", "best"), [("uniform", 1.0), ("normal", 3.0)])
def test_uniform_vectors_stay_in_their_range(noise, best):
    net, images = linear(np.eye(3, dtype="float32")), np.full((2, 1, 1, 3), 3.0, "float32")
    z, errors = invert(net, images, noise, restarts=2, steps=400)
    np.testing.assert_allclose(z, np.full((2, 3), best), atol=0.05)
    np.testing.assert_allclose(errors, np.full(2, (3 - best) ** 2), atol=0.05)


def test_images_do_not_disturb_each_other_and_the_best_start_is_kept(monkeypatch):
    net = linear(np.array([[1, 0, 0], [0, 0.1, 0]], "float32"))
    images = np.random.default_rng(0).uniform(-1, 1, (5, 1, 1, 3)).astype("float32")
    together = invert(net, images, "normal", restarts=3, steps=20)
    monkeypatch.setattr("framework.engine.inversion.ROWS", 6)  # two images at a time
    for mine, other in zip(
        together, invert(net, images, "normal", restarts=3, steps=20), strict=True
    ):
        np.testing.assert_allclose(mine, other, atol=1e-5)
    one = invert(net, images, "normal", restarts=1, steps=1)[1]
    many = invert(net, images, "normal", restarts=30, steps=1)[1]
    assert many.mean() < one.mean()


# The command


@pytest.fixture(scope="module")
def trained(tmp_path_factory) -> Path:
    place = tmp_path_factory.mktemp("trained")
    argv = ["--gan_type", "cogan", *SMOKE, "--eval_pairs", "0", "--name", "it"]
    with eagerly():
        assert main([*argv, "--results_dir", str(place)]) == 0
    return place / "it"


@pytest.fixture
def place(trained, tmp_path, monkeypatch) -> Path:
    """A copy of the run `it` beside a folder `given` of three images."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(trained, "it")
    Path("given").mkdir()
    for i in range(3):
        Image.fromarray(np.full((40, 40, 3), 80 * i, np.uint8)).save(f"given/{i}.png")
    return tmp_path


def test_translate_writes_sheet_array_and_errors(place, capsys):
    assert main("translate it --images given --domain 2 --restarts 2 --steps 3".split()) == 0
    lines = capsys.readouterr().out.splitlines()[-4:]
    sheet, array, table = (Path(line) for line in lines[:3])
    with Image.open(sheet) as image:
        assert image.size == (3 * 32, 3 * 32 + 2 * 4)
        given = np.asarray(image)[:32, [0, 32, 64], 0]
    assert given.tolist() == [[0, 80, 160]] * 32
    translated = np.load(array)
    assert translated.shape == (3, 32, 32, 3) and np.abs(translated).max() <= 1
    with table.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["file"] for row in rows] == ["0.png", "1.png", "2.png"]
    mean = np.mean([float(row["error"]) for row in rows])
    assert mean > 0 and lines[3] == f"mean error {mean:.4f} over 3 images"


@pytest.mark.parametrize(
    ("argv", "code", "words"),
    [
        ("translate it", 2, "--images"),
        ("translate it --images nowhere", 3, "nowhere is not a folder"),
        ("translate it --images given --domain 3", 2, "--domain"),
        ("translate it --images given --restarts 0", 2, "must be at least 1"),
        ("translate given --images given", 3, "no run folder"),
    ],
)
def test_mistakes(place, capsys, argv, code, words):
    assert words in refused(capsys, code, *argv.split())


def test_a_single_gan_has_no_partner(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    argv = "--gan_type gan --dataset mini --preset smoke --width 0.005 --eval_pairs 0 --name one"
    with eagerly():
        assert main(argv.split()) == 0
    assert "two domains" in refused(capsys, 2, "translate", "results/one", "--images", ".")


@pytest.mark.parametrize(
    ("direction", "rows"), [pytest.param("both", 3, marks=pytest.mark.slow), ("12", 2)]
)
def test_a_system_that_translates_needs_no_latent_vector(place, capsys, direction, rows):
    argv = "--gan_type cyclegan --preset smoke --width 0.01 --eval_pairs 0 --name it2".split()
    with eagerly():
        assert (
            main([*argv, "--cycle_weight", "1" if rows == 3 else "0", "--direction", direction])
            == 0
        )
    capsys.readouterr()
    assert main("translate results/it2 --images given".split()) == 0
    sheet, array = map(Path, capsys.readouterr().out.splitlines())
    with Image.open(sheet) as image:
        assert image.height == rows * 32 + (rows - 1) * 4
    assert np.load(array).shape == (3, 32, 32, 3)
    if direction == "12":
        message = refused(capsys, 2, *"translate results/it2 --images given --domain 2".split())
        assert "translates 1 to 2; see --domain" in message
