"""Checkpoints of a run: nets, averages, optimisers and the iteration, newest last."""

from pathlib import Path

import tensorflow as tf


def save(state: tf.train.Checkpoint, folder: Path, step: int, keep: int) -> None:
    """Writes `folder/ckpt-<step>` and deletes all but the newest `keep`."""
    manager = tf.train.CheckpointManager(state, str(folder), keep)
    manager.save(checkpoint_number=step)


def restore(state: tf.train.Checkpoint, folder: Path) -> bool:
    """Loads the newest checkpoint; False if there is none."""
    newest = tf.train.latest_checkpoint(str(folder))
    if newest:
        state.restore(newest).assert_existing_objects_matched()
    return newest is not None
