"""Checkpoints: exact, whole or not there, and readable refusals of what is damaged."""

import json
import math
import os
import shutil

import keras
import numpy as np
import pytest
import tensorflow as tf
from command_line import room_for

from framework.engine import checkpoints
from framework.errors import UserError

FILES = ("state.index", "state.data-00000-of-00001", "record.json")


def state(value: float = 0.0, size: int = 3) -> tf.train.Checkpoint:
    """A net of one layer, an optimiser with slots, a counter and a plain variable."""
    net = keras.Sequential([keras.Input((size,)), keras.layers.Dense(2)])
    optimizer = keras.optimizers.Adam()
    optimizer.build(net.trainable_variables)
    parts = tf.train.Checkpoint(
        nets={"net": net},
        opt={"phase": optimizer},
        step=tf.Variable(0, dtype=tf.int64),
        free=tf.Variable(np.zeros(4, np.float32)),
    )
    fill(parts, value)
    return parts


def fill(parts: tf.train.Checkpoint, value: float) -> None:
    for item in tensors(parts).values():
        item.assign(tf.cast(tf.fill(item.shape, value), item.dtype))


def tensors(parts: tf.train.Checkpoint) -> dict:
    every = [*parts.nets["net"].variables, *parts.opt["phase"].variables, parts.step, parts.free]
    return dict(enumerate(every))


def values(parts: tf.train.Checkpoint) -> set[float]:
    """All numbers in it; one after `fill`."""
    return {float(v) for item in tensors(parts).values() for v in np.ravel(item.numpy())}


@pytest.fixture
def folder(tmp_path):
    """Checkpoints of steps 1, 2 and 3, full of ones, twos and threes."""
    for step in (1, 2, 3):
        checkpoints.save(state(step), tmp_path, step, 9, {"step": step})
    return tmp_path


def names(folder) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def damage(path, how: str) -> None:
    content = path.read_bytes()
    if how == "missing":
        path.unlink()
    elif how == "emptied":
        path.write_bytes(b"")
    elif how == "truncated":
        path.write_bytes(content[: len(content) // 2])
    elif how == "bit":
        middle = len(content) // 2
        path.write_bytes(content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :])


def test_a_checkpoint_holds_everything_and_the_record_to_the_bit(tmp_path, capsys):
    record = {"sum": [0.1, 1 / 3, 5e-324, -0.0, math.inf, math.nan], "names": ["gen/adv", "ä"]}
    checkpoints.save(state(7.0), tmp_path, 12, 2, record)
    assert names(tmp_path) == ["00000012"] and names(tmp_path / "00000012") == sorted(FILES)
    other = state()
    assert repr(checkpoints.restore(other, tmp_path)) == repr(record)
    assert values(other) == {7.0}
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("there", [True, False])
def test_where_there_is_no_checkpoint_nothing_is_loaded(tmp_path, there):
    folder = tmp_path if there else tmp_path / "nowhere"
    (tmp_path / ".00000001.tmp").mkdir()
    parts = state(5.0)
    assert checkpoints.restore(parts, folder) is None
    assert values(parts) == {5.0}


def test_only_the_newest_stay_and_what_killed_writers_left_goes(folder):
    for left in (".00000002.tmp", ".00000003.old.tmp"):
        shutil.copytree(folder / "00000002", folder / left)
    checkpoints.save(state(4.0), folder, 4, 2, {})
    assert names(folder) == ["00000003", "00000004"]
    checkpoints.save(state(1e9), folder, 123456789, 1, {})
    assert names(folder) == ["123456789"]


@pytest.mark.parametrize("how", ["missing", "emptied", "truncated", "bit"])
@pytest.mark.parametrize("file", FILES)
def test_a_damaged_checkpoint_falls_back_to_the_one_before(folder, capsys, file, how):
    damage(folder / "00000003" / file, how)
    parts = state()
    assert checkpoints.restore(parts, folder) == {"step": 2}
    assert values(parts) == {2.0}
    err = capsys.readouterr().err
    assert err.count("\n") == 1 and "00000003" in err and "00000002" in err and file in err


def test_any_flipped_bit_of_a_record_is_noticed_or_harmless(folder):
    path = folder / "00000003" / "record.json"
    content = path.read_bytes()
    for position in range(0, len(content), 31):
        flipped = bytes([content[position] ^ 1])
        path.write_bytes(content[:position] + flipped + content[position + 1 :])
        assert checkpoints.restore(state(), folder)["step"] in (2, 3)


def test_a_record_that_is_no_object_or_of_another_step_is_unreadable(folder, capsys):
    shutil.copy(folder / "00000001" / "record.json", folder / "00000003" / "record.json")
    (folder / "00000002" / "record.json").write_text("[]")
    assert checkpoints.restore(state(), folder) == {"step": 1}
    err = capsys.readouterr().err
    assert err.count("\n") == 1 and err.count("record.json is unreadable") == 2


def test_if_all_are_damaged_one_line_says_so_and_nothing_is_loaded(folder):
    for path in folder.iterdir():
        damage(path / "state.index", "bit")
    parts = state(5.0)
    with pytest.raises(UserError, match="no usable checkpoint") as caught:
        checkpoints.restore(parts, folder)
    assert caught.value.code == 1 and "\n" not in str(caught.value)
    assert values(parts) == {5.0}


def test_other_networks_are_refused_with_the_first_difference(folder):
    parts = state(5.0, size=4)
    with pytest.raises(UserError, match="other networks") as caught:
        checkpoints.restore(parts, folder)
    text = str(caught.value)
    assert "float32[3, 2] there, float32[4, 2] here" in text and "\n" not in text
    assert values(parts) == {5.0}


def test_the_variables_are_named_by_place_and_shared_ones_stand_once():
    net = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    parts = tf.train.Checkpoint(a=net, b=net, step=tf.Variable(0, dtype=tf.int64))
    found = checkpoints.variables(parts)
    assert found["step"] == "int64[]"
    assert sorted(found.values()) == ["float32[2]", "float32[3, 2]", "int64[]"]


def test_saving_a_step_again_replaces_it(folder):
    checkpoints.save(state(8.0), folder, 3, 9, {"again": True})
    assert names(folder) == ["00000001", "00000002", "00000003"]
    parts = state()
    assert checkpoints.restore(parts, folder) == {"again": True} and values(parts) == {8.0}


def test_a_kill_between_the_two_renames_of_a_replacement_loses_nothing(folder):
    (folder / "00000003").rename(folder / "00000003.old")
    parts = state()
    assert checkpoints.restore(parts, folder) == {"step": 3} and values(parts) == {3.0}
    checkpoints.save(state(8.0), folder, 3, 9, {"again": True})
    assert names(folder) == ["00000001", "00000002", "00000003"]
    assert checkpoints.restore(parts, folder) == {"again": True}


def test_what_training_went_back_from_is_forgotten(folder):
    checkpoints.save(state(8.0), folder, 2, 1, {})
    assert names(folder) == ["00000002"]


@pytest.mark.parametrize("size", [0, 20, 250])
def test_a_full_disk_is_one_line_and_leaves_what_was_there(folder, size):
    with room_for(size), pytest.raises(UserError) as caught:
        checkpoints.save(state(4.0), folder, 4, 1, {})
    text = str(caught.value)
    assert caught.value.code == 1 and "\n" not in text
    assert str(folder / "00000004") in text and "could not be written" in text
    assert names(folder) == ["00000001", "00000002", "00000003"]
    assert checkpoints.restore(state(), folder) == {"step": 3}


def test_a_disk_that_is_full_for_the_record_alone(folder, monkeypatch):
    def full(*_):
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UserError, match="No space left on device"):
        checkpoints.save(state(4.0), folder, 3, 1, {})
    assert checkpoints.restore(state(), folder) == {"step": 3}
    assert names(folder) == ["00000001", "00000002", "00000003"]


def test_the_record_is_plain_json_for_other_tools(folder):
    content = json.loads((folder / "00000003" / "record.json").read_text())
    assert content["step"] == 3 and set(content["files"]) == set(FILES) - {"record.json"}
    assert content["variables"]["step"] == "int64[]"
