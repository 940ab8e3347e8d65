"""`translate`: what is done with given images, and which files it writes."""

import csv
from pathlib import Path

import numpy as np
import pytest
import toy_systems
from command_line import refused
from PIL import Image
from toy_systems import SIZE, run_of

from framework.cli import main

pytestmark = pytest.mark.usefixtures("empty_folder")
COLOURS = {"1.png": (10, 20, 30), "a/1.png": (200, 0, 100), "a/b/2.bmp": (90, 91, 92)}


def write_images(folder: str = "given", size=(SIZE, SIZE), colours=COLOURS) -> None:
    for name, colour in colours.items():
        path = Path(folder, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", size, colour).save(path)


def pixels(path: str | Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image)


def colour(path: str | Path) -> list[int]:
    """The one colour of an image."""
    values = np.unique(pixels(path).reshape(-1, 3), axis=0)
    assert len(values) == 1
    return values[0].tolist()


def below(folder: str | Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in Path(folder).rglob("*.*"))


def test_one_file_for_each_image_under_its_own_name(monkeypatch, capsys):
    run_of(toy_systems.Negatives(), monkeypatch)
    write_images()
    assert main("translate run given --out out".split()) == 0
    assert below("out") == ["1.png", "a/1.png", "a/b/2.png"]
    for name, given in COLOURS.items():
        assert colour(Path("out", name).with_suffix(".png")) == [255 - level for level in given]
    lines = capsys.readouterr().out.splitlines()
    assert lines[-2:] == ["run/samples/translate_given_domain1.png", "3 images in out"]
    assert pixels("run/samples/translate_given_domain1.png").shape == (2 * SIZE + 1, 3 * SIZE, 3)


def test_results_are_in_the_run_where_no_folder_is_given(monkeypatch):
    run_of(toy_systems.Negatives(), monkeypatch)
    write_images()
    assert main("translate run given/a/1.png --format jpg".split()) == 0
    assert below("run/translations") == ["1_domain1/1.jpg"]


def test_nothing_is_replaced_unasked(monkeypatch, capsys):
    run_of(toy_systems.Negatives(), monkeypatch)
    write_images()
    Path("out").mkdir()
    Path("out/1.png").write_text("mine")
    argv = "translate run given --out out".split()
    assert "out/1.png exists: choose another --out" in refused(capsys, 2, *argv)
    Path("out/other.txt").touch()
    assert main([*argv, "--overwrite"]) == 0
    assert below("out") == ["1.png", "a/1.png", "a/b/2.png", "other.txt"]
    message = refused(capsys, 2, *"translate run given --out given --overwrite".split())
    assert "given/1.png, given/a/1.png would be replaced, but the command reads" in message


def test_files_that_cannot_be_read_are_told_before_anything_is_written(monkeypatch, capsys):
    run_of(toy_systems.Negatives(), monkeypatch)
    write_images()
    for name in ("x.png", "y.jpg"):
        Path("given", name).write_bytes(b"no image")
    message = refused(capsys, 3, *"translate run given --out out".split())
    assert "cannot read 2 files" in message and "x.png" in message and "y.jpg" in message


@pytest.mark.parametrize(
    ("system", "fit", "results"),
    [
        (toy_systems.Negatives, "crop", (8, 8)),
        (toy_systems.Negatives, "pad", (4, 8)),
        (toy_systems.Negatives, "whole", (21, 42)),
        (toy_systems.AnySize, "crop", (8, 8)),
        (toy_systems.AnySize, "pad", (4, 8)),
        (toy_systems.AnySize, "whole", (21, 42)),
    ],
)
def test_fits(monkeypatch, system, fit, results):
    run_of(system(), monkeypatch)
    write_images(size=(42, 21))
    assert main(f"translate run given --fit {fit} --out out".split()) == 0
    for name, given in COLOURS.items():
        path = Path("out", name).with_suffix(".png")
        assert pixels(path).shape == (*results, 3)
        assert colour(path) == [255 - level for level in given]


def test_networks_for_any_size_see_every_pixel(monkeypatch):
    run_of(toy_systems.AnySize(), monkeypatch)
    image = np.random.default_rng(0).integers(0, 256, (21, 42, 3), np.uint8)
    Image.fromarray(image).save("x.png")
    assert main("translate run x.png --fit whole --out out".split()) == 0
    np.testing.assert_array_equal(pixels("out/x.png"), 255 - image)


@pytest.mark.parametrize("count", [64, 65])
def test_many_images_are_done_in_parts(monkeypatch, count):
    run_of(toy_systems.Negatives(), monkeypatch)
    write_images(colours={f"{i:02}.png": (i, i, i) for i in range(count)})
    assert main("translate run given --out out".split()) == 0
    assert [colour(f"out/{i:02}.png")[0] for i in range(count)] == [255 - i for i in range(count)]
    assert pixels("run/samples/translate_given_domain1.png").shape[1] == 16 * SIZE  # 64 images


def test_a_guide_gives_its_style(monkeypatch):
    run_of(toy_systems.Coder(), monkeypatch)
    write_images()
    write_images("guides", colours={"g.png": (50, 60, 70)})
    assert main("translate run given --guide guides/g.png --out out".split()) == 0
    assert below("out") == ["1.png", "a/1.png", "a/b/2.png"]
    assert {tuple(colour(Path("out", name))) for name in below("out")} == {(50, 60, 70)}


def test_a_guide_is_never_replaced(monkeypatch, capsys):
    run_of(toy_systems.Coder(), monkeypatch)
    write_images("given", colours={"g.png": (1, 2, 3)})
    write_images("guides", colours={"g.png": (50, 60, 70)})
    before = Path("guides/g.png").read_bytes()
    argv = "translate run given --guide guides/g.png --out guides --overwrite".split()
    assert main(argv) == 2 and "guides/g.png" in capsys.readouterr().err
    assert Path("guides/g.png").read_bytes() == before


def test_the_place_of_the_results_is_a_folder(capsys):
    write_images()
    for out in ("result.png", "given/1.png"):
        assert main(f"translate run given --out {out}".split()) == 2
        assert "must be a folder" in capsys.readouterr().err


def test_each_of_several_guides_has_a_folder(monkeypatch):
    run_of(toy_systems.Extras(), monkeypatch)
    write_images()
    write_images(
        "guides", colours={"g.png": (50, 60, 70), "g.bmp": (0, 0, 0), "h/i.png": (1, 1, 1)}
    )
    assert main("translate run given --guide guides --out out".split()) == 0
    folders = ("g.bmp", "g.png", "h/i")
    names = [f"{folder}/{name}" for folder in folders for name in ("1.png", "a/1.png", "a/b/2.png")]
    assert below("out") == sorted([*names, "g.bmp", "g.png"])
    assert colour("out/g.png/1.png") == [50, 60, 70]
    assert colour("out/g.bmp/1.png") == [10, 20, 30]
    sheet = pixels("run/samples/translate_given_guided.png")
    assert sheet.shape == (4 * SIZE + 6, 4 * SIZE + 6, 3)  # guides above, images on the left
    assert sheet[-1, 0].tolist() == [90, 91, 92] and sheet[0, -1].tolist() == [1, 1, 1]
    assert sheet[SIZE + 6, 2 * SIZE + 6].tolist() == [50, 60, 70]


def test_an_extra_is_removed(monkeypatch):
    run_of(toy_systems.Extras(), monkeypatch)
    write_images()
    assert main("translate run given --remove --out out".split()) == 0
    assert colour("out/1.png") == [128, 128, 128]


def test_codes_reconstruct(monkeypatch):
    run_of(toy_systems.Coder(), monkeypatch)
    write_images()
    assert main("translate run given --reconstruct --out out".split()) == 0
    assert [colour(f"out/{name}") for name in below("out")] == [[*c] for c in COLOURS.values()]


def test_a_system_that_only_reconstructs_does_so(monkeypatch):
    run_of(toy_systems.Autoencoder(), monkeypatch)
    write_images(colours={"1.png": (0, 0, 255)})
    assert main("translate run given --out out".split()) == 0
    assert colour("out/1.png") == [64, 64, 191]


def test_a_search_for_latent_vectors_writes_its_errors(monkeypatch, capsys):
    run_of(toy_systems.Generators(), monkeypatch)
    write_images(colours={"1.png": (0, 0, 0), "a/2.png": (255, 255, 255)})
    assert main("translate run given --domain 2 --out out".split()) == 0
    assert (colour("out/1.png"), colour("out/a/2.png")) == ([255] * 3, [0] * 3)
    with Path("out/errors.csv").open(newline="") as file:
        rows = [*csv.reader(file)]
    assert rows == [["file", "error"], ["1.png", "0.25"], ["a/2.png", "0.25"]]
    assert "mean error 0.2500 over 2 images" in capsys.readouterr().out
    assert "out/errors.csv" in refused(capsys, 2, *"translate run given/1.png --out out".split())


@pytest.mark.parametrize(
    ("system", "argv", "part"),
    [
        (toy_systems.Negatives, "given --domain 2", "--domain 2: run takes images of domain 1"),
        (toy_systems.Negatives, "given --guide given", "--guide: not for the toy of run"),
        (toy_systems.Negatives, "given --remove", "--remove: not for"),
        (toy_systems.Negatives, "given --reconstruct", "--reconstruct: not for"),
        (toy_systems.Negatives, "given --restarts 0", "--restarts: 0: must be"),
        (toy_systems.Negatives, "--images given", "translate RUN given"),
        (toy_systems.Negatives, "", "PATH is missing"),
        (toy_systems.Extras, "given", "--guide IMAGE|DIR adds"),
        (toy_systems.Extras, "given --guide given --domain 2", "images of domain 1"),
        (toy_systems.Extras, "given --remove --domain 1", "images of domain 2"),
        (toy_systems.Coder, "given", "--guide IMAGE|DIR gives images another style"),
        (
            toy_systems.Coder,
            "given --guide given --domain 1",
            "makes no difference between domains",
        ),
        (toy_systems.Classifier, "given", "makes no images from images"),
        (toy_systems.Coder, "given --guide given --remove", "not allowed with"),
    ],
)
def test_wrong_choices_are_one_line(monkeypatch, capsys, system, argv, part):
    run_of(system(), monkeypatch)
    write_images()
    assert part in refused(capsys, 2, "translate", "run", *argv.split())


def test_paths_that_do_not_exist_are_exit_3(monkeypatch, capsys):
    run_of(toy_systems.Coder(), monkeypatch)
    write_images()
    assert "nowhere" in refused(capsys, 3, *"translate run nowhere".split())
    assert "nowhere" in refused(capsys, 3, *"translate run given --guide nowhere".split())
    assert "no run folder" in refused(capsys, 3, *"translate given given".split())


@pytest.mark.parametrize("command", ["translate run given", "encode run given"])
def test_an_older_checkpoint(monkeypatch, capsys, command):
    run_of(toy_systems.Generators(), monkeypatch)
    write_images()
    assert main([*command.split(), "--iteration", "7"]) == 0
    message = refused(capsys, 3, *command.split(), "--iteration", "5")
    assert "no checkpoint of iteration 5" in message
    assert "must be a whole number or best" in refused(
        capsys, 2, *command.split(), "--iteration", "x"
    )
