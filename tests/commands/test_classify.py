"""`classify` and `encode`: tables and arrays of given images."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import toy_systems
from command_line import refused
from PIL import Image
from toy_systems import SIZE, run_of

from framework.cli import main
from framework.data import Facts
from framework.engine import data_files


@pytest.fixture(autouse=True)
def images(empty_folder):
    """A dark, a medium and a bright image, one of them in a sub-folder."""
    Path("given/a").mkdir(parents=True)
    for name, level in {"1.png": 51, "2.png": 204, "a/3.png": 255}.items():
        Image.new("RGB", (12, 10), (level,) * 3).save(f"given/{name}")


def table(path: str) -> list[list[str]]:
    with Path(path).open(newline="") as file:
        return [*csv.reader(file)]


def test_a_row_for_each_image(monkeypatch, capsys):
    run_of(toy_systems.Classifier(), monkeypatch)
    assert main("classify run given --out table.csv".split()) == 0
    head, *rows = table("table.csv")
    assert head == ["file", "class", "probability"]
    assert [row[:2] for row in rows] == [["1.png", "0"], ["2.png", "1"], ["a/3.png", "1"]]
    np.testing.assert_allclose([float(row[2]) for row in rows], [0.8, 0.8, 1.0])
    assert "table.csv exists" in refused(capsys, 2, *"classify run given --out table.csv".split())
    assert main("classify run given/1.png".split()) == 0
    assert len(table("run/classes/1.csv")) == 2


def test_classes_have_the_names_of_their_folders(monkeypatch):
    folder = run_of(toy_systems.Classifier(), monkeypatch)
    domain = dict(folder="x", classes=["dark", "bright"], training={}, held_out={})
    (folder / data_files.NAME).write_text(json.dumps({"domains": [domain]}))
    assert main("classify run given".split()) == 0
    assert [row[1] for row in table("run/classes/given.csv")[1:]] == ["dark", "bright", "bright"]


def test_attributes_have_a_column_each(monkeypatch):
    system = toy_systems.Classifier()
    system.facts = Facts(attributes=("Dark", "Bright"))
    run_of(system, monkeypatch)
    assert main("classify run given".split()) == 0
    head, first, *_ = table("run/classes/given.csv")
    assert head == ["file", "Dark", "Bright"] and float(first[2]) == pytest.approx(0.2)


def test_codes_of_content_and_style(monkeypatch, capsys):
    run_of(toy_systems.Coder(), monkeypatch)
    assert main("encode run given --out codes.npz".split()) == 0
    with np.load("codes.npz") as codes:
        assert set(codes) == {"content", "style", "style_log_variance", "files"}
        assert codes["content"].shape == (3, SIZE, SIZE, 3)
        np.testing.assert_allclose(codes["style"][:, 0], [-0.6, 0.6, 1.0], atol=1e-6)
        assert codes["files"].tolist() == ["1.png", "2.png", "a/3.png"]
    assert "codes.npz exists" in refused(capsys, 2, *"encode run given --out codes.npz".split())


def test_latent_vectors_and_their_errors(monkeypatch):
    run_of(toy_systems.Generators(), monkeypatch)
    assert main("encode run given --domain 2".split()) == 0
    with np.load("run/codes/given.npz") as codes:
        np.testing.assert_allclose(codes["z"][:, 0], [0.6, -0.6, -1.0], atol=1e-6)
        assert codes["error"].tolist() == [0.25] * 3


@pytest.mark.parametrize(
    ("system", "argv", "code", "part"),
    [
        (toy_systems.Coder, "classify run given", 2, "does not classify"),
        (toy_systems.Classifier, "encode run given", 2, "has no codes of given images"),
        (toy_systems.Coder, "encode run given --out x.npy", 2, "must end in .npz"),
        (toy_systems.Coder, "encode run gone", 3, "gone"),
        (toy_systems.Classifier, "classify run gone", 3, "gone"),
    ],
)
def test_mistakes_are_one_line(monkeypatch, capsys, system, argv, code, part):
    run_of(system(), monkeypatch)
    assert part in refused(capsys, code, *argv.split())
