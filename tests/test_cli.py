"""The commands as a user types them: what they leave behind, resuming, and every user mistake."""

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from conftest import ROOT, eagerly
from PIL import Image

from framework import config, data, losses, presets
from framework.cli import main
from framework.results import Run

pytestmark = pytest.mark.filterwarnings("ignore:Even though the .tf.config:UserWarning")
SMOKE = "--cogan_data mini2edge --preset smoke --width 0.005".split()


@pytest.fixture(autouse=True)
def fresh_place(tmp_path, monkeypatch):
    """Work in an empty folder, as results/ and data/ are relative to where the user is."""
    monkeypatch.chdir(tmp_path)


def everything_below(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def history(run: str | Path) -> list[dict[str, str]]:
    with (Path(run) / "history.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def refused(capsys, code: int, *argv: str) -> str:
    """Run a mistaken command; return its one line on stderr. It changes nothing on the disk."""
    before = everything_below(Path.cwd())
    capsys.readouterr()
    assert main(argv) == code
    out, err = capsys.readouterr()
    assert err.count("\n") == 1 and err.endswith("\n") and err.startswith("main.py: ")
    assert "Traceback" not in out + err
    assert everything_below(Path.cwd()) == before
    return err


def shell(*argv: str, **environment: str | None) -> subprocess.CompletedProcess:
    """Run main.py in a process of its own; an environment variable of None is removed."""
    values = {k: v for k, v in (os.environ | environment).items() if v is not None}
    command = [sys.executable, str(ROOT / "main.py"), *argv]
    return subprocess.run(command, env=values, capture_output=True, text=True, timeout=120)


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
    assert config.load(trained / "config.json").semantic_loss
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
    values["results_dir"] = str(place)
    (place / "whole" / "config.json").write_text(json.dumps(values))
    assert main(["evaluate", str(place / "whole"), "--n", "30"]) == 0
    out = capsys.readouterr().out
    assert "training the" not in out and "pair_accuracy_balanced" in out
    assert json.loads((place / "whole" / "metrics.json").read_text())["pair_accuracy"]["n"] == 30


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
    return {path.stem for path in Path(run, "checkpoints").glob("*.index")}


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 75)])
def test_a_signal_saves_and_the_same_command_goes_on(
    eager, unbroken, at_iteration, capsys, number, code
):
    at_iteration(2, lambda: os.kill(os.getpid(), number))
    assert main(GO_ON) == code
    run = next(Path("results").glob("cogan-*"))
    assert checkpoints(run) == {"ckpt-2"} and len(history(run)) == 2
    assert (run / "index.html").is_file() and not (run / "models").exists()
    out, err = capsys.readouterr()
    assert "Traceback" not in out + err and "same command resumes" in out
    assert main(GO_ON) == 0
    assert history(run) == unbroken


def test_a_second_signal_stops_at_once(eager, at_iteration, capsys):
    def twice():
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)

    at_iteration(1, twice)
    assert main(GO_ON) == 130
    assert capsys.readouterr().err.count("\n") == 1


def test_rows_after_the_last_checkpoint_of_a_crash_are_written_once(eager, unbroken, at_iteration):
    def crash():
        raise RuntimeError("power cut")

    at_iteration(3, crash)
    often = [*GO_ON, "--save_every", "2", "--name", "crashed"]
    with pytest.raises(RuntimeError, match="power cut"):
        main(often)
    assert checkpoints("results/crashed") == {"ckpt-2"}
    assert main(often) == 0
    assert history("results/crashed") == unbroken


def test_more_iterations_continue_a_finished_run(eager, unbroken, capsys):
    assert main([*GO_ON, "--iterations", "3"]) == 0
    assert main(GO_ON) == 0
    assert history(next(Path("results").glob("cogan-*"))) == unbroken


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
    assert config.load(Path("results/it/config.json")).lr_d == 0.125
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
    assert "ckpt-2" in checkpoints("results/it") and "ckpt-3" not in checkpoints("results/it")
    assert [row["iteration"] for row in history("results/it")] == ["1", "2"]


# Mistakes


@pytest.mark.parametrize(
    ("argv", "part"),
    [
        ("--batch_size 0", "--batch_size 0: must be at least 1"),
        ("--nonsense 3", "unknown argument --nonsense"),
        ("--bach_size 3", "did you mean --batch_size?"),
        ("--gan_type scogan --semantic_loss maybe", "maybe"),
        ("--cogan_data nothing", "mini2edge"),
        ("--gan_type gan --dataset nothing", "mini"),
        ("--cogan_data folder", "--domain1"),
        ("--devices GPU:7 --cogan_data mini2edge", "no GPU:7"),
        ("--devices CPU:0,CPU:1 --batch_size 3 --cogan_data mini2edge", "multiple of"),
        ("evaluate", "RUN"),
        ("sample nowhere --n 0", "--n 0"),
        ("sample nowhere --n few", "few"),
        ("walk nowhere --steps 1", "--steps"),
        ("list more", "more"),
    ],
)
def test_wrong_usage_is_exit_2(capsys, argv, part):
    assert part in refused(capsys, 2, *argv.split())


@pytest.mark.parametrize("command", ["evaluate", "sample", "walk"])
def test_a_folder_that_is_no_run_is_exit_3(capsys, command):
    assert "nowhere" in refused(capsys, 3, command, "nowhere")
    Path("empty").mkdir()
    assert "empty" in refused(capsys, 3, command, "empty")


def test_a_run_without_checkpoint_is_exit_3(run, capsys):
    shutil.rmtree(run / "checkpoints")
    assert "train it first" in refused(capsys, 3, "sample", str(run))


def test_a_missing_classifier_file_is_exit_3(capsys):
    argv = ["--gan_type", "scogan", *SMOKE, "--semantic_loss", "--classifier_path", "no.keras"]
    assert "no.keras" in refused(capsys, 3, *argv)


def test_a_classifier_file_that_is_none_is_one_line(capsys):
    Path("bad.keras").write_text("no model")
    argv = ["--gan_type", "scogan", *SMOKE, "--semantic_loss", "--classifier_path", "bad.keras"]
    assert "bad.keras" in refused(capsys, 1, *argv)


@pytest.mark.parametrize("place", ["results", "results/it"])
def test_a_file_where_a_folder_must_be_is_exit_1(capsys, place):
    path = Path(place)
    path.parent.mkdir(exist_ok=True)
    path.write_text("in the way")
    assert "choose another" in refused(capsys, 1, "--gan_type", "cogan", *SMOKE, "--name", "it")
    assert path.read_text() == "in the way"


def test_a_folder_of_other_files_is_not_taken_for_a_run(capsys):
    Path("results/it").mkdir(parents=True)
    Path("results/it/thesis.tex").write_text("precious")
    argv = ["--gan_type", "cogan", *SMOKE, "--name", "it", "--overwrite"]
    assert "--name" in refused(capsys, 2, *argv)


class TestFolders:
    """Mistakes in a user's own images."""

    @pytest.fixture(autouse=True)
    def folders(self, tmp_path):
        """Two good domains, each of three images."""
        for domain in ("a", "b"):
            (tmp_path / domain).mkdir()
            for i in range(3):
                self.image(tmp_path / domain / f"{i}.png")

    @staticmethod
    def image(path: Path, size: int = 40) -> None:
        pixels = np.random.default_rng(size).integers(0, 256, (size, size, 3), np.uint8)
        Image.fromarray(pixels).save(path)

    def refused(self, capsys, code: int, *more: str) -> str:
        argv = "--cogan_data folder --domain1 a --domain2 b --preset smoke".split()
        return refused(capsys, code, "--gan_type", "scogan", *argv, *more)

    def test_good_folders_train_without_metrics(self, eager):
        argv = "--cogan_data folder --domain1 a --domain2 b --preset smoke --name it".split()
        assert main(argv) == 0
        assert len(history("results/it")) == 2 and not Path("results/it/metrics.json").exists()

    def test_a_missing_folder(self, capsys):
        assert "c is not a folder" in self.refused(capsys, 3, "--domain2", "c")

    def test_an_unreadable_image(self, capsys):
        Path("b/1.png").write_text("no image")
        assert "b/1.png" in self.refused(capsys, 1)

    def test_a_truncated_image(self, capsys):
        whole = Path("b/1.png").read_bytes()
        Path("b/1.png").write_bytes(whole[: len(whole) // 2])
        assert "b/1.png" in self.refused(capsys, 1)

    def test_a_folder_of_one_image(self, capsys):
        for name in ("b/0.png", "b/1.png"):
            Path(name).unlink()
        assert "at least 2" in self.refused(capsys, 2)

    def test_an_image_smaller_than_asked(self, capsys):
        self.image(Path("b/2.png"), size=20)
        err = self.refused(capsys, 2)
        assert "b/2.png is 20x20" in err and "--image_size 32" in err

    def test_a_loss_that_needs_labels(self, capsys):
        assert "no labels" in self.refused(capsys, 2, "--semantic_loss")

    def test_a_classifier_needs_labels(self, capsys):
        argv = "--gan_type classifier --dataset folder --domain1 a --preset smoke".split()
        assert "no labels" in refused(capsys, 2, *argv)


def test_another_backend_is_exit_1_before_anything_is_loaded():
    done = shell("list", KERAS_BACKEND="jax")
    assert done.returncode == 1 and done.stdout == ""
    assert done.stderr.count("\n") == 1 and "KERAS_BACKEND=jax" in done.stderr


def test_missing_data_without_a_network_is_one_line_and_exit_3(tmp_path):
    # Not told to be silent, TensorFlow would add notes of its own.
    argv = "--cogan_data mnist2svhn --data_dir data --preset smoke".split()
    done = shell(*argv, TF_CPP_MIN_LOG_LEVEL=None)
    assert done.returncode == 3, done.stderr
    assert done.stderr.count("\n") == 1 and "data" in done.stderr
    assert not Path("results").exists()
