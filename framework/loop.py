"""Time: when to log, draw a sheet and save, what stops a run, and what a bad loss leads to."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import keras
import numpy as np

from framework import flags, results, signals
from framework.errors import DivergedError, Stopped, UsageError

if TYPE_CHECKING:
    from framework.trainer import Trainer

MOST_DETOURS = 3


def train_first(trainer: "Trainer", folder: Path, what: str, free: set[str]) -> None:
    """Trains what a run needs first, in a run of its own in `folder`, or goes on with it.

    Args:
        what: of what it is a part, for the reader of its record and of the message.
        free: names of options that may change between two sessions.

    Raises:
        Stopped: a signal; it is saved.
    """
    trainer.run = results.Run.open(folder, trainer.options.to_dict(), what, inert=free)
    if code := trainer.fit():
        raise Stopped(f"{what} was not finished; the same command goes on with it", code)


class Loop:
    """Trains a system up to `--iterations`, from its newest checkpoint on.

    Everything that a later start needs to go on exactly is in the checkpoint: the sums of the log
    interval that was interrupted, and how many detours `--nan_policy rollback` has made.
    """

    def __init__(self, trainer: "Trainer", callbacks: Sequence[keras.callbacks.Callback]) -> None:
        """`callbacks`: Keras callbacks; an epoch is one log interval."""
        self.trainer, self.options, self.run = trainer, trainer.options, trainer.run
        model = next(iter(trainer.nets.values()))
        self.callbacks = keras.callbacks.CallbackList(list(callbacks), model=model)
        self._interval, self._detours = results.Interval(), 0
        self._signal = 0  # the one that stops all workers

    def fit(self) -> int:
        """The exit code, see `Trainer.fit`."""
        total, seconds = self.options.iterations, flags.duration(self.options.max_time)
        self._resume()
        if (done := self._step()) > total:
            raise UsageError(f"--iterations {total}: this run has {done} already")
        if self.run and done < total:
            self.run.forget_metrics()
        self.callbacks.on_train_begin()
        with signals.caught(seconds) as caught, results.Progress(total, done) as progress:
            while self._step() < total and not self._signal:
                try:
                    self._go(progress, caught)
                except DivergedError as error:
                    self._roll_back(error)
        self.callbacks.on_train_end()
        stopped = self._signal and self._step() < total
        return signals.EXIT_CODES[self._signal] if stopped else 0

    def _step(self) -> int:
        return int(self.trainer.step)

    def _resume(self) -> bool:
        """Goes to the newest checkpoint; False if there is none."""
        self.trainer.agree(0)  # the chief may have just emptied the folder
        record = self.trainer.restore(missing_ok=True)
        if record is not None:
            self._interval, self._detours = results.Interval(record["interval"]), record["detours"]
            self.trainer.reseed(self._detours)
        if self.trainer.agree(self._step()) != self._step():
            raise UsageError("--results_dir: must be a folder that all workers share")
        if self.run:
            self.run.rewind(self._step())
        return record is not None

    def _go(self, progress: results.Progress, caught: list) -> None:
        """Iterations until the last one or until a signal is caught."""
        options, step, total = self.options, self._step(), self.options.iterations
        every = options.log_every, options.sheet_every, options.save_every
        iterator, pending = self.trainer.batches(step), []
        if step == 0:
            self.trainer.sheet()
        while step < total and not self._signal:
            nearest = min(step + each - step % each for each in every)
            count = min(options.steps_per_call, total - step, nearest - step)
            pending.append(self.trainer.run_steps(iterator, count))
            step += count
            log, sheet, save = (step == total or step % each == 0 for each in every)
            if log or sheet or save:
                self._add(pending, step)
                progress.update(step, self._interval.terms())
            if log:
                self._log(step)
            if sheet:
                self.trainer.sheet()
            self._signal = self.trainer.agree(caught[0] if caught else 0)
            if save or self._signal:
                self._add(pending, step)
                self._save()

    def _add(self, pending: list, step: int) -> None:
        """Moves the terms of the last calls into the interval."""
        if pending:
            rows = np.concatenate(pending)  # here the host waits for the device
            skip = self.options.nan_policy == "skip"
            self._interval.add(self.trainer.names, rows, step, skip=skip)
            pending.clear()

    def _log(self, step: int) -> None:
        self.trainer.check_weights()  # statistics of what is not finite mean nothing
        terms = self._interval.terms() | self.trainer.statistics()
        if self.run:
            self.run.log(step, terms)
        self.callbacks.on_epoch_end(step, terms)
        self._interval = results.Interval()

    def _save(self) -> None:
        self.trainer.save({"interval": self._interval.record(), "detours": self._detours})

    def _roll_back(self, error: DivergedError) -> None:
        """Goes on from the newest checkpoint with other random numbers, or raises DivergedError."""
        detours, begun = self._detours + 1, self._step()
        if self.options.nan_policy != "rollback":
            raise DivergedError(
                f"{error}: checkpoints before it are kept; try a lower learning rate, another "
                "--loss, or --nan_policy skip or rollback"
            ) from error
        if detours > MOST_DETOURS or not self._resume():
            raise DivergedError(
                f"{error}: no way on after {detours - 1} returns to a checkpoint; try a lower "
                "learning rate or another --loss"
            ) from error
        self._detours = detours
        self.trainer.reseed(detours)
        if self.run:
            self.run.note(f"{error}: back from {begun} to {self._step()}, on with other numbers")
