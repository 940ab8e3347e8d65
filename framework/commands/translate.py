"""Translates images of one domain to the other domain.

A translation system translates them directly. A coupled pair of generators first searches for the
latent vector of each image and generates the image of the other domain from it. Writes into the
folder `samples` of the run a sheet (images, reconstructions, translations), the translations as an
array in [-1, 1] and, for a coupled pair, a table of the mean squared pixel errors of the
reconstructions.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from framework.commands.base import open_with_capability, parser, seed
from framework.errors import UsageError

if TYPE_CHECKING:
    import numpy as np

    from framework.trainers.opening import OpenedRun

SHEET_IMAGES = 64  # given images on the sheet


class Translation(NamedTuple):
    """Translations of N images.

    Attributes:
        images: reconstructions, if there are any, and translations, each [N, S, S, C] in [-1, 1].
        errors: mean squared pixel errors [N] of the reconstructions; None if not measured.
        caption: caption of the sheet.
    """

    images: tuple[np.ndarray, ...]
    errors: np.ndarray | None
    caption: str


def run(argv: Sequence[str]) -> int:
    """Runs the command; returns its exit code."""
    args = _parse(argv)
    from framework.engine.capabilities import Inverts, Translates

    message = "does not translate between two domains (of a system of two stages, stage 2 does)"
    with open_with_capability(args, (Translates, Inverts), message) as opened:
        direct = isinstance(opened.system, Translates)
        _translate(opened, args, _by_translator if direct else _by_latent_vectors)
    return 0


def _parse(argv: Sequence[str]) -> argparse.Namespace:
    arguments = parser("translate", __doc__ or "")
    arguments.add_argument(
        "--images", required=True, metavar="DIR", help="folder of png, jpg or npy files"
    )
    arguments.add_argument(
        "--domain", type=int, default=1, choices=(1, 2), help="domain of the images [1]"
    )
    arguments.add_argument(
        "--restarts", type=int, default=4,
        help="random starts per image of the search for a latent vector [4]",
    )  # fmt: skip
    arguments.add_argument("--steps", type=int, default=300, help="updates per start [300]")
    arguments.add_argument("--seed", type=seed, default=0, help="seed of the starts [0]")
    args = arguments.parse_args(argv)
    if min(args.restarts, args.steps) < 1:
        raise UsageError("--restarts and --steps must be at least 1")
    return args


def _translate(
    opened: OpenedRun, args: argparse.Namespace, translate: Callable[..., Translation]
) -> None:
    """Translates the images of a folder; writes the results and prints their paths."""
    from framework.data.folder import listed
    from framework.results import write_array, write_table
    from framework.utils import float_array

    files, pixels = listed(args.images, opened.options.image_size)
    inputs, run = float_array(pixels), opened.run
    translation = translate(opened, inputs, args)
    name = f"translate_{Path(args.images).resolve().name}_domain{args.domain}"
    rows = -(-min(len(files), SHEET_IMAGES) // 16)
    first_images = tuple(images[:SHEET_IMAGES] for images in (inputs, *translation.images))
    print(run.sheet(first_images, name, rows=rows, caption=translation.caption))
    write_array(run.samples / f"{name}.npy", translation.images[-1])
    print(run.samples / f"{name}.npy")
    errors = translation.errors
    if errors is not None:
        table = run.samples / f"{name}.csv"
        write_table(table, ("file", "error"), zip((f.name for f in files), errors, strict=True))
        print(table)
        print(f"mean error {errors.mean():.4f} over {len(files)} images")


def _by_latent_vectors(
    opened: OpenedRun, inputs: np.ndarray, args: argparse.Namespace
) -> Translation:
    """Searches for latent vectors of images [N, S, S, C] and generates both domains from them."""
    from framework.evaluation import captions

    system: Any = opened.system
    settings = dict(restarts=args.restarts, steps=args.steps, seed=args.seed)
    z, errors = system.invert(inputs, args.domain, **settings)
    images = system.sample(z)
    caption = captions.given_images(args.domain, opened.run.domain_names, "inverted")
    return Translation((images[args.domain - 1], images[2 - args.domain]), errors, caption)


def _by_translator(opened: OpenedRun, inputs: np.ndarray, args: argparse.Namespace) -> Translation:
    """Translates images [N, S, S, C] and, if the system can do it, translates the results back."""
    from framework.engine.capabilities import Direction
    from framework.evaluation import captions

    system: Any = opened.system
    direction, directions = Direction(args.domain, 3 - args.domain), system.directions()
    names = opened.run.domain_names
    if direction not in directions:
        possible = " and ".join(f"{a} to {b}" for a, b in directions)
        raise UsageError(f"{args.run}: translates {possible}; see --domain")
    translations = system.translate(inputs, direction)
    if direction.reverse not in directions:
        return Translation((translations,), None, captions.given_images(args.domain, names))
    cycle = system.translate(translations, direction.reverse)
    caption = captions.given_images(args.domain, names, "cycle")
    return Translation((cycle, translations), None, caption)
