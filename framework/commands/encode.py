"""Writes the codes of images by a finished run as arrays in one npz file.

PATH is an image or a folder of images, at any depth. Row i of all arrays belongs to image i of the
array `files`. Systems with codes of content and style (g2g, lord, factors) write `content` and
`style`, and `content_log_variance` or `style_log_variance` where a code is a Gaussian distribution.
A coupled pair of generators writes `z`, the latent vectors that fit the images best, and `error`,
their mean squared pixel errors.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

from framework.commands.base import (
    add_images,
    add_output,
    add_search,
    open_with_capability,
    parser,
)
from framework.errors import UsageError

if TYPE_CHECKING:
    import numpy as np

    from framework.trainers.opening import OpenedRun


def run(argv: Sequence[str]) -> int:
    """Runs the command; returns its exit code."""
    args = _parse(argv)
    from framework.commands import given, outputs
    from framework.engine.capabilities import Encodes, Inverts

    images = given.find(args.path)
    message = "has no codes of given images (of a system of two stages, stage 2 does)"
    with open_with_capability(args, (Encodes, Inverts), message) as opened:
        import numpy as np

        from framework.data.listing import shown
        from framework.results import complete_file
        from framework.utils import float_array

        place = args.out or opened.run.folder / "codes" / f"{images.label}.npz"
        outputs.refuse_existing([place], args.overwrite, images.files)
        parts: list[dict[str, np.ndarray]] = []
        with outputs.progress(len(images.files), "images") as bar:
            for pixels in given.squares(images.files, opened.options.image_size):
                parts.append(_codes(opened, float_array(pixels), args))
                bar.update(len(pixels))
        arrays = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
        arrays["files"] = np.array([shown(str(name)) for name in images.names])
        place.parent.mkdir(parents=True, exist_ok=True)
        with complete_file(place) as temporary, temporary.open("wb") as file:
            np.savez(file, **cast(Any, arrays))
        print(place)
        for name, array in arrays.items():
            print(f"{name} {list(array.shape)}")
    return 0


def _parse(argv: Sequence[str]) -> argparse.Namespace:
    """Reads the arguments; raises UsageError for wrong ones."""
    arguments = parser("encode", __doc__ or "")
    add_images(arguments, "a coupled pair of generators")
    add_output(arguments, "FILE", "the codes, .npz [RUN/codes/<name of PATH>.npz]")
    add_search(arguments)
    args = arguments.parse_args(argv)
    if args.out and args.out.suffix != ".npz":
        raise UsageError(f"--out {args.out}: its name must end in .npz")
    return args


def _codes(
    opened: OpenedRun, images: np.ndarray, args: argparse.Namespace
) -> dict[str, np.ndarray]:
    """Returns the codes of images [N, S, S, C] in [-1, 1] by name."""
    from framework.engine.capabilities import Encodes

    system: Any = opened.system
    if isinstance(system, Encodes):
        codes = system.encode(images)._asdict()
        return {name: array for name, array in codes.items() if array is not None}
    settings = dict(restarts=args.restarts, steps=args.steps, seed=args.seed)
    z, errors = system.invert(images, args.domain, **settings)
    return {"z": z, "error": errors}
