"""Applies a finished run to images; writes one file for each image, under its own name.

PATH is an image or a folder of images, at any depth. A system that translates, such as cyclegan,
translates them to the other domain. A coupled pair of generators first searches for the latent
vector of each image and generates the image of the other domain from it; errors.csv has the mean
squared pixel error of each search. g2g, lord and factors keep the content of an image and take the
style or the class of a guide; content adds what a guide has, or removes it. A sheet of the first
images is written into the folder `samples` of the run.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from framework.commands.base import (
    IMAGE_FORMATS,
    add_format,
    add_output,
    add_search,
    open_with_capability,
    parser,
)
from framework.errors import UsageError

if TYPE_CHECKING:
    import numpy as np

    from framework.commands.given import Given
    from framework.commands.transformations import Transformation
    from framework.trainers.opening import OpenedRun

ERRORS = "errors.csv"


def run(argv: Sequence[str]) -> int:
    """Runs the command; returns its exit code."""
    args = _parse(argv)
    from framework.commands import given, outputs, transformations

    inputs = given.find(args.path)
    guides = given.find(args.guide) if args.guide else None
    message = "makes no images from images (of a system of two stages, stage 2 does)"
    with open_with_capability(args, transformations.USABLE, message) as opened:
        from framework.commands.translating import write_results, write_sheet

        transformation = transformations.choose(opened, args, _guide_images(guides, opened))
        folder = args.out or _default_folder(opened, inputs, transformation)
        results = _result_files(inputs, guides, transformation, folder, args.format)
        table = folder / ERRORS
        every = [*(file for files in results for file in files), table]
        read = (*inputs.files, *(guides.files if guides else ()))
        outputs.refuse_existing(every, args.overwrite, read)
        shown = write_results(opened, transformation, inputs, results, args.fit)
        print(
            write_sheet(opened.run, transformation, f"{inputs.label}_{transformation.name}", shown)
        )
        if transformation.errors is not None:
            _write_errors(table, inputs, transformation.errors)
        print(f"{len(every) - 1} images in {folder}")
    return 0


def _parse(argv: Sequence[str]) -> argparse.Namespace:
    """Reads the arguments; raises UsageError for wrong ones."""
    arguments = parser("translate", __doc__ or "")
    arguments.add_argument("path", type=Path, nargs="?", metavar="PATH", help="image, or folder")
    place = "folder of the results [RUN/translations/<name of PATH>_<what was done>]"
    add_output(arguments, "DIR", place)
    add_format(arguments)
    arguments.add_argument(
        "--fit", choices=("crop", "pad", "whole"), default="crop",
        help="crop: the middle square, as in training; pad: the complete image at the size of the "
        "training; whole: at its own size if the networks can be applied to it, else the result "
        "is resized to it [%(default)s]",
    )  # fmt: skip
    arguments.add_argument(
        "--domain", type=int, choices=(1, 2), help="domain of the images [1, or the possible one]"
    )
    choice = arguments.add_mutually_exclusive_group()
    choice.add_argument(
        "--guide", type=Path, metavar="PATH",
        help="image, or folder of images, whose style, class or extra the results have; several "
        "guides give a folder of results each",
    )  # fmt: skip
    choice.add_argument(
        "--remove", action="store_true", help="remove what only images of domain 2 have"
    )
    choice.add_argument(
        "--reconstruct", action="store_true", help="reconstruct images from their own codes"
    )
    add_search(arguments)
    arguments.add_argument("--images", help=argparse.SUPPRESS)  # of version 0.1
    args = arguments.parse_args(argv)
    if args.out and (args.out.is_file() or args.out.suffix[1:].lower() in IMAGE_FORMATS):
        raise UsageError(f"--out {args.out}: must be a folder, for a file of each image")
    if args.images:
        raise UsageError(f"--images: give the folder after the run: translate RUN {args.images}")
    if args.path is None:
        raise UsageError("PATH is missing: translate RUN PATH, an image or a folder of images")
    return args


def _guide_images(guides: Given | None, opened: OpenedRun) -> np.ndarray | None:
    """Returns the middle squares of the guides, float32 [G, S, S, 3] in [-1, 1]."""
    if guides is None:
        return None
    import numpy as np

    from framework.commands import given
    from framework.utils import float_array

    squares = given.squares(guides.files, opened.options.image_size)
    return float_array(np.concatenate([*squares]))


def _default_folder(opened: OpenedRun, inputs: Given, transformation: Transformation) -> Path:
    """Returns the folder of the results inside that of the run."""
    return opened.run.folder / "translations" / f"{inputs.label}_{transformation.name}"


def _result_files(
    inputs: Given, guides: Given | None, transformation: Transformation, folder: Path, format: str
) -> list[list[Path]]:
    """Returns the files of the results, for each guide those of all images.

    Without guides, or with one, they are in `folder`; else each guide has a folder in it.
    """
    from framework.commands import outputs

    names = outputs.names(inputs.names, f".{format}")
    if guides is None or transformation.guides is None or len(transformation.guides) == 1:
        return [[folder / name for name in names]]
    return [[folder / part / name for name in names] for part in outputs.names(guides.names, "")]


def _write_errors(path: Path, inputs: Given, errors: Sequence[float]) -> None:
    """Writes the error of the latent vector of each image, and prints the mean."""
    from framework.data.listing import shown
    from framework.results import write_table

    rows = zip((shown(str(name)) for name in inputs.names), errors, strict=True)
    write_table(path, ("file", "error"), rows)
    print(path)
    print(f"mean error {sum(errors) / len(errors):.4f} over {len(errors)} images")
