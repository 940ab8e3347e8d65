"""Flags: their forms, aliases, `--help` and durations."""

import dataclasses
import re

import pytest
from command_line import in_a_fresh_process

from framework.errors import UsageError
from framework.options import config, flags

FIELDS = {system: dataclasses.fields(config.options_class(system)) for system in config.BUILT_IN}
SWITCHES = [
    (system, flag)
    for system, fields in FIELDS.items()
    for field in fields
    if field.metadata["kind"] is bool
    for flag in (field.name, *field.metadata["aliases"])
]
NEEDED = {  # switch -> flags without which it is refused
    "fr_include_image": "--feature_loss",
    "semantic_divider": "--semantic_loss",
    "sanity": "--g2g_variant cyclefunit",
    "bug_compat": "--g2g_variant funit",
    "unit_gain": "--g2g_nets funit",
    "restore_disc": "--g2g_variant funit --pretrained run",
}


@pytest.mark.parametrize(("system", "flag"), SWITCHES)
def test_every_switch_has_three_forms(system, flag):
    (field,) = [f for f in FIELDS[system] if flag in (f.name, *f.metadata["aliases"])]

    def value(*argv: str) -> bool:
        options = config.parse(["--gan_type", system, *NEEDED.get(flag, "").split(), *argv])
        return getattr(options, field.name)

    assert value(f"--{flag}") is True
    assert value(f"--{flag}", "true") is True and value(f"--{flag}=True") is True
    assert value(f"--{flag}", "false") is False and value(f"--{flag}=0") is False
    assert value(f"--no-{flag}") is False
    assert value(f"--{flag}", f"--no-{flag}") is False, "the last one counts"


def test_a_bare_switch_does_not_swallow_the_next_flag():
    options = config.parse("--gan_type scogan --semantic_loss --batch_size 3".split())
    assert options.semantic_loss is True and options.batch_size == 3


@pytest.mark.parametrize(
    ("alias", "field", "value"),
    [
        ("--epochs 20000", "iterations", 20000),
        ("--use_cycle", "cycle_loss", True),
        ("--no-use_cycle", "cycle_loss", False),
        ("--feature_loss --penalty_weight_g 100", "feature_weight", 100.0),
        ("--feature_loss --shared_layers 2", "feature_layers", 2),
        ("--images_while_training 250", "sheet_every", 250),
        ("--dir there", "results_dir", "there"),
    ],
)
def test_names_of_the_thesis_are_aliases(alias, field, value):
    assert getattr(config.parse(["--gan_type", "scogan", *alias.split()]), field) == value


def test_names_of_version_0_1_are_aliases():
    lord = config.parse("--gan_type lord --lr_phase2 0.5 --phase1_iterations 9".split())
    assert (lord.stage, lord.lr_stage2, lord.stage1_iterations) == (2, 0.5, 9)
    ost = config.parse("--gan_type ost --phase 1 --phase1_rec_weight 3".split())
    assert (ost.stage, ost.stage1_rec_weight) == (1, 3.0)


@pytest.mark.parametrize(
    "flag", ["penalty_weight_d", "penalty_weight_g", "semantic_weight", "cycle_weight"]
)
def test_weights_take_fractions(flag):
    field = "feature_weight" if flag == "penalty_weight_g" else flag
    argv = "--preset cpu --gan_type scogan --feature_loss --semantic_loss --use_cycle".split()
    assert getattr(config.parse([*argv, f"--{flag}", "0.5"]), field) == 0.5


def test_generators_and_discriminators_have_their_own_learning_rates():
    options = config.parse("--lr_d 1e-3 --lr_g 5e-5".split())
    assert (options.lr_d, options.lr_g) == (1e-3, 5e-5)


# --help


def helped(*argv: str) -> str:
    """Return the output of `main.py ARGV --help` without line breaks, in a fresh process."""
    code = f"from framework.cli import main; main({[*argv, '--help']})"
    return " ".join(in_a_fresh_process(code).split())


@pytest.fixture(scope="module")
def help_text() -> str:
    """Return the output of `main.py --help`."""
    return in_a_fresh_process("from framework.cli import main; main(['--help'])")


def test_help_and_parsing_load_no_heavy_module():
    code = f"""
import contextlib, io, sys
from framework.cli import main
from framework.options import config

for argv in ([], *(["--gan_type", system] for system in {config.BUILT_IN})):
    with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):
        main([*argv, "--help"])
    config.parse(argv)
    heavy = {{"tensorflow", "keras", "numpy", "scipy", "matplotlib", "sklearn"}} & {{*sys.modules}}
    if heavy:
        sys.exit(f"{{argv}} imports {{heavy}}")
print("done")
"""
    assert in_a_fresh_process(code) == "done\n"


def test_help_lists_every_option_once_in_its_group(help_text):
    listed = re.findall(r"^  --(\w+)", help_text, re.MULTILINE)
    assert len(listed) == len(set(listed))
    assert set(listed) == {"data"} | {field.name for fields in FIELDS.values() for field in fields}
    for field in (field for fields in FIELDS.values() for field in fields):
        assert f"\n{field.metadata['group']}:\n" in help_text


def test_help_of_one_system_has_its_flags_and_texts_alone():
    text = helped("--gan_type", "scogan")
    assert "--feature_loss" in text and "weight of the cycle regulariser" in text
    assert "--gamma" not in text and "cycle reconstruction" not in text


def test_help_of_a_preset_is_that_of_its_system():
    text = helped("--preset", "g2g_digits")
    assert "--g2g_variant" in text and "--cogan_data" not in text.partition("--data ")[0]


def test_help_gives_all_meanings_of_an_option_of_several_systems(help_text):
    flat = " ".join(help_text.split())
    cycle = flat[flat.index("--cycle_weight X ") :][:400]
    assert "cycle reconstruction" in cycle and "scogan: weight of the cycle regulariser" in cycle


def test_help_shows_aliases_choices_and_defaults(help_text):
    flat = " ".join(help_text.split())
    for part in ("--epochs", "--use_cycle", "lsgan, hinge", "[100]", "cogan -1, scogan 0"):
        assert part in flat


def test_help_shows_conditions():
    text = helped("--gan_type", "g2g")
    assert "its reconstruction after two exchanges [0.1]; needs --g2g_variant funit2funit" in text
    assert "[0.4]; needs --g2g_variant naive or cyclefunit and --sanity false" in text
    assert "[256]; needs --g2g_nets funit" in text


# Durations


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("3h30m", 12600), ("90m", 5400), ("45s", 45), ("45", 45), ("1d2h", 93600), (None, None)],
)
def test_durations(text, seconds):
    assert flags.duration(text) == seconds


@pytest.mark.parametrize("text", ["", "soon", "3x", "30m3h", "-5m", "1.5h"])
def test_other_texts_are_no_durations(text):
    with pytest.raises(UsageError, match="--max_time .*: expected a time such as 3h30m"):
        flags.duration(text)
