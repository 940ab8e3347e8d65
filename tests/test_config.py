"""Options: where a value comes from, which forms a flag takes, what is refused and how."""

import dataclasses
import json
import re

import pytest
from commands import in_a_fresh_process

from framework import config, flags, presets
from framework.errors import UsageError

FIELDS = {system: dataclasses.fields(config.options_class(system)) for system in config.systems()}
SWITCHES = [
    (system, flag)
    for system, fields in FIELDS.items()
    for field in fields
    if field.metadata["kind"] is bool
    for flag in (field.name, *field.metadata["aliases"])
]


@pytest.fixture
def preset(monkeypatch):
    """Add a preset named `tried` with the options given."""

    def add(options: dict, **more) -> None:
        monkeypatch.setitem(presets.PRESETS, "tried", presets.Preset("", options, **more))

    return add


# Where a value comes from


def test_default_then_preset_then_command_line(preset):
    preset(dict(batch_size=7, lr_d=0.5))
    options = config.parse(["--preset", "tried", "--lr_d", "0.25"])
    assert (options.batch_size, options.lr_d, options.lr_g) == (7, 0.25, 2e-4)


def test_a_switch_of_a_preset_can_be_switched_off(preset):
    preset(dict(semantic_loss=True, feature_loss=True))
    options = config.parse("--gan_type scogan --preset tried --no-semantic_loss".split())
    assert not options.semantic_loss and options.feature_loss


def test_a_preset_chooses_the_system_unless_the_command_line_does(preset):
    preset(dict(gan_type="scogan"))
    assert config.parse(["--preset", "tried"]).gan_type == "scogan"
    assert config.parse("--preset tried --gan_type cogan".split()).gan_type == "cogan"


def test_each_system_takes_from_a_preset_what_it_knows(preset):
    preset(dict(semantic_loss=True, batch_size=7))
    options = config.parse("--gan_type cogan --preset tried".split())
    assert options.batch_size == 7 and not hasattr(options, "semantic_loss")


def test_a_preset_can_depend_on_the_data(preset):
    preset(dict(width=0.5), variants={"mini2edge": dict(width=0.25)})
    assert config.parse(["--preset", "tried"]).width == 0.5
    assert config.parse("--preset tried --cogan_data mini2edge".split()).width == 0.25
    assert config.parse("--preset tried --cogan_data mini2edge --width 2".split()).width == 2.0


@pytest.mark.parametrize("name", presets.PRESETS)
def test_every_preset_resolves(name):
    options = presets.PRESETS[name].options
    for system in [options["gan_type"]] if "gan_type" in options else config.systems():
        known = {field.name for field in FIELDS[system]} - {"gan_type", "name"}
        data_option = config.data_option(system)
        default = options.get(data_option, config.options_class(system)().to_dict()[data_option])
        for data in (default, *presets.PRESETS[name].variants):
            argv = ["--preset", name, "--gan_type", system, f"--{data_option}", data]
            values = config.parse(argv).to_dict()
            given = presets.PRESETS[name].resolve(data, system) | {data_option: data}
            assert {key: values[key] for key in known & set(given)} == {
                key: given[key] for key in known & set(given)
            }


@pytest.mark.parametrize(
    ("system", "name"), [("content", "cogan_data"), ("g2g", "dataset"), ("scogan", "cogan_data")]
)
def test_data_is_the_flag_of_every_system(system, name):
    asked = config.parse(["--gan_type", system, "--data", "mini2street"])
    assert asked == config.parse(["--gan_type", system, f"--{name}", "mini2street"])
    with pytest.raises(UsageError, match=f"--data mini2edge: the same as --{name}"):
        config.parse(["--gan_type", system, "--data", "mini2edge", f"--{name}", "mini2street"])


def test_data_goes_where_the_preset_says():
    assert config.parse(["--preset", "g2g_digits", "--data", "mini"]).dataset == "mini"
    assert config.parse(["--preset", "audio_cpu", "--data", "audio"]).cogan_data == "audio"


def test_a_variant_of_a_system_may_have_a_recipe_of_its_own():
    argv = ["--preset", "cpu", "--gan_type", "g2g", "--g2g_variant"]
    nets = {kind: config.parse([*argv, kind]).g2g_nets for kind in ("naive", "funit")}
    assert nets == {"naive": "paper", "funit": "lord"}
    assert config.parse([*argv, "funit", "--g2g_nets", "funit"]).g2g_nets == "funit"


def test_a_preset_names_the_run_only_as_it_is():
    assert config.parse(["--preset", "demo"]).name == "demo"
    assert config.parse(["--preset", "demo", "--results_dir", "elsewhere"]).name == "demo"
    assert config.parse(["--preset", "demo", "--seed", "3"]).name == "scogan-mini2edge-demo-seed_3"


@pytest.mark.parametrize("name", presets.PRESETS)
def test_every_option_of_a_preset_exists(name):
    preset = presets.PRESETS[name]
    named = set(preset.options).union(*preset.variants.values(), *preset.systems.values())
    assert named <= {field.name for fields in FIELDS.values() for field in fields}


def test_presets_of_content_transfer_stand_beside_table_4():
    published = {
        name: presets.PRESETS[name].published.get("removal_probability")
        for name in presets.PRESETS
        if presets.PRESETS[name].options.get("gan_type") == "content"
    }
    assert published == {
        "content_glasses": 0.011, "content_smile": 0.052, "content_hair": 0.119,
        "fader_glasses": 0.066, "fader_smile": 0.064, "fader_hair": 0.182,
        "mask_glasses": None, "mask_smile": None, "mask_hair": None,
        "audio_cpu": None,
    }  # fmt: skip
    for variant in ("content", "mask", "fader"):
        options = config.parse(["--preset", f"{variant}_glasses"])
        assert options.image_size == 128 and options.sep == 25 and options.clip_norm == 5


# The forms of a flag


@pytest.mark.parametrize(("system", "flag"), SWITCHES)
def test_every_switch_has_three_forms(system, flag):
    def value(*argv: str) -> bool:
        variant = dict(sanity="cyclefunit", bug_compat="funit", unit_gain="funit").get(flag)
        more = ["--g2g_variant", variant] if variant else []
        if flag == "restore_disc":
            more = ["--g2g_variant", "funit", "--pretrained", "run"]
        needs = config.options_class(system).NEEDS
        more += [f"--{switch}" for switch, names in needs.items() if flag in names and not more]
        options = config.parse(["--gan_type", system, *more, *argv])
        owner = [f for f in FIELDS[system] if flag in (f.name, *f.metadata["aliases"])]
        return getattr(options, owner[0].name)

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


@pytest.mark.parametrize(
    "flag", ["penalty_weight_d", "penalty_weight_g", "semantic_weight", "cycle_weight"]
)
def test_weights_take_fractions(flag):
    field = "feature_weight" if flag == "penalty_weight_g" else flag
    argv = "--preset cpu --gan_type scogan --feature_loss --semantic_loss --use_cycle".split()
    assert getattr(config.parse([*argv, f"--{flag}", "0.5"]), field) == 0.5


def test_each_team_has_its_own_learning_rate():
    options = config.parse("--lr_d 1e-3 --lr_g 5e-5".split())
    assert (options.lr_d, options.lr_g) == (1e-3, 5e-5)


# Names of runs and config.json


def test_the_same_command_gets_the_same_name_and_another_value_another():
    command = "--gan_type scogan --cogan_data mini2edge --feature_loss".split()
    name = config.parse(command).name
    assert name == config.parse(command).name
    assert name.startswith("scogan-mini2edge") and "feature_loss" in name
    others = [
        command + more.split()
        for more in ("--feature_weight 3", "--no-feature_loss", "--seed 1", "--preset smoke")
    ]
    names = {config.parse(other).name for other in others} | {name}
    assert len(names) == 5


def test_what_may_differ_on_resuming_is_not_in_the_name():
    command = "--gan_type gan --dataset mini".split()
    inert = "--iterations 9 --epochs 9 --keep 7 --results_dir there --overwrite --devices cpu"
    assert config.parse(command).name == config.parse(command + inert.split()).name


def test_a_name_is_a_folder_name():
    given = config.parse("--gan_type gan --dataset mini:edge --weight_init he".split()).name
    assert re.fullmatch(r"[\w.+-]+", given)
    long = config.parse(["--data", "folder", "--domain1", "a/b c" * 99, "--domain2", "é" * 99]).name
    assert re.fullmatch(r"[\w.+-]+", long) and len(long) <= 150
    assert config.parse(["--name", "mine"]).name == "mine"


@pytest.mark.parametrize("system", config.systems())
def test_options_survive_config_json(system, tmp_path):
    options = config.parse(["--gan_type", system, "--preset", "smoke", "--seed", "3"])
    assert config.from_dict(json.loads(json.dumps(options.to_dict()))) == options


def test_options_of_another_version_are_refused():
    with pytest.raises(UsageError, match="warp"):
        config.from_dict(config.parse([]).to_dict() | {"warp": 9})


# One class, two ways to it


@pytest.mark.parametrize("system", config.systems())
def test_the_class_read_without_an_import_is_that_of_the_module(system):
    module = __import__(f"framework.{system}_trainer", fromlist=["Options"])
    mine = [(f.name, f.default, f.metadata) for f in dataclasses.fields(module.Options)]
    assert mine == [(f.name, f.default, f.metadata) for f in FIELDS[system]]
    assert config.docstring(system) == module.__doc__.splitlines()[0]


@pytest.mark.parametrize("system", config.systems())
def test_every_default_passes_its_own_check(system):
    config.options_class(system)()


@pytest.fixture(scope="module")
def help_text() -> str:
    """Output of `main.py --help` in a fresh process, which must not load TensorFlow."""
    code = (
        "import sys; from framework.cli import main\n"
        "try: main(['--help'])\n"
        "except SystemExit as leave: assert not leave.code\n"
        "heavy = {'tensorflow', 'keras', 'matplotlib', 'numpy'} & set(sys.modules)\n"
        "sys.exit(f'imported: {heavy}' if heavy else 0)"
    )
    return in_a_fresh_process(code)


def test_help_lists_every_option_once_in_its_group(help_text):
    listed = re.findall(r"^  --(\w+)", help_text, re.MULTILINE)
    assert len(listed) == len(set(listed))
    assert set(listed) == {"data"} | {field.name for fields in FIELDS.values() for field in fields}
    for field in (field for fields in FIELDS.values() for field in fields):
        assert f"\n{field.metadata['group']}:\n" in help_text


def test_help_of_one_system_has_its_flags_and_texts_alone(capsys):
    with pytest.raises(SystemExit):
        config.parse("--gan_type scogan --help".split())
    flat = " ".join(capsys.readouterr().out.split())
    assert "--feature_loss" in flat and "weight of --cycle_loss" in flat
    assert "--gamma" not in flat and "images that went to the other domain" not in flat


def test_an_option_that_systems_use_for_different_things_tells_all(help_text):
    flat = " ".join(help_text.split())
    cycle = flat[flat.index("--cycle_weight X ") :][:400]
    assert "images that went to the other domain" in cycle and "scogan: weight of --" in cycle


def test_a_weight_may_stand_beside_its_switch_in_either_form():
    argv = "--gan_type scogan --semantic_weight 3".split()
    for switch in ("--semantic_loss", "--no-semantic_loss"):
        assert config.parse([*argv, switch]).semantic_weight == 3


def test_help_shows_aliases_choices_and_defaults(help_text):
    flat = " ".join(help_text.split())
    for part in ("--epochs", "--use_cycle", "lsgan, hinge", "[100]", "cogan -1, scogan 0"):
        assert part in flat


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("3h30m", 12600), ("90m", 5400), ("45s", 45), ("45", 45), ("1d2h", 93600), (None, None)],
)
def test_durations(text, seconds):
    assert flags.duration(text) == seconds


@pytest.mark.parametrize("text", ["", "soon", "3x", "30m3h", "-5m", "1.5h"])
def test_what_is_no_duration(text):
    with pytest.raises(UsageError, match="--max_time .*: expected a time such as 3h30m"):
        flags.duration(text)


def test_a_preset_keeps_its_name_to_its_own_system():
    assert config.parse(["--preset", "demo"]).name == "demo"
    assert config.parse(["--preset", "demo", "--gan_type", "scogan"]).name == "demo"
    assert config.parse(["--preset", "demo", "--gan_type", "cogan"]).name.startswith("cogan-")


def test_long_names_are_cut_and_stay_apart():
    folders = ["--data", "folder", "--domain1", "a" * 80, "--domain2", "b" * 80]
    plain = config.parse(["--gan_type", "scogan", *folders]).name
    other = config.parse(["--gan_type", "scogan", *folders, "--feature_loss"]).name
    assert len(plain) == len(other) == config.LONGEST_NAME and plain != other
