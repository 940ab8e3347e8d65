"""A run that was stopped goes on as if it had not been, for every system and precision."""

import itertools
import os
import signal

import numpy as np
import pytest
from systems import Watch, changed, flags, slots, train, trainer, weights

from framework.errors import UsageError
from framework.options import config
from framework.results import Run

pytestmark = pytest.mark.usefixtures("plotless")
SYSTEMS = config.systems()


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_stopped_run_resumes_bit_for_bit(system, eager, run, classifier_path, capsys):
    argv = [*flags(system, classifier_path), "--iterations", "2", "--save_every", "9"]
    whole = trainer(system, *argv)
    watch = Watch(whole, stop_at=1)
    assert train(whole, run, callbacks=[watch]) == 75
    assert int(whole.step) == 1 and watch.logs.pop() == "end"
    ((epoch, logs),) = watch.logs
    assert epoch == 1 and logs and all(np.isfinite(value) for value in logs.values())
    trained = {name for each in whole.phases for name in each.nets}
    averages = {f"average {name}" for name in whole.system.averages}
    assert changed(watch.states[0], watch.states[1]) == trained | averages

    resumed = trainer(system, *argv)
    assert changed(weights(resumed), weights(whole)) >= trained
    assert train(resumed, Run.load(run.folder)) == 0
    assert train(whole) == 0, "goes on in memory, with nothing to read"
    assert int(resumed.step) == int(whole.step) == 2
    assert changed(weights(resumed), weights(whole)) == set()
    assert changed(slots(resumed), slots(whole)) == set()
    assert [row["iteration"] for row in Run.load(run.folder).history] == [1, 2]
    if system != "classifier":
        assert {path.stem for path in run.samples.iterdir()} == {"000000", "000002"}


def _flags(precision: str, jit: bool, devices: int) -> list[str]:
    names = ",".join(f"CPU:{i}" for i in range(devices))
    return ["--mixed_precision", precision, *(["--jit"] if jit else []), "--devices", names]


QUICK = ("gan-bfloat16-False-1",)  # XLA takes two minutes
COMBINATIONS = [
    pytest.param(system, _flags(*each), id=name, marks=[] if name in QUICK else pytest.mark.slow)
    for system in SYSTEMS
    for each in itertools.product(("no", "bfloat16", "float16"), (False, True), (1, 2))
    for name in ["-".join(map(str, (system, *each)))]
    if each[1:] != (True, 2)  # refused, see the next test
]


def test_batch_norm_over_several_devices_is_not_compiled():
    with pytest.raises(UsageError, match="--jit: batch norm over several devices"):
        trainer("gan", *_flags("no", True, 2))


@pytest.mark.parametrize(("system", "how"), COMBINATIONS)
def test_compiled_runs_resume_bit_for_bit_too(
    system, how, run, tmp_path, classifier_path, monkeypatch, capsys
):
    argv = [*flags(system, classifier_path), *how, "--iterations", "4", "--save_every", "99"]
    argv += "--log_every 3 --sheet_every 99".split()
    record = Run.open(tmp_path / "whole", {"gan_type": "any"}, "command")
    whole = trainer(system, *argv)
    assert train(whole, record) == 0
    stopped = trainer(system, *argv)
    step = stopped.run_steps

    def second_is_the_last(iterator, count):
        if int(stopped.step) == 1:
            os.kill(os.getpid(), signal.SIGTERM)
        return step(iterator, count)

    monkeypatch.setattr(stopped, "run_steps", second_is_the_last)
    assert train(stopped, run) == 75 and int(stopped.step) == 2
    resumed = trainer(system, *argv)
    assert train(resumed, Run.load(run.folder)) == 0
    assert changed(weights(resumed), weights(whole)) == set()
    assert changed(slots(resumed), slots(whole)) == set()
    assert (run.folder / "history.csv").read_bytes() == (record.folder / "history.csv").read_bytes()
