"""The training loop: when actions run, what stops a run, and what follows a non-finite loss."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import tensorflow as tf

from framework.engine import signals
from framework.engine.trainer import Trainer
from framework.errors import DivergedError, UsageError
from framework.options import flags
from framework.results import Interval, Progress

MAX_ROLLBACKS = 3

Action = Callable[[int], None]
"""Function of the number of iterations done."""


class Loop:
    """Trains a system up to `--iterations`, starting from its newest checkpoint.

    The checkpoint holds everything that is needed to resume exactly: besides the weights, the sums
    of the interrupted log interval and the number of rollbacks of `--nan_policy rollback`.
    """

    def __init__(
        self,
        trainer: Trainer,
        checkpoints: Path | None = None,
        *,
        writes: bool = True,
        note: Callable[[str], None] = print,
    ) -> None:
        """Prepares training; reads and writes nothing.

        Args:
            trainer: trainer of the system.
            checkpoints: folder of its checkpoints; None to neither read nor write any.
            writes: whether to write checkpoints; only the chief of several workers does.
            note: prints one line for the user.
        """
        self.trainer, self.options = trainer, trainer.options
        self._folder, self._writes, self._note = checkpoints, writes, note
        self._actions: list[tuple[int, Action, bool]] = []
        self._resume_actions: list[Action] = []
        self._interval, self._rollbacks = Interval(), 0
        self._signal = 0  # number of the signal that stops all workers
        self._ended = False

    def every(self, count: int, action: Action, *, at_start: bool = False) -> None:
        """Calls `action` after every `count` iterations and after the last one.

        Actions of the same iteration are called in the order in which they were added, before the
        checkpoint of that iteration is written.

        Args:
            count: iterations between two calls.
            action: function of the number of iterations done.
            at_start: whether to call it also before the first iteration of a new run.
        """
        self._actions.append((count, action, at_start))

    def when_resumed(self, action: Action) -> None:
        """Calls `action` whenever training starts: at iteration 0 or at that of a checkpoint."""
        self._resume_actions.append(action)

    def end_interval(self) -> dict[str, float]:
        """Returns the mean of every term since the last call, by column of history.csv.

        Raises:
            DivergedError: a weight is not finite.
        """
        self.trainer.check_weights()
        terms, self._interval = self._interval.terms(), Interval()
        return terms

    def end(self) -> None:
        """Ends training after this iteration, as if it were the last one; the state is saved."""
        self._ended = True

    def run(self) -> int:
        """Trains; resumes from the newest checkpoint if there is one.

        Returns:
            Exit code: 0 if finished, 75 or 130 if a signal stopped it (everything is saved).

        Raises:
            DivergedError: a term is not finite; the newest checkpoint is kept.
            UsageError: the run has more iterations already, or workers do not share its folder.
        """
        total, seconds = self.options.iterations, flags.duration(self.options.max_time)
        self._resume()
        if (done := self._step()) > total:
            raise UsageError(f"--iterations {total}: this run has {done} already")
        with signals.collecting(seconds) as numbers, Progress(total, done) as progress:
            while self._step() < total and not self._stops:
                try:
                    self._train(progress, numbers)
                except DivergedError as error:
                    self._roll_back(error)
        stopped = self._signal and self._step() < total
        return signals.EXIT_CODES[self._signal] if stopped else 0

    @property
    def _stops(self) -> bool:
        return bool(self._signal) or self._ended

    def _step(self) -> int:
        return int(self.trainer.step)

    def _resume(self) -> bool:
        """Loads the newest checkpoint; returns False if there is none."""
        self.trainer.agree(0)  # waits until the chief has emptied the folder, if it has to
        record = self.trainer.restore(self._folder) if self._folder else None
        if record is not None:
            self._interval, self._rollbacks = Interval(record["interval"]), record["detours"]
            self.trainer.reseed(self._rollbacks)
        if self.trainer.agree(self._step()) != self._step():
            raise UsageError("--results_dir: must be a folder that all workers share")
        for action in self._resume_actions:
            action(self._step())
        return record is not None

    def _train(self, progress: Progress, signal_numbers: list[int]) -> None:
        """Trains until the last iteration, or until there is a signal number in the list."""
        options, step, total = self.options, self._step(), self.options.iterations
        intervals = [*(count for count, *_ in self._actions), options.log_every]
        intervals.append(options.save_every)
        iterator, pending = self.trainer.batches(step), []
        if step == 0:
            self._call_actions(0)
        while step < total and not self._stops:
            next_due = min(step + count - step % count for count in intervals)
            steps = min(options.steps_per_call, total - step, next_due - step)
            pending.append(self.trainer.run_steps(iterator, steps))
            step += steps
            if any(self._is_due(step, count) for count in intervals):
                self._add_terms(pending, step)
                progress.update(step, self._interval.terms())
                self._call_actions(step)
            self._signal = self.trainer.agree(signal_numbers[0] if signal_numbers else 0)
            if self._is_due(step, options.save_every) or self._stops:
                self._add_terms(pending, step)
                self._save()

    def _is_due(self, step: int, count: int) -> bool:
        return step == self.options.iterations or step % count == 0

    def _call_actions(self, step: int) -> None:
        for count, action, at_start in self._actions:
            if at_start if step == 0 else self._is_due(step, count):
                action(step)

    def _add_terms(self, pending: list[tf.Tensor], step: int) -> None:
        """Adds the terms of the last calls to the log interval and empties the list."""
        if pending:
            rows = np.concatenate(pending)  # the host waits here for the device
            skip = self.options.nan_policy == "skip"
            self._interval.add(self.trainer.term_names, rows, step, skip=skip)
            pending.clear()

    def _save(self) -> None:
        if self._folder and self._writes:
            # The key is that of the first version, so that its checkpoints can be resumed.
            record = {"interval": self._interval.record(), "detours": self._rollbacks}
            self.trainer.save(self._folder, record)
        else:
            self.trainer.check_weights()

    def _roll_back(self, error: DivergedError) -> None:
        """Continues from the newest checkpoint with other random numbers.

        Raises:
            DivergedError: --nan_policy is not rollback, there is no checkpoint, or there have been
                `MAX_ROLLBACKS` already.
        """
        rollbacks, failed_step = self._rollbacks + 1, self._step()
        if self.options.nan_policy != "rollback":
            raise DivergedError(
                f"{error}: checkpoints before it are kept; try a lower learning rate, another "
                "--loss, or --nan_policy skip or rollback"
            ) from error
        if rollbacks > MAX_ROLLBACKS or not self._resume():
            raise DivergedError(
                f"{error}: training cannot continue after {rollbacks - 1} returns to a checkpoint; "
                "try a lower learning rate or another --loss"
            ) from error
        self._rollbacks = rollbacks
        self.trainer.reseed(rollbacks)
        self._note(
            f"{error}: went back from iteration {failed_step} to {self._step()} and continues with "
            "other random numbers"
        )
