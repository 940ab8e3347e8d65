"""README.md and docs: commands are understood, links lead somewhere, code runs."""

import re
import shlex

import numpy as np
import pytest
from conftest import ROOT

import softgan
from framework import cli, presets
from framework.experiments import grid
from framework.options import config


def without_code(text: str) -> str:
    """A page without its blocks of code."""
    return re.sub(r"```.*?```", "", text, flags=re.DOTALL)


PAGES = {
    path.relative_to(ROOT).as_posix(): path.read_text()
    for path in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
}
TEXT = "\n".join(PAGES.values())
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", TEXT, flags=re.DOTALL)
SHELL = "\n".join(block for language, block in BLOCKS if language == "sh")
PROSE = without_code(TEXT).replace("\n", " ")
PLACES = r"\b(X|DIR|RUN|NAME|n|my_package)\b"  # what stands for the reader's own words
MAIN = re.findall(r"^python main.py (.*)$", SHELL, flags=re.MULTILINE)
COMMANDS = sorted(
    {command for command in MAIN if command.startswith("--")}
    | {
        inline
        for inline in re.findall(r"`(--(?:gan_type|preset) [^`]+)`", PROSE)
        if not re.search(PLACES, inline) and "|" not in inline
    }
)


@pytest.mark.parametrize("command", COMMANDS)
def test_training_commands_are_understood(command):
    sweep = grid.read(shlex.split(command))
    assert config.parse(sweep.rest).gan_type in config.systems()
    assert not sweep.values or grid.jobs(sweep)


def test_there_are_commands():
    assert len(COMMANDS) >= 20


@pytest.fixture
def known_flags(capsys):
    """All flags that training or another command prints in its --help."""
    for command in cli.commands():
        with pytest.raises(SystemExit):
            cli.main([command, "--help"])
    return set(re.findall(r"--\w+", capsys.readouterr().out))


def test_every_flag_named_exists(known_flags):
    named = set(re.findall(r"--[a-z][\w-]*", " ".join(re.findall(r"`([^`]+)`", PROSE))))
    named |= set(re.findall(r"--[a-z][\w-]*", "\n".join(MAIN)))
    assert len(named) > 100
    assert {flag.replace("--no-", "--") for flag in named} <= known_flags


def test_every_preset_named_exists():
    section = PAGES["docs/running.md"].split("## Presets")[1].split("## ")[0]
    rows = re.findall(r"^\| ([^|]+) \|", section, re.MULTILINE)
    names = {name for row in rows for name in re.findall(r"`([a-z]\w+)`", row)}
    assert len(names) > 20 and names <= {*presets.PRESETS}


def test_subcommands_named_exist():
    named = set(re.findall(r"main\.py ([a-z]+)\b", TEXT))
    assert named == {*cli.commands()} - {"train"}


def anchors(text: str) -> set[str]:
    """The names that GitHub gives to the headings of a page."""
    headings = re.findall(r"^#+ (.+)$", without_code(text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page):
    for link in re.findall(r"\]\(([^)]+)\)", without_code(PAGES[page])):
        path, _, anchor = link.partition("#")
        if path.startswith("https://"):
            continue
        file = (ROOT / page).parent / path if path else ROOT / page
        assert file.is_file(), link
        assert not anchor or anchor in anchors(file.read_text()), link


def test_every_picture_is_shown():
    shown = set(re.findall(r"([\w.]+\.png)\)", TEXT))
    assert {path.name for path in (ROOT / "docs").glob("*.png")} == shown


@pytest.mark.slow
def test_the_python_code_of_the_readme_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    softgan.train("scogan", data="mini2edge", preset="smoke", name="demo", eval_pairs=0)
    blocks = re.findall(r"```python\n(.*?)```", PAGES["README.md"], flags=re.DOTALL)
    scope: dict = {}
    for block in blocks:
        exec(compile(block, "README.md", "exec"), scope)
    for name in ("images1", "images2", "image1", "image2"):
        assert scope[name].shape == (8, 32, 32, 3)
        assert np.abs(scope[name]).max() <= 1
