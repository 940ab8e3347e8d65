"""Systems of a user: a module named on the command line, or an entry point of a package."""

import itertools
import json
import sys

import pytest

from framework.errors import UsageError
from framework.experiments import grid
from framework.options import config

COLOUR = '''"""CoGAN with a colour loss."""

import dataclasses

from framework.options import cogan
from framework.options.base import option


@dataclasses.dataclass(frozen=True)
class Options(cogan.Options):
    colour_weight: float = option(1.0, "weight of the colour loss", "coupling", low=0)
    norm: str = option("layer", "normalisation", "nets", choices=("layer",))


class Trainer:
    pass
'''
numbers = itertools.count()


@pytest.fixture
def module(tmp_path, monkeypatch):
    """Write a module into a package in the current directory; return its dotted name."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])

    def write(source: str) -> str:
        package = f"package{next(numbers)}"  # of its own, as imported modules are kept
        (tmp_path / package).mkdir()
        (tmp_path / package / "colour.py").write_text(source)
        return f"{package}.colour"

    return write


def test_a_module_of_the_current_directory_is_a_system(module):
    name = module(COLOUR)
    options = config.parse(["--gan_type", name, "--colour_weight", "2", "--seed", "3"])
    assert (options.gan_type, options.colour_weight, options.norm) == (name, 2.0, "layer")
    assert options.name == f"{name}-mnist2edge-seed_3-colour_weight_2.0"
    assert config.from_dict(json.loads(json.dumps(options.to_dict()))) == options
    assert config.trainer_module(name) == name
    assert "keep" in config.inert_options(name)


def test_it_takes_presets_and_the_data_flag(module):
    options = config.parse(
        ["--gan_type", module(COLOUR), "--preset", "cpu", "--data", "mnist2svhn"]
    )
    assert (options.cogan_data, options.batch_size) == ("mnist2svhn", 32)


def test_it_can_be_swept(module):
    name = module(COLOUR)
    sweep = grid.read(["--gan_type", name, "--grid", "colour_weight=1,2"])
    jobs = grid.jobs(sweep)
    assert [job.name for job in jobs.values()] == [
        f"{name}-mnist2edge-colour_weight_{value}" for value in ("1.0", "2.0")
    ]


def test_help_shows_its_flags_and_no_others(module, capsys):
    with pytest.raises(SystemExit):
        config.parse(["--gan_type", module(COLOUR), "--help"])
    text = capsys.readouterr().out
    assert "--colour_weight X" in text and "weight of the colour loss [1.0]" in text
    assert "--semantic_loss" not in text


def test_its_flags_are_for_it_alone_and_checked(module):
    name = module(COLOUR)
    with pytest.raises(UsageError, match="--colour_weight -1.0: must be at least 0"):
        config.parse(["--gan_type", name, "--colour_weight=-1"])
    with pytest.raises(UsageError, match="unknown argument --colour_weight"):
        config.parse(["--colour_weight", "2"])
    with pytest.raises(UsageError, match="unknown argument --semantic_loss"):
        config.parse(["--gan_type", name, "--semantic_loss"])
    with pytest.raises(UsageError, match="did you mean --colour_weight?"):
        config.parse(["--gan_type", name, "--color_weight", "2"])


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("import no_such_package", "cannot import {}: No module named 'no_such_package'"),
        ("from framework.errors import Nothing", "cannot import {}: cannot import name 'Nothing'"),
        ("class Options(", "cannot import {}: '(' was never closed"),
        ("class Trainer: pass", "{} has no class Options"),
        (COLOUR.partition("class Trainer")[0], "{} has no class Trainer"),
        (COLOUR + "Options = 3\n", "{} has no class Options"),
        (COLOUR + "class Options: pass\n", "must be a subclass of framework.options.base.Options"),
    ],
)
def test_a_module_that_is_no_system_is_refused_in_one_line(module, source, reason):
    name = module(source)
    with pytest.raises(UsageError) as caught:
        config.parse(["--gan_type", name])
    assert str(caught.value).startswith(f"--gan_type {name}: ")
    assert reason.format(name) in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["no_such_package.module", "..colour", "colour."])
def test_a_name_that_is_no_module_is_refused_in_one_line(module, name):
    with pytest.raises(UsageError, match="^--gan_type .*: cannot import [^\n]*$"):
        config.parse(["--gan_type", name])


@pytest.fixture
def entry_point(module, tmp_path):
    """Install a package that offers the system `colour`; return the name of its module."""
    name = module(COLOUR)
    info = tmp_path / "colourful-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: colourful\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[{config.ENTRY_POINTS}]\ncolour = {name}\n")
    sys.path.append(str(tmp_path))
    return name


def test_an_entry_point_is_a_system(entry_point):
    assert "colour" in config.systems() and {*config.BUILT_IN} < {*config.systems()}
    assert entry_point in config.summary("colour")
    assert entry_point not in sys.modules, "listing systems must not import them"
    assert config.parse(["--gan_type", "colour", "--colour_weight", "2"]).colour_weight == 2.0
    assert config.trainer_module("colour") == entry_point


def test_an_entry_point_is_suggested(entry_point):
    with pytest.raises(UsageError, match="--gan_type color: did you mean colour?"):
        config.parse(["--gan_type", "color"])
