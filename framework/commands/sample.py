"""Generates images from random latent vectors.

Writes into the folder `samples` of the run one sheet (png), and for each domain one array (npy) in
[-1, 1]; row i of both arrays is a pair. With --out, each image is also a file:
pair_00001_1.png and pair_00001_2.png are images of domain 1 and 2 of the first pair, and
sample_00001.png is the first image of a system of one domain.
"""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from framework.commands.base import (
    add_format,
    add_output,
    of_iteration,
    open_with_capability,
    parser,
    seed,
)
from framework.errors import UsageError

if TYPE_CHECKING:
    import numpy as np

    from framework.trainers.opening import OpenedRun

SHEET_IMAGES = 256  # images of each domain on the sheet
AT_ONCE = 1000  # samples that are in memory together
DIGITS = 5  # of the number in the name of a file, at least


def run(argv: Sequence[str]) -> int:
    """Runs the command; returns its exit code."""
    args = _parse(argv)
    from framework.engine.capabilities import Samples

    with open_with_capability(args, Samples, "has no samples") as opened:
        from framework.commands import outputs

        system: Any = opened.system
        if args.out and opened.system.facts.points:
            raise UsageError(f"--out: {args.run} generates points, not images")
        shapes = [images.shape[1:] for images in system.sample(system.latent(1, args.seed))]
        files = _files(args, len(shapes)) if args.out else []
        outputs.refuse_existing([file for row in files for file in row], args.overwrite)
        z, name = _latent(opened, args), f"sample_{args.n}_seed{args.seed}{_suffix(args)}"
        arrays = [opened.run.samples / f"{name}_domain{i}.npy" for i in range(1, len(shapes) + 1)]
        first_images = _write(system, z, list(zip(arrays, shapes, strict=True)), files)
        print(_write_sheet(opened, first_images, name))
        print(*arrays, sep="\n")
        if files:
            print(f"{len(files) * len(shapes)} images in {args.out}")
    return 0


def _parse(argv: Sequence[str]) -> argparse.Namespace:
    """Reads the arguments; raises UsageError for wrong ones."""
    arguments = parser("sample", __doc__ or "")
    arguments.add_argument("--n", type=int, default=64, help="number of samples [64]")
    arguments.add_argument("--seed", type=seed, default=0, help="seed of the latent vectors [0]")
    add_output(arguments, "DIR", "folder of image files [none are written]")
    add_format(arguments)
    arguments.add_argument(
        "--class", dest="label", metavar="K",
        help="only samples of class K, a number from 0 or the name of an attribute, by the "
        "classifier of the run (uda) or of --classifier",
    )  # fmt: skip
    arguments.add_argument(
        "--classifier", type=Path, metavar="FILE",
        help=".keras file: models/clf.keras of a run of the system classifier, or "
        "results/classifiers/*.keras",
    )  # fmt: skip
    arguments.add_argument(
        "--threshold", type=float, default=0.9, metavar="P",
        help="least probability of the class, in every domain [%(default)s]",
    )  # fmt: skip
    args = arguments.parse_args(argv)
    if args.n < 1:
        raise UsageError(f"--n {args.n}: must be at least 1")
    if not 0 <= args.threshold <= 1:
        raise UsageError(f"--threshold {args.threshold}: must be in [0, 1]")
    if args.classifier and args.label is None:
        raise UsageError("--classifier: needs --class")
    return args


def _suffix(args: argparse.Namespace) -> str:
    """Returns the end of the names of sheet and arrays."""
    return ("" if args.label is None else f"_class{args.label}") + of_iteration(args)


def _files(args: argparse.Namespace, domains: int) -> list[list[Path]]:
    """Returns the image files of each sample, one per domain."""
    digits = max(DIGITS, len(str(args.n)))
    if domains == 1:
        names = [[f"sample_{i:0{digits}}"] for i in range(1, args.n + 1)]
    else:
        numbers = range(1, domains + 1)
        names = [[f"pair_{i:0{digits}}_{d}" for d in numbers] for i in range(1, args.n + 1)]
    return [[args.out / f"{name}.{args.format}" for name in row] for row in names]


def _latent(opened: OpenedRun, args: argparse.Namespace) -> np.ndarray:
    """Returns the latent vectors [N, D]; with --class, those of samples of the class."""
    system: Any = opened.system
    if args.label is None:
        return system.latent(args.n, args.seed)
    from framework.commands.of_class import Chooser

    return Chooser(opened, args).latent(args.n, args.seed)


def _write(
    system: Any,
    z: np.ndarray,
    arrays: Sequence[tuple[Path, tuple[int, ...]]],
    files: Sequence[Sequence[Path]],
) -> list[np.ndarray]:
    """Generates samples in batches, writes arrays and files, returns the first for the sheet.

    Args:
        system: generates the samples.
        z: latent vectors [N, D].
        arrays: for each domain the file of its array, and the shape of a sample.
        files: the image files of each sample, one per domain; empty for none.
    """
    import numpy as np

    from framework.commands import outputs
    from framework.results import to_uint8
    from framework.results.files import write_bytes
    from framework.results.images import encoded

    if files:
        files[0][0].parent.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as stack:
        stored = [
            stack.enter_context(outputs.array_file(path, len(z), shape)) for path, shape in arrays
        ]
        bar = stack.enter_context(outputs.progress(len(z), "samples"))
        for start in range(0, len(z), AT_ONCE):
            domains = system.sample(z[start : start + AT_ONCE])
            for number, images in enumerate(domains):
                stored[number][start : start + len(images)] = images
                pixels_of = to_uint8(images) if files else ()
                for row, pixels in zip(files[start:], pixels_of, strict=False):
                    write_bytes(row[number], encoded(pixels, row[number].suffix[1:]))
            bar.update(len(domains[0]))
        return [np.array(array[:SHEET_IMAGES]) for array in stored]


def _write_sheet(opened: OpenedRun, images: Sequence[np.ndarray], name: str) -> Path:
    """Writes the sheet of samples; returns its path."""
    from framework.evaluation import captions

    names = opened.run.domain_names
    caption = captions.pairs(names) if len(images) == 2 else captions.samples(names[0])
    return opened.run.sheet(tuple(images), name, caption=caption)
