"""Trains, evaluates and writes the page; the same command resumes.

With --grid FLAG=V1,V2,... (any number of them) it does so for every combination of the values.
"""

import contextlib
import importlib.util
import shlex
from collections.abc import Sequence
from pathlib import Path

from framework import cluster, config
from framework.commands.base import assess, build_trainer, load_data, published, tensorflow
from framework.config import Options
from framework.errors import MissingError, UsageError
from framework.reproduce import grid, runner


def run(argv: Sequence[str]) -> int:
    """Runs the command; returns its exit code."""
    sweep = grid.read(argv)
    if sweep.values:
        return _sweep(sweep)
    options = config.parse(argv)
    from framework.data import names

    names.check(options)
    if options.dry_run:
        return _dry_run(options)
    from framework.results import Run, locked

    if options.logger == "tensorboard" and importlib.util.find_spec("tensorboard") is None:
        raise MissingError("--logger tensorboard: pip install tensorboard")
    if cluster.workers() > 1 and options.devices != "auto":
        raise UsageError(f"--devices {options.devices}: several workers use all their devices")
    place = Path(options.results_dir) / options.name, options.to_dict()
    how = dict(overwrite=options.overwrite, inert=config.inert_options(options.gan_type))
    Run.check(*place, **how)
    chief = cluster.is_chief()
    with locked(place[0]) if chief else contextlib.nullcontext(), tensorflow(options):
        trainer = build_trainer(options, load_data(options))
        trainer.follows = place[0] / "checkpoints"
        if chief:  # opened, or emptied, only when nothing can be wrong with the options any more
            trainer.run = Run.open(*place, "python main.py " + shlex.join(argv), **how)
        code = trainer.fit(_callbacks(trainer))
        if chief:
            _finish(trainer, code)
        trainer.agree(code)  # the other workers wait until the chief has finished
        return code


def _callbacks(trainer) -> list:
    if trainer.run is None or trainer.options.logger == "csv":
        return []
    from framework.events import Events

    return [Events(trainer.run)]


def _sweep(sweep: grid.Grid) -> int:
    options, jobs = grid.first(sweep), grid.jobs(sweep)
    if options.dry_run:
        raise UsageError("--dry_run: not with --grid; look at one of its runs")
    if options.overwrite:
        raise UsageError("--overwrite: not with --grid; delete the runs that are to be made anew")
    results_dir = Path(options.results_dir)
    code = runner.run(list(jobs.values()), results_dir, {}, sweep.at_once)
    print(f"see {grid.write(sweep, jobs, results_dir)}")
    return code


def _finish(trainer, stopped: int) -> None:
    """Models, metrics and page of a finished run; the page alone of one that a signal stopped."""
    if not stopped:
        trainer.save_models()
        assess(trainer)
        return
    trainer.run.plots()
    trainer.run.report(published(trainer.options))
    again = "the same command" + (" without --overwrite" if trainer.options.overwrite else "")
    trainer.run.note(f"stopped at iteration {int(trainer.step)}, saved; {again} resumes")


def _dry_run(options: Options) -> int:
    with tensorflow(options):
        from framework import dry_run

        dry_run.show(build_trainer(options, load_data(options)))
    return 0
