"""TensorBoard events: the columns of history.csv as scalars, and the sheets as images."""

from pathlib import Path

import keras
import tensorflow as tf

from framework.results import Run


class Events(keras.callbacks.Callback):
    """Writes events into the folder `tensorboard` of a run; their steps are iterations.

    Needs the package tensorboard, which is not installed with TensorFlow.
    """

    def __init__(self, run: Run) -> None:
        """Starts an event file of an open run."""
        super().__init__()
        self._run = run
        self._written = {path.name for path in self._sheets()}
        self._writer = tf.summary.create_file_writer(str(run.folder / "tensorboard"))

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Writes the terms of a log interval (`epoch` is its last iteration), and new sheets."""
        with self._writer.as_default():
            for name, value in (logs or {}).items():
                tf.summary.scalar(name, value, epoch)
        self._write_sheets()

    def on_train_end(self, logs: dict[str, float] | None = None) -> None:
        """Writes the last sheet and closes the event file."""
        self._write_sheets()
        self._writer.close()

    def _sheets(self) -> list[Path]:
        return sorted(path for path in self._run.samples.glob("*.png") if path.stem.isdigit())

    def _write_sheets(self) -> None:
        with self._writer.as_default():
            for path in self._sheets():
                if path.name not in self._written:
                    self._written.add(path.name)
                    image = tf.io.decode_png(path.read_bytes(), channels=3)
                    tf.summary.image("samples", image[None], int(path.stem))
        self._writer.flush()
