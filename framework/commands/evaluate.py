"""Evaluates the newest checkpoint of a run; writes metrics.json and the page."""

import argparse
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from framework.commands.base import parser, tensorflow
from framework.errors import UsageError
from framework.options.base import LPIPS_NETS

WIDTH = 90  # of the text of a metric in --help
DATA_OPTIONS = {
    "data_dir": "folder of the data sets",
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
        _evaluate(args.run, changes)
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


def _evaluate(folder: str, changes: dict[str, Any]) -> None:
    """Opens a run with some options changed, evaluates it and writes its page."""
    from framework.commands import training
    from framework.evaluation.evaluation import Subject
    from framework.evaluation.suite import Suite, prepare
    from framework.results import Run
    from framework.trainers.opening import changed_options, open_run
    from framework.trainers.registry import trainer_class

    run = Run.load(Path(folder))
    options = changed_options(run, changes)
    trainer_type, all_data = trainer_class(options), training.load_data(options)
    data, store = trainer_type.training_data(options, all_data), training.classifier_store()
    makers = prepare(trainer_type.system_class, options, all_data, store)
    opened = open_run(folder, facts=data.facts, **changes)
    opened.run.write_data(data.facts.to_dict())  # version 0.1 did not write it
    evaluators = {name: make() for name, make in makers.items()}
    subject = Subject(
        opened.system, data, store, evaluators, step=lambda: opened.step, run=opened.run
    )
    training.evaluate(Suite(subject), opened.run, options, training.published(options))
