"""Images that a user gives to a command: finds, checks, reads and fits them; writes nothing."""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageOps

from framework.data import listing
from framework.data.decode import UNREADABLE, decoded_file, open_image, reason
from framework.errors import MissingError

AT_ONCE = 64  # images that are in memory together
_SHRINK, _ENLARGE = Image.Resampling.BILINEAR, Image.Resampling.BICUBIC
_LEAST_MULTIPLES = 4  # of height and width: a smaller map has no room for reflected borders


class Given(NamedTuple):
    """Images that a user gives.

    Attributes:
        root: the folder that was given, or that of a single image.
        files: the images.
        names: their names relative to `root`.
        label: name of this folder, or of a single image without its suffix.
    """

    root: Path
    files: tuple[Path, ...]
    names: tuple[PurePosixPath, ...]
    label: str


class Fitted(NamedTuple):
    """An image in a form in which a system takes it.

    Attributes:
        pixels: uint8 [H, W, 3].
        restore: converts a result, uint8 [H, W, 3], to the form that is written.
    """

    pixels: np.ndarray
    restore: Callable[[np.ndarray], np.ndarray]


def find(path: Path) -> Given:
    """Finds an image, or all images of a folder at any depth; prints which files are skipped.

    All images are decoded once, so that damaged ones are told before anything is written.

    Raises:
        MissingError: there is no image, or files cannot be read: the first 20 are named, the others
            counted.
    """
    found = listing.find_images(path)
    if found.skipped:
        skipped = listing.named(found.skipped, listing.FEW_NAMED, path)
        print(f"skipped {len(found.skipped)}: {skipped}")
    root = path if path.is_dir() else path.parent
    names = tuple(PurePosixPath(file.relative_to(root).as_posix()) for file in found.files)
    _check(found.files, root)
    place = path.absolute()
    return Given(root, found.files, names, place.name if path.is_dir() else place.stem)


def _check(files: Sequence[Path], root: Path) -> None:
    """Raises MissingError that names the files that cannot be decoded."""

    def fault(file: Path) -> str:
        try:
            decoded_file(file)
        except UNREADABLE as error:
            return reason(error)
        return ""

    with ThreadPoolExecutor(min(16, os.cpu_count() or 1)) as pool:
        faults = [*zip(files, pool.map(fault, files), strict=True)]
    if broken := [(file, why) for file, why in faults if why]:
        raise MissingError(listing.unreadable(broken, root))


def chunks(
    files: Sequence[Path], fit: Callable[[Image.Image], Fitted], size: int = AT_ONCE
) -> Iterator[list[Fitted]]:
    """Yields the fitted images of `size` files at a time, in their order."""
    with ThreadPoolExecutor(min(16, os.cpu_count() or 1)) as pool:
        for start in range(0, len(files), size):
            yield [*pool.map(lambda file: fit(open_image(file)), files[start : start + size])]


def squares(files: Sequence[Path], size: int) -> Iterator[np.ndarray]:
    """Yields the middle squares of files, as in training: uint8 [N, size, size, 3] at a time."""
    for chunk in chunks(files, lambda image: crop(image, size)):
        yield np.stack([fitted.pixels for fitted in chunk])


def crop(image: Image.Image, size: int) -> Fitted:
    """Fits the middle square of an image, resized to size x size, as training does."""
    pixels = ImageOps.fit(image, (size, size), _SHRINK)
    return Fitted(np.asarray(pixels), _unchanged)


def pad(image: Image.Image, size: int) -> Fitted:
    """Fits a complete image: its longer side becomes `size`, and its edges are repeated outwards.

    `restore` cuts the added pixels off, so that a result has the proportions of the image.
    """
    scale = size / max(image.size)
    width, height = (max(1, round(side * scale)) for side in image.size)
    left, top = (size - width) // 2, (size - height) // 2
    pixels = np.asarray(image.resize((width, height), _SHRINK))
    borders = [(top, size - height - top), (left, size - width - left), (0, 0)]
    return Fitted(
        np.pad(pixels, borders, mode="edge"),
        lambda result: result[top : top + height, left : left + width],
    )


def resize(image: Image.Image, size: int) -> Fitted:
    """Fits a complete image, resized to size x size; `restore` gives it its own size again."""
    return Fitted(
        np.asarray(image.resize((size, size), _SHRINK)),
        lambda result: np.asarray(Image.fromarray(result).resize(image.size, _ENLARGE)),
    )


def mirror(image: Image.Image, multiple: int) -> Fitted:
    """Fits an image at its own size, mirrored at the right and the bottom edge.

    Height and width become multiples of `multiple`; `restore` cuts the mirrored pixels off.
    """
    pixels = np.asarray(image)
    height, width = pixels.shape[:2]
    sides = (multiple * max(_LEAST_MULTIPLES, -(-side // multiple)) for side in (height, width))
    borders = [(0, side - own) for side, own in zip(sides, (height, width), strict=True)]
    return Fitted(
        np.pad(pixels, [*borders, (0, 0)], mode="symmetric"),
        lambda result: result[:height, :width],
    )


def fitter(name: str, size: int, multiple: int | None) -> Callable[[Image.Image], Fitted]:
    """Returns the function of a value of --fit.

    Args:
        name: crop, pad or whole.
        size: height and width of the images of the training.
        multiple: number that must divide the sides of images, for systems that take images of any
            size; else None.
    """
    if name == "whole" and multiple:
        return lambda image: mirror(image, multiple)
    function = {"crop": crop, "pad": pad, "whole": resize}[name]
    return lambda image: function(image, size)


def _unchanged(result: np.ndarray) -> np.ndarray:
    return result
