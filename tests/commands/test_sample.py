"""`sample` and `walk`: files of samples, samples of a class, animations."""

import sys
from pathlib import Path

import numpy as np
import pytest
import toy_systems
from command_line import refused
from PIL import Image, ImageSequence
from systems import save_classifier
from toy_systems import SIZE, run_of

from framework.cli import main
from framework.commands import sample
from framework.options.base import LARGEST_SEED

pytestmark = pytest.mark.usefixtures("empty_folder")


class Single(toy_systems.Generators):
    """Samples of one domain."""

    def sample(self, z):
        return super().sample(z)[:1]


def levels(path: str | Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image)[..., 0]


def names(folder: str) -> list[str]:
    return sorted(path.name for path in Path(folder).iterdir())


def test_pairs_are_numbered_files(monkeypatch, capsys):
    run_of(toy_systems.Generators(), monkeypatch)
    monkeypatch.setattr(sample, "AT_ONCE", 2)
    assert main("sample run --n 5 --seed 3 --out out".split()) == 0
    assert names("out") == [f"pair_{i:05}_{d}.png" for i in range(1, 6) for d in (1, 2)]
    z = toy_systems.Generators().latent(5, 3)
    arrays = [np.load(f"run/samples/sample_5_seed3_domain{d}.npy") for d in (1, 2)]
    np.testing.assert_array_equal(arrays[0][:, 0, 0, 0], z[:, 0])
    np.testing.assert_array_equal(arrays[1], -arrays[0])
    for i in range(5):
        first, second = (int(levels(f"out/pair_{i + 1:05}_{d}.png")[0, 0]) for d in (1, 2))
        assert first == round(127.5 + 127.5 * z[i, 0]) and abs(first + second - 255) <= 1
    assert capsys.readouterr().out.splitlines()[-1] == "10 images in out"


def test_samples_of_one_domain_are_numbered(monkeypatch, capsys):
    run_of(Single(), monkeypatch)
    assert main("sample run --n 2 --out out --format webp".split()) == 0
    assert names("out") == ["sample_00001.webp", "sample_00002.webp"]
    message = refused(capsys, 2, *"sample run --n 3 --out out --format webp".split())
    assert "out/sample_00001.webp, out/sample_00002.webp exist" in message
    assert main("sample run --n 3 --out out --format webp --overwrite".split()) == 0
    assert len(names("out")) == 3


def test_samples_of_a_class_have_it_in_every_domain(monkeypatch, capsys):
    run_of(toy_systems.ClassifiedGenerators(), monkeypatch)
    assert main("sample run --n 9 --class 1 --threshold 0.8".split()) == 0
    images = np.load("run/samples/sample_9_seed0_class1_domain1.npy")
    assert len(images) == 9 and images[:, 0].min() >= 0.6
    first_seed = int(np.random.default_rng(0).integers(LARGEST_SEED + 1))
    z = toy_systems.Generators().latent(500, first_seed)
    suitable = z[z[:, 0] >= 0.6]
    np.testing.assert_array_equal(images[:, 0, 0, 0], suitable[:9, 0])
    assert f"{len(suitable)} of 500 samples are of class 1" in capsys.readouterr().out


def test_a_class_by_a_classifier_of_the_user(monkeypatch, capsys):
    run_of(toy_systems.Generators(), monkeypatch)
    wrong, right = (
        save_classifier(f"{size}.keras", image_size=size, arch="pooled") for size in (32, SIZE)
    )
    argv = "sample run --n 2 --class 1 --threshold 0.0 --classifier".split()
    assert "takes images (32, 32, 3)" in refused(capsys, 2, *argv, wrong)
    assert main([*argv, right]) == 0
    assert "no such file" in refused(capsys, 3, *argv, "gone.keras")
    message = refused(capsys, 2, *[word if word != "1" else "3" for word in argv], right)
    assert "--class 3: must be a number from 0 to 2" in message
    Path("bad.keras").write_text("no model")
    assert "not a readable .keras model" in refused(capsys, 1, *argv, "bad.keras")


@pytest.mark.parametrize(
    ("system", "argv", "code", "part"),
    [
        (toy_systems.Generators, "--class 1", 2, "has no classifier: give one with --classifier"),
        (toy_systems.ClassifiedGenerators, "--class 2", 2, "a number from 0 to 1"),
        (toy_systems.ClassifiedGenerators, "--class x", 2, "a number from 0 to 1"),
        (
            toy_systems.ClassifiedGenerators,
            "--n 1 --class 1 --threshold 1",
            1,
            "only 0 of 10,500 samples",
        ),
        (toy_systems.Generators, "--threshold 2 --class 1", 2, "must be in [0, 1]"),
        (toy_systems.Generators, "--classifier x.keras", 2, "--classifier: needs --class"),
        (toy_systems.Coder, "", 2, "has no samples"),
    ],
)
def test_what_cannot_be_sampled_is_one_line(monkeypatch, capsys, system, argv, code, part):
    run_of(system(), monkeypatch)
    assert part in refused(capsys, code, "sample", "run", *argv.split())


# Walks


@pytest.mark.parametrize("format", ["gif", "webp"])
def test_an_animation_loops_and_shows_both_domains(monkeypatch, capsys, format):
    run_of(toy_systems.Generators(), monkeypatch)
    assert main(f"walk run --format {format} --n 3 --steps 8 --fps 20".split()) == 0
    (path,) = capsys.readouterr().out.split()
    assert path == f"run/samples/walk_3_seed0.{format}"
    with Image.open(path) as image:
        assert (image.n_frames, image.size, image.info["loop"]) == (24, (2 * 128 + 6, 128), 0)
        frames = [np.asarray(each.convert("RGB"), int) for each in ImageSequence.Iterator(image)]
    z = toy_systems.Generators().latent(3, 0)
    for i in range(3):  # the path goes through every vector
        for column, sign in ((20, 1), (200, -1)):
            level = frames[8 * i][30, column].mean()
            assert abs(level - (127.5 + sign * 127.5 * z[i, 0])) < 6
    steps = [np.abs(a - b).mean() for a, b in zip(frames, [*frames[1:], frames[0]], strict=True)]
    assert steps[-1] <= max(steps[:-1])  # from the last frame to the first one


def test_the_name_of_a_file_gives_the_format(monkeypatch, capsys):
    run_of(Single(), monkeypatch)
    assert main("walk run --n 2 --steps 2 --out new/loop.gif".split()) == 0
    with Image.open("new/loop.gif") as image:
        assert image.size == (128, 128)
    assert main("walk run --n 2 --steps 2 --out sheet.png".split()) == 0
    assert levels("sheet.png").shape == (2 * SIZE, 2 * SIZE)
    argv = "walk run --n 2 --out sheet.png".split()
    assert "sheet.png exists" in refused(capsys, 2, *argv)
    assert main([*argv, "--overwrite"]) == 0


def test_a_video_needs_a_package(monkeypatch, capsys):
    run_of(Single(), monkeypatch)
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)
    message = refused(capsys, 3, *"walk run --format mp4".split())
    assert "mp4 needs the package imageio-ffmpeg" in message


def test_a_video_has_all_frames(monkeypatch):
    ffmpeg = pytest.importorskip("imageio_ffmpeg")
    run_of(toy_systems.Generators(), monkeypatch)
    assert main("walk run --n 2 --steps 5 --out loop.mp4".split()) == 0
    frames = ffmpeg.read_frames("loop.mp4")
    assert next(frames)["size"] == (262, 128)
    assert sum(1 for _ in frames) == 10


@pytest.mark.parametrize(
    ("argv", "part"),
    [
        ("--fps 5", "--fps: needs --format"),
        ("--format gif --n 1", "--n must be at least 2"),
        ("--format gif --fps 0", "--fps from 1 to 100"),
        ("--format gif --out x.webp", "must end in .gif"),
        ("--out x.avi", "must end in .png"),
        ("--steps 1", "--steps at least 2"),
    ],
)
def test_wrong_walks_are_one_line(capsys, argv, part):
    assert part in refused(capsys, 2, "walk", "run", *argv.split())


def test_points_are_no_animation(monkeypatch, capsys):
    system = Single()
    system.facts = toy_systems.Facts(points=True)
    run_of(system, monkeypatch)
    assert "points, not images" in refused(capsys, 2, *"walk run --format gif".split())
    assert "points, not images" in refused(capsys, 2, *"sample run --out out".split())
