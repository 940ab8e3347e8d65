"""Measures a run's newest weights; writes metrics.json and the page."""

from collections.abc import Sequence

from framework.commands.base import assess, parser, restored
from framework.errors import UsageError


def run(argv: Sequence[str]) -> int:
    """Runs the command; returns its exit code."""
    arguments = parser("evaluate", __doc__)
    arguments.add_argument("--n", type=int, default=2000, help="samples [2000]")
    nets = ("none", "alex", "vgg", "squeeze")
    arguments.add_argument("--lpips_net", choices=nets, help="as in training [as the run was told]")
    arguments.add_argument("--lpips_weights", metavar="DIR", help="folder of its weights")
    args = arguments.parse_args(argv)
    if args.n < 2:
        raise UsageError(f"--n {args.n}: must be at least 2")
    given = dict(lpips_net=args.lpips_net, lpips_weights=args.lpips_weights)
    given = {name: value for name, value in given.items() if value is not None}
    with restored(args.run, eval_pairs=args.n, **given) as trainer:
        assess(trainer)
    return 0
