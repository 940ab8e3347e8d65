"""Trains a run, evaluates it and writes its page; the same command resumes it.

With --grid FLAG=V1,V2,... (once or several times) it trains a run for every combination of values.
"""

import contextlib
import functools
import importlib.util
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from framework.commands.base import load_tensorflow, tensorflow
from framework.engine import cluster
from framework.errors import MissingError, UsageError, program
from framework.experiments import grid, runner
from framework.options import config, continuation
from framework.options.base import Options

if TYPE_CHECKING:
    import keras

    from framework.engine.trainer import Trainer
    from framework.results import Run


def run(argv: Sequence[str]) -> int:
    """Runs the command; returns its exit code."""
    if config.chosen_system(argv) not in config.BUILT_IN:
        load_tensorflow()  # else the module of a user's system would import it with messages
    sweep = grid.read(argv)
    if sweep.values:
        return _sweep(sweep)
    options = config.parse(argv)
    return train(options, shlex.join([*program().split(), *argv]))


def train(
    options: Options,
    command: str,
    arrays: Any = None,
    callbacks: Sequence["keras.callbacks.Callback"] = (),
) -> int:
    """Trains or resumes a run, evaluates it and writes its page.

    Args:
        options: options of the run.
        command: the command line, which is shown on the page.
        arrays: data that a Python program passes, see `data.arrays`; None without these.
        callbacks: Keras callbacks, see `recording.train`.

    Returns:
        Exit code: 0 if finished, 75 or 130 if a signal stopped it (everything is saved).

    Raises:
        UsageError: the options contradict each other, the data or an existing run.
        MissingError: data, weights or a package are missing.
        DivergedError: a loss is not finite.
        UserError: another error that the user can fix.
    """
    from framework.data import names

    names.check(options, arrays)
    if options.dry_run:
        return _dry_run(options)
    from framework.results import locked

    folder = config.run_folder(options)
    _check(options, folder, command)
    with (
        locked(folder) if cluster.is_chief() else contextlib.nullcontext(),
        tensorflow(options.devices, options),
    ):
        return _train(options, folder, command, arrays, callbacks)


def _check(options: Options, folder: Path, command: str) -> None:
    """Raises the errors that are known before data are loaded; arguments as for `_train`."""
    from framework.engine import data_files
    from framework.results import Run

    if options.logger == "tensorboard" and importlib.util.find_spec("tensorboard") is None:
        raise MissingError("--logger tensorboard: pip install tensorboard")
    if cluster.workers() > 1 and options.devices != "auto":
        raise UsageError(f"--devices {options.devices}: several workers use all their devices")
    Run.check(
        folder, options.to_dict(), overwrite=options.overwrite,
        inert=config.inert_options(options.gan_type) | data_files.places(folder),
        upgrade=config.upgraded,
        advice=functools.partial(continuation.advice, options, command),
    )  # fmt: skip
    continuation.check_rates(options, command)


def _train(
    options: Options,
    folder: Path,
    command: str,
    arrays: Any,
    callbacks: Sequence["keras.callbacks.Callback"],
) -> int:
    """Trains the run in `folder`; only the chief of several workers writes there."""
    from framework.commands import training
    from framework.engine import initial

    training.check_metric(options)
    initial.check(options)
    data = training.load_data(options, arrays=arrays)
    trainer = training.build_trainer(options, data)
    lines = initial.start(trainer)
    if cluster.is_chief():
        evaluation = training.evaluation_of(trainer)
        # This may delete an older run: all options have been checked before.
        run = training.open_run_folder(trainer, folder, command, options.overwrite)
        for line in lines:
            run.note(line)
        suite, loggers = training.suite_of(trainer, run), training.callbacks_of(options, run)
        code = training.fit(trainer, suite, run, [*loggers, *callbacks], evaluation)
        if code:
            _report_stopped(options, run, int(trainer.step))
    else:
        code = _follow(trainer, folder / "checkpoints")
    trainer.agree(code)  # the other workers wait until the chief has finished
    return code


def _follow(trainer: "Trainer", checkpoints: Path) -> int:
    """Trains as a worker that is not the chief; returns the exit code of `Loop.run`.

    All workers must make the same calls of the step and check their weights in the same iterations.
    """
    from framework.engine.loop import Loop

    loop = Loop(trainer, checkpoints, writes=False)

    def check(step: int) -> None:
        loop.end_interval()

    loop.every(trainer.options.log_every, check)
    loop.every(trainer.options.sheet_every, lambda step: None)
    if trainer.options.evaluate_every:
        loop.every(trainer.options.evaluate_every, lambda step: trainer.check_weights())
    return loop.run()


def _report_stopped(options: Options, run: "Run", step: int) -> None:
    """Writes plots and page of a run that a signal stopped, and prints how to resume it."""
    from framework.commands.training import published
    from framework.evaluation import metrics

    run.plots()
    run.report(published(options), metrics.describe)
    command = "the same command" + (" without --overwrite" if options.overwrite else "")
    run.note(f"stopped at iteration {step}, saved; {command} resumes")


def _sweep(sweep: grid.Grid) -> int:
    """Trains a run for every combination of values, and writes a page that compares them."""
    options, jobs = grid.first(sweep), grid.jobs(sweep)
    if options.dry_run:
        raise UsageError("--dry_run: not with --grid; use it with the options of one run")
    if options.overwrite:
        raise UsageError("--overwrite: not with --grid; delete the runs that you want to repeat")
    results_dir = Path(options.results_dir)
    code = runner.run(list(jobs.values()), results_dir, {}, sweep.at_once)
    print(f"see {grid.write(sweep, jobs, results_dir)}")
    return code


def _dry_run(options: Options) -> int:
    with tensorflow(options.devices, options):
        from framework.commands import training
        from framework.engine import dry_run

        dry_run.show(training.build_trainer(options, training.load_data(options)))
    return 0
