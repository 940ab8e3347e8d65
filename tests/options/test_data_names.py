import os

import pytest

from framework import data
from framework.errors import UsageError
from framework.options import config, data_names


def test_names_of_data_sets_are_no_folders(tmp_path, monkeypatch):
    assert {*data_names.NAMES} == {*data.PAIRS, *data.SOURCES, "arrays"}
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mnist").mkdir()
    assert not data_names.is_folder("mnist")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("photos", True),
        ("./none", True),
        ("none/photos", True),
        ("~", True),
        ("..", True),
        ("none", False),
        ("mini:edge", False),
        ("mini+mnist", False),
        ("tfds:cycle_gan/horse2zebra", False),
        ("mini+tfds:a/b", False),
    ],
)
def test_what_is_a_folder(tmp_path, monkeypatch, value, expected):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "photos").mkdir()
    assert data_names.is_folder(value) == expected


@pytest.mark.parametrize(
    ("system", "option"), [("cyclegan", "cogan_data"), ("gan", "dataset"), ("g2g", "dataset")]
)
def test_data_of_a_folder_are_told_by_two_options(system, option):
    options = config.parse(["--gan_type", system, "--data", "~/some photos", "--image_size", "32"])
    assert options.folder == os.path.expanduser("~/some photos")
    assert getattr(options, option) == "folder"
    assert options.name == f"{system}-some_photos-image_size_32"
    assert config.from_dict(options.to_dict()) == options
    again = config.parse(["--gan_type", system, "--folder", options.folder, "--image_size", "32"])
    assert again == options


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        ("--data ./a --folder b", "--data ./a: the same as --folder"),
        ("--data ./a --domain1 b", "--data ./a has all domains: leave --domain1"),
        ("--data mini2edge --folder b", "--folder b: --data is mini2edge"),
        ("--data mini2edge --domain1 b", "add --data folder"),
        ("--random_crop 1.01", "does not enlarge 32 pixels"),
        ("--random_crop 0.9", "must be at least 1"),
    ],
)
def test_contradictions_are_told(argv, words):
    with pytest.raises(UsageError, match=words):
        config.parse(["--gan_type", "cyclegan", *argv.split()])


def test_older_runs_have_neither_folder_nor_flips():
    now = config.parse(["--gan_type", "cyclegan"]).to_dict()
    before = {k: v for k, v in now.items() if k not in ("folder", "flip", "random_crop")}
    options = config.from_dict(before)
    assert (options.folder, options.flip, options.random_crop) == (None, False, 1.0)
    assert not {"folder", "flip", "random_crop"} & {*config.identity(options)}
