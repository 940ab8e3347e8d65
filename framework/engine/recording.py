"""Trains a system and writes history, sheets, checkpoints and loss plots into its run folder."""

import dataclasses
import functools
from collections.abc import Callable, Sequence
from typing import Any, Literal

import keras

from framework.engine import checkpoints
from framework.engine.best import Best
from framework.engine.loop import Action, Loop
from framework.engine.trainer import Trainer
from framework.errors import Stopped
from framework.results import Run

Statistics = Callable[[], dict[str, float]]
"""Function that computes statistics to log beside the terms, by column (`stat/...`)."""


@dataclasses.dataclass
class Evaluation:
    """What is measured every `--evaluate_every` iterations.

    Attributes:
        measure: computes metrics of the networks in training, values by name; it changes nothing.
        better: whether a higher ("up") or a lower ("down") value of --keep_best is better; None
            without this option.
    """

    measure: Callable[[], dict[str, float]]
    better: Literal["up", "down"] | None = None


def train(
    trainer: Trainer,
    run: Run,
    *,
    statistics: Statistics = dict,
    sheet: Action | None = None,
    evaluation: Evaluation | None = None,
    callbacks: Sequence[keras.callbacks.Callback] = (),
) -> int:
    """Trains up to `--iterations`, starting from the newest checkpoint of the run.

    Args:
        trainer: trainer of the system.
        run: open folder of the run.
        statistics: computes further statistics to log.
        sheet: writes a sheet of images; called every `--sheet_every` iterations.
        evaluation: what is measured every `--evaluate_every` iterations, for metrics.csv.
        callbacks: Keras callbacks; an epoch is a log interval, its logs a row of history.csv. One
            that sets `model.stop_training` ends training.

    Returns:
        Exit code of `Loop.run`, which raises the same errors.
    """
    options, loop = trainer.options, Loop(trainer, run.checkpoints, note=run.note)
    model = next(iter(trainer.nets.values()))
    listeners = keras.callbacks.CallbackList(list(callbacks), model=model)
    loop.when_resumed(functools.partial(_rewind, run, options.iterations))
    _log_regularly(loop, trainer, run, statistics, listeners)
    if sheet:
        loop.every(options.sheet_every, sheet, at_start=True)
    if evaluation and options.evaluate_every:
        _evaluate_regularly(loop, trainer, run, evaluation)
    loop.every(options.save_every, lambda step: run.plots_now_and_then())
    listeners.on_train_begin()
    code = loop.run()
    listeners.on_train_end()
    return code


def _log_regularly(
    loop: Loop,
    trainer: Trainer,
    run: Run,
    statistics: Statistics,
    listeners: keras.callbacks.CallbackList,
) -> None:
    """Adds the log to a loop: a row of history.csv, which the callbacks get too."""
    end = trainer.options.iterations

    def log(step: int) -> None:
        terms = loop.end_interval() | trainer.statistics() | statistics()
        run.log(step, terms)
        listeners.on_epoch_end(step, terms)
        if step < end:
            listeners.on_epoch_begin(step)
        if getattr(listeners.model, "stop_training", False) and step < end:
            loop.end()
            run.note(f"a callback ends training at iteration {step} of {end}")

    loop.when_resumed(listeners.on_epoch_begin)
    loop.every(trainer.options.log_every, log)


def _evaluate_regularly(loop: Loop, trainer: Trainer, run: Run, evaluation: Evaluation) -> None:
    """Adds the evaluation to a loop: a row of metrics.csv and, with --keep_best, a checkpoint."""
    metric = trainer.options.keep_best
    best = Best(trainer, run, metric, evaluation.better) if metric and evaluation.better else None

    def evaluate(step: int) -> None:
        trainer.check_weights()  # as all other workers do now; metrics refuse other images
        values = evaluation.measure()
        if values:
            run.metrics_table.append(step, values)
        if best and metric in values:
            best.offer(step, values[metric])

    loop.every(trainer.options.evaluate_every, evaluate)
    if best:
        loop.when_resumed(best.rewind)


def _rewind(run: Run, iterations: int, step: int) -> None:
    """Removes from a run folder what was written after `step` of `iterations` iterations."""
    run.rewind(step)
    checkpoints.forget_after(run.best, step)
    if step < iterations:
        run.forget_metrics()  # they were measured with other weights
        run.forget_origin()  # the networks in models/ are not those of the newest checkpoint


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
