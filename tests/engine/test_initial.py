"""A run starts from the networks of another run (`--init_from`)."""

import shutil

import numpy as np
import pytest
from systems import changed, slots, train, trainer, weights

from framework.commands import training
from framework.engine import initial
from framework.errors import MissingError, UsageError
from framework.options import config

pytestmark = pytest.mark.usefixtures("plotless", "empty_folder", "eager")
SHORT = "--iterations 2 --save_every 2 --eval_pairs 0".split()


def finished(system: str, *argv: str, name: str = "old"):
    """Trains a run for two iterations in results/old; returns its trainer."""
    subject = trainer(system, *SHORT, *argv, "--name", name)
    run = training.open_run_folder(subject, config.run_folder(subject.options), "command")
    assert train(subject, run) == 0
    return subject


def begun(system: str, *argv: str, source: str = "results/old"):
    """A trainer of a new run that has started from the old one, and the lines for the user."""
    subject = trainer(system, *SHORT, *argv, "--name", "new", "--init_from", source)
    return subject, initial.start(subject)


def test_all_networks_start_from_the_old_run_and_optimisers_do_not(capsys):
    old = finished("gan")
    new, lines = begun("gan")
    assert changed(weights(new), weights(old)) == set()
    assert changed(slots(new), slots(trainer("gan", *SHORT))) == set()
    assert changed(slots(new), slots(old)) == {"disc", "gen"} and int(new.step) == 0
    assert lines == ["started from the weights of results/old, iteration 2"]


def test_averaged_weights_are_taken_where_there_are_any(capsys):
    old = finished("gan", "--ema", "0.9")
    for argv in ([], ["--ema", "0.5"]):
        new, _ = begun("gan", *argv)
        assert changed({"gen": weights(new)["gen"]}, {"gen": weights(old)["average gen"]}) == set()
        assert changed({"disc": weights(new)["disc"]}, weights(old)) == set()
    assert changed({"gen": weights(new)["average gen"]}, weights(new)) == set()


def test_networks_of_other_shapes_are_named_and_keep_their_weights(capsys):
    old = finished("gan")
    fresh = trainer("gan", *SHORT, "--noise_dim", "5")
    new, (_, line) = begun("gan", "--noise_dim", "5")
    assert line.startswith("kept their initial weights: gen (other shapes: [4, ")
    assert "[5, " in line and "disc" not in line
    assert changed({"gen": weights(new)["gen"]}, weights(fresh)) == set()
    assert changed({"disc": weights(new)["disc"]}, weights(old)) == set()


def test_another_system_starts_where_names_agree(capsys):
    old = finished("cogan")
    new, lines = begun("scogan", "--feature_loss")
    assert changed(weights(new), weights(old)) == set() and len(lines) == 1
    with pytest.raises(UsageError, match=r"none of its networks fits: .*\(not in that run\)"):
        begun("gan")


def test_coupled_networks_share_their_layers_afterwards(capsys):
    finished("cogan")
    new, _ = begun("cogan")
    first, second = (new.nets[name].variables for name in ("gen1", "gen2"))
    shared = {id(variable) for variable in first} & {id(variable) for variable in second}
    assert shared


def test_domains_of_ost_are_not_copied_from_one_another(capsys):
    old = finished("ost", "--dry_run", "--ema", "0")
    new, lines = begun("ost", "--ema", "0")
    assert changed(weights(new), weights(old)) == set() and len(lines) == 1


def test_stage_one_of_ost_is_not_trained_where_its_networks_are_given(capsys):
    finished("ost", "--dry_run")
    options = trainer("ost", *SHORT, "--name", "new", "--init_from", "results/old").options
    assert initial.has_nets(options, ("disc2",))
    assert not initial.has_nets(options, ("disc2", "unknown"))


def test_a_resumed_run_does_not_read_the_old_one_again(capsys):
    finished("gan")
    new, _ = begun("gan")
    run = training.open_run_folder(new, config.run_folder(new.options), "command")
    assert train(new, run) == 0
    shutil.rmtree("results/old")
    initial.check(new.options)
    again, lines = begun("gan")
    assert lines == []
    with pytest.raises(MissingError):
        initial.check(trainer("gan", "--name", "third", "--init_from", "results/old").options)


def test_the_best_checkpoint_is_taken_where_the_models_come_from_it(capsys):
    old = finished("gan")
    run = training.open_run_folder(old, config.run_folder(old.options), "command")
    for value in old.nets["gen"].variables:
        value.assign(np.zeros(value.shape))
    old.save(run.best, {"metric": "kid1", "value": 0.5, "better": "down"})
    for origin, expected in (("newest", False), ("best", True)):
        run.save_origin({"iteration": 2, "chosen": origin})
        new, _ = begun("gan")
        assert all(not np.any(w) for w in weights(new)["gen"]) is expected


@pytest.mark.parametrize("place", ["nowhere", "results", "results/empty"])
def test_a_missing_run_is_refused_before_anything_is_trained(place, capsys):
    empty = trainer("gan", "--name", "empty")
    training.open_run_folder(empty, config.run_folder(empty.options), "command")
    with pytest.raises(MissingError):
        initial.check(trainer("gan", "--name", "new", "--init_from", place).options)


def test_a_run_cannot_start_from_the_folder_that_it_deletes(capsys):
    finished("gan")
    options = trainer("gan", *"--name old --overwrite --init_from results/old".split()).options
    with pytest.raises(UsageError, match="is the new run itself"):
        initial.check(options)
