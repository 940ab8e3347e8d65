"""The README's commands are understood and its code runs."""

import re
import shlex

import pytest
from conftest import ROOT

from framework import cli, config
from framework.reproduce import grid

TEXT = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", TEXT, flags=re.DOTALL)
SHELL = "\n".join(block for language, block in BLOCKS if language == "sh")
COMMANDS = re.findall(r"^python main.py (--.*)$", SHELL, flags=re.MULTILINE)


@pytest.mark.parametrize("command", COMMANDS)
def test_training_commands_are_understood(command):
    sweep = grid.read(shlex.split(command))
    assert config.parse(sweep.rest).gan_type in config.systems()
    assert not sweep.values or grid.jobs(sweep)


def test_there_are_commands():
    assert len(COMMANDS) >= 2


def test_every_flag_and_preset_named_exists(capsys):
    with pytest.raises(SystemExit):
        config.parse(["--help"])
    helped = capsys.readouterr().out
    own = {
        "--n",
        "--net",
        "--scale",
        "--list",
        "--seeds",
        "--images",
        "--wavs",
        "--help",
        "--editable",
        "--domain",
        "--",
    }
    for flag in set(re.findall(r"`[^`\n]*?(--[a-z]\w+)", TEXT)) - own:
        assert flag in helped, flag


def test_subcommands_named_exist():
    named = set(re.findall(r"main\.py ([a-z]+)\b", TEXT))
    assert named >= {*cli.commands()} - {"train"}


def test_files_named_exist():
    for path in re.findall(r"\]\((docs/[^)]+)\)", TEXT):
        assert (ROOT / path).is_file(), path


def test_the_example_of_a_new_system_runs():
    (source,) = (block for language, block in BLOCKS if "class Trainer" in block)
    scope = {"__name__": "example"}
    exec(compile(source, "README.md", "exec"), scope)
    options = scope["Options"](gan_type="cogan", colour_weight=2.0)
    assert options.colour_weight == 2.0
    assert issubclass(scope["Trainer"], object)
