"""README.md and docs: commands are understood, links lead somewhere, code runs."""

import re
import shlex

import numpy as np
import pytest
from conftest import ROOT

from framework import cli, cogan_trainer, config, presets
from framework.reproduce import grid

PAGES = {
    path.relative_to(ROOT).as_posix(): path.read_text()
    for path in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
}
TEXT = "\n".join(PAGES.values())
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", TEXT, flags=re.DOTALL)
SHELL = "\n".join(block for language, block in BLOCKS if language == "sh")
PROSE = re.sub(r"```.*?```", "", TEXT, flags=re.DOTALL).replace("\n", " ")
PLACES = r"\b(X|DIR|RUN|NAME|n)\b"  # what stands for the reader's own words
COMMANDS = sorted(
    {*re.findall(r"^python main.py (--.*)$", SHELL, flags=re.MULTILINE)}
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
    rows = re.findall(r"^\| ([^|]+) \|", PAGES["docs/running.md"].split("## ")[1], re.MULTILINE)
    names = {name for row in rows for name in re.findall(r"`([a-z]\w+)`", row)}
    assert len(names) > 20 and names <= {*presets.PRESETS}


def test_subcommands_named_exist():
    named = set(re.findall(r"main\.py ([a-z]+)\b", TEXT))
    assert named == {*cli.commands()} - {"train"}


def anchors(text: str) -> set[str]:
    """The names that GitHub gives to the headings of a page."""
    headings = re.findall(
        r"^#+ (.+)$", re.sub(r"```.*?```", "", text, flags=re.DOTALL), re.MULTILINE
    )
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page):
    for link in re.findall(r"\]\(([^)]+)\)", PAGES[page]):
        path, _, anchor = link.partition("#")
        if path.startswith("https://"):
            continue
        file = (ROOT / page).parent / path if path else ROOT / page
        assert file.is_file(), link
        assert not anchor or anchor in anchors(file.read_text()), link


def test_every_picture_is_shown():
    shown = set(re.findall(r"([\w.]+\.png)\)", TEXT))
    assert {path.name for path in (ROOT / "docs").glob("*.png")} == shown


def test_the_example_of_a_new_system_runs():
    (source,) = (block for language, block in BLOCKS if "class Options" in block)
    scope = {"__name__": "example"}
    exec(compile(source, "docs/extending.md", "exec"), scope)
    options = scope["Options"](gan_type="cogan", colour_weight=2.0)
    assert options.colour_weight == 2.0
    assert issubclass(scope["Trainer"], cogan_trainer.Trainer)


@pytest.mark.slow
def test_the_example_of_python_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (source,) = (block for _, block in BLOCKS if "restored(" in block)
    scope = {"__name__": "example"}
    exec(compile(source, "docs/extending.md", "exec"), scope)
    assert scope["images1"].shape == scope["images2"].shape == (8, 32, 32, 3)
    assert np.abs(scope["images1"]).max() <= 1
