"""Computes the LPIPS distance of two images, or of two folders of images.

The images of two folders are compared file by file, in the order of their names. Files are png, jpg
or npy; arrays are uint8 or floats in [-1, 1], as `sample` writes them.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from framework.commands.base import load_tensorflow, parser
from framework.errors import MissingError, UsageError, UserError
from framework.options.base import LPIPS_NETS, Options

if TYPE_CHECKING:
    import numpy as np


def run(argv: Sequence[str]) -> int:
    """Runs the command; returns its exit code."""
    arguments = parser("lpips", __doc__, run=False)
    arguments.add_argument("first", metavar="IMAGE_OR_DIR", help="an image or a folder of images")
    arguments.add_argument(
        "second", metavar="IMAGE_OR_DIR", help="another image, or a folder of as many images"
    )
    arguments.add_argument(
        "--net", choices=LPIPS_NETS, default="alex", help="network of LPIPS [%(default)s]"
    )
    arguments.add_argument(
        "--lpips_weights", default=str(Path(Options.data_dir) / "lpips"),
        help="folder with its weights [%(default)s]",
    )  # fmt: skip
    args = arguments.parse_args(argv)
    load_tensorflow()
    first, second = (_read(_files(Path(path))) for path in (args.first, args.second))
    if len(first) != len(second):
        raise UsageError(f"{args.first} has {len(first)} images, {args.second} {len(second)}")
    if first.shape != second.shape:
        shapes = f"{first.shape[1:]} and {second.shape[1:]}"
        raise UsageError(f"images of different sizes cannot be compared: {shapes}")
    from framework.evaluation import metrics, perceptual

    distance = perceptual.Distance(args.net, args.lpips_weights, first.shape[1])
    values = distance(first, second)
    if len(values) == 1:
        print(f"{values[0]:.6f}")
        return 0
    low, high = metrics.mean(values, distance.protocol, 0.0)["ci95"]
    print(f"{values.mean():.6f}  [{low:.6f}, {high:.6f}]  n {len(values)}  {distance.protocol}")
    return 0


def _files(path: Path) -> list[Path]:
    """Returns the file, or the sorted image files of a folder."""
    if path.is_file():
        return [path]
    from framework.data.folder import with_suffix
    from framework.data.formats import SUFFIXES

    files = with_suffix(path, SUFFIXES) if path.is_dir() else []
    if not files:
        raise MissingError(f"{path}: no image (png, jpg or npy) there")
    return files


def _read(files: list[Path]) -> np.ndarray:
    """Reads images of one size as float32 [N, S, S, 3] in [-1, 1]."""
    import numpy as np

    arrays = [_array(file) for file in files]
    for file, array in zip(files, arrays, strict=True):
        if array.ndim != 4 or array.shape[1] != array.shape[2] or array.shape[3] != 3:
            raise UsageError(f"{file}: needs square RGB images, not {array.shape}")
        if array.shape[1:] != arrays[0].shape[1:]:
            raise UsageError(f"{file} is {array.shape[1:]}, {files[0]} {arrays[0].shape[1:]}")
        if not (array.size and np.abs(array).max() <= 1 + 1e-3):
            raise UsageError(f"{file}: floats must be in [-1, 1]; else give it as uint8")
    return np.concatenate(arrays)


def _array(file: Path) -> np.ndarray:
    """Reads the images of a file as float32 [N, H, W, C]; scales uint8 to [-1, 1]."""
    import numpy as np

    from framework.data.decode import UNREADABLE, array, decoded

    try:
        is_array = file.suffix.lower() == ".npy"
        images = array(file) if is_array else np.asarray(decoded(file.read_bytes()))
    except UNREADABLE as error:
        raise UserError(f"cannot read {file}: replace or remove it") from error
    if images.dtype == np.uint8:
        images = images / np.float32(127.5) - 1
    elif images.dtype.kind != "f":
        raise UsageError(f"{file}: {images.dtype} values; needs uint8, or floats in [-1, 1]")
    return (images[None] if images.ndim == 3 else images).astype(np.float32)
