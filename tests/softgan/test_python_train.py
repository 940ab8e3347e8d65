"""Training from a Python program."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import keras
import numpy as np
import pytest
from command_line import in_a_fresh_process
from conftest import ROOT, eagerly

import softgan
from framework.engine import cluster, signals

pytestmark = pytest.mark.usefixtures("empty_folder", "plotless", "eager")

TINY = dict(preset="smoke", width=0.01, eval_pairs=0)
FOUR = dict(TINY, data="mini2edge", iterations=4, save_every=4)


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> softgan.Run:
    """A run of FOUR that was never stopped."""
    with eagerly():
        return softgan.train("cogan", results_dir=tmp_path_factory.mktemp("whole"), **FOUR)


def written(folder: Path) -> dict[str, bytes]:
    """Returns the files of a run that hold numbers."""
    paths = [folder / "history.csv", *(folder / "checkpoints").rglob("*")]
    return {path.name: path.read_bytes() for path in paths if path.is_file()}


def same_histories(one: softgan.Run, other: softgan.Run) -> bool:
    return one.history.keys() == other.history.keys() and all(
        np.array_equal(values, other.history[name]) for name, values in one.history.items()
    )


def test_training_returns_the_open_run():
    run = softgan.train("scogan", data="mini2edge", name="it", feature_loss=True, **TINY)
    assert isinstance(run, softgan.Run) and run.folder == Path("results/it") and run.step == 2
    np.testing.assert_array_equal(run.history["iteration"], [1, 2])
    assert np.isfinite(run.history["gen/feature"]).all() and run.metrics == {}
    images1, images2 = run.sample(3)
    assert images1.shape == images2.shape == (3, 32, 32, 3)
    assert softgan.sheet(images1, images2).width >= 3 * 32
    call = "softgan.train('scogan', data='mini2edge', name='it', feature_loss=True, preset='smoke'"
    assert Path("results/it/command.txt").read_text().startswith(call)
    again = softgan.open_run("results/it", checkpoint=2)
    np.testing.assert_array_equal(again.sample(3)[0], images1)


def test_arrays_are_data():
    images = np.random.default_rng(0).integers(0, 256, (2, 12, 40, 40, 3), np.uint8)
    run = softgan.train("cogan", data={"dark": images[0], "bright": images[1]}, name="it", **TINY)
    assert run.system.facts.domains == ("dark", "bright")
    assert "data=" not in Path("results/it/command.txt").read_text()


def test_a_run_after_other_runs_is_the_same_to_the_byte(whole):
    softgan.train(
        "scogan", name="other", **FOUR | dict(seed=7, iterations=1, mixed_precision="bfloat16")
    )
    assert written(softgan.train("cogan", **FOUR).folder) == written(whole.folder)


@pytest.mark.slow
def test_a_run_after_another_one_is_that_of_a_fresh_process(tmp_path):
    code = (
        "import sys, softgan\n"
        "options = dict(data='mini2edge', preset='smoke', width=0.01, eval_pairs=0)\n"
        "for name in sys.argv[1:]:\n"
        "    system = {'a': 'cyclegan', 'b': 'scogan'}[name]\n"
        "    own = {} if name == 'b' else dict(deterministic=True, batch_size=2)\n"
        "    softgan.train(system, name=name, **options | own)\n"
    )
    runs = []
    for names in ("b", "ab"):
        place = tmp_path / names
        place.mkdir()
        subprocess.run(
            [sys.executable, "-c", code, *names], cwd=place, check=True, capture_output=True,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
        )  # fmt: skip
        runs.append(written(place / "results" / "b"))
    assert runs[0] == runs[1]


def test_training_works_in_a_thread_and_keeps_to_its_time(whole):
    errors = []

    def work():
        try:
            errors.append(same_histories(whole, softgan.train("cogan", name="thread", **FOUR)))
            long = FOUR | dict(iterations=10**6, max_time="1s")
            softgan.train("cogan", name="long", **long)
        except softgan.Stopped as error:
            errors.append(error.code)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert errors == [True, 75]
    assert 0 < softgan.open_run("results/long").step < 10**6


def test_max_time_counts_from_the_call(monkeypatch):
    monkeypatch.setattr(signals, "STARTED", time.monotonic() - 7200)
    run = softgan.train("cogan", **FOUR | dict(iterations=2, max_time="1h"))
    assert run.step == 2


def test_a_signal_is_an_exception_and_the_same_call_goes_on(whole):
    class Kill(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            if epoch == 2:
                os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(softgan.Stopped, match="the same call goes on") as caught:
        softgan.train("cogan", name="it", callbacks=[Kill()], **FOUR)
    assert caught.value.code == 130 and isinstance(caught.value, softgan.UserError)
    assert same_histories(softgan.train("cogan", name="it", **FOUR), whole)


def test_early_stopping_saves_and_finishes_the_run_which_can_go_on(whole):
    patience = keras.callbacks.EarlyStopping("gen/adv1", mode="min", baseline=-1e9, patience=2)
    run = softgan.train("cogan", name="it", callbacks=[patience], **FOUR)
    assert run.step == 2 and (run.folder / "models").is_dir()
    assert "a callback ends training at iteration 2 of 4" in (run.folder / "log.txt").read_text()
    assert same_histories(softgan.train("cogan", name="it", **FOUR), whole)


@pytest.mark.parametrize(
    ("options", "part"),
    [
        (dict(batch_size=0), "--batch_size 0: must be at least 1"),
        (dict(bach_size=3), "did you mean --batch_size"),
        (dict(data="nothing"), "nothing"),
        (dict(dry_run=True), "dry_run: only on the command line"),
        (
            dict(callbacks=[keras.callbacks.EarlyStopping(restore_best_weights=True)]),
            "use the options keep_best",
        ),
    ],
)
def test_mistakes_are_exceptions(options, part):
    with pytest.raises(softgan.UsageError, match=part):
        softgan.train("cogan", **{"data": "mini2edge", **options})
    assert not Path("results").exists()


def test_several_workers_are_for_the_command_line(monkeypatch):
    monkeypatch.setattr(cluster, "workers", lambda: 2)
    with pytest.raises(softgan.UsageError, match="TF_CONFIG"):
        softgan.train("cogan", **FOUR)


def test_a_missing_run_is_an_exception():
    with pytest.raises(softgan.MissingError, match="nowhere"):
        softgan.open_run("nowhere")


def test_the_interface_waits_for_tensorflow():
    in_a_fresh_process(
        "import sys, softgan\n"
        "assert softgan.__version__ and 'cogan' in softgan.list_systems()\n"
        "try: softgan.train('cogan', batch_size=0)\n"
        "except softgan.UserError: pass\n"
        "assert 'tensorflow' not in sys.modules\n"
        "assert not hasattr(softgan, 'nothing')"
    )


def test_one_run_is_trained_at_a_time():
    def train_another(epoch, logs):
        softgan.train("gan", data="mini", name="second", **TINY)

    callback = keras.callbacks.LambdaCallback(on_epoch_end=train_another)
    with pytest.raises(softgan.UsageError, match="another run is being trained in this process"):
        softgan.train("gan", data="mini", name="first", callbacks=[callback], **TINY)
    assert softgan.train("gan", data="mini", name="first", **TINY).step == 2, "it is free again"


def test_callbacks_get_the_beginning_and_the_end_of_every_epoch():
    calls = []
    callback = keras.callbacks.LambdaCallback(
        on_epoch_begin=lambda epoch, logs: calls.append(("begin", epoch)),
        on_epoch_end=lambda epoch, logs: calls.append(("end", epoch)),
    )
    softgan.train("gan", data="mini", callbacks=[callback], **TINY)
    assert calls == [("begin", 0), ("end", 1), ("begin", 1), ("end", 2)]


@pytest.mark.parametrize(
    "callback",
    [keras.callbacks.LearningRateScheduler(lambda epoch: 0.1), keras.callbacks.ReduceLROnPlateau()],
)
def test_callbacks_that_need_an_optimiser_are_refused(callback):
    with pytest.raises(softgan.UsageError, match="use the option lr_schedule"):
        softgan.train("gan", data="mini", callbacks=[callback], **TINY)
