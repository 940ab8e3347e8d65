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


def test_translate_writes_sheet_files_and_errors(place, capsys):
    assert main("translate it given --domain 2 --restarts 2 --steps 3 --out out".split()) == 0
    sheet, table, mean_line, _ = capsys.readouterr().out.splitlines()[-4:]
    with Image.open(sheet) as image:
        assert image.size == (3 * 32, 3 * 32 + 2 * 4)
        pixels = np.asarray(image)
    assert pixels[:32, [0, 32, 64], 0].tolist() == [[0, 80, 160]] * 32
    for i in range(3):
        with Image.open(f"out/{i}.png") as image:
            np.testing.assert_array_equal(image, pixels[-32:, 32 * i : 32 * (i + 1)])
    with Path(table).open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["file"] for row in rows] == ["0.png", "1.png", "2.png"]
    mean = np.mean([float(row["error"]) for row in rows])
    assert mean > 0 and mean_line == f"mean error {mean:.4f} over 3 images"


def test_a_single_gan_has_no_partner(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    argv = "--gan_type gan --dataset mini --preset smoke --width 0.005 --eval_pairs 0 --name one"
    with eagerly():
        assert main(argv.split()) == 0
    Image.new("RGB", (32, 32)).save("x.png")
    message = refused(capsys, 2, "translate", "results/one", "x.png")
    assert "a gan makes no images from images" in message


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
    assert main("translate results/it2 given --out out".split()) == 0
    sheet, _ = capsys.readouterr().out.splitlines()
    with Image.open(sheet) as image:
        assert image.height == rows * 32 + (rows - 1) * 4
    with Image.open("out/2.png") as image:
        assert image.size == (32, 32)
    if direction == "12":
        message = refused(capsys, 2, *"translate results/it2 given --domain 2".split())
        assert "takes images of domain 1" in message
