"""Measures a run's newest weights; writes metrics.json and the page."""

from collections.abc import Sequence
from pathlib import Path

from framework.commands.base import assess, parser, places, restored
from framework.errors import UsageError
from framework.options import LPIPS_NETS
from framework.results import Run


def run(argv: Sequence[str]) -> int:
    """Runs the command; returns its exit code."""
    arguments = parser("evaluate", __doc__)
    arguments.add_argument("--n", type=int, help="samples [as the run was told, else 2000]")
    nets = ("none", *LPIPS_NETS)
    arguments.add_argument("--lpips_net", choices=nets, help="as in training [as the run was told]")
    arguments.add_argument("--lpips_weights", metavar="DIR", help="folder of its weights")
    args = arguments.parse_args(argv)
    if args.n is not None and args.n < 2:
        raise UsageError(f"--n {args.n}: must be at least 2")
    config = Run.load(Path(args.run)).config
    told = config.get("eval_pairs")
    if args.lpips_weights and (args.lpips_net or config.get("lpips_net", "none")) == "none":
        raise UsageError("--lpips_weights: needs --lpips_net")
    given = dict(
        eval_pairs=args.n or told or 2000,
        lpips_net=args.lpips_net,
        lpips_weights=args.lpips_weights,
    )
    with restored(args.run, **given, **places(args)) as trainer:
        assess(trainer)
    return 0
