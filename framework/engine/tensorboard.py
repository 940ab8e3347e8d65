"""TensorBoard events: the columns of history.csv as scalars, and the sheets as images."""

from pathlib import Path

import keras
import tensorflow as tf

from framework.results import Run


class Events(keras.callbacks.Callback):
    """Writes events into the folder `tensorboard` of a run; their steps are iterations.

    Event files are those of history.csv and of the sheets in `samples`: where a session begins, or
    training goes back to a checkpoint, they are written again. So every step occurs once, as in a
    run that was never stopped.

    Needs the package tensorboard, which is not installed with TensorFlow.
    """

    def __init__(self, run: Run) -> None:
        """Prepares events of an open run; writes nothing yet."""
        super().__init__()
        self._run, self._folder = run, run.folder / "tensorboard"
        self._writer: tf.summary.SummaryWriter | None = None
        self._step = -1  # of the newest scalars
        self._sheets: set[str] = set()  # names of those that are written

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Writes the terms of a log interval (`epoch` is its last iteration), and new sheets."""
        if self._writer is None or epoch <= self._step:
            self._start_anew()
        for row in self._run.history:
            if self._step < row["iteration"] <= epoch:
                self._write_row(row)
        self._step = epoch
        # A sheet of this iteration is drawn later, and a file of it is from before a stop.
        self._write_sheets(epoch - 1)

    def on_train_end(self, logs: dict[str, float] | None = None) -> None:
        """Writes the last sheet and closes the event file."""
        if self._writer is not None:
            self._write_sheets(self._step)
            self._writer.close()

    def _start_anew(self) -> None:
        """Replaces all event files by an empty one."""
        if self._writer is not None:
            self._writer.close()
        for path in self._folder.glob("events.out.tfevents.*"):
            path.unlink()
        self._writer = tf.summary.create_file_writer(str(self._folder))
        self._step, self._sheets = -1, set()

    def _write_row(self, row: dict[str, float]) -> None:
        assert self._writer is not None
        step = int(row["iteration"])
        with self._writer.as_default(step):
            for name, value in row.items():
                if name != "iteration":
                    tf.summary.scalar(name, value)

    def _write_sheets(self, last: int) -> None:
        """Writes the sheets up to an iteration that are not written yet."""
        assert self._writer is not None
        with self._writer.as_default():
            for path in self._new_sheets(last):
                self._sheets.add(path.name)
                image = tf.io.decode_png(path.read_bytes(), channels=3)
                tf.summary.image("samples", image[None], int(path.stem))
        self._writer.flush()

    def _new_sheets(self, last: int) -> list[Path]:
        """Returns the sheets of training in order of their iterations."""
        sheets = sorted(path for path in self._run.samples.glob("*.png") if path.stem.isdigit())
        return [path for path in sheets if int(path.stem) <= last and path.name not in self._sheets]
