"""`export` writes networks for other programs, and never replaces what it did not write."""

import importlib.util
import json
import shutil
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from command_line import refused
from conftest import ROOT

from framework.cli import main
from framework.engine import export
from framework.trainers.opening import open_run

RUNS = ROOT / "tests/regression/runs_0.1"  # a run of each kind, which need no training here
NETS = {
    "scogan": ["generator1", "generator2"],
    "cyclegan": ["translator12", "translator21"],
    "g2g": ["content_encoder", "decoder", "style_encoder"],
    "content": ["adder", "remover"],
}
Z = np.random.default_rng(0).normal(size=(3, 4)).astype(np.float32)


@pytest.fixture
def run(request, empty_folder) -> Path:
    """A copy of a run, of scogan if the test asks for no other."""
    name = getattr(request, "param", "scogan")
    return Path(shutil.copytree(RUNS / name, f"results/{name}"))


def images(run: Path) -> list[np.ndarray]:
    """The images of the run for Z."""
    return list(open_run(run).system.sample(Z))


@pytest.mark.parametrize("run", NETS, indirect=True)
def test_every_network_is_written_and_the_difference_printed(run, capsys):
    assert main(["export", str(run)]) == 0
    lines = capsys.readouterr().out.splitlines()
    files = sorted(path.stem for path in (run / "exports").glob("*.keras"))
    assert files == NETS[run.name] and len(lines) == len(files)
    table = json.loads((run / "exports/exports.json").read_text())
    for name in files:
        row = table[f"{name}.keras"]
        assert (row["iteration"], row["format"]) == (2, "keras")
        assert row["largest_difference"] < 1e-4
        [line] = [line for line in lines if f"{name}.keras: {row['inputs']}" in line]
        assert f"difference from the run {row['largest_difference']:.1e}" in line


def test_keras_files_have_images_alone_in_inference_mode(run):
    assert main(["export", str(run), "--out", "out", "--net", "generator2"]) == 0
    assert sorted(path.name for path in Path("out").iterdir()) == [
        "exports.json", "generator2.keras",
    ]  # fmt: skip
    net = keras.models.load_model("out/generator2.keras")
    for training in (False, True):
        np.testing.assert_allclose(net(Z, training=training), images(run)[1], atol=1e-5)
    assert "softgan" not in net.to_json()


def test_a_saved_model_opens_with_tensorflow_alone(run):
    assert main(["export", str(run), "--format", "saved_model", "--out", "out"]) == 0
    for number, expected in enumerate(images(run), start=1):
        loaded = tf.saved_model.load(f"out/generator{number}")
        np.testing.assert_allclose(loaded.serve(Z), expected, atol=1e-5)


def test_onnx_opens_with_onnxruntime_alone(run):
    onnxruntime = pytest.importorskip("onnxruntime")
    pytest.importorskip("tf2onnx")
    assert main(["export", str(run), "--format", "onnx", "--net", "generator1"]) == 0
    session = onnxruntime.InferenceSession(run / "exports/generator1.onnx")
    [found] = session.run(None, {"z": Z})
    np.testing.assert_allclose(found, images(run)[0], atol=1e-5)


def test_tflite_opens_with_litert_alone(run):
    interpreter = pytest.importorskip("ai_edge_litert.interpreter")
    assert main(["export", str(run), "--format", "tflite", "--net", "generator1"]) == 0
    model = interpreter.Interpreter(str(run / "exports/generator1.tflite"))
    [found] = model.get_signature_runner()(z=Z[:1]).values()
    np.testing.assert_allclose(found, images(run)[0][:1], atol=1e-5)


def test_files_of_one_format_are_replaced_only_when_asked_for(run, capsys):
    assert main(["export", str(run), "--out", "out"]) == 0
    assert "generator1.keras exists: choose another --out, or add --overwrite" in refused(
        capsys, 2, "export", str(run), "--out", "out"
    )
    before = {path.name for path in Path("out").iterdir()}
    assert main(["export", str(run), "--out", "out", "--overwrite"]) == 0
    assert {path.name for path in Path("out").iterdir()} == before


@pytest.mark.parametrize("name", ["generator2.keras", "generator2"])
def test_a_file_of_somebody_else_is_never_replaced(name, run, capsys):
    format = "keras" if "." in name else "saved_model"
    Path("out").mkdir()
    if "." in name:
        Path("out", name).write_text("mine")
    else:
        Path("out", name).mkdir()
        Path("out", name, "mine").touch()
    argv = ["export", str(run), "--out", "out", "--format", format, "--overwrite"]
    assert f"{name} exists and is not what `export` wrote" in refused(capsys, 2, *argv)


def test_a_network_that_has_been_changed_since_is_not_replaced(run, capsys):
    argv = ["export", str(run), "--out", "out", "--net", "generator1", "--overwrite"]
    assert main(argv) == 0
    Path("out/generator1.keras").write_text("trained further")
    assert "is not what `export` wrote" in refused(capsys, 2, *argv)


def test_the_precision_of_training_does_not_matter(run):
    options = json.loads((run / "config.json").read_text()) | {"mixed_precision": "bfloat16"}
    (run / "config.json").write_text(json.dumps(options))
    assert main(["export", str(run), "--net", "generator1"]) == 0
    net = keras.models.load_model(run / "exports/generator1.keras")
    assert {layer.compute_dtype for layer in net.layers} == {"float32"}


def test_a_network_that_a_format_cannot_hold_is_named_and_others_are_written(
    run, capsys, monkeypatch
):
    def save(net, path):
        if "generator1" in path.name:
            raise ValueError("no such operation\nand a long explanation")
        net.save(path)

    broken = export.FORMATS["keras"]._replace(write=save)
    monkeypatch.setitem(export.FORMATS, "keras", broken)
    assert main(["export", str(run)]) == 1
    _, err = capsys.readouterr()
    assert "generator1.keras: cannot be written in this format: no such operation\n" in err
    assert "1 of 2 networks not written as keras" in err
    assert [path.name for path in (run / "exports").glob("*.keras")] == ["generator2.keras"]


def test_a_file_that_computes_something_else_is_not_kept(run, capsys, monkeypatch):
    monkeypatch.setattr(export, "difference", lambda *_: 0.5)
    assert main(["export", str(run), "--net", "generator1"]) == 1
    assert "differs from the run by 5.0e-01, more than 1.0e-03" in capsys.readouterr().err
    assert list((run / "exports").iterdir()) == []


@pytest.mark.parametrize(
    ("argv", "code", "says"),
    [
        (["--net", "gen"], 2, "--net gen: this run has generator1, generator2"),
        (["--format", "pt"], 2, "argument --format: invalid choice: 'pt'"),
        (["--iteration", "7"], 3, "7"),
        (["--out", "results/scogan/config.json"], 2, "is a file; give a folder"),
    ],
)
def test_mistakes_are_one_line(argv, code, says, run, capsys):
    assert says in refused(capsys, code, "export", str(run), *argv)


@pytest.mark.parametrize(
    ("format", "packages"), [("tflite", "ai-edge-litert"), ("onnx", "onnx tf2onnx onnxruntime")]
)
def test_missing_packages_are_named_before_anything_is_loaded(
    format, packages, capsys, monkeypatch, empty_folder
):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    error = refused(capsys, 3, "export", "results/none", "--format", format)
    assert f"--format {format} needs more packages: pip install {packages}" in error
