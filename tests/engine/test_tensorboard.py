"""TensorBoard: what a run writes for it."""

import numpy as np
import tensorflow as tf
from command_line import SMOKE, refused
from tensorboard.backend.event_processing import event_accumulator

from framework.commands import train
from framework.engine.tensorboard import Events


def read(folder):
    found = event_accumulator.EventAccumulator(str(folder), size_guidance={"tensors": 0})
    return found.Reload()


def test_terms_and_sheets_stand_at_their_iterations(run):
    sheet = (np.zeros((2, 8, 8, 3), np.float32),)
    run.sheet(sheet, 0)
    Events(run).on_train_end()
    events = Events(run)  # goes on: the sheet of before is not written again
    events.on_epoch_end(5, {"gen/adv": 2.5})
    run.sheet(sheet, 7)
    events.on_train_end()
    found = read(run.folder / "tensorboard")
    assert set(found.Tags()["tensors"]) == {"gen/adv", "samples"}
    (term,) = found.Tensors("gen/adv")
    assert term.step == 5 and tf.make_ndarray(term.tensor_proto) == 2.5
    assert [event.step for event in found.Tensors("samples")] == [7]


def test_a_missing_package_is_reported_before_anything_is_done(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(train.importlib.util, "find_spec", lambda name: None)
    message = refused(capsys, 3, *SMOKE, "--logger", "tensorboard")
    assert "pip install tensorboard" in message
