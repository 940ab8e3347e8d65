"""The notebook of the first steps runs as it is printed."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT

NOTEBOOK = json.loads((ROOT / "docs" / "first_steps.ipynb").read_text(encoding="utf-8"))
CELLS = ["".join(cell["source"]) for cell in NOTEBOOK["cells"] if cell["cell_type"] == "code"]


def test_the_notebook_is_stored_without_outputs():
    assert (NOTEBOOK["nbformat"], len(CELLS)) == (4, 9)
    assert all(not cell.get("outputs") for cell in NOTEBOOK["cells"])


@pytest.mark.usefixtures("empty_folder", "plotless")
def test_every_cell_runs(eager, capsys):
    scope: dict = {}
    for number, cell in enumerate(CELLS):
        shorter = cell.replace("iterations=60", "iterations=1").replace("steps=50", "steps=2")
        exec(compile(shorter, f"cell {number}", "exec"), scope)
    assert scope["run"].step == 1 and scope["partners"].shape == (8, 32, 32, 3)
    assert "--batch_size 0: must be at least 1" in capsys.readouterr().out
    assert Path("results/first_steps/index.html").is_file()


@pytest.mark.slow
def test_the_notebook_runs_as_printed(tmp_path):
    code = "\n\n".join(CELLS)
    subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, check=True, capture_output=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert (tmp_path / "results" / "first_steps" / "index.html").is_file()
