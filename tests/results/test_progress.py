"""Tests of the progress line."""

import io
import re
import sys

import pytest
from command_line import in_a_fresh_process

from framework.results import Progress, progress


def test_plain_lines_where_there_is_no_terminal(capsys):
    with Progress(2000, initial=400) as bar:
        bar.update(450)
        bar.update(500, {"disc/adv1": 0.51234, "stat/weight_diff": 1.0})
    output, errors = capsys.readouterr()
    pattern = r"iteration 500/2000 \| [\d.e+]+ it/s \| ends [\w: ]+ \| disc/adv1 0\.512\n"
    assert re.fullmatch(pattern, output), output
    assert errors == ""


def test_rate_counts_only_this_session(monkeypatch, capsys):
    clock = iter([0.0, 10.0, 20.0])
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(clock))
    bar = Progress(1000, initial=900)
    bar.update(910, {"a": 1.0})
    bar.update(915, {"a": 1.0})
    speeds = [line.split(" | ")[1] for line in capsys.readouterr().out.splitlines()]
    assert speeds == ["1 it/s", "1.33 s/it"]  # 1, then the mean of 1 and 0.5 per second


class Terminal(io.StringIO):
    """A stream on which a line can be redrawn."""

    def isatty(self) -> bool:
        return True


class Cell(io.StringIO):
    """The stream of the output of a cell of a notebook, which is no terminal."""


Cell.__module__ = "ipykernel.iostream"


@pytest.mark.parametrize("stream", [Terminal, Cell])
def test_a_bar_on_a_terminal_and_in_a_notebook(monkeypatch, stream):
    screen = stream()
    monkeypatch.setattr(sys, "stderr", screen)
    with Progress(10) as bar:
        bar.update(5, {"gen/adv": 0.25})
    assert "5/10" in screen.getvalue() and "gen/adv 0.25" in screen.getvalue()


def test_results_need_no_tensorflow():
    in_a_fresh_process("import sys, framework.results; sys.exit('tensorflow' in sys.modules)")
