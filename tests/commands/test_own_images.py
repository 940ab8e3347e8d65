"""Runs on folders of images: which files are used, and what happens when they move or change."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from command_line import history
from PIL import Image

from framework.cli import main
from framework.engine import data_files

pytestmark = pytest.mark.usefixtures("empty_folder", "eager")

RUN = (
    "--gan_type cogan --data folder --preset smoke --width 0.005 --image_size 32 --iterations 1 "
    "--save_every 1 --eval_pairs 0 --name own"
).split()


def fill(folder, count=20):
    rng = np.random.default_rng(ord(folder[0]))
    Path(folder).mkdir()
    for i in range(count):
        pixels = rng.integers(0, 256, (32, 32, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(f"{folder}/{i:02}.png")


def train(first, second, *argv):
    return main([*RUN, "--domain1", first, "--domain2", second, *argv])


def test_moved_images_go_on_and_changed_ones_are_told(capsys):
    fill("a"), fill("b")
    Path("a/notes.txt").touch()
    assert train("a", "b") == 0
    out = capsys.readouterr().out
    assert "domain 1 (a): 18 training, 2 held out; skipped 1: notes.txt (no image)\n" in out
    assert "domain 2 (b): 18 training, 2 held out\n" in out
    kept = json.loads(Path("results/own/data_files.json").read_text())
    assert list(kept["domains"][1]["held_out"]) == ["09.png", "19.png"]

    shutil.copytree("a", "c")
    shutil.rmtree("a")
    assert train("c", "b", "--iterations", "2") == 0
    assert len(history("results/own")) == 2
    assert "not as it was" not in capsys.readouterr().out

    Path("c/09.png").unlink()
    shutil.copy("b/00.png", "c/x.png")
    assert train("c", "b", "--iterations", "3") == 2
    message = capsys.readouterr().err
    assert "domain 1 (c) is not as it was when the run began: 1 missing (09.png), 1 new" in message
    assert message.count("\n") == 1 and len(history("results/own")) == 2

    facts = Path("results/own/data.json").read_text()
    assert main(["evaluate", "results/own", "--n", "2"]) == 0
    out = capsys.readouterr().out
    assert "domain 1 (c) has changed since the run began: 1 missing (09.png), 1 new (x.png)" in out
    assert "domain 1 (c): 18 training, 1 held out, 1 not used" in out
    assert Path("results/own/data.json").read_text() == facts

    assert train("c", "b", "--overwrite") == 0
    kept = json.loads(Path("results/own/data_files.json").read_text())
    assert "x.png" in kept["domains"][0]["held_out"]


def test_runs_of_earlier_versions_go_on_without_a_word(capsys):
    fill("a"), fill("b")
    assert train("a", "b") == 0
    Path("results/own/data_files.json").unlink()
    fill("a/more", 3)
    assert train("a", "b", "--iterations", "2") == 0
    assert Path("results/own/data_files.json").is_file()


def test_other_data_than_folders_are_known_by_checksums(capsys, monkeypatch):
    argv = [*RUN, "--data", "mini2edge"]
    assert main(argv) == 0
    kept = json.loads(Path("results/own/data_files.json").read_text())
    assert kept.keys() == {"fingerprint"}
    assert main([*argv, "--iterations", "2"]) == 0
    monkeypatch.setattr(data_files, "fingerprint", lambda domains: [["mini", 1, 2, 3]])
    capsys.readouterr()
    assert main([*argv, "--iterations", "3"]) == 2
    assert "the images of mini2edge are not those that this run began" in capsys.readouterr().err
    assert main(["evaluate", "results/own", "--n", "2"]) == 0
    assert "warning: the images of mini2edge are not those" in capsys.readouterr().out


def test_ost_takes_a_single_image(capsys):
    fill("a", 1), fill("b")
    argv = "--gan_type ost --data folder --preset smoke --width 0.02 --iterations 1 --name one"
    assert (
        main([*argv.split(), "--domain1", "a/00.png", "--domain2", "b", "--eval_pairs", "4"]) == 0
    )
    out = capsys.readouterr().out
    assert "domain 1 (00.png): 1 training, 0 held out\n" in out
    assert "domain 1: no metrics of held-out images, of which it has 0 and needs 2" in out
    metrics = json.loads(Path("results/one/metrics.json").read_text())
    assert "l1_121_seen" in metrics and "l1_121" not in metrics
    assert metrics["l1_121_seen"]["n"] == 1
