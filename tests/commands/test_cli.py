"""The commands as a user types them, and what they leave behind."""

import dataclasses
import json
import re
import shutil
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from command_line import SMOKE, everything_below, history, in_a_fresh_process, refused
from PIL import Image

from framework import data, presets
from framework.cli import main
from framework.commands.base import tensorflow
from framework.commands.training import published
from framework.evaluation.metrics import DESCRIPTIONS
from framework.options import config
from framework.results import Run

pytestmark = pytest.mark.usefixtures("empty_folder")


# A whole run


@pytest.fixture(scope="module")
def trained(tmp_path_factory) -> Path:
    """A smoke run with a classifier of its own, an evaluator and everything a run leaves."""
    place = tmp_path_factory.mktemp("trained")
    argv = ["--gan_type", "scogan", *SMOKE, "--semantic_loss", "--feature_loss"]
    assert main([*argv, "--results_dir", str(place), "--name", "whole"]) == 0
    return place / "whole"


@pytest.fixture
def run(trained, tmp_path) -> Path:
    """A copy of the run, to write in."""
    return shutil.copytree(trained, tmp_path / "whole")


def test_a_run_leaves_all_that_belongs_to_it(trained):
    for name in ("config.json", "command.txt", "env.json", "log.txt", "index.html", "history.csv"):
        assert (trained / name).stat().st_size, name
    assert [path.name for path in sorted((trained / "samples").iterdir())] == [
        "000000.png",
        "000002.png",
    ]
    assert list((trained / "losses").glob("*.png"))
    assert {path.name for path in (trained / "models").iterdir()} == {
        "generators.keras",
        "discriminators.keras",
        "models.json",
    }
    assert config.from_dict(Run.load(trained).config).semantic_loss
    assert (trained / "command.txt").read_text().startswith("softgan --gan_type scogan")


def test_the_history_has_every_term_of_every_iteration(trained):
    rows = history(trained)
    assert [row["iteration"] for row in rows] == ["1", "2"]
    terms = {"disc/adv1", "disc/adv2", "gen/adv1", "gen/adv2", "gen/semantic", "gen/feature"}
    assert rows[0].keys() == terms | {"iteration", "stat/weight_diff"}
    assert all(np.isfinite(float(value)) for row in rows for value in row.values())


def test_the_two_classifiers_differ_and_are_kept_with_their_accuracy(trained):
    kept = sorted((trained.parent / "classifiers").glob("*.keras"))
    assert len(kept) == 2
    assert len({keras.models.load_model(path).count_params() for path in kept}) == 2
    for path in kept:
        accuracy = json.loads(path.with_suffix(".json").read_text())["accuracy"]
        assert all(0 <= value <= 1 for value in accuracy.values()) and accuracy


def test_every_metric_says_how_it_was_measured(trained):
    metrics = json.loads((trained / "metrics.json").read_text())
    assert {"pair_accuracy", "pair_accuracy_balanced", "evaluator_accuracy1"} <= metrics.keys()
    for metric in metrics.values():
        assert metric.keys() == {"value", "ci95", "n", "protocol"} and metric["protocol"]


def test_sample_writes_a_sheet_and_arrays(run, capsys):
    assert main(["sample", str(run), "--n", "5", "--seed", "3"]) == 0
    paths = [Path(line) for line in capsys.readouterr().out.split()[-3:]]
    assert [path.suffix for path in paths] == [".png", ".npy", ".npy"]
    first = [np.load(path) for path in paths[1:]]
    for images in first:
        assert images.shape == (5, 32, 32, 3) and images.dtype == np.float32
        assert np.abs(images).max() <= 1
    assert main(["sample", str(run), "--n", "5", "--seed", "3"]) == 0
    np.testing.assert_array_equal(first, [np.load(path) for path in paths[1:]])


def test_walk_writes_rows_of_pairs(run, capsys):
    assert main(["walk", str(run), "--n", "2", "--steps", "3"]) == 0
    with Image.open(capsys.readouterr().out.split()[-1]) as sheet:
        assert sheet.width >= 3 * 32 and sheet.height >= 2 * 2 * 32


def test_evaluate_measures_again_with_the_kept_evaluator(trained, capsys, monkeypatch):
    place = Path(shutil.copytree(trained.parent, "again"))
    values = json.loads((place / "whole" / "config.json").read_text())
    values |= dict(results_dir=str(place), classifier_path="gone.keras")  # needed in training alone
    (place / "whole" / "config.json").write_text(json.dumps(values))
    assert main(["evaluate", str(place / "whole"), "--n", "30"]) == 0
    out = capsys.readouterr().out
    assert "training the" not in out and "pair_accuracy_balanced" in out
    assert json.loads((place / "whole" / "metrics.json").read_text())["pair_accuracy"]["n"] == 30


def test_a_run_without_checkpoint_is_exit_3(run, capsys):
    shutil.rmtree(run / "checkpoints")
    assert "train it first" in refused(capsys, 3, "sample", str(run))


def test_a_run_is_sampled_on_a_machine_without_its_devices_and_classifier(run, capsys):
    config_file = run / "config.json"
    changes = dict(devices="GPU:7", classifier_path="gone.keras")
    config_file.write_text(json.dumps(json.loads(config_file.read_text()) | changes))
    assert "GPU:7" in refused(capsys, 2, "sample", str(run))
    assert main(["sample", str(run), "--n", "2", "--devices", "cpu"]) == 0


def test_list_names_everything_one_can_choose(capsys):
    assert main(["list"]) == 0
    out = capsys.readouterr().out
    names = [*config.systems(), *data.PAIRS, *data.SOURCES, *presets.PRESETS]
    assert set(names) <= {line.split()[0] for line in out.splitlines() if line.startswith("  ")}


@pytest.mark.parametrize("more", [[], ["--semantic_loss"]])
def test_a_dry_run_shows_all_and_writes_nothing(eager, tmp_path, capsys, more):
    argv = ["--gan_type", "scogan", *SMOKE, *more, "--dry_run"]
    assert main(argv) == 0
    out = capsys.readouterr().out
    for part in ("batch_size", "gen1", "disc2", "parameters", "one iteration", "peak memory"):
        assert part in out
    assert everything_below(tmp_path) == []


@pytest.mark.parametrize(("system", "dataset"), [("gan", "mini"), ("classifier", "mini+mini:edge")])
def test_single_domain_systems_run_too(eager, system, dataset):
    argv = ["--gan_type", system, "--dataset", dataset, "--preset", "smoke", "--name", "it"]
    assert main(argv) == 0
    assert len(history("results/it")) == 2
    assert Path("results/it/index.html").is_file() and Path("results/it/metrics.json").is_file()


def test_on_the_cpu_every_gpu_is_hidden(monkeypatch):
    hidden = []
    monkeypatch.setattr(
        tf.config, "set_visible_devices", lambda *arguments: hidden.append(arguments)
    )
    for devices in ("auto", "cpu"):
        with tensorflow(devices):
            pass
    assert hidden == [([], "GPU")]


def test_what_is_not_installed_is_one_line(monkeypatch, capsys):
    def missing(name):
        def run(argv):
            raise ModuleNotFoundError(f"No module named '{name}'", name=name)

        return run

    monkeypatch.setattr("framework.commands.list.run", missing("tensorflow"))
    assert main(["list"]) == 1
    assert "tensorflow is not installed for" in capsys.readouterr().err
    monkeypatch.setattr("framework.commands.list.run", missing("framework.gone"))
    with pytest.raises(ModuleNotFoundError):
        main(["list"])


@pytest.mark.parametrize(
    ("started", "typed", "short"),
    [
        ("/bin/softgan", "softgan", "softgan"),
        ("/packages/softgan/__main__.py", "softgan", "softgan"),
        ("main.py", "python main.py", "main.py"),
        ("/project/main.py", "python main.py", "main.py"),
        ("", "softgan", "softgan"),
        ("ipykernel_launcher.py", "softgan", "softgan"),
    ],
)
def test_messages_name_the_program_as_it_was_started(monkeypatch, capsys, started, typed, short):
    monkeypatch.setattr(sys, "argv", [started])
    for argv in (["--help"], ["sample", "--help"]):
        with pytest.raises(SystemExit):
            main(argv)
        assert capsys.readouterr().out.startswith(f"usage: {typed} ")
    assert main(["sampel"]) == 2
    assert capsys.readouterr().err.startswith(f"{short}: unknown command sampel")


def test_the_version_is_printed_without_tensorflow():
    code = "import sys; from framework.cli import main; main(['--version']); "
    printed = in_a_fresh_process(code + "assert 'tensorflow' not in sys.modules")
    assert re.fullmatch(r"softgan 0\.\d+\.\d+, TensorFlow [\d.]+, Keras [\d.]+\n", printed)


def test_the_home_folder_may_be_part_of_every_path(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("HOME", str(tmp_path))
    for argv in (["--data_dir=~/x"], ["--data_dir", "~/x"]):
        assert config.parse(argv).data_dir == f"{tmp_path}/x"
    assert config.parse(["--data_dir=~nobody-here/x"]).data_dir == "~nobody-here/x"
    assert config.parse(["--data_dir=$HOME/x"]).data_dir == "$HOME/x"
    scogan = config.parse(["--gan_type=scogan", "--semantic_loss", "--classifier_path=~/net.keras"])
    assert scogan.classifier_path == f"{tmp_path}/net.keras"
    for command in ("sample", "walk", "evaluate"):
        assert f"{tmp_path}/run is no run folder" in refused(capsys, 3, command, "~/run")


def test_a_preset_that_is_gone_has_no_published_numbers():
    options = config.parse(["--preset", "uda_mnist2usps"])
    assert published(options)["target_accuracy"] == 0.912
    assert published(dataclasses.replace(options, preset="gone")) == {}


def test_help_of_evaluate_explains_every_metric(capsys):
    with pytest.raises(SystemExit):
        main(["evaluate", "--help"])
    text = capsys.readouterr().out
    assert "  swap_acc\n" in text and "Lower is better." in text
    assert all(f"  {each.name}\n" in text for each in DESCRIPTIONS)
