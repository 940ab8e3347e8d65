"""Finds and reads the weights of the networks of LPIPS (`--lpips_net`)."""

from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np

from framework.errors import MissingError, UsageError, UserError
from framework.frozen import torch_files, weights
from framework.options.base import Options
from nets import torchvision

HEADS = "lpips_v0.1_linear_heads.npz"
HEADS_URL = "https://github.com/richzhang/PerceptualSimilarity/raw/master/lpips/weights/v0.1"
FLAG = "--lpips_weights"


def load(net: str, folder: str | Path, image_size: int) -> tuple[keras.Model, list[np.ndarray]]:
    """Builds a network of LPIPS 0.1.

    Args:
        net: `alex`, `vgg` or `squeeze`.
        folder: folder with its weights.
        image_size: height and width of the images.

    Returns:
        The trunk, images [N, S, S, 3] in the range of torchvision -> maps [N, h, w, C], one per
        layer; and the heads, a weight for each channel [C] of each layer.

    Raises:
        MissingError: a file is missing, and it cannot be downloaded.
        UsageError: the images are too small for the network.
        UserError: a file is damaged, or of another network.
    """
    check_size(net, image_size)
    file, heads = find(net, folder)
    try:
        trunk = torchvision.trunk(net, image_size, torch_files.read(file))
        return trunk, _read_heads(net, heads, [output.shape[-1] for output in trunk.outputs])
    except ValueError as error:
        raise UserError(f"{FLAG}: {error}") from error


def check_size(net: str, image_size: int) -> None:
    """Raises UsageError if images of this size are too small for the network."""
    smallest = torchvision.SMALLEST[net]
    if image_size < smallest:
        raise UsageError(f"{image_size}x{image_size} images: {net} needs at least {smallest}")


def folder(options: Options) -> Path:
    """Returns the folder of the weights: --lpips_weights, or `lpips` in the data folder."""
    return Path(getattr(options, "lpips_weights", None) or Path(options.data_dir) / "lpips")


def expect(options: Options) -> None:
    """Checks, before training, that the metrics can be computed; LPIPS may be switched off.

    Raises:
        MissingError: as `find`.
        UsageError: the images are too small for the network.
    """
    net = getattr(options, "lpips_net", "none")  # not every system has this option
    if net == "none" or not options.eval_pairs:
        return
    check_size(net, options.image_size)
    if not options.dry_run:
        find(net, folder(options))


def find(net: str, folder: str | Path) -> tuple[Path, Path]:
    """Finds the files of the trunk and of the heads.

    The heads of all networks are in one file, or in `<net>.pth` as the authors publish them.

    Raises:
        MissingError: a file is missing; the file of the trunk cannot be downloaded either.
    """
    folder, heads = Path(folder), find_heads(net, Path(folder))
    if not heads:
        file = folder / f"{net}.pth"
        raise MissingError(
            f"no {net}.pth (heads of LPIPS 0.1) and no {HEADS} in {folder}: give its place by "
            f"{FLAG} DIR, or get it with curl --create-dirs -o {file} {HEADS_URL}/{net}.pth"
        )
    return weights.find(net, folder, f"{FLAG} DIR"), heads


def find_heads(net: str, folder: Path) -> Path | None:
    """Returns the file of the heads if it is in the folder, else None."""
    files = [file for file in (folder / HEADS, folder / f"{net}.pth") if file.is_file()]
    return files[0] if files else None


def _read_heads(net: str, file: Path, channels: Sequence[int]) -> list[np.ndarray]:
    """Reads one weight for each channel [C] of each layer."""
    arrays = torch_files.read(file)
    pattern = f"{net}/lin{{}}" if file.name == HEADS else "lin{}.model.1.weight"
    names = [pattern.format(i) for i in range(len(channels))]
    heads = [arrays[name].astype(np.float32).ravel() for name in names if name in arrays]
    if [len(head) for head in heads] != list(channels):
        raise ValueError(f"{file} has no heads of LPIPS 0.1 for {net}")
    return heads
