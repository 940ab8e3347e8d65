"""Evaluations during training change nothing in it, and the best checkpoint is kept."""

import numpy as np
import pytest
import tensorflow as tf
from systems import Watch, changed, flags, slots, tiny_data, trainer, weights

from framework.commands import training
from framework.engine import best, checkpoints, recording
from framework.errors import UsageError
from framework.evaluation import halves
from framework.results import Run

pytestmark = pytest.mark.usefixtures("plotless")
EVERY = "--log_every 1 --save_every 2 --sheet_every 99 --evaluate_every 1".split()
SCORES = {1: 0.3, 2: 0.1, 3: 0.5, 4: 0.5, 5: 0.2, 6: float("nan")}


def score_of(subject, *stops: int) -> dict[str, float]:
    """The score of the iteration, from SCORES; a kill at one of `stops`."""
    if (step := int(subject.step)) in stops:
        raise KeyboardInterrupt
    return {"score": SCORES[step], "other": float(step)}


def train(run: Run, iterations: int, *stops: int, better="up", metric="score", callbacks=()):
    """Trains a tiny GAN, which is evaluated in every iteration; returns its trainer."""
    subject = trainer("gan", *EVERY, "--iterations", str(iterations), "--keep_best", metric)
    evaluation = recording.Evaluation(lambda: score_of(subject, *stops), better)
    recording.train(subject, run, evaluation=evaluation, callbacks=callbacks)
    return subject


def kept(run: Run) -> dict:
    content = checkpoints.newest(run.best)
    return {"step": content["step"], **content["record"]}


def same(run: Run, other: Run, files: list[str], saved: list[str]) -> None:
    """Compares files byte for byte, and checkpoints tensor for tensor."""
    for name in files:
        assert (run.folder / name).read_bytes() == (other.folder / name).read_bytes(), name
    for name in saved:
        mine, theirs = (tensors(each.folder / name) for each in (run, other))
        assert mine.keys() == theirs.keys()
        assert [key for key in mine if mine[key] != theirs[key]] == []


def tensors(checkpoint) -> dict[str, bytes]:
    reader = tf.train.load_checkpoint(str(checkpoint / "state"))
    names = [name for name in reader.get_variable_to_shape_map() if not name.startswith("_CHECK")]
    return {name: np.asarray(reader.get_tensor(name)).tobytes() for name in names}


def same_end(run: Run, other: Run) -> None:
    """Compares two runs of 6 iterations."""
    assert kept(run) == kept(other)
    folders = ["checkpoints/00000006", "checkpoints/best/00000003"]
    same(run, other, ["metrics.csv", "history.csv"], folders)


def new(tmp_path, name: str) -> Run:
    run = Run.open(tmp_path / name, {"gan_type": "any"}, "command")
    run.quiet = True
    return run


@pytest.mark.parametrize("system", ["gan", "uda", "cyclegan", "g2g"])
def test_evaluation_changes_no_byte_of_training(system, eager, run, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    plain_run = new(tmp_path, "plain")
    argv = "--iterations 3 --log_every 2 --save_every 3 --evaluator_iterations 1".split()
    argv += [*flags(system), "--eval_pairs", "4"]
    plain = trainer(system, *argv)
    assert recording.train(plain, plain_run) == 0
    subject = trainer(system, *argv, "--evaluate_every", "1")
    evaluation = training.evaluation_of(subject)
    assert recording.train(subject, run, evaluation=evaluation) == 0
    assert [row["iteration"] for row in run.metrics_table.rows] == [1, 2, 3]
    assert all(len(row) > 1 for row in run.metrics_table.rows)
    assert changed(weights(plain), weights(subject)) == set()
    assert changed(slots(plain), slots(subject)) == set()
    same(run, plain_run, ["history.csv"], ["checkpoints/00000003"])


@pytest.mark.parametrize(("better", "step", "value"), [("up", 3, 0.5), ("down", 2, 0.1)])
def test_the_best_of_all_iterations_is_kept(eager, run, capsys, better, step, value):
    train(run, 6, better=better)
    assert kept(run) == {"step": step, "metric": "score", "better": better, "value": value}
    assert checkpoints.steps(run.checkpoints) == [6, 4], "--keep does not count the best one"
    assert "\n3,0.5,3.0\n4,0.5,4.0\n" in (run.folder / "metrics.csv").read_text()


def test_a_stopped_run_ends_with_the_same_best_and_table(eager, run, tmp_path, capsys):
    whole_run = new(tmp_path, "whole")
    train(whole_run, 6)
    first = trainer("gan", *EVERY, "--iterations", "6", "--keep_best", "score")
    stop = recording.Evaluation(lambda: score_of(first), "up")
    assert recording.train(first, run, evaluation=stop, callbacks=[Watch(first, stop_at=3)]) == 75
    train(Run.load(run.folder), 6)
    same_end(run, whole_run)


@pytest.mark.parametrize("kill", [2, 4, 5])
def test_a_killed_run_goes_back_and_ends_with_the_same_best_and_table(
    eager, run, tmp_path, capsys, kill
):
    """Killed at 4, it goes back from the best, 3, to the checkpoint of 2; 1 must still be there."""
    whole_run = new(tmp_path, "whole")
    train(whole_run, 6)
    with pytest.raises(KeyboardInterrupt):
        train(run, 6, kill)
    if kill == 4:
        assert checkpoints.steps(run.checkpoints) == [2]
        assert checkpoints.steps(run.best) == [3, 1]
    resumed = Run.load(run.folder)
    train(resumed, 6)
    same_end(resumed, whole_run)


def test_rows_after_the_resumed_iteration_are_removed(eager, run, capsys):
    with pytest.raises(KeyboardInterrupt):
        train(run, 6, 4)
    assert [row["iteration"] for row in Run.load(run.folder).metrics_table.rows] == [1, 2, 3]
    with pytest.raises(KeyboardInterrupt):
        train(Run.load(run.folder), 6, 3)
    assert [row["iteration"] for row in Run.load(run.folder).metrics_table.rows] == [1, 2]
    assert checkpoints.steps(run.best) == [1]


def test_another_metric_starts_anew(eager, run, capsys):
    train(run, 2)
    assert kept(run)["step"] == 1
    train(Run.load(run.folder), 4, metric="other")
    assert kept(run) == {"step": 4, "metric": "other", "better": "up", "value": 4.0}


def test_a_trainer_gets_the_best_state_and_its_own_back(eager, run, capsys):
    subject = train(run, 5)
    own = weights(subject)
    with best.state(subject, run) as origin:
        assert origin == {
            "iteration": 3, "chosen": "best", "metric": "score", "better": "up", "value": 0.5,
        }  # fmt: skip
        assert int(subject.step) == 3 and changed(own, weights(subject)) == {"disc", "gen"}
    assert int(subject.step) == 5 and changed(own, weights(subject)) == set()


def test_without_a_best_checkpoint_the_newest_state_is_used(eager, run, capsys):
    subject = trainer("gan", "--keep_best", "score", "--evaluate_every", "1")
    with best.state(subject, run) as origin:
        assert origin == {"iteration": 0, "chosen": "newest"}
    assert "no checkpoint was kept by score" in (run.folder / "log.txt").read_text()


# Metrics and data


def test_the_halves_have_no_image_in_common():
    data = tiny_data("domains")
    options = trainer("cogan", *"--evaluate_every 1 --keep_best coupling".split()).options
    parts = [half(options, data) for half in (halves.to_choose, halves.to_measure)]
    for i, domain in enumerate(data.domains):
        both = [part.domains[i].test_images for part in parts]
        assert [len(images) for images in both] == [3, 3]
        np.testing.assert_array_equal(both[0], domain.test_images[::2])
        np.testing.assert_array_equal(both[1], domain.test_images[1::2])
        np.testing.assert_array_equal(parts[1].domains[i].test_labels, domain.test_labels[1::2])


def test_without_keep_best_all_images_measure():
    data, options = tiny_data("domains"), trainer("cogan", "--evaluate_every", "1").options
    assert halves.to_choose(options, data) is data is halves.to_measure(options, data)


@pytest.mark.parametrize(
    ("metric", "message"),
    [
        ("pair_acuracy", "did you mean pair_accuracy"),
        ("pair_accuracy_chance", "neither higher nor lower"),
    ],
)
def test_a_metric_that_nobody_knows_or_that_has_no_direction_is_refused(metric, message):
    options = trainer("gan", "--evaluate_every", "1", "--keep_best", metric).options
    with pytest.raises(UsageError, match=message):
        training.check_metric(options)


def test_a_metric_that_this_run_does_not_have_is_refused(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    argv = "--evaluate_every 1 --eval_pairs 4 --evaluator_iterations 1 --keep_best".split()
    with pytest.raises(UsageError, match="does not have this metric; it has .*classes_hit"):
        training.evaluation_of(trainer("gan", *argv, "pair_accuracy"))
    assert training.evaluation_of(trainer("gan", *argv, "kid1")).better == "down"


def test_models_page_and_metrics_come_from_the_best(tmp_path, eager, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    argv = "--eval_pairs 4 --evaluator_iterations 1 --iterations 2 --evaluate_every 1".split()
    subject = trainer("gan", *argv, "--keep_best", "kid1")
    run = training.open_run_folder(subject, tmp_path / "run", "command")
    values = {1: 0.5, 2: 0.75}
    evaluation = recording.Evaluation(lambda: {"kid1": values[int(subject.step)]}, "down")
    suite = training.suite_of(subject, run)
    assert training.fit(subject, suite, run, evaluation=evaluation) == 0
    origin = Run.load(run.folder).origin
    assert origin["iteration"] == 1 and origin["chosen"] == "best" and origin["value"] == 0.5
    page = (run.folder / "index.html").read_text()
    assert "those of iteration 1, which has the lowest" in page
    text = (run.folder / "metrics.json").read_text()
    assert "iteration 1" in text and "iteration 2" not in text and "odd numbers" in text


def test_a_run_without_keep_best_says_that_its_models_are_the_newest(tmp_path, eager, capsys):
    subject = trainer("gan", "--iterations", "2", "--eval_pairs", "0")
    run = training.open_run_folder(subject, tmp_path / "run", "command")
    assert training.fit(subject, training.suite_of(subject, run), run) == 0
    assert Run.load(run.folder).origin == {"iteration": 2, "chosen": "newest"}
    assert "those of iteration 2, the last one." in (run.folder / "index.html").read_text()


def test_metrics_of_training_images_are_not_said_to_be_of_held_out_ones():
    metrics = {name: {"protocol": "p"} for name in ("l1_121", "l1_121_seen")}
    options = trainer("cogan", *"--evaluate_every 1 --keep_best coupling".split()).options
    found = halves.explained(options, metrics)
    assert found["l1_121"]["protocol"].startswith("held-out images with odd numbers")
    assert found["l1_121_seen"]["protocol"] == "p"
