"""What stops a run, and what a loss that is not finite leads to."""

import os
import signal
import time

import numpy as np
import pytest
import tensorflow as tf
from systems import changed, slots, trainable, trainer, weights

from framework import losses, signals
from framework.errors import DivergedError, UsageError
from framework.results import Run

pytestmark = pytest.mark.usefixtures("plotless")
EVERY = "--log_every 1 --save_every 1 --sheet_every 99".split()


def spoil(monkeypatch, subject, bad_seeds: dict[int, int]) -> None:
    """Makes the generator's loss NaN, per seed, in the iteration after so many."""
    pair = losses.ADVERSARIAL["ce"]

    def gen(fake_logits):
        bad = bad_seeds.get(subject.seed - subject.options.seed) == int(subject.step)
        return pair.gen(fake_logits) * (np.nan if bad else 1.0)

    monkeypatch.setitem(losses.ADVERSARIAL, "ce", pair._replace(gen=gen))


def test_stop_keeps_the_last_good_checkpoint(eager, run, monkeypatch, capsys):
    subject = trainer("gan", *EVERY, "--iterations", "3", run=run)
    spoil(monkeypatch, subject, {0: 2})
    with pytest.raises(
        DivergedError, match="gen/adv is nan at iteration 3: checkpoints before"
    ) as caught:
        subject.fit()
    assert caught.value.code == 4 and "\n" not in str(caught.value)
    assert [row["iteration"] for row in run.history] == [1, 2]
    assert subject.restore() is not None and int(subject.step) == 2
    assert all(np.isfinite(w).all() for ws in weights(subject).values() for w in ws)


def test_skip_leaves_the_bad_update_out_and_goes_on(eager, run, monkeypatch, capsys):
    argv = [*EVERY, "--iterations", "3", "--nan_policy", "skip"]
    subject, plain = trainer("gan", *argv, run=run), trainer("gan", *argv)
    spoil(monkeypatch, subject, {0: 1})
    states = {}
    log = subject.statistics
    monkeypatch.setattr(
        subject,
        "statistics",
        lambda: states.update({int(subject.step): (trainable(subject), slots(subject))}) or log(),
    )
    assert subject.fit() == 0
    assert changed(states[1][0], states[2][0]) == {"disc"}, "the generator's update alone was bad"
    assert changed(states[1][1], states[2][1]) == {"disc"}
    assert changed(states[2][0], states[3][0]) == {"disc", "gen"}
    assert [row.get("stat/left_out") for row in run.history] == [None, 1.0, None]
    assert "gen/adv" not in run.history[1]
    monkeypatch.undo()
    assert plain.fit() == 0, "a run without bad losses is what it is under --nan_policy stop"
    stop = trainer("gan", *EVERY, "--iterations", "3")
    assert stop.fit() == 0
    assert changed(weights(plain), weights(stop)) == set()


def test_rollback_goes_on_from_the_checkpoint_with_other_numbers(eager, run, monkeypatch, capsys):
    argv = [*EVERY, "--iterations", "4", "--nan_policy", "rollback"]
    subject = trainer("gan", *argv, run=run)
    spoil(monkeypatch, subject, {0: 2, 1: 3})
    assert subject.fit() == 0
    assert subject.seed == subject.options.seed + 2 and int(subject.step) == 4
    assert [row["iteration"] for row in run.history] == [1, 2, 3, 4]
    notes = (run.folder / "log.txt").read_text()
    assert "to 2, on with other" in notes and "to 3, on with other" in notes
    again = trainer("gan", *argv, "--iterations", "5", run=Run.load(run.folder))
    assert again.fit() == 0
    assert again.seed == subject.seed, "a resumed run goes on with the numbers of the detour"


def test_rollback_gives_up_after_three_detours(eager, run, monkeypatch, capsys):
    argv = [*EVERY, "--iterations", "3", "--nan_policy", "rollback"]
    subject = trainer("gan", *argv, run=run)
    spoil(monkeypatch, subject, dict.fromkeys(range(9), 1))
    with pytest.raises(DivergedError, match="at iteration 2"):
        subject.fit()
    assert subject.seed == subject.options.seed + 3


def test_rollback_without_a_checkpoint_stops(eager, run, monkeypatch, capsys):
    argv = "--log_every 1 --save_every 99 --nan_policy rollback".split()
    subject = trainer("gan", *argv, run=run)
    spoil(monkeypatch, subject, {0: 0, 1: 0})
    with pytest.raises(DivergedError, match="at iteration 1"):
        subject.fit()


@pytest.mark.parametrize(
    ("number", "code"), [("SIGINT", 130), ("SIGTERM", 75), ("SIGUSR1", 75), ("SIGALRM", 75)]
)
def test_a_signal_saves_within_the_iteration(eager, run, monkeypatch, capsys, number, code):
    subject = trainer("gan", "--iterations", "9", "--log_every", "5", run=run)
    step = subject.run_steps

    def signalled(iterator, count):
        if int(subject.step) == 1:
            os.kill(os.getpid(), getattr(signal, number))
        return step(iterator, count)

    monkeypatch.setattr(subject, "run_steps", signalled)
    before = signal.getsignal(getattr(signal, number))
    assert subject.fit() == code
    assert int(subject.step) == 2 and {path.name for path in run.checkpoints.iterdir()} == {
        "00000002"
    }
    assert signal.getsignal(getattr(signal, number)) == before


def test_max_time_counts_from_the_start_of_the_program(eager, run, monkeypatch, capsys):
    monkeypatch.setattr(signals, "STARTED", time.monotonic() - 3600)
    subject = trainer("gan", "--iterations", "9999", "--max_time", "1h1s", run=run)
    begun = time.monotonic()
    assert subject.fit() == 75
    assert 0.5 < time.monotonic() - begun < 60 and 0 < int(subject.step) < 9999
    again = trainer("gan", "--iterations", "9999", "--max_time", "59m", run=Run.load(run.folder))
    assert again.fit() == 75, "an hour is gone: it stops after one iteration"
    assert int(again.step) == int(subject.step) + 1


def test_fewer_iterations_than_are_done_are_refused(eager, run, capsys):
    assert trainer("gan", "--iterations", "2", run=run).fit() == 0
    again = trainer("gan", "--iterations", "1", run=Run.load(run.folder))
    with pytest.raises(UsageError, match="--iterations 1: this run has 2 already"):
        again.fit()


@pytest.mark.parametrize("per_call", [1, 3])
def test_a_stop_inside_a_log_interval_leaves_no_trace(
    eager, run, tmp_path, monkeypatch, capsys, per_call
):
    argv = "--iterations 6 --log_every 6 --save_every 4 --sheet_every 9 --steps_per_call".split()
    whole_run = Run.open(tmp_path / "whole", {"gan_type": "any"}, "command")
    whole = trainer("gan", *argv, "1", run=whole_run)
    assert whole.fit() == 0
    argv.append(str(per_call))
    first = trainer("gan", *argv, run=run)
    step = first.run_steps
    monkeypatch.setattr(
        first,
        "run_steps",
        lambda *a: os.kill(os.getpid(), signal.SIGTERM) or step(*a),
    )
    assert first.fit() == 75 and int(first.step) == per_call
    second = trainer("gan", *argv, run=Run.load(run.folder))
    assert second.fit() == 0
    texts = [(folder / "history.csv").read_bytes() for folder in (run.folder, whole_run.folder)]
    assert texts[0] == texts[1] and texts[0].count(b"\n") == 2
    assert changed(weights(whole), weights(second)) == set()


def test_a_callback_sees_every_log_interval(eager, capsys):
    seen = []

    class Watch(tf.keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            seen.append((epoch, sorted(logs)))

    trainer("gan", "--iterations", "4", "--log_every", "2").fit([Watch()])
    assert [epoch for epoch, _ in seen] == [2, 4]
    assert {"disc/adv", "gen/adv"} <= set(seen[0][1])
