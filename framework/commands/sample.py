"""Generates images from random latent vectors.

Writes one sheet (PNG), and for each domain one array (npy) in [-1, 1]; row i of both arrays is a
pair.
"""

from collections.abc import Sequence
from typing import Any

from framework.commands.base import open_with_capability, parser, seed
from framework.errors import UsageError

SHEET_IMAGES = 256  # images of each domain on the sheet


def run(argv: Sequence[str]) -> int:
    """Runs the command; returns its exit code."""
    arguments = parser("sample", __doc__)
    arguments.add_argument("--n", type=int, default=64, help="number of samples [64]")
    arguments.add_argument("--seed", type=seed, default=0, help="seed of the latent vectors [0]")
    args = arguments.parse_args(argv)
    if args.n < 1:
        raise UsageError(f"--n {args.n}: must be at least 1")

    from framework.engine.capabilities import Samples

    with open_with_capability(args, Samples, "has no samples") as opened:
        from framework.evaluation import captions
        from framework.results import write_array

        run = opened.run
        system: Any = opened.system
        domains = system.sample(system.latent(args.n, args.seed))
        name, names = f"sample_{args.n}_seed{args.seed}", run.domain_names
        caption = captions.pairs(names) if len(domains) == 2 else captions.samples(names[0])
        first_images = tuple(images[:SHEET_IMAGES] for images in domains)
        print(run.sheet(first_images, name, caption=caption))
        for i, images in enumerate(domains, start=1):
            path = run.samples / f"{name}_domain{i}.npy"
            write_array(path, images)
            print(path)
    return 0
