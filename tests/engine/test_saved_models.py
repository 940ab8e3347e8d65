"""Saved networks of all systems open with Keras alone, where this project cannot be imported."""

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import keras
import numpy as np
import pytest
from variants import VARIANTS, randomize, variant

from framework.engine import export
from framework.engine.system import save_models
from nets import funit

# Opens all models below a folder and compares what they compute with the arrays beside them.
PROGRAM = """
import importlib.abc, json, pathlib, sys

class Blocked(importlib.abc.MetaPathFinder):
    def find_spec(self, name, *_):
        if name.partition(".")[0] in ("framework", "nets", "softgan"):
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Blocked())
import keras, numpy as np

differences = {}
for path in sorted(pathlib.Path(sys.argv[1]).rglob("*.keras")):
    arrays = np.load(path.with_suffix(".npz"))
    net = keras.models.load_model(path)
    inputs = [arrays[each.name] for each in net.inputs]
    outputs = keras.tree.flatten(net(inputs if len(inputs) > 1 else inputs[0], training=False))
    expected = [arrays[f"output {i}"] for i in range(len(outputs))]
    differences["/".join(path.parts[-2:])] = max(
        float(np.abs(np.asarray(a, "float32") - b).max() / max(1, np.abs(b).max()))
        for a, b in zip(outputs, expected)
    )
print(json.dumps(differences))
"""


def save(models: dict[str, keras.Model], folder: Path) -> None:
    """Saves models, and beside each its inputs and outputs."""
    for seed, model in enumerate(models.values()):
        randomize(model, seed)
    save_models(models, folder)
    for name, model in models.items():
        inputs = export.random_inputs(model)
        outputs = export.outputs(model, inputs)
        arrays = {f"output {i}": each.astype(np.float32) for i, each in enumerate(outputs)}
        np.savez(folder / f"{name}.npz", **inputs, **arrays)


@pytest.fixture(scope="module")
def folders(tmp_path_factory) -> Path:
    """A folder of models for each variant."""
    place = tmp_path_factory.mktemp("models")
    for name in VARIANTS:  # to compile the fast forms of layers for all takes a minute
        argv = [] if name == "cogan" else ["--no-fast_layers"]
        save(variant(name, *argv).models(), place / name)
    return place


def test_models_of_all_systems_open_and_compute_the_same_without_this_project(folders, tmp_path):
    program = [sys.executable, "-I", "-c", PROGRAM, str(folders)]
    done = subprocess.run(program, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    differences = json.loads(done.stdout.splitlines()[-1])
    assert len(differences) == len(list(folders.rglob("*.keras"))) > 2 * len(VARIANTS)
    limits = {name: 3e-2 if "bfloat16" in name else 1e-4 for name in differences}
    assert {n: value for n, value in differences.items() if value > limits[n]} == {}


def test_saved_models_contain_no_code(folders):
    for path in folders.rglob("*.keras"):
        with zipfile.ZipFile(path) as file:
            assert "Lambda" not in file.read("config.json").decode()


def test_models_that_older_versions_saved_with_our_layers_still_open(tmp_path):
    net = funit.decoder(image_size=16, nf=2, downs=1, style_dim=3, mlp_width=4, unit_gain=True)
    net.save(tmp_path / "old.keras")
    inputs = export.random_inputs(net)
    loaded = keras.models.load_model(tmp_path / "old.keras")
    for mine, other in zip(
        export.outputs(loaded, inputs), export.outputs(net, inputs), strict=True
    ):
        np.testing.assert_array_equal(mine, other)
