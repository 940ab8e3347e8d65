"""A trainer is built without training anything and without writing anything."""

import builtins
import io
import os

import pytest
from command_line import everything_below
from systems import FULL, trainer

from framework.engine.trainer import Trainer
from framework.options import config

# With every pretrained network that a system can have; a dry run leaves them untrained.
PRETRAINED = {
    "scogan all": ["scogan", *FULL],
    "uda": ["uda"],
    "g2g funit": ["g2g", *"--g2g_variant funit --d_blocks 2".split()],
    "g2g cyclefunit": ["g2g", *"--g2g_variant cyclefunit --perceptual_net classifier".split()],
    "g2g funit2funit": ["g2g", *"--g2g_variant funit2funit --d_blocks 2".split()],
    "lord perceptual": ["lord", *"--perceptual_net classifier".split()],
    "content mask": ["content", "--content_variant", "mask"],
    "content fader": ["content", "--content_variant", "fader"],
}
COMMANDS = {name: [name] for name in config.systems()} | PRETRAINED


@pytest.fixture
def nothing_can_be_written(empty_folder, tmp_path, monkeypatch):
    """Refuses new files and folders, in a folder that is read-only."""
    plain = io.open

    def reading(file, mode="r", *arguments, **keywords):
        if set(mode) & set("wax+"):
            pytest.fail(f"{file} was opened to write")
        return plain(file, mode, *arguments, **keywords)

    monkeypatch.setattr(builtins, "open", reading)
    monkeypatch.setattr(io, "open", reading)
    monkeypatch.setattr(os, "mkdir", lambda path, *_: pytest.fail(f"{path} was made"))
    tmp_path.chmod(0o555)
    yield tmp_path
    tmp_path.chmod(0o755)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_trainer_is_built_where_nothing_can_be_written(name, nothing_can_be_written, monkeypatch):
    monkeypatch.setattr(Trainer, "run_steps", lambda *_: pytest.fail("something was trained"))
    system, *flags = COMMANDS[name]
    subject = trainer(system, *flags, "--dry_run")
    assert int(subject.step) == 0 and subject.phases
    assert everything_below(nothing_can_be_written) == []
