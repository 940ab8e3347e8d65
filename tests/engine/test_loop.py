"""What stops a run, and what a loss that is not finite leads to."""

import functools
import os
import signal
import time

import numpy as np
import pytest
import tensorflow as tf
from systems import changed, slots, train, trainable, trainer, weights

from framework import losses
from framework.engine import signals
from framework.engine.loop import Loop
from framework.errors import DivergedError, UsageError
from framework.results import Run

pytestmark = pytest.mark.usefixtures("plotless")
EVERY = "--log_every 1 --save_every 1 --sheet_every 99".split()


def spoil(monkeypatch, subject, bad_seeds: dict[int, int]) -> None:
    """Makes the generator's loss NaN, per seed, in the iteration after so many."""
    pair = losses.ADVERSARIAL["ce"]

    def gen(fake_logits):
        bad = bad_seeds.get(subject.seed - subject.options.seed) == int(subject.step)
        return pair.gen(fake_logits=fake_logits) * (np.nan if bad else 1.0)

    monkeypatch.setitem(losses.ADVERSARIAL, "ce", pair._replace(gen=gen))


def test_stop_keeps_the_last_good_checkpoint(eager, run, monkeypatch, capsys):
    subject = trainer("gan", *EVERY, "--iterations", "3")
    spoil(monkeypatch, subject, {0: 2})
    with pytest.raises(
        DivergedError, match="gen/adv is nan at iteration 3: checkpoints before"
    ) as caught:
        train(subject, run)
    assert caught.value.code == 4 and "\n" not in str(caught.value)
    assert [row["iteration"] for row in run.history] == [1, 2]
    assert subject.restore(run.checkpoints) is not None and int(subject.step) == 2
    assert all(np.isfinite(w).all() for ws in weights(subject).values() for w in ws)


def test_skip_leaves_the_bad_update_out_and_goes_on(eager, run, monkeypatch, capsys):
    argv = [*EVERY, "--iterations", "3", "--nan_policy", "skip"]
    subject, plain = trainer("gan", *argv), trainer("gan", *argv)
    spoil(monkeypatch, subject, {0: 1})
    states = {}
    log = subject.statistics
    monkeypatch.setattr(
        subject,
        "statistics",
        lambda: states.update({int(subject.step): (trainable(subject), slots(subject))}) or log(),
    )
    assert train(subject, run) == 0
    assert changed(states[1][0], states[2][0]) == {"disc"}, "the generator's update alone was bad"
    assert changed(states[1][1], states[2][1]) == {"disc"}
    assert changed(states[2][0], states[3][0]) == {"disc", "gen"}
    assert [row.get("stat/left_out") for row in run.history] == [None, 1.0, None]
    assert "gen/adv" not in run.history[1]
    monkeypatch.undo()
    assert train(plain) == 0, "a run without bad losses is what it is under --nan_policy stop"
    stop = trainer("gan", *EVERY, "--iterations", "3")
    assert train(stop) == 0
    assert changed(weights(plain), weights(stop)) == set()


def test_rollback_goes_on_from_the_checkpoint_with_other_numbers(eager, run, monkeypatch, capsys):
    argv = [*EVERY, "--iterations", "4", "--nan_policy", "rollback"]
    subject = trainer("gan", *argv)
    spoil(monkeypatch, subject, {0: 2, 1: 3})
    assert train(subject, run) == 0
    assert subject.seed == subject.options.seed + 2 and int(subject.step) == 4
    assert [row["iteration"] for row in run.history] == [1, 2, 3, 4]
    notes = (run.folder / "log.txt").read_text()
    assert "to 2 and continues with other" in notes and "to 3 and continues with other" in notes
    again = trainer("gan", *argv, "--iterations", "5")
    assert train(again, Run.load(run.folder)) == 0
    assert again.seed == subject.seed, "a resumed run goes on with the numbers of the detour"


def test_rollback_gives_up_after_three_detours(eager, run, monkeypatch, capsys):
    argv = [*EVERY, "--iterations", "3", "--nan_policy", "rollback"]
    subject = trainer("gan", *argv)
    spoil(monkeypatch, subject, dict.fromkeys(range(9), 1))
    with pytest.raises(DivergedError, match="at iteration 2"):
        train(subject, run)
    assert subject.seed == subject.options.seed + 3


def test_rollback_without_a_checkpoint_stops(eager, run, monkeypatch, capsys):
    argv = "--log_every 1 --save_every 99 --nan_policy rollback".split()
    subject = trainer("gan", *argv)
    spoil(monkeypatch, subject, {0: 0, 1: 0})
    with pytest.raises(DivergedError, match="at iteration 1"):
        train(subject, run)


@pytest.mark.parametrize(
    ("number", "code"), [("SIGINT", 130), ("SIGTERM", 75), ("SIGUSR1", 75), ("SIGALRM", 75)]
)
def test_a_signal_saves_within_the_iteration(eager, run, monkeypatch, capsys, number, code):
    subject = trainer("gan", "--iterations", "9", "--log_every", "5")
    step = subject.run_steps

    def signalled(iterator, count):
        if int(subject.step) == 1:
            os.kill(os.getpid(), getattr(signal, number))
        return step(iterator, count)

    monkeypatch.setattr(subject, "run_steps", signalled)
    before = signal.getsignal(getattr(signal, number))
    assert train(subject, run) == code
    assert int(subject.step) == 2 and {path.name for path in run.checkpoints.iterdir()} == {
        "00000002"
    }
    assert signal.getsignal(getattr(signal, number)) == before


def test_max_time_counts_from_the_start_of_the_program(eager, run, monkeypatch, capsys):
    monkeypatch.setattr(signals, "STARTED", time.monotonic() - 3600)
    subject = trainer("gan", "--iterations", "9999", "--max_time", "1h1s")
    begun = time.monotonic()
    assert train(subject, run) == 75
    assert 0.5 < time.monotonic() - begun < 60 and 0 < int(subject.step) < 9999
    again = trainer("gan", "--iterations", "9999", "--max_time", "59m")
    assert train(again, Run.load(run.folder)) == 75, "an hour is gone: it stops after one iteration"
    assert int(again.step) == int(subject.step) + 1


def test_fewer_iterations_than_are_done_are_refused(eager, run, capsys):
    assert train(trainer("gan", "--iterations", "2"), run) == 0
    again = trainer("gan", "--iterations", "1")
    with pytest.raises(UsageError, match="--iterations 1: this run has 2 already"):
        train(again, Run.load(run.folder))


@pytest.mark.parametrize("per_call", [1, 3])
def test_a_stop_inside_a_log_interval_leaves_no_trace(
    eager, run, tmp_path, monkeypatch, capsys, per_call
):
    argv = "--iterations 6 --log_every 6 --save_every 4 --sheet_every 9 --steps_per_call".split()
    whole_run = Run.open(tmp_path / "whole", {"gan_type": "any"}, "command")
    whole = trainer("gan", *argv, "1")
    assert train(whole, whole_run) == 0
    argv.append(str(per_call))
    first = trainer("gan", *argv)
    step = first.run_steps
    monkeypatch.setattr(
        first,
        "run_steps",
        lambda *a: os.kill(os.getpid(), signal.SIGTERM) or step(*a),
    )
    assert train(first, run) == 75 and int(first.step) == per_call
    second = trainer("gan", *argv)
    assert train(second, Run.load(run.folder)) == 0
    texts = [(folder / "history.csv").read_bytes() for folder in (run.folder, whole_run.folder)]
    assert texts[0] == texts[1] and texts[0].count(b"\n") == 2
    assert changed(weights(whole), weights(second)) == set()


def test_a_callback_gets_the_terms_of_every_log_interval(eager, run, capsys):
    rows = []

    class Record(tf.keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            rows.append((epoch, sorted(logs)))

    subject = trainer("gan", "--iterations", "4", "--log_every", "2")
    train(subject, run, callbacks=[Record()])
    assert [epoch for epoch, _ in rows] == [2, 4]
    assert {"disc/adv", "gen/adv"} <= set(rows[0][1])


def calls(iterations: int, *actions, checkpoints=None, resumed=None) -> list:
    """What a loop over that many iterations calls: (name, iteration) in order.

    Each action is (name, every, more arguments of `Loop.every`).
    """
    subject, found = trainer("gan", "--iterations", str(iterations), "--log_every", "50"), []
    loop = Loop(subject, checkpoints)
    for name, count, *at_start in actions:
        action = functools.partial(lambda name, step: found.append((name, step)), name)
        loop.every(count, action, at_start=bool(at_start))
    if resumed:
        loop.when_resumed(lambda step: found.append((resumed, step)))
    assert loop.run() == 0
    return found


def test_actions_are_called_when_they_are_due_and_in_their_order(eager, capsys):
    assert calls(5, ("a", 2), ("b", 1), ("c", 4)) == [
        ("b", 1),
        *(("a", 2), ("b", 2)),
        ("b", 3),
        *(("a", 4), ("b", 4), ("c", 4)),
        *(("a", 5), ("b", 5), ("c", 5)),
    ], "all of them after the last iteration"


def test_an_action_may_begin_before_the_first_iteration_of_a_new_run(eager, run, capsys):
    actions = ("a", 2, True), ("b", 3)
    found = calls(2, *actions, checkpoints=run.checkpoints, resumed="resumed")
    assert found == [("resumed", 0), ("a", 0), ("a", 2), ("b", 2)]
    found = calls(4, *actions, checkpoints=run.checkpoints, resumed="resumed")
    assert found == [("resumed", 2), ("b", 3), ("a", 4), ("b", 4)], "not when it goes on"


def test_an_action_comes_before_the_checkpoint_of_its_iteration(eager, run, capsys):
    subject = trainer("gan", *"--iterations 3 --save_every 1 --keep 3".split())
    loop, counts = Loop(subject, run.checkpoints), []
    loop.every(1, lambda step: counts.append(len(list(run.checkpoints.glob("0*")))))
    assert loop.run() == 0
    assert counts == [0, 1, 2]


def test_a_loop_that_may_not_write_keeps_nothing_and_reads(eager, run, capsys):
    argv = ["--iterations", "2"]
    assert Loop(trainer("gan", *argv), run.checkpoints, writes=False).run() == 0
    assert not run.checkpoints.exists()
    assert Loop(trainer("gan", *argv), run.checkpoints).run() == 0
    loop, begun = Loop(trainer("gan", *argv), run.checkpoints, writes=False), []
    loop.when_resumed(begun.append)
    assert loop.run() == 0
    assert begun == [2]


def test_the_interval_ends_when_it_is_asked_for(eager, capsys):
    subject, rows = trainer("gan", "--iterations", "3"), []
    subject.iteration = lambda element: tf.reshape(tf.cast(element["step"], tf.float32), [1])
    subject.term_names = ["term"]
    loop = Loop(subject)
    loop.every(2, lambda step: rows.append(loop.end_interval()))
    assert loop.run() == 0
    assert rows == [{"term": 0.5}, {"term": 2.0}], "mean of iterations 0 and 1, then 2 alone"
