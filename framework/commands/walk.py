"""Walks between latent vectors (slerp); each row of domain 1 has its partner in domain 2."""

from collections.abc import Sequence

from framework.commands.base import parser, sampler, seed
from framework.errors import UsageError


def run(argv: Sequence[str]) -> int:
    """Runs the command; returns its exit code."""
    arguments = parser("walk", __doc__)
    arguments.add_argument("--n", type=int, default=4, help="walks [4]")
    arguments.add_argument("--steps", type=int, default=10, help="images per walk [10]")
    arguments.add_argument("--seed", type=seed, default=0, help="of the latent vectors [0]")
    args = arguments.parse_args(argv)
    if args.n < 1 or args.steps < 2:
        raise UsageError("--n must be at least 1 and --steps at least 2")

    with sampler(args) as trainer:
        import numpy as np

        from framework.utils import slerp  # loads TensorFlow, which `sampler` does quietly

        ends = trainer.fixed_latent(2 * args.n, args.seed)
        path = [slerp(*ends[2 * i : 2 * i + 2], args.steps) for i in range(args.n)]
        images = trainer.sample(np.concatenate(path).astype("float32"))
        print(trainer.run.sheet(images, f"walk_{args.n}_seed{args.seed}", rows=args.n))
    return 0
