"""Options of a command line and of `config.json`: where a value comes from, names of runs."""

import importlib.util
import json
import re
from pathlib import Path

import pytest

from framework import presets, trainers
from framework.errors import UsageError
from framework.options import config


@pytest.fixture
def preset(monkeypatch):
    """Add a preset named `tried` with the options given."""

    def add(options: dict, **more) -> None:
        monkeypatch.setitem(presets.PRESETS, "tried", presets.Preset("", options, **more))

    return add


# Systems


def test_every_trainer_is_a_built_in_system():
    files = Path(trainers.__path__[0]).glob("*_trainer.py")
    assert sorted(file.stem.removesuffix("_trainer") for file in files) == [*config.BUILT_IN]
    for system in config.BUILT_IN:
        assert importlib.util.find_spec(config.trainer_module(system))


@pytest.mark.parametrize("system", config.BUILT_IN)
def test_every_system_has_a_summary_of_one_line(system):
    assert 20 < len(config.summary(system)) <= 100 and config.summary(system).endswith(".")


@pytest.mark.parametrize("system", config.BUILT_IN)
def test_every_default_passes_its_own_check(system):
    config.options_class(system)()


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


def test_each_system_takes_from_a_preset_the_options_that_it_has(preset):
    preset(dict(semantic_loss=True, batch_size=7))
    options = config.parse("--gan_type cogan --preset tried".split())
    assert options.batch_size == 7 and not hasattr(options, "semantic_loss")


def test_a_preset_can_depend_on_the_data(preset):
    preset(dict(width=0.5), variants={"mini2edge": dict(width=0.25)})
    assert config.parse(["--preset", "tried"]).width == 0.5
    assert config.parse("--preset tried --cogan_data mini2edge".split()).width == 0.25
    assert config.parse("--preset tried --cogan_data mini2edge --width 2".split()).width == 2.0


def test_a_variant_of_a_system_may_have_a_recipe_of_its_own():
    argv = ["--preset", "cpu", "--gan_type", "g2g", "--g2g_variant"]
    nets = {kind: config.parse([*argv, kind]).g2g_nets for kind in ("naive", "funit")}
    assert nets == {"naive": "paper", "funit": "lord"}
    assert config.parse([*argv, "funit", "--g2g_nets", "funit"]).g2g_nets == "funit"


def test_a_weight_may_stand_beside_its_switch_in_either_form():
    argv = "--gan_type scogan --semantic_weight 3".split()
    for switch in ("--semantic_loss", "--no-semantic_loss"):
        assert config.parse([*argv, switch]).semantic_weight == 3


@pytest.mark.parametrize(
    ("system", "name"), [("content", "cogan_data"), ("g2g", "dataset"), ("scogan", "cogan_data")]
)
def test_data_is_the_flag_of_every_system(system, name):
    options = config.parse(["--gan_type", system, "--data", "mini2street"])
    assert options == config.parse(["--gan_type", system, f"--{name}", "mini2street"])
    with pytest.raises(UsageError, match=f"--data mini2edge: the same as --{name}"):
        config.parse(["--gan_type", system, "--data", "mini2edge", f"--{name}", "mini2street"])


def test_data_means_the_option_of_the_system_of_a_preset():
    assert config.parse(["--preset", "g2g_digits", "--data", "mini"]).dataset == "mini"
    assert config.parse(["--preset", "audio_cpu", "--data", "audio"]).cogan_data == "audio"


# Names of runs


def test_a_preset_names_the_run_only_if_it_is_unchanged():
    assert config.parse(["--preset", "demo"]).name == "demo"
    assert config.parse(["--preset", "demo", "--results_dir", "elsewhere"]).name == "demo"
    assert config.parse(["--preset", "demo", "--seed", "3"]).name == "scogan-mini2edge-demo-seed_3"


def test_a_preset_names_runs_of_its_own_system_alone():
    assert config.parse(["--preset", "demo", "--gan_type", "scogan"]).name == "demo"
    assert config.parse(["--preset", "demo", "--gan_type", "cogan"]).name.startswith("cogan-")


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


def test_options_that_may_differ_on_resuming_are_not_in_the_name():
    command = "--gan_type gan --dataset mini".split()
    inert = "--iterations 9 --epochs 9 --keep 7 --results_dir there --overwrite --devices cpu"
    assert config.parse(command).name == config.parse(command + inert.split()).name


def test_a_name_is_a_folder_name():
    name = config.parse("--gan_type gan --dataset mini:edge --weight_init he".split()).name
    assert re.fullmatch(r"[\w.+-]+", name)
    long = config.parse(["--data", "folder", "--domain1", "a/b c" * 99, "--domain2", "é" * 99]).name
    assert re.fullmatch(r"[\w.+-]+", long) and len(long) <= 150
    assert config.parse(["--name", "mine"]).name == "mine"


def test_long_names_are_cut_and_stay_different():
    folders = ["--data", "folder", "--domain1", "a" * 80, "--domain2", "b" * 80]
    plain = config.parse(["--gan_type", "scogan", *folders]).name
    other = config.parse(["--gan_type", "scogan", *folders, "--feature_loss"]).name
    assert len(plain) == len(other) == config.LONGEST_NAME and plain != other


# config.json


@pytest.mark.parametrize("system", config.BUILT_IN)
def test_options_survive_config_json(system):
    options = config.parse(["--gan_type", system, "--preset", "smoke", "--seed", "3"])
    assert config.from_dict(json.loads(json.dumps(options.to_dict()))) == options


def test_a_config_json_of_version_0_1_is_read():
    old = dict(gan_type="lord", phase=1, phase1_iterations=9, lr_phase2=0.5)
    options = config.from_dict(old)
    assert (options.stage, options.stage1_iterations, options.lr_stage2) == (1, 9, 0.5)
    assert config.from_dict(dict(gan_type="ost", phase1_rec_weight=3.0)).stage1_rec_weight == 3.0


def test_options_of_another_version_are_refused():
    with pytest.raises(UsageError, match="warp"):
        config.from_dict(config.parse([]).to_dict() | {"warp": 9})


def test_a_renamed_option_keeps_its_old_name_in_the_name_of_a_run():
    command = "--gan_type lord --data mini --stage1_iterations 9".split()
    assert config.parse(command).name == "lord-mini-phase1_iterations_9"
