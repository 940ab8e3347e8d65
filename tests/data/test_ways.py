"""A folder in memory, on disk, and decoded on demand: training gets the same bytes."""

import numpy as np
import pytest
from command_line import SMOKE, history
from PIL import Image

from framework.cli import main
from framework.data import folder, storage

COUNT = 12


@pytest.fixture
def photos(tmp_path, monkeypatch):
    """Two domains of small photographs; the current folder is empty."""
    random = np.random.default_rng(0)
    for name in ("cats", "dogs"):
        (tmp_path / "photos" / name).mkdir(parents=True)
        for i in range(COUNT):
            pixels = random.integers(0, 256, (40, 36, 3), np.uint8)
            Image.fromarray(pixels).save(tmp_path / "photos" / name / f"{i}.png")
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "user"))
    return tmp_path / "photos"


def limit(monkeypatch, way):
    memory, disk = {"memory": (1e12, 1e12), "disk": (1, 1e12), "demand": (1, 0)}[way]
    monkeypatch.setattr(storage, "free_memory", lambda: memory)
    monkeypatch.setattr(storage, "free_disk", lambda folder: disk)


def flags(photos, name):
    return [*SMOKE[2:], "--data", str(photos), "--eval_pairs", "0", "--iterations", "3",
            "--log_every", "1", "--name", name, "--data_dir", name]  # fmt: skip


def test_a_run_is_the_same_wherever_its_images_are(photos, monkeypatch, capsys):
    lines = {}
    for way in ("memory", "disk", "demand"):
        limit(monkeypatch, way)
        assert main(["--gan_type", "cogan", "--flip", *flags(photos, way)]) == 0
        rows = history(f"results/{way}")
        lines[way] = [{k: v for k, v in row.items() if "time" not in k} for row in rows]
    assert lines["memory"] == lines["disk"] == lines["demand"]
    out = capsys.readouterr().out
    assert "cats: 12 images x 32 x 32 x 3 bytes = 0.0 GB" in out
    assert "decoded once, into disk/.cache/" in out and "decoded whenever they are read" in out


def test_files_are_checked_before_they_are_decoded_in_training(photos, monkeypatch, capsys):
    limit(monkeypatch, "demand")
    Image.new("RGB", (20, 20)).save(photos / "cats" / "3.png")
    assert main(["--gan_type", "cogan", *flags(photos, "small")]) == 2
    err = capsys.readouterr().err
    assert "3.png" in err and "smaller than --image_size 32" in err
    decoded = []
    monkeypatch.setattr(folder, "decoded_file", decoded.append)
    with pytest.raises(Exception, match="3.png"):
        folder.read([str(photos / "cats")], 32, "data")
    assert not decoded, "the size is in the head of a file"


def test_an_image_that_disappears_in_training_is_named(photos, monkeypatch, capsys):
    limit(monkeypatch, "demand")
    read = folder.read

    def read_and_damage(*args, **given):
        found = read(*args, **given)
        for file in (photos / "dogs").iterdir():
            file.write_bytes(b"damaged")
        return found

    monkeypatch.setattr(folder, "read", read_and_damage)
    code = main(["--gan_type", "cogan", *flags(photos, "damaged")])
    err = capsys.readouterr().err
    assert code == 3 and "cannot read" in err and "dogs" in err and err.count("\n") == 1
