"""A run that cannot be resumed as asked names a command line that works."""

import json
import shlex
from pathlib import Path

import pytest

from framework import presets
from framework.errors import UsageError
from framework.options import config, continuation

PROGRAM = "python main.py "


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def finished(argv: list[str], done: int | None = None):
    """Makes the folder of a finished run with these flags, and returns its options."""
    options = config.parse(argv)
    folder = config.run_folder(options)
    (folder / "checkpoints" / f"{done or options.iterations:08d}").mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps(options.to_dict()))
    return options


def refusal(argv: list[str]) -> str:
    """The message for a run that goes on with these flags."""
    with pytest.raises(UsageError) as caught:
        continuation.check_rates(config.parse(argv), PROGRAM + shlex.join(argv))
    assert "\n" not in str(caught.value)
    return str(caught.value)


def pasted(message: str):
    """The options of the command line in a message, which ends with it or with an alternative."""
    command = message.partition(PROGRAM)[2].partition("; or use another --name")[0]
    return config.parse(shlex.split(command))


def systems_of(preset: presets.Preset) -> tuple[str, ...]:
    system = preset.options.get("gan_type")
    return (system,) if system else ("cyclegan", "unit", "ost")


CASES = [
    (name, system)
    for name, preset in presets.PRESETS.items()
    for system in systems_of(preset)
    if config.options_class(system)(
        **config._values(["--preset", name, "--gan_type", system])[0]
    ).rates_end
    is not None
]


def test_there_are_presets_whose_rates_fall():
    assert {"cyclegan", "ost_photos"} <= {name for name, _ in CASES}
    assert ("cpu", "cyclegan") in CASES and ("cpu", "ost") in CASES


@pytest.mark.parametrize(("preset", "system"), CASES)
def test_a_finished_run_with_falling_rates_goes_on_in_a_new_run(preset, system):
    argv = ["--preset", preset, "--gan_type", system]
    end = config.parse(argv).rates_end
    old = finished(argv, done=end)
    message = refusal([*argv, "--iterations", str(end + 7)])
    assert "--overwrite" not in message and f"{end} already" in message
    new = pasted(message)
    assert new.init_from == str(config.run_folder(old)) and new.name == f"{old.name}-2"
    assert new.iterations == 7 == new.rates_end
    assert not config.run_folder(new).exists()
    same = {**old.to_dict(), **new.to_dict()}
    changed = {name for name in same if getattr(old, name) != getattr(new, name)}
    assert changed == {"init_from", "name", "iterations", "lr_decay_start", "lr_decay_length"}


def test_a_new_run_with_falling_rates_is_told_the_schedule_alone():
    with pytest.raises(UsageError, match="add --lr_decay_start 4500 --lr_decay_length 4500$"):
        config.parse("--lr_schedule cosine --iterations 9000".split())


@pytest.mark.parametrize("schedule", ["constant", "exponential", "step"])
def test_rates_that_never_end_let_a_run_go_on(schedule):
    argv = ["--gan_type", "gan", "--lr_schedule", schedule]
    finished(argv)
    longer = config.parse([*argv, "--iterations", "9999"])
    continuation.check_rates(longer, PROGRAM)


@pytest.mark.parametrize("system", ["classifier", "lord"])
def test_where_rates_depend_on_the_iterations_only_the_missing_ones_are_added(system):
    argv = f"--gan_type {system} --iterations 50 --name old".split()
    finished(argv)
    argv[3] = "80"
    message = continuation.advice(config.parse(argv), PROGRAM + shlex.join(argv), ["iterations"])
    new = pasted(message)
    assert (new.iterations, new.init_from, new.name) == (30, str(Path("results/old")), "old-2")


def test_other_rates_start_a_new_run_from_the_weights_and_other_nets_do_not():
    argv = "--gan_type gan --name old --lr_d 1e-3".split()
    options = finished(argv)
    message = continuation.advice(options, PROGRAM + shlex.join(argv), ["lr_d"])
    assert pasted(message).init_from == "results/old" and "--overwrite" in message
    for names in (["width"], ["lr_d", "noise_dim"], ["image_size"], ["no_longer_there"]):
        text = continuation.advice(options, PROGRAM, names)
        assert "--init_from" not in text and "--name" in text and "--overwrite" in text


def test_a_run_without_a_checkpoint_has_no_weights_to_start_from():
    options = config.parse("--gan_type gan --name old".split())
    assert "--init_from" not in continuation.advice(options, PROGRAM, ["lr_d"])


def test_fewer_iterations_than_are_done_name_both_ways_on():
    argv = "--gan_type gan --name old".split()
    options = finished(argv)
    message = continuation.advice(options, PROGRAM + shlex.join(argv), ())
    assert message.startswith("ask for more, or ") and pasted(message).name == "old-2"


def test_names_that_are_taken_are_passed_over():
    options = finished("--gan_type gan --name a/old".split())
    Path("results/a/old-2").mkdir()
    text = continuation.advice(options, PROGRAM + "--gan_type gan --name a/old", ["lr_d"])
    assert pasted(text).name == "a/old-3"


def test_a_call_from_python_gets_arguments():
    options = finished("--gan_type gan --name old".split())
    text = continuation.advice(options, "softgan.train --gan_type=gan --name=old", ["lr_d"])
    assert "the same call with init_from='results/old', name='old-2'" in text


def test_values_of_a_preset_that_has_changed_are_given_as_flags(monkeypatch):
    argv = ["--preset", "pix2pix", "--name", "old"]
    old = dict(presets.PRESETS["pix2pix"].options, flip=False, random_crop=1.0, lr_d=0.125)
    with monkeypatch.context() as patch:
        patch.setitem(presets.PRESETS, "pix2pix", presets.Preset("", old))
        finished(argv)
    different = ["flip", "random_crop", "lr_d"]
    text = continuation.advice(config.parse(argv), PROGRAM + shlex.join(argv), different)
    flags = text.partition("to go on with it, add ")[2].partition("; or ")[0]
    assert flags == "--no-flip --random_crop 1.0 --lr_d 0.125"
    options = config.parse([*argv, *shlex.split(flags)])
    assert (options.flip, options.random_crop, options.lr_d) == (False, 1.0, 0.125)


def test_options_that_the_command_line_gives_are_not_given_again():
    argv = ["--gan_type", "gan", "--name", "old"]
    finished(argv)
    asked = [*argv, "--lr_d", "0.5"]
    text = continuation.advice(config.parse(asked), PROGRAM + shlex.join(asked), ["lr_d"])
    assert "to go on with it" not in text
