"""A run that cannot be resumed as asked prints a command line that trains when it is pasted."""

import shlex
from pathlib import Path

import pytest

from framework.cli import main
from framework.errors import program
from framework.results import Run

pytestmark = pytest.mark.usefixtures("plotless", "empty_folder", "eager")
SHORT = "--preset smoke --width 0.01 --eval_pairs 0 --name old --iterations"


def pasted(capsys, argv: list[str]) -> list[str]:
    """Runs a command line that is refused; returns the one that its message names."""
    capsys.readouterr()
    assert main(argv) == 2
    text = capsys.readouterr().err.splitlines()[0]
    return shlex.split(text.partition(f" by {program()} ")[2].partition("; or use another")[0])


@pytest.mark.parametrize(
    ("flags", "more"),
    [
        ("--gan_type gan --dataset mini --lr_schedule linear --lr_decay_length 2", []),
        ("--gan_type gan --dataset mini", ["--lr_d", "1e-4"]),
        ("--gan_type unit --data mini2edge --lr_decay_start 1 --lr_decay_length 1", []),
        ("--gan_type classifier --data mini", []),
    ],
)
def test_the_command_of_the_message_trains(flags, more, capsys):
    argv = [*flags.split(), *SHORT.split()]
    if "classifier" in flags:
        argv = [word for word in argv if word not in ("--eval_pairs", "0")]
    assert main([*argv, "2"]) == 0
    command = pasted(capsys, [*argv, "3", *more])
    assert main(command) == 0
    new = Run.load(Path("results/old-2"))
    assert new.config["init_from"] == str(Path("results/old"))
    assert new.history[-1]["iteration"] == new.config["iterations"] == (3 if more else 1)
    assert "started from the weights of results/old, iteration 2" in capsys.readouterr().out
    assert main(command) == 0, "the same command again resumes"


def test_rates_that_do_not_fall_let_the_same_run_go_on(capsys):
    argv = ["--gan_type", "gan", "--dataset", "mini", *SHORT.split()]
    assert main([*argv, "2"]) == 0 == main([*argv, "3"])
    assert Run.load(Path("results/old")).history[-1]["iteration"] == 3
    assert main(pasted(capsys, [*argv, "1"])) == 0, "fewer than are done"
    assert Run.load(Path("results/old-2")).history[-1]["iteration"] == 1


def test_a_run_to_start_from_that_is_missing_ends_with_code_3(capsys):
    argv = ["--gan_type", "gan", "--dataset", "mini", *SHORT.split(), "2"]
    assert main([*argv, "--init_from", "results/nowhere"]) == 3
    assert "results/nowhere is no run folder" in capsys.readouterr().err
    assert not Path("results/old").exists()
