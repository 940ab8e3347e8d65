"""Evaluates a run; writes metrics.json and the page.

Both are of the newest checkpoint; after a training with --keep_best, of the best one. The metrics
of another checkpoint (--iteration) are written to metrics_<iteration>.json, without a page.
"""

from __future__ import annotations

import argparse
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from framework.commands.base import parser, tensorflow
from framework.errors import UsageError
from framework.options.base import LPIPS_NETS

if TYPE_CHECKING:
    from framework.results import Run

Checkpoint = int | Literal["best"] | None
"""An iteration, the best checkpoint of --keep_best, or the newest one."""
WIDTH = 90  # of the text of a metric in --help
DATA_OPTIONS = {
    "data_dir": "folder of the data sets",
    "folder": "folder with the images of all domains (--data DIR)",
    "domain1": "folder of domain 1",
    "domain2": "folder of domain 2",
}


def run(argv: Sequence[str]) -> int:
    """Runs the command; returns its exit code."""
    arguments = parser("evaluate", __doc__)
    for name, help in DATA_OPTIONS.items():
        arguments.add_argument(f"--{name}", help=f"{help} [as in training]")
    arguments.add_argument("--n", type=int, help="number of samples [as in training, else 2000]")
    nets = ("none", *LPIPS_NETS)
    arguments.add_argument("--lpips_net", choices=nets, help="network of LPIPS [as in training]")
    arguments.add_argument("--lpips_weights", metavar="DIR", help="folder with its weights")
    if {"-h", "--help"} & {*argv}:
        arguments.formatter_class = argparse.RawDescriptionHelpFormatter
        arguments.epilog = _metrics_help()
    args = arguments.parse_args(argv)
    if args.n is not None and args.n < 2:
        raise UsageError(f"--n {args.n}: must be at least 2")
    from framework.results import Run

    config = Run.load(Path(args.run)).config
    if args.lpips_weights and (args.lpips_net or config.get("lpips_net", "none")) == "none":
        raise UsageError("--lpips_weights: needs --lpips_net")
    changes = {name: getattr(args, name) for name in (*DATA_OPTIONS, "lpips_net", "lpips_weights")}
    changes |= dict(eval_pairs=args.n or config.get("eval_pairs") or 2000, devices=args.devices)
    with tensorflow(args.devices or config.get("devices", "auto")):
        _evaluate(args.run, args.iteration, changes)
    return 0


def _metrics_help() -> str:
    """Lists every metric with its meaning and the direction in which it is better."""
    from framework.evaluation.metrics import DESCRIPTIONS

    lines = ["metrics, with their names in metrics.json (a digit at the end is the domain):"]
    for each in DESCRIPTIONS:
        better = {"up": " Higher is better.", "down": " Lower is better.", None: ""}[each.better]
        text = textwrap.wrap(each.meaning + better, WIDTH)
        lines += [f"  {each.name}", *(f"      {line}" for line in text)]
    return "\n".join(lines)


def _evaluate(folder: str, iteration: Checkpoint, changes: dict[str, Any]) -> None:
    """Opens a run with some options changed, evaluates it and writes its page."""
    from framework.commands import training
    from framework.data import Facts
    from framework.engine import data_files
    from framework.evaluation import halves
    from framework.evaluation.evaluation import Subject
    from framework.evaluation.suite import Suite, prepare
    from framework.results import Run
    from framework.trainers.opening import changed_options, open_run, usual
    from framework.trainers.registry import trainer_class

    run = Run.load(Path(folder))
    options = changed_options(run, changes)
    trainer_type, all_data = trainer_class(options), training.load_data(options, run.folder)
    data, store = trainer_type.training_data(options, all_data), training.classifier_store()
    data_files.tell(run.folder, data)
    makers = prepare(trainer_type.system_class, options, all_data, store)
    facts = Facts.from_dict(run.data) if run.data else data.facts
    opened = open_run(folder, checkpoint=iteration, facts=facts, **changes)
    is_usual = iteration is None or opened.step == _step(run, usual(run))
    opened.run.write_data(facts.to_dict())  # version 0.1 did not write it
    evaluators = {name: make() for name, make in makers.items()}
    subject = Subject(
        opened.system, halves.to_measure(options, data), store, evaluators,
        step=lambda: opened.step, run=opened.run if is_usual else None,
    )  # fmt: skip
    if is_usual:
        training.evaluate(Suite(subject), opened.run, options, training.published(options))
        return
    metrics = halves.explained(options, Suite(subject).metrics())
    path = run.save_metrics(metrics, opened.step)
    print(*training.metric_lines(metrics), f"see {path}", sep="\n")


def _step(run: Run, checkpoint: Checkpoint) -> int | None:
    """Returns the iteration of the newest or the best checkpoint; None if there is none."""
    from framework.engine import checkpoints

    steps = checkpoints.steps(run.best if checkpoint == "best" else run.checkpoints)
    return next(iter(steps), None)
