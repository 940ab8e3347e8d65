"""Keeps the checkpoint with the best value of a metric, beside the newest ones (`--keep_best`)."""

import contextlib
import math
from collections.abc import Iterator
from typing import Literal

from framework.engine import checkpoints
from framework.engine.trainer import Trainer
from framework.results import Run
from framework.results.run import Origin


class Best:
    """The checkpoint with the best value of one metric.

    It is in `run.best` and is written as all checkpoints are: a kill leaves either the old one or
    the new one complete. Among equal values the earliest iteration is the best. If a run goes back
    to its newest ordinary checkpoint, a later best checkpoint is deleted; therefore the best of the
    iterations up to that one is kept, too.
    """

    def __init__(
        self, trainer: Trainer, run: Run, metric: str, better: Literal["up", "down"]
    ) -> None:
        """Writes and reads nothing.

        Args:
            trainer: trainer of the run.
            run: open folder of the run.
            metric: name of the metric.
            better: whether a higher ("up") or a lower ("down") value is better.
        """
        self._trainer, self._run = trainer, run
        self._metric, self._better = metric, better
        self._value: float | None = None

    def rewind(self, step: int) -> None:
        """Forgets what was kept after `step`, from which training continues."""
        checkpoints.forget_after(self._run.best, step)
        origin = _origin(self._run)
        if origin and (origin["metric"], origin["better"]) == (self._metric, self._better):
            self._value = origin["value"]
        else:
            self._value = None  # that of another metric stays until a checkpoint replaces it

    def offer(self, step: int, value: float) -> None:
        """Keeps the present state if `value` is the best of the metric so far.

        Raises:
            DivergedError: a weight is not finite; nothing is written.
            UserError: the disk is full or the folder is not writable.
        """
        if not math.isfinite(value) or not self._is_better(value):
            return
        newest = max(checkpoints.steps(self._run.checkpoints), default=0)
        steps = checkpoints.steps(self._run.best) if self._value is not None else []
        earlier = [old for old in steps if old <= newest][:1]
        record = {"metric": self._metric, "better": self._better, "value": value}
        self._trainer.save(self._run.best, record, keep=1, others=earlier)
        self._value = value

    def _is_better(self, value: float) -> bool:
        if self._value is None:
            return True
        return value > self._value if self._better == "up" else value < self._value


@contextlib.contextmanager
def state(trainer: Trainer, run: Run) -> Iterator[Origin]:
    """Gives a trainer the state of which networks are saved; afterwards its own state again.

    It is the best checkpoint if the run has --keep_best, else the trainer's own state.

    Yields:
        Where this state comes from.
    """
    metric, own = trainer.options.keep_best, {"iteration": int(trainer.step), "chosen": "newest"}
    origin = _origin(run) if metric else None
    if origin is None or origin["metric"] != metric:
        if metric:
            run.note(f"--keep_best: no checkpoint was kept by {metric}; the newest is used")
        yield own
        return
    trainer.restore(run.best)
    try:
        yield origin
    finally:
        trainer.restore(run.checkpoints)


def _origin(run: Run) -> Origin | None:
    """Returns iteration, metric and value of the best checkpoint of a run; None without one."""
    content = checkpoints.newest(run.best)
    if content is None:
        return None
    return {"iteration": content["step"], "chosen": "best", **content["record"]}
