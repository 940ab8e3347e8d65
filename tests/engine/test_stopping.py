"""Stopping, and going on by typing the same command again."""

import os
import signal
import time
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from command_line import SMOKE, history
from conftest import eagerly

from framework import losses
from framework.cli import main
from framework.commands import training
from framework.engine.loop import Loop
from framework.options import config
from framework.results import Run
from framework.trainers import classifier_trainer

pytestmark = pytest.mark.usefixtures("empty_folder")


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


def test_starting_anew_is_not_how_a_run_resumes(eager, at_iteration, capsys):
    at_iteration(1, lambda: os.kill(os.getpid(), signal.SIGTERM))
    assert main([*GO_ON, "--overwrite"]) == 75
    assert "saved; the same command without --overwrite resumes" in capsys.readouterr().out


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGUSR1])
def test_a_signal_before_training_is_a_stop_too(monkeypatch, capsys, number):
    def loading(*_, **__):
        os.kill(os.getpid(), number)
        time.sleep(5)

    monkeypatch.setattr(training, "load_data", loading)
    before = signal.getsignal(number)
    assert main(GO_ON) == 75
    assert capsys.readouterr().err == (
        "softgan: stopped; what is in a checkpoint stays, the same command goes on\n"
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
        patch.setattr(training, "save_models", lambda *_: 1 / 0)
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
    monkeypatch.setattr(Loop, "run", broken)
    assert main([*GO_ON, "--name", "it"]) == 1
    assert "nobody reads the output" in capfd.readouterr().err
    monkeypatch.setattr("framework.commands.list.run", broken)
    assert main(["list"]) == 0
