"""Repeats experiments of the thesis and compares its numbers with ours.

NAME is an experiment, such as fig4.1, or a group of experiments. Missing runs are trained and
unfinished ones resumed. Table (Markdown, CSV), sheet and page are written to
<results_dir>/reproduce/<name>/, or <name>-<scale>/ for scales other than full.
"""

import argparse
import dataclasses
import math
import os
from collections.abc import Sequence
from pathlib import Path

from framework import experiments, presets
from framework.commands.base import load_tensorflow, parser
from framework.errors import UsageError
from framework.experiments import EXPERIMENTS, GROUPS, Experiment, report, runner
from framework.options import config, flags
from framework.options.base import LPIPS_NETS, Options

SEED = Options.seed
LIST_TITLES = {
    "full": "Most runs of full scale need a GPU; minutes of the others are for one CPU core.",
    "cpu": "Approximate minutes are for one CPU core; two cores take half as long.",
    "smoke": "Approximate minutes are for one CPU core.",
}


def run(argv: Sequence[str]) -> int:
    """Runs the command; returns its exit code."""
    args = _parser().parse_args(argv)
    if args.list or not args.names:
        _list(args.scale)
        return 0
    # A run of full scale uses a GPU or all cores.
    default = 1 if args.scale == "full" else len(runner.usable_cores()) or os.cpu_count() or 1
    at_once = default if args.at_once is None else args.at_once
    if args.seeds < 1 or at_once < 1:
        raise UsageError("--seeds and --at_once must be at least 1")
    names = _experiments(args.names)
    plans = {name: _jobs(EXPERIMENTS[name], args) for name in names}
    jobs: dict[str, runner.Job] = {}  # several experiments may use the same run
    for job in (job for plan in plans.values() for seeds in plan.values() for job in seeds):
        jobs[job.name] = jobs[job.name].with_all_of(job) if job.name in jobs else job
    results_dir, options = Path(args.results_dir), {"data_dir": args.data_dir}
    code = runner.run(list(jobs.values()), results_dir, options, at_once)
    load_tensorflow()
    for name, plan in plans.items():
        folders = {
            label: [results_dir / job.name for job in seeds] for label, seeds in plan.items()
        }
        page = report.write(
            name, EXPERIMENTS[name], folders, args.scale, results_dir, printed=args.printed
        )
        print(page)
    return code


def _parser() -> argparse.ArgumentParser:
    arguments = parser("reproduce", __doc__, run=False)
    arguments.add_argument("names", nargs="*", metavar="NAME", help="experiments or groups")
    arguments.add_argument("--list", action="store_true", help="list experiments and their cost")
    arguments.add_argument(
        "--scale", choices=experiments.SCALES, default="full",
        help="full: as in the thesis (GPU); cpu: narrow nets, minutes; smoke: 20 iterations [full]",
    )  # fmt: skip
    arguments.add_argument("--seeds", type=int, default=1, help="number of seeds of each run [1]")
    arguments.add_argument(
        "--at_once", type=int,
        help="runs at the same time, which share the cores [full: 1, other scales: one per core]",
    )  # fmt: skip
    arguments.add_argument(
        "--printed", action="store_true",
        help="draw fig2.7 by the script that the thesis prints, in which the divergence of equal "
        "distributions is not 0",
    )  # fmt: skip
    arguments.add_argument(
        "--data_dir", default=Options.data_dir, help="folder of the data sets [%(default)s]"
    )
    arguments.add_argument(
        "--results_dir", default=Options.results_dir, help="folder of the runs [%(default)s]"
    )
    arguments.add_argument(
        "--lpips_net", choices=("none", *LPIPS_NETS),
        help="network of LPIPS [alex; scale cpu: squeeze]",
    )  # fmt: skip
    return arguments


def _experiments(names: Sequence[str]) -> list[str]:
    """Returns the names of experiments and of the members of groups; raises UsageError."""
    try:
        return experiments.select(list(names))
    except ValueError as error:
        known = [*EXPERIMENTS, *GROUPS]
        raise UsageError(f"{error}: {flags.suggest(str(error), known)}") from error


def _jobs(experiment: Experiment, args: argparse.Namespace) -> dict[str, list[runner.Job]]:
    """Returns the jobs of an experiment by label of its runs, one for each seed."""
    seeds = range(SEED, SEED + args.seeds)
    return {
        label: [_job(preset, experiment, seed, args) for seed in seeds]
        for label, preset in experiment.runs.items()
    }


def _job(preset: str, experiment: Experiment, seed: int, args: argparse.Namespace) -> runner.Job:
    """Returns the job that trains a preset and measures what the experiment reports."""
    options = experiments.flags(preset, args.scale) | {"seed": seed}
    system = presets.PRESETS[preset].options.get("gan_type", Options.gan_type)
    names = {field.name for field in dataclasses.fields(config.options_class(system))}
    measures = tuple(experiment.measures)
    extra = {}
    if "lpips_net" in names and any(map(_is_lpips, measures)):
        extra["lpips_net"] = args.lpips_net or experiments.lpips_net(args.scale)
        if extra["lpips_net"] == "none":
            measures = tuple(name for name in measures if not _is_lpips(name))
    name = "-".join(
        [preset, *([args.scale] * (args.scale != "full")), *([f"seed{seed}"] * (seed != SEED))]
    )
    return runner.Job(name, options | extra, measures)


def _is_lpips(measure: str) -> bool:
    return measure.startswith("lpips")


def _list(scale: str) -> None:
    print(f"{LIST_TITLES[scale]}\n")
    print(f"{'name':11} {'runs':>4} {'iterations':>10} {'minutes':>7}  needs; what it shows")
    for name, experiment in EXPERIMENTS.items():
        needs = ", ".join(experiments.needs(experiment, scale)) or "nothing"
        print(f"{name:11} {_cost([experiment], scale)}  {needs}; {experiment.title}")
    for name, members in GROUPS.items():
        cost = _cost([EXPERIMENTS[member] for member in members], scale)
        print(f"{name:11} {cost}  {', '.join(members)}")


def _cost(selected: Sequence[Experiment], scale: str) -> str:
    """Returns the number of runs, their iterations and their minutes on one core, as columns.

    A run that several experiments use is counted once.
    """
    runs = {preset for experiment in selected for preset in experiment.runs.values()}
    total = sum(experiments.iterations(preset, scale) for preset in runs)
    minutes = [experiments.core_minutes(preset, scale) for preset in runs]
    known = [value for value in minutes if value is not None]
    total_minutes = "GPU" if len(known) < len(minutes) else f"{math.ceil(sum(known))}"
    return f"{len(runs):4} {total:10,} {total_minutes:>7}"
