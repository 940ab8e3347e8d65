"""Runs of version 0.1 open, go on and are measured."""

import json
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from command_line import history
from PIL import Image

from framework.cli import main
from framework.engine import capabilities
from framework.engine.system import System
from framework.trainers.opening import open_run

RUNS = Path(__file__).parent / "runs_0.1"
CAPABILITIES = {
    "scogan": capabilities.Samples,
    "cyclegan": capabilities.Translates,
    "g2g": capabilities.Encodes,
    "content": capabilities.Transfers,
}


@pytest.fixture(params=CAPABILITIES)
def run(request, empty_folder) -> Path:
    """A copy of a run, in results/, without its data."""
    return Path(shutil.copytree(RUNS / request.param, f"results/{request.param}"))


def images_of(system: System) -> Iterator[np.ndarray]:
    """Images by every capability of a system."""
    given = np.random.default_rng(0).uniform(-1, 1, (3, 32, 32, 3)).astype(np.float32)
    if isinstance(system, capabilities.Samples):
        yield from system.sample(system.latent(3, seed=0))
    if isinstance(system, capabilities.Translates):
        yield from (system.translate(given, each) for each in system.directions())
    if isinstance(system, capabilities.Encodes):
        codes = system.encode(given)
        yield system.decode(codes.content, codes.style)
    if isinstance(system, capabilities.Transfers):
        yield from (system.remove(given), system.add(given, given))


def test_it_opens_and_can_be_used(run):
    opened = open_run(run)
    assert opened.step == 2 and isinstance(opened.system, CAPABILITIES[run.name])
    results = list(images_of(opened.system))
    assert results
    for images in results:
        assert images.shape == (3, 32, 32, 3) and images.std() > 0
        assert np.abs(images).max() <= 1 + 1e-6


def test_samples_are_those_of_its_last_sheet(empty_folder):
    """The sheet of iteration 2 shows the samples of the run's seed."""
    run = Path(shutil.copytree(RUNS / "scogan", "results/scogan"))
    opened = open_run(run)
    z = opened.system.latent(opened.options.num_samples_to_gen, opened.options.seed)
    sheet = opened.run.sheet(opened.system.sample(z), "again")
    with Image.open(sheet) as mine, Image.open(RUNS / "scogan/samples/000002.png") as theirs:
        np.testing.assert_allclose(np.asarray(mine, int), np.asarray(theirs, int), atol=2)


def test_the_same_command_goes_on_with_it(run, eager, capsys):
    program, *flags = shlex.split((run / "command.txt").read_text())[1:]
    assert program == "main.py"
    before = (run / "history.csv").read_text()
    assert main([*flags, "--iterations", "3"]) == 0
    assert [row["iteration"] for row in history(run)] == ["1", "2", "3"]
    assert (run / "history.csv").read_text().startswith(before)
    assert open_run(run).step == 3


def test_it_is_measured(run, eager, capsys):
    known = json.loads((run / "metrics.json").read_text())
    assert main(["evaluate", str(run), "--n", "10"]) == 0
    found = json.loads((run / "metrics.json").read_text())
    assert known.keys() <= found.keys()
    assert all(np.isfinite(metric["value"]).all() for metric in found.values())
