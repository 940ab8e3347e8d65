"""TensorBoard: what a run writes for it."""

import os
import signal

import numpy as np
import pytest
import tensorflow as tf
from command_line import SMOKE, refused
from systems import train, trainer
from tensorboard.backend.event_processing import event_accumulator

from framework.commands import train as train_command
from framework.engine.tensorboard import Events
from framework.results import Run

SHEET = (np.zeros((2, 8, 8, 3), np.float32),)


def read(run: Run) -> dict[str, list]:
    """Returns tag -> (step, value) of all events; the value of a sheet is None."""
    sizes = {"tensors": 0}
    found = event_accumulator.EventAccumulator(str(run.folder / "tensorboard"), sizes).Reload()
    return {
        tag: [
            (event.step, None if tag == "samples" else float(tf.make_ndarray(event.tensor_proto)))
            for event in found.Tensors(tag)
        ]
        for tag in found.Tags()["tensors"]
    }


def log(run: Run, events: Events, step: int, value: float) -> None:
    """Does what training does at a log interval."""
    run.log(step, {"gen/adv": value})
    events.on_epoch_end(step, {"gen/adv": value})


def test_terms_and_sheets_stand_at_their_iterations(run):
    events = Events(run)
    run.sheet(SHEET, 0)
    log(run, events, 5, 2.5)
    run.sheet(SHEET, 7)
    log(run, events, 10, 0.5)
    run.sheet(SHEET, 10)
    events.on_train_end()
    terms = [(5, 2.5), (10, 0.5)]
    assert read(run) == {"gen/adv": terms, "samples": [(0, None), (7, None), (10, None)]}


def test_a_run_that_never_logs_writes_no_events(run):
    events = Events(run)
    events.on_train_end()
    assert not (run.folder / "tensorboard").exists()


def test_what_a_crash_left_behind_is_written_once(run):
    events = Events(run)
    for step in (1, 2, 3):
        log(run, events, step, step / 2)
        run.sheet(SHEET, step)
    resumed = Run.load(run.folder)  # the newest checkpoint is that of iteration 1
    resumed.rewind(1)
    events = Events(resumed)
    log(resumed, events, 2, 1.0)
    steps = {tag: [step for step, _ in pairs] for tag, pairs in read(run).items()}
    assert steps == {"gen/adv": [1, 2], "samples": [1]}
    resumed.sheet(SHEET, 2)
    log(resumed, events, 3, 1.5)
    resumed.sheet(SHEET, 3)
    events.on_train_end()
    steps = [(step, None) for step in (1, 2, 3)]
    assert read(run) == {"gen/adv": [(1, 0.5), (2, 1.0), (3, 1.5)], "samples": steps}


def test_a_return_to_a_checkpoint_replaces_what_came_after_it(run):
    events = Events(run)
    for step in (1, 2, 3):
        log(run, events, step, 0.5)
    run.rewind(1)
    log(run, events, 2, 4.0)
    events.on_train_end()
    assert read(run) == {"gen/adv": [(1, 0.5), (2, 4.0)]}


@pytest.mark.usefixtures("plotless")
def test_a_stopped_run_has_the_events_of_an_unstopped_one(eager, run, tmp_path, monkeypatch):
    argv = "gan --iterations 5 --log_every 2 --sheet_every 1 --save_every 9".split()
    whole = Run.open(tmp_path / "whole", {"gan_type": "any"}, "command")
    assert train(trainer(*argv), whole, callbacks=[Events(whole)]) == 0
    first = trainer(*argv)
    step = first.run_steps

    def signalled(iterator, count):
        if int(first.step) == 2:
            os.kill(os.getpid(), signal.SIGTERM)
        return step(iterator, count)

    monkeypatch.setattr(first, "run_steps", signalled)
    assert train(first, run, callbacks=[Events(run)]) == 75
    resumed = Run.load(run.folder)
    assert train(trainer(*argv), resumed, callbacks=[Events(resumed)]) == 0
    events = read(run)
    assert events == read(whole)
    assert [step for step, _ in events["gen/adv"]] == [2, 4, 5]
    assert [step for step, _ in events["samples"]] == [0, 1, 2, 3, 4, 5]


def test_a_missing_package_is_reported_before_anything_is_done(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(train_command.importlib.util, "find_spec", lambda name: None)
    message = refused(capsys, 3, *SMOKE, "--logger", "tensorboard")
    assert "pip install tensorboard" in message
