"""Draws images along paths between random latent vectors (slerp).

Writes one sheet with a row of images for each path and domain; the rows of one path are pairs.
"""

from collections.abc import Sequence
from typing import Any

from framework.commands.base import open_with_capability, parser, seed
from framework.errors import UsageError


def run(argv: Sequence[str]) -> int:
    """Runs the command; returns its exit code."""
    arguments = parser("walk", __doc__)
    arguments.add_argument("--n", type=int, default=4, help="number of paths [4]")
    arguments.add_argument("--steps", type=int, default=10, help="images per path [10]")
    arguments.add_argument("--seed", type=seed, default=0, help="seed of the latent vectors [0]")
    args = arguments.parse_args(argv)
    if args.n < 1 or args.steps < 2:
        raise UsageError("--n must be at least 1 and --steps at least 2")

    from framework.engine.capabilities import Samples

    with open_with_capability(args, Samples, "has no samples") as opened:
        import numpy as np

        from framework.evaluation import captions
        from framework.utils import slerp

        run = opened.run
        system: Any = opened.system
        ends = system.latent(2 * args.n, args.seed)
        paths = [slerp(ends[2 * i], ends[2 * i + 1], args.steps) for i in range(args.n)]
        images = system.sample(np.concatenate(paths).astype("float32"))
        caption = captions.walk(run.domain_names[: len(images)])
        name = f"walk_{args.n}_seed{args.seed}"
        print(run.sheet(images, name, rows=args.n, caption=caption))
    return 0
