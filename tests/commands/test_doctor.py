"""The doctor: every finding in one line, the right exit code, never a traceback."""

import shutil
from importlib import metadata
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from command_line import everything_below, in_a_fresh_process

from framework.cli import main
from framework.commands import doctor_checks
from framework.data import SOURCES, readers


@pytest.fixture(autouse=True)
def fresh_place(tmp_path, monkeypatch):
    """Work in an empty folder, with sums that take no time."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(doctor_checks, "SIZE", 8)


def run(capsys, *argv: str) -> tuple[int, list[str]]:
    """Exit code and lines of the command, which writes nothing but these."""
    before = everything_below(Path.cwd())
    code = main(["doctor", *argv])
    out, err = capsys.readouterr()
    assert err == "" and everything_below(Path.cwd()) == before
    lines = out.splitlines()
    for line in lines:
        mark, text = line[:3], line[3:]
        assert mark in ("ok ", "-- ") and text.strip()
        assert mark == "ok " or ": " in text, f"{line!r} does not say what to do"
    return code, lines


def one(lines: list[str], part: str) -> str:
    found = [line for line in lines if part in line]
    assert len(found) == 1, f"{part!r} in {found}"
    return found[0]


def test_a_machine_that_has_all_that_is_needed(capsys):
    code, lines = run(capsys)
    assert code == 0
    for part in ("Python 3", "tensorflow 2", "keras 3", "numpy 2", "tensorflow-datasets 4"):
        assert one(lines, part).startswith("ok ")
    for part in ("ok CPU: ", "float32 on the", "data mini: 5000 images", "GB free"):
        assert one(lines, part).startswith("ok ")
    for name in set(SOURCES) - {"mini", "ring", "folder"}:
        assert one(lines, f"data {name}: not found").startswith("-- ")


def test_the_data_of_a_pair_is_needed_if_named(capsys):
    assert run(capsys, "--cogan_data", "mini2edge")[0] == 0
    code, lines = run(capsys, "--cogan_data", "mnist2usps")
    assert code == 3 and "put usps.bz2" in one(lines, "data usps")


def test_original_files_are_found_and_a_damaged_one_is_named(capsys):
    images = np.zeros((3, 16, 16), np.uint8)
    folder = Path("data/usps")
    folder.mkdir(parents=True)
    parts = dict(x_train=images, y_train=np.arange(3), x_test=images, y_test=np.arange(3))
    np.savez(folder / "usps.npz", **parts)
    assert readers.read_usps_npz(folder)
    code, lines = run(capsys)
    assert code == 0 and one(lines, "data usps") == "ok data usps: original files in data/usps"
    (folder / "usps.npz").write_text("no archive")
    code, lines = run(capsys, "--cogan_data", "mnist2usps")
    line = one(lines, "data usps")
    assert code == 3 and "usps.npz is damaged" in line and line.endswith(": fetch it again")


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("KERAS_BACKEND", "jax", 3),
        ("TF_USE_LEGACY_KERAS", "1", 3),
        ("TF_ENABLE_ONEDNN_OPTS", "0", 0),
    ],
)
def test_variables_that_spoil_a_run(capsys, monkeypatch, name, value, code):
    monkeypatch.setenv(name, value)
    found, lines = run(capsys)
    assert found == code and one(lines, f"-- {name}={value}: unset it")


def test_packages_that_are_old_missing_or_broken(monkeypatch):
    monkeypatch.setitem(doctor_checks.PACKAGES, "numpy", (99, 1))
    monkeypatch.setitem(doctor_checks.PACKAGES, "no-such-package", ())
    monkeypatch.setattr(doctor_checks.importlib, "import_module", broken_for("keras"))
    lines = {str(line): line.required and bool(line.remedy) for line in doctor_checks.packages()}
    wrong = [line for line, missing in lines.items() if missing]
    assert len(wrong) == 3
    assert "pip install 'numpy>=99.1'" in one(wrong, "numpy")
    assert "not installed: pip install no-such-package" in one(wrong, "no-such-package")
    assert "cannot be imported (two lines)" in one(wrong, f"keras {metadata.version('keras')}")


def broken_for(package: str):
    def import_module(name):
        if name == package:
            raise ImportError("two\nlines")

    return import_module


@pytest.mark.parametrize(("capability", "mark"), [((8, 6), "ok"), ((12, 0), "--")])
def test_graphics_cards(monkeypatch, capability, mark):
    card = tf.config.PhysicalDevice("/physical_device:GPU:0", "GPU")
    details = dict(device_name="Card", compute_capability=capability)
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: [card])
    monkeypatch.setattr(tf.config.experimental, "get_device_details", lambda gpu: details)
    line = str(list(doctor_checks.devices())[1])
    assert line.startswith(f"{mark} GPU:0: Card, capability {capability[0]}.{capability[1]}")
    assert ("--jit" in line) == (mark == "--")


@pytest.mark.parametrize(
    ("visible", "part"), [("-1", "unset CUDA_VISIBLE_DEVICES"), ("0", "tensorflow[and-cuda]")]
)
def test_a_card_that_tensorflow_does_not_see(monkeypatch, tmp_path, visible, part):
    monkeypatch.setattr(doctor_checks, "DRIVER", tmp_path)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert part in str(list(doctor_checks.devices())[1])


def test_a_disk_without_room_or_permission(capsys, monkeypatch):
    assert run(capsys, "--results_dir", "/dev/null/x")[0] == 3
    usage = shutil.disk_usage(".")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=10**8))
    code, lines = run(capsys)
    assert code == 3 and "make room" in one(lines, "0.1 GB free")


def test_a_check_that_breaks_is_a_line_too(capsys, monkeypatch):
    def broken():
        raise RuntimeError("no\nsuch thing")
        yield

    monkeypatch.setattr(doctor_checks, "devices", broken)
    code, lines = run(capsys)
    assert code == 3 and "devices: RuntimeError no such thing" in one(lines, "RuntimeError")
    assert one(lines, "GB free"), "the checks after it are made"


def test_a_pair_that_does_not_exist_is_a_usage_error(capsys):
    assert main(["doctor", "--cogan_data", "mnist2svnh"]) == 2
    assert "did you mean mnist2svhn?" in capsys.readouterr().err


@pytest.mark.parametrize(("given", "used"), [(None, "1"), ("0", "0")])
def test_onednn_is_used_unless_the_user_says_otherwise(monkeypatch, given, used):
    monkeypatch.delenv("TF_ENABLE_ONEDNN_OPTS")
    if given:
        monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", given)
    code = "import framework, os; print(os.environ['TF_ENABLE_ONEDNN_OPTS'])"
    assert in_a_fresh_process(code).strip() == used
