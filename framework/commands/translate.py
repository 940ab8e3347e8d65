"""Draws the partners of given images in the other domain.

A coupled pair finds each image's latent vector first and lets the other domain draw it; a system
that translates does just that. Writes into the run's samples a sheet (given, found again,
translated), the translated images as an array in [-1, 1] and, of latent vectors, a table of errors:
squared pixel differences of given images and those found again.
"""

from collections.abc import Sequence
from pathlib import Path

from framework.commands.base import parser, places, restored, seed
from framework.errors import UsageError

SHOWN = 64  # images on the sheet


def run(argv: Sequence[str]) -> int:
    """Runs the command; returns its exit code."""
    args = _parse(argv)
    with restored(args.run, dry_run=True, **places(args)) as trainer:
        system = trainer.options.gan_type
        if "gen2" in trainer.nets:
            make = _by_latent_vectors
        elif hasattr(trainer, "pictures"):
            make = _by_the_translator
        else:
            raise UsageError(f"{args.run}: a {system} does not translate between two domains")
        _translate(trainer, args, make)
    return 0


def _parse(argv: Sequence[str]):
    arguments = parser("translate", __doc__)
    arguments.add_argument("--images", required=True, metavar="DIR", help="png, jpg or npy files")
    arguments.add_argument(
        "--domain", type=int, default=1, choices=(1, 2), help="of the images [1]"
    )
    arguments.add_argument(
        "--restarts", type=int, default=4, help="random starts per image, where z is searched [4]"
    )
    arguments.add_argument("--steps", type=int, default=300, help="updates per start [300]")
    arguments.add_argument("--seed", type=seed, default=0, help="of the starts [0]")
    args = arguments.parse_args(argv)
    if min(args.restarts, args.steps) < 1:
        raise UsageError("--restarts and --steps must be at least 1")
    return args


def _translate(trainer, args, make) -> None:
    from framework.data.folder import listed
    from framework.results import write_array, write_table
    from framework.utils import float_array

    files, pixels = listed(args.images, trainer.options.image_size)
    given = float_array(pixels)
    made, errors = make(trainer, given, args)
    name = f"translate_{Path(args.images).resolve().name}_domain{args.domain}"
    rows = -(-min(len(files), SHOWN) // 16)
    parts = tuple(part[:SHOWN] for part in (given, *made))
    print(trainer.run.sheet(parts, name, rows=rows))
    write_array(trainer.run.samples / f"{name}.npy", made[-1])
    print(trainer.run.samples / f"{name}.npy")
    if errors is not None:
        table = trainer.run.samples / f"{name}.csv"
        write_table(table, ("file", "error"), zip((f.name for f in files), errors, strict=True))
        print(table)
        print(f"mean error {errors.mean():.4f} over {len(files)} images")


def _by_latent_vectors(trainer, given, args):
    """Images found again and their partners [N, S, S, C], and errors [N]."""
    from framework.inversion import invert

    generator = trainer.sampling_net(f"gen{args.domain}")
    how = dict(restarts=args.restarts, steps=args.steps, seed=args.seed)
    z, errors = invert(generator, given, trainer.options.noise_type, **how)
    drawn = trainer.sample(z)
    return (drawn[args.domain - 1], drawn[2 - args.domain]), errors


def _by_the_translator(trainer, given, args):
    """Images taken there and back, if there is a way back, and translations [N, S, S, C]."""
    i, j = args.domain, 3 - args.domain
    if (i, j) not in trainer.ways:
        there = " and ".join(f"{a} to {b}" for a, b in trainer.ways)
        raise UsageError(f"{args.run}: translates {there or 'nothing (phase 1)'}; see --domain")
    made = trainer.pictures(given, i)
    back = [made[way] for way in (f"{i}{j}{i}",) if way in made]
    return (*back, made[f"{i}{j}"]), None
