"""LPIPS distance of two images, or of two folders of images, file by file in the order of names.

Images are png, jpg, or npy of uint8 or, as `sample` writes them, of floats in [-1, 1].
"""

from collections.abc import Sequence
from pathlib import Path

from framework.commands.base import load_tensorflow, parser
from framework.errors import MissingError, UsageError, UserError
from framework.options import LPIPS_NETS, Options


def run(argv: Sequence[str]) -> int:
    """Runs the command; returns its exit code."""
    arguments = parser("lpips", __doc__, run=False)
    arguments.add_argument("first", metavar="IMAGE_OR_DIR")
    arguments.add_argument(
        "second", metavar="IMAGE_OR_DIR", help="the other image, or a folder of as many"
    )
    arguments.add_argument("--net", choices=LPIPS_NETS, default="alex")
    arguments.add_argument(
        "--lpips_weights",
        default=str(Path(Options.data_dir) / "lpips"),
        help="folder [%(default)s]",
    )
    args = arguments.parse_args(argv)
    load_tensorflow()
    sides = [_files(Path(args.first)), _files(Path(args.second))]
    images = [_read(side) for side in sides]
    if len(images[0]) != len(images[1]):
        raise UsageError(
            f"{args.first} has {len(images[0])} images, {args.second} {len(images[1])}"
        )
    if images[0].shape != images[1].shape:
        shapes = " and ".join(str(each.shape[1:]) for each in images)
        raise UsageError(f"images of different sizes cannot be compared: {shapes}")
    from framework import evaluate, lpips

    distance = lpips.Distance(args.net, args.lpips_weights, images[0].shape[1])
    found = distance(*images)
    if len(found) == 1:
        print(f"{found[0]:.6f}")
        return 0
    low, high = evaluate.mean(found, distance.protocol, 0.0)["ci95"]
    print(f"{found.mean():.6f}  [{low:.6f}, {high:.6f}]  n {len(found)}  {distance.protocol}")
    return 0


def _files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    from framework.data import folder

    found = folder.with_suffix(path, folder.SUFFIXES) if path.is_dir() else []
    if not found:
        raise MissingError(f"{path}: no image (png, jpg or npy) there")
    return found


def _read(files: list[Path]):
    """Float images [N, S, S, 3] in [-1, 1]; an npy of floats is in that range already."""
    import numpy as np

    parts = [_array(file) for file in files]
    for file, array in zip(files, parts, strict=True):
        if array.ndim != 4 or array.shape[1] != array.shape[2] or array.shape[3] != 3:
            raise UsageError(f"{file}: needs square RGB images, not {array.shape}")
        if array.shape[1:] != parts[0].shape[1:]:
            raise UsageError(f"{file} is {array.shape[1:]}, {files[0]} {parts[0].shape[1:]}")
        if not (array.size and np.abs(array).max() <= 1 + 1e-3):
            raise UsageError(f"{file}: floats must be in [-1, 1]; else give it as uint8")
    return np.concatenate(parts)


def _array(file: Path):
    """What is in a file: one image or, in an npy, one or many; float32, uint8 ones scaled."""
    import numpy as np

    from framework.data.decode import UNREADABLE, array, decoded

    try:
        found = array(file) if file.suffix.lower() == ".npy" else np.asarray(decoded(file))
    except UNREADABLE as error:
        raise UserError(f"cannot read {file}: mend or remove it") from error
    if found.dtype == np.uint8:
        found = found / np.float32(127.5) - 1
    elif found.dtype.kind != "f":
        raise UsageError(f"{file}: {found.dtype} values; needs uint8, or floats in [-1, 1]")
    return (found[None] if found.ndim == 3 else found).astype(np.float32)
