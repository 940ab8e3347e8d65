"""Measures a run's newest weights; writes metrics.json and the page."""

from collections.abc import Sequence

from framework.commands.base import assess, parser, restored
from framework.errors import UsageError


def run(argv: Sequence[str]) -> int:
    """Runs the command; returns its exit code."""
    arguments = parser("evaluate", __doc__)
    arguments.add_argument("--n", type=int, default=2000, help="samples [2000]")
    args = arguments.parse_args(argv)
    if args.n < 2:
        raise UsageError(f"--n {args.n}: must be at least 2")
    with restored(args.run, eval_pairs=args.n) as trainer:
        assess(trainer)
    return 0
