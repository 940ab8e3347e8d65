"""Generates images along paths between random latent vectors.

As png, one sheet with a row of images for each path and domain; the rows of one path are pairs. As
gif, webp or mp4, an animation of one smooth path through all vectors and back to the first one, so
that it loops, with both domains side by side.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from framework.commands.base import add_output, of_iteration, open_with_capability, parser, seed
from framework.errors import UsageError

if TYPE_CHECKING:
    import numpy as np

    from framework.trainers.opening import OpenedRun

ANIMATIONS = ("gif", "webp", "mp4")
STEPS, ANIMATION_STEPS, FPS = 10, 25, 25
AT_ONCE = 250  # images that are in memory together


def run(argv: Sequence[str]) -> int:
    """Runs the command; returns its exit code."""
    args = _parse(argv)
    from framework.commands import outputs
    from framework.engine.capabilities import Samples
    from framework.results import animation

    is_sheet = args.format == "png"
    if not is_sheet:
        animation.check_format(args.format)
    if args.out:
        outputs.refuse_existing([args.out], args.overwrite)
    with open_with_capability(args, Samples, "has no samples") as opened:
        name = f"walk_{args.n}_seed{args.seed}{of_iteration(args)}.{args.format}"
        place = args.out or opened.run.samples / name
        print((_write_sheet if is_sheet else _write_animation)(opened, args, place))
    return 0


def _parse(argv: Sequence[str]) -> argparse.Namespace:
    """Reads the arguments; raises UsageError for wrong ones."""
    arguments = parser("walk", __doc__ or "")
    arguments.add_argument(
        "--n", type=int, default=4, help="number of paths, or of vectors of an animation [4]"
    )
    steps = f"images per path [{STEPS}, of an animation {ANIMATION_STEPS}]"
    arguments.add_argument("--steps", type=int, help=steps)
    arguments.add_argument("--seed", type=seed, default=0, help="seed of the latent vectors [0]")
    arguments.add_argument(
        "--format", choices=("png", *ANIMATIONS), help="[suffix of --out, else png]"
    )
    arguments.add_argument("--fps", type=int, help=f"images per second of an animation [{FPS}]")
    add_output(arguments, "FILE", "[RUN/samples/walk_<n>_seed<seed>.<format>]")
    args = arguments.parse_args(argv)
    suffix = args.out.suffix[1:].lower() if args.out else args.format
    args.format = args.format or (suffix if suffix in ANIMATIONS else "png")
    if args.out and suffix != args.format:
        raise UsageError(f"--out {args.out}: its name must end in .{args.format}")
    if args.out:
        args.out = args.out.with_suffix(f".{args.format}")  # in lower case
    is_sheet = args.format == "png"
    if is_sheet and args.fps:
        raise UsageError("--fps: needs --format gif, webp or mp4")
    args.steps = (STEPS if is_sheet else ANIMATION_STEPS) if args.steps is None else args.steps
    args.fps = FPS if args.fps is None else args.fps
    least = 1 if is_sheet else 2
    if args.n < least or args.steps < 2 or not 1 <= args.fps <= 100:
        raise UsageError(f"--n must be at least {least}, --steps at least 2, --fps from 1 to 100")
    return args


def _write_sheet(opened: OpenedRun, args: argparse.Namespace, place: Path) -> Path:
    """Writes a sheet with a row of images for each path and domain; returns its path."""
    import numpy as np

    from framework.evaluation import captions
    from framework.utils import slerp

    system: Any = opened.system
    ends = system.latent(2 * args.n, args.seed)
    paths = [slerp(ends[2 * i], ends[2 * i + 1], args.steps) for i in range(args.n)]
    images = system.sample(np.concatenate(paths).astype("float32"))
    caption = captions.walk(opened.run.domain_names[: len(images)])
    # An absolute name is not in the folder of the sheets.
    name = str(place.absolute().with_suffix("")) if args.out else place.stem
    return opened.run.sheet(images, name, rows=args.n, caption=caption)


def _write_animation(opened: OpenedRun, args: argparse.Namespace, place: Path) -> Path:
    """Writes an animation of a closed path; returns its path."""
    from framework.commands import outputs
    from framework.results import animation
    from framework.utils import closed_path

    system: Any = opened.system
    if opened.system.facts.points:
        raise UsageError(f"--format {args.format}: {args.run} generates points, not images")
    z = closed_path(system.latent(args.n, args.seed), args.steps)
    place.parent.mkdir(parents=True, exist_ok=True)
    with outputs.progress(len(z), "images") as bar:

        def frames() -> Iterator[np.ndarray]:
            for start in range(0, len(z), AT_ONCE):
                domains = system.sample(z[start : start + AT_ONCE])
                yield from animation.frames(domains)
                bar.update(len(domains[0]))

        animation.write(place, frames(), args.fps)
    return place
