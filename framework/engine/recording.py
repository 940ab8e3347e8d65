"""Trains a system and writes history, sheets, checkpoints and loss plots into its run folder."""

import functools
from collections.abc import Callable, Sequence
from typing import Any

import keras

from framework.engine.loop import Action, Loop
from framework.engine.trainer import Trainer
from framework.errors import Stopped
from framework.results import Run

Statistics = Callable[[], dict[str, float]]
"""Function that computes statistics to log beside the terms, by column (`stat/...`)."""


def train(
    trainer: Trainer,
    run: Run,
    *,
    statistics: Statistics = dict,
    sheet: Action | None = None,
    callbacks: Sequence[keras.callbacks.Callback] = (),
) -> int:
    """Trains up to `--iterations`, starting from the newest checkpoint of the run.

    Args:
        trainer: trainer of the system.
        run: open folder of the run.
        statistics: computes further statistics to log.
        sheet: writes a sheet of images; called every `--sheet_every` iterations.
        callbacks: Keras callbacks; an epoch is a log interval, its logs a row of history.csv.

    Returns:
        Exit code of `Loop.run`, which raises the same errors.
    """
    options, loop = trainer.options, Loop(trainer, run.checkpoints, note=run.note)
    model = next(iter(trainer.nets.values()))
    listeners = keras.callbacks.CallbackList(list(callbacks), model=model)

    def log(step: int) -> None:
        terms = loop.end_interval() | trainer.statistics() | statistics()
        run.log(step, terms)
        listeners.on_epoch_end(step, terms)

    loop.when_resumed(functools.partial(_rewind, run, options.iterations))
    loop.every(options.log_every, log)
    if sheet:
        loop.every(options.sheet_every, sheet, at_start=True)
    loop.every(options.save_every, lambda step: run.plots_now_and_then())
    listeners.on_train_begin()
    code = loop.run()
    listeners.on_train_end()
    return code


def _rewind(run: Run, iterations: int, step: int) -> None:
    """Removes from a run folder what was written after `step` of `iterations` iterations."""
    run.rewind(step)
    if step < iterations:
        run.forget_metrics()  # they were measured with other weights


def train_dependency(trainer: Trainer, run: Run, title: str, **arguments: Any) -> None:
    """Trains, or resumes, a run that another run depends on.

    Args:
        trainer: trainer of the system.
        run: open folder of the run.
        title: what is trained, for the error message.
        **arguments: further arguments of `train`.

    Raises:
        Stopped: a signal stopped it; everything is saved.
    """
    if code := train(trainer, run, **arguments):
        raise Stopped(f"{title} was not finished; the same command goes on with it", code)
