"""Draws the partners of given images: finds each one's latent vector, lets the other domain draw.

Writes into the run's samples a sheet (given, reconstructed, translated), the translated images as
an array in [-1, 1] and a table of errors: squared pixel differences of given and reconstructed.
"""

from collections.abc import Sequence
from pathlib import Path

from framework.commands.base import parser, sampler
from framework.errors import UsageError

SHOWN = 64  # images on the sheet


def run(argv: Sequence[str]) -> int:
    """Runs the command; returns its exit code."""
    args = _parse(argv)
    with sampler(args.run) as trainer:
        if "gen2" not in trainer.nets:
            raise UsageError(f"{args.run}: a {trainer.options.gan_type} has one domain alone")
        _translate(trainer, args)
    return 0


def _parse(argv: Sequence[str]):
    arguments = parser("translate", __doc__.splitlines()[0])
    arguments.add_argument("--images", required=True, metavar="DIR", help="png, jpg or npy files")
    arguments.add_argument("--domain", type=int, default=1, choices=(1, 2), help="theirs [1]")
    arguments.add_argument("--restarts", type=int, default=4, help="starts per image [4]")
    arguments.add_argument("--steps", type=int, default=300, help="updates of each [300]")
    arguments.add_argument("--seed", type=int, default=0, help="of the starts [0]")
    args = arguments.parse_args(argv)
    if min(args.restarts, args.steps) < 1:
        raise UsageError("--restarts and --steps must be at least 1")
    return args


def _translate(trainer, args) -> None:
    import numpy as np

    from framework.data.folder import listed
    from framework.inversion import invert
    from framework.results import write_table
    from framework.utils import to_float

    files, pixels = listed(args.images, trainer.options.image_size)
    given, generator = to_float(pixels).numpy(), trainer.sampling_net(f"gen{args.domain}")
    how = dict(restarts=args.restarts, steps=args.steps, seed=args.seed)
    z, errors = invert(generator, given, trainer.options.noise_type, **how)
    drawn = trainer.sample(z)
    mine, partners = drawn[args.domain - 1], drawn[2 - args.domain]
    name = f"translate_{Path(args.images).resolve().name}_domain{args.domain}"
    rows = -(-min(len(files), SHOWN) // 16)
    parts = tuple(part[:SHOWN] for part in (given, mine, partners))
    print(trainer.run.sheet(parts, name, rows=rows))
    np.save(trainer.run.samples / f"{name}.npy", partners)
    print(trainer.run.samples / f"{name}.npy")
    table = trainer.run.samples / f"{name}.csv"
    write_table(table, ("file", "error"), zip((f.name for f in files), errors, strict=True))
    print(table)
    print(f"mean error {errors.mean():.4f} over {len(files)} images")
