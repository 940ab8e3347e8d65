"""The commands as a user types them: what they leave behind, stopping and going on."""

import json
import os
import shutil
import signal
import time
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from commands import SMOKE, everything_below, history, refused
from conftest import eagerly
from PIL import Image

from framework import classifier_trainer, config, data, losses, presets
from framework.cli import main
from framework.commands.base import tensorflow
from framework.results import Run
from framework.trainer import Trainer

pytestmark = pytest.mark.filterwarnings("ignore:Even though the .tf.config:UserWarning")


@pytest.fixture(autouse=True)
def fresh_place(tmp_path, monkeypatch):
    """Work in an empty folder, as results/ and data/ are relative to where the user is."""
    monkeypatch.chdir(tmp_path)


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
    }
    assert config.from_dict(Run.load(trained).config).semantic_loss
    assert (trained / "command.txt").read_text().startswith("python main.py --gan_type scogan")


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
    values |= dict(results_dir=str(place), classifier_path="gone.keras")  # taught, measures nothing
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
    told = dict(devices="GPU:7", classifier_path="gone.keras")
    config_file.write_text(json.dumps(json.loads(config_file.read_text()) | told))
    assert "GPU:7" in refused(capsys, 2, "sample", str(run))
    assert main(["sample", str(run), "--n", "2", "--devices", "cpu"]) == 0


def test_list_names_everything_one_can_choose(capsys):
    assert main(["list"]) == 0
    out = capsys.readouterr().out
    names = [*config.systems(), *data.PAIRS, *data.SOURCES, *presets.PRESETS]
    assert set(names) <= {line.split()[0] for line in out.splitlines() if line.startswith("  ")}


@pytest.mark.parametrize("more", [[], ["--semantic_loss"]])
def test_a_dry_run_tells_all_and_writes_nothing(eager, tmp_path, capsys, more):
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


# Stopping and going on

GO_ON = ["--gan_type", "cogan", *SMOKE, "--iterations", "4", "--save_every", "4"]
GO_ON += ["--eval_pairs", "0"]


@pytest.fixture
def at_iteration(monkeypatch):
    """Let something happen once, right after an iteration was logged."""

    def arrange(iteration: int, event) -> None:
        log = Run.log

        def log_then_event(self, step, terms):
            log(self, step, terms)
            if step == iteration:
                monkeypatch.setattr(Run, "log", log)
                event()

        monkeypatch.setattr(Run, "log", log_then_event)

    return arrange


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory) -> list[dict[str, str]]:
    """History of four iterations in one go."""
    place = tmp_path_factory.mktemp("unbroken")
    with eagerly():
        assert main([*GO_ON, "--results_dir", str(place), "--name", "whole"]) == 0
    return history(place / "whole")


def checkpoints(run: str) -> set[str]:
    return {path.name for path in Path(run, "checkpoints").iterdir()}


def test_ctrl_c_saves_and_the_same_command_goes_on(eager, unbroken, at_iteration, capsys):
    at_iteration(2, lambda: os.kill(os.getpid(), signal.SIGINT))
    assert main(GO_ON) == 130
    run = next(Path("results").glob("cogan-*"))
    assert checkpoints(run) == {"00000002"} and len(history(run)) == 2
    assert (run / "index.html").is_file() and not (run / "models").exists()
    out, err = capsys.readouterr()
    assert "Traceback" not in out + err and "same command resumes" in out
    assert main(GO_ON) == 0
    assert history(run) == unbroken


def test_a_second_signal_stops_at_once(eager, at_iteration, capsys):
    def twice():
        plain = signal.default_int_handler
        os.kill(os.getpid(), signal.SIGINT)
        while signal.getsignal(signal.SIGINT) is not plain:
            time.sleep(0.01)  # two that are pending together would count as one
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(5)

    at_iteration(1, twice)
    assert main(GO_ON) == 130
    assert capsys.readouterr().err.count("\n") == 1


def test_a_classifier_that_was_stopped_goes_on(eager, monkeypatch, capsys):
    steps, done = classifier_trainer.Trainer.run_steps, []

    def signalled(self, iterator, count):
        done.append(int(self.step))
        if len(done) == 1:
            os.kill(os.getpid(), signal.SIGTERM)
        return steps(self, iterator, count)

    monkeypatch.setattr(classifier_trainer.Trainer, "run_steps", signalled)
    command = ["--gan_type", "scogan", *SMOKE, "--semantic_loss", "--eval_pairs", "0"]
    assert main(command) == 75
    assert "the same command goes on with it" in capsys.readouterr().err
    (unfinished,) = Path("results/classifiers").iterdir()
    assert [path.name for path in (unfinished / "checkpoints").iterdir()] == ["00000001"]
    assert main(command) == 0
    assert done == [0, 1], "no iteration twice"
    kept = {path.suffix for path in Path("results/classifiers").iterdir()}
    assert kept == {".keras", ".json"}


def test_on_the_cpu_no_gpu_is_seen(monkeypatch):
    hidden = []
    monkeypatch.setattr(tf.config, "set_visible_devices", lambda *told: hidden.append(told))
    for devices in ("auto", "cpu"):
        with tensorflow(config.parse(["--devices", devices])):
            pass
    assert hidden == [([], "GPU")]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGUSR1])
def test_a_signal_before_training_is_a_stop_too(monkeypatch, capsys, number):
    def loading(*_):
        os.kill(os.getpid(), number)
        time.sleep(5)

    monkeypatch.setattr(data, "load", loading)
    before = signal.getsignal(number)
    assert main(GO_ON) == 75
    assert capsys.readouterr().err == (
        "main.py: stopped; what is in a checkpoint stays, the same command goes on\n"
    )
    assert signal.getsignal(number) == before


def test_rows_after_the_last_checkpoint_of_a_crash_are_written_once(eager, unbroken, at_iteration):
    def crash():
        raise RuntimeError("power cut")

    at_iteration(3, crash)
    often = [*GO_ON, "--save_every", "2", "--name", "crashed"]
    with pytest.raises(RuntimeError, match="power cut"):
        main(often)
    assert checkpoints("results/crashed") == {"00000002"}
    assert main(often) == 0
    assert history("results/crashed") == unbroken


def test_more_iterations_continue_a_finished_run(eager, unbroken, capsys):
    assert main([*GO_ON, "--iterations", "3"]) == 0
    assert main(GO_ON) == 0
    assert history(next(Path("results").glob("cogan-*"))) == unbroken


def test_a_refused_or_an_unfinished_continuation_leaves_no_wrong_record(eager, capsys):
    first = [*GO_ON, "--iterations", "2", "--name", "it"]
    assert main(first) == 0
    place = Path("results/it")
    record = {name: (place / name).read_bytes() for name in ("config.json", "command.txt")}
    assert main([*GO_ON, "--iterations", "1", "--name", "it"]) == 2
    assert "--iterations 1: this run has 2 already" in capsys.readouterr().err
    assert record == {name: (place / name).read_bytes() for name in record}
    (place / "metrics.json").write_text("{}")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Trainer, "save_models", lambda self: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            main([*GO_ON, "--iterations", "3", "--name", "it"])
    assert not (place / "metrics.json").exists(), "of other weights"


def test_other_options_are_refused_with_both_values_and_overwrite_starts_anew(eager, capsys):
    first = [*GO_ON, "--iterations", "1", "--name", "it"]
    assert main(first) == 0
    before = {path: path.read_bytes() for path in Path("results").rglob("*") if path.is_file()}
    capsys.readouterr()
    assert main([*first, "--lr_d", "0.125"]) == 2
    err = capsys.readouterr().err
    for part in ("lr_d", "0.0002", "0.125", "--overwrite", "--name"):
        assert part in err
    assert "lr_g" not in err and "Traceback" not in err
    assert before == {p: p.read_bytes() for p in Path("results").rglob("*") if p.is_file()}
    assert main([*first, "--lr_d", "0.125", "--overwrite"]) == 0
    assert config.from_dict(Run.load(Path("results/it")).config).lr_d == 0.125
    assert len(history("results/it")) == 1


def test_a_loss_that_is_not_finite_ends_the_run_and_keeps_the_last_checkpoint(
    eager, capsys, monkeypatch
):
    calls = []

    def gen(fake_logits):
        calls.append(1)
        return tf.reduce_mean(fake_logits) * (np.nan if len(calls) > 4 else 1.0)

    pair = losses.ADVERSARIAL["ce"]
    monkeypatch.setitem(losses.ADVERSARIAL, "ce", pair._replace(gen=gen))
    assert main([*GO_ON, "--save_every", "1", "--name", "it"]) == 4
    err = capsys.readouterr().err
    assert err.count("\n") == 1 and "gen/adv1 is nan" in err and "iteration 3" in err
    assert "00000002" in checkpoints("results/it") and "00000003" not in checkpoints("results/it")
    assert [row["iteration"] for row in history("results/it")] == ["1", "2"]


def test_training_that_nobody_listens_to_is_no_success(eager, capfd, monkeypatch):
    def broken(*_):
        raise BrokenPipeError

    monkeypatch.setattr("os.dup2", lambda *_: None)
    monkeypatch.setattr(Trainer, "fit", broken)
    assert main([*GO_ON, "--name", "it"]) == 1
    assert "nobody reads the output" in capfd.readouterr().err
    monkeypatch.setattr("framework.commands.list.run", broken)
    assert main(["list"]) == 0
