"""Every Python file printed in docs/extending.md runs exactly as it is printed."""

import re
import runpy
import sys
from pathlib import Path

import pytest
from conftest import ROOT

from framework import losses
from framework.cli import main
from framework.options import config

PAGE = (ROOT / "docs" / "extending.md").read_text()
FILES = {
    name: code for name, code in re.findall(r"```python\n# (\S+\.py)\n(.*?)```", PAGE, re.DOTALL)
}
TRAINING = "--preset smoke --name run --eval_pairs 20 --evaluator_iterations 2".split()
SYSTEMS = {
    "my/colour.py": ["--data", "mini2edge"],
    "my/vae.py": ["--data", "mini", "--iterations", "2", "--batch_size", "4", "--log_every", "1"],
    "my/simple.py": ["--data", "mini2edge"],
    "my/edges.py": ["--data", "mini2edge", "--edge_loss"],
    "my/relativistic.py": ["--data", "mini2edge"],
}


@pytest.fixture
def place(tmp_path, monkeypatch):
    """Work in a folder with all files of the page; what was imported from it is forgotten."""
    for name, code in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(code)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    monkeypatch.setattr(losses, "ADVERSARIAL", dict(losses.ADVERSARIAL))
    config.options_class.cache_clear()
    yield tmp_path
    for name in [name for name in sys.modules if name == "my" or name.startswith("my.")]:
        del sys.modules[name]


def test_every_python_block_of_the_page_is_a_named_file():
    assert PAGE.count("```python\n") == len(FILES) == len(SYSTEMS) + 3


@pytest.mark.parametrize("name", SYSTEMS)
def test_a_printed_system_trains(place, name, capsys):
    system = name.removesuffix(".py").replace("/", ".")
    assert main(["--gan_type", system, *TRAINING, *SYSTEMS[name]]) == 0
    run = Path("results/run")
    printed = capsys.readouterr().out
    assert f"see {run / 'index.html'}" in printed and "kid1" in printed
    assert (run / "samples" / "000000.png").is_file()
    header = (run / "history.csv").read_text().splitlines()[0]
    own = {"my/colour.py": "gen/colour", "my/edges.py": "gen/edge", "my/vae.py": "vae/kl"}
    assert own.get(name, "gen/adv1") in header
    assert main(["sample", str(run), "--n", "3"]) == 0
    if name == "my/vae.py":
        assert main(["walk", str(run), "--n", "1"]) == 0


@pytest.mark.parametrize("name", sorted(FILES.keys() - SYSTEMS.keys()))
def test_a_printed_script_runs(place, name, capsys):
    runpy.run_path(name, run_name="__main__")
    assert capsys.readouterr().out
