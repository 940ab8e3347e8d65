"""The run folder most tests of framework/results start from."""

import pytest
from run_folder import COMMAND, CONFIG

from framework.results import Run


@pytest.fixture
def run(tmp_path) -> Run:
    run = Run.open(tmp_path / "results" / "one", CONFIG, COMMAND)
    run.quiet = True
    return run
