"""Draws samples: one sheet (PNG) and one array (npy) in [-1, 1] per domain, row i a pair."""

from collections.abc import Sequence

from framework.commands.base import parser, sampler, seed
from framework.errors import UsageError


def run(argv: Sequence[str]) -> int:
    """Runs the command; returns its exit code."""
    arguments = parser("sample", __doc__)
    arguments.add_argument("--n", type=int, default=64, help="samples [64]")
    arguments.add_argument("--seed", type=seed, default=0, help="of the latent vectors [0]")
    args = arguments.parse_args(argv)
    if args.n < 1:
        raise UsageError(f"--n {args.n}: must be at least 1")

    from framework.results import write_array

    with sampler(args) as trainer:
        images = trainer.sample(trainer.fixed_latent(args.n, args.seed))
        name = f"sample_{args.n}_seed{args.seed}"
        print(trainer.run.sheet(tuple(part[:256] for part in images), name))
        for i, part in enumerate(images):
            path = trainer.run.samples / f"{name}_domain{i + 1}.npy"
            write_array(path, part)
            print(path)
    return 0
