"""Runs experiments of the thesis and sets its numbers beside ours: names or groups, such as fig4.1.

Runs that are missing are trained, those begun go on. Table (Markdown, CSV), sheet and page are
written to <results_dir>/reproduce/<name>/, of other scales than full <name>-<scale>/.
"""

import argparse
import dataclasses
import math
import os
from collections.abc import Sequence
from pathlib import Path

from framework import config, experiments, flags, presets
from framework.commands.base import load_tensorflow, parser
from framework.errors import UsageError
from framework.experiments import EXPERIMENTS, GROUPS, Experiment
from framework.options import LPIPS_NETS, Options
from framework.reproduce import report, runner

SEED = Options.seed
COSTS = {  # what stands above the list
    "full": "At full scale most runs are a GPU's work; other minutes are of one CPU core.",
    "cpu": "Minutes are of one CPU core, about: two cores take half of them.",
    "smoke": "Minutes are of one CPU core, about.",
}


def run(argv: Sequence[str]) -> int:
    """Runs the command; returns its exit code."""
    args = _parser().parse_args(argv)
    if args.list or not args.names:
        _list(args.scale)
        return 0
    # Runs of full size want a GPU, or all cores, for themselves.
    usual = 1 if args.scale == "full" else len(runner.usable_cores()) or os.cpu_count() or 1
    at_once = usual if args.at_once is None else args.at_once
    if args.seeds < 1 or at_once < 1:
        raise UsageError("--seeds and --at_once must be at least 1")
    names = _chosen(args.names)
    plans = {name: _jobs(EXPERIMENTS[name], args) for name in names}
    jobs: dict[str, runner.Job] = {}  # several experiments may want one run
    for job in (job for plan in plans.values() for seeds in plan.values() for job in seeds):
        jobs[job.name] = jobs[job.name].with_all_of(job) if job.name in jobs else job
    results_dir, places = Path(args.results_dir), {"data_dir": args.data_dir}
    code = runner.run(list(jobs.values()), results_dir, places, at_once)
    load_tensorflow()
    for name, plan in plans.items():
        folders = {label: [results_dir / j.name for j in seeds] for label, seeds in plan.items()}
        page = report.write(
            name, EXPERIMENTS[name], folders, args.scale, results_dir, printed=args.printed
        )
        print(page)
    return code


def _parser() -> argparse.ArgumentParser:
    arguments = parser("reproduce", __doc__, run=False)
    arguments.add_argument("names", nargs="*", metavar="NAME", help="experiments or groups")
    arguments.add_argument("--list", action="store_true", help="what there is, and its cost")
    arguments.add_argument(
        "--scale", choices=experiments.SCALES, default="full",
        help="full: as in the thesis (GPU); cpu: narrow nets, minutes; smoke: 20 iterations [full]",
    )  # fmt: skip
    arguments.add_argument("--seeds", type=int, default=1, help="runs of each, for a spread [1]")
    arguments.add_argument(
        "--at_once", type=int,
        help="runs at a time, each on its part of the cores [1; at other scales one per core]",
    )  # fmt: skip
    arguments.add_argument(
        "--printed", action="store_true",
        help="fig2.7 by the thesis' printed script, where equal distributions have a divergence",
    )  # fmt: skip
    arguments.add_argument("--data_dir", default=Options.data_dir, help="[%(default)s]")
    arguments.add_argument("--results_dir", default=Options.results_dir, help="[%(default)s]")
    arguments.add_argument(
        "--lpips_net", choices=("none", *LPIPS_NETS),
        help="network of LPIPS [alex, at scale cpu squeeze]",
    )  # fmt: skip
    return arguments


def _chosen(names: Sequence[str]) -> list[str]:
    try:
        return experiments.select(list(names))
    except ValueError as error:
        known = [*EXPERIMENTS, *GROUPS]
        raise UsageError(f"{error}: {flags.suggest(str(error), known)}") from error


def _jobs(experiment: Experiment, args: argparse.Namespace) -> dict[str, list[runner.Job]]:
    """Run label -> its job for each seed."""
    seeds = range(SEED, SEED + args.seeds)
    return {
        label: [_job(preset, experiment, seed, args) for seed in seeds]
        for label, preset in experiment.runs.items()
    }


def _job(preset: str, experiment: Experiment, seed: int, args: argparse.Namespace) -> runner.Job:
    options = experiments.flags(preset, args.scale) | {"seed": seed}
    system = presets.PRESETS[preset].options.get("gan_type", Options.gan_type)
    known = {field.name for field in dataclasses.fields(config.options_class(system))}
    measures = tuple(experiment.measures)
    extra = {}
    if "lpips_net" in known and any(map(_is_lpips, measures)):
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
    print(f"{COSTS[scale]}\n")
    print(f"{'name':11} {'runs':>4} {'iterations':>10} {'minutes':>7}  needs; what it shows")
    for name, experiment in EXPERIMENTS.items():
        needs = ", ".join(experiments.needs(experiment, scale)) or "nothing"
        print(f"{name:11} {_cost([experiment], scale)}  {needs}; {experiment.title}")
    for name, members in GROUPS.items():
        cost = _cost([EXPERIMENTS[member] for member in members], scale)
        print(f"{name:11} {cost}  {', '.join(members)}")


def _cost(chosen: Sequence[Experiment], scale: str) -> str:
    """Number of runs, iterations of all and minutes of one core, each run counted once."""
    runs = {preset for experiment in chosen for preset in experiment.runs.values()}
    total = sum(experiments.iterations(preset, scale) for preset in runs)
    minutes = [experiments.core_minutes(preset, scale) for preset in runs]
    told = "GPU" if None in minutes else f"{math.ceil(sum(minutes))}"
    return f"{len(runs):4} {total:10,} {told:>7}"
