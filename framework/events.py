"""TensorBoard events: the columns of history.csv as scalars, and the sheets as images."""

from pathlib import Path

import keras
import tensorflow as tf

from framework.results import Run


class Events(keras.callbacks.Callback):
    """Writes below the run's `tensorboard/`; steps are iterations."""

    def __init__(self, run: Run) -> None:
        """`run` is open; the package tensorboard, which TensorFlow does not bring, is installed."""
        super().__init__()
        self._run = run
        self._shown = {path.name for path in self._sheets()}
        self._writer = tf.summary.create_file_writer(str(run.folder / "tensorboard"))

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """The terms of a log interval, and sheets drawn since the last one."""
        with self._writer.as_default():
            for name, value in (logs or {}).items():
                tf.summary.scalar(name, value, epoch)
        self._show()

    def on_train_end(self, logs: dict[str, float] | None = None) -> None:
        """The last sheet."""
        self._show()
        self._writer.close()

    def _sheets(self) -> list[Path]:
        return sorted(path for path in self._run.samples.glob("*.png") if path.stem.isdigit())

    def _show(self) -> None:
        with self._writer.as_default():
            for path in self._sheets():
                if path.name not in self._shown:
                    self._shown.add(path.name)
                    image = tf.io.decode_png(path.read_bytes(), channels=3)
                    tf.summary.image("samples", image[None], int(path.stem))
        self._writer.flush()
