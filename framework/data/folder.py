"""Reads images of the user's folders: png, jpg or npy, grey or colour, with or without classes."""

from collections.abc import Collection
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from framework.data.cache import cached
from framework.data.decode import UNREADABLE, array, convert_to_rgb, decode_all, decoded
from framework.data.splits import Split, Splits, shuffled_order
from framework.errors import MissingError, UsageError, UserError

SUFFIXES = (".png", ".jpg", ".jpeg", ".npy")
CACHE_FROM = 1000  # images; fewer are decoded in a second or two


def read(folder: str, size: int, data_dir: str) -> tuple[Splits, tuple[str, ...]]:
    """Reads the images of a folder, cropped to their middle square and shrunk to `size`.

    If the folder has no images of its own, each of its sub-folders is a class. Every tenth file by
    sorted name is held out. An .npy file is one image [H, W], [H, W, 1], [H, W, 3] or [H, W, 4]:
    uint8, or floats in [0, 1].

    Args:
        folder: path of the folder.
        size: height and width of the images returned.
        data_dir: the folder of all data sets, for the cache.

    Returns:
        Splits of uint8 images [N, size, size, 3], and the class names (empty without labels).

    Raises:
        MissingError: no folder, or no image in it.
        UsageError: only one image, an image smaller than `size`, or images beside sub-folders.
        UserError: a file cannot be read.
    """
    files, classes = _files(Path(folder))
    if len(files) < 2:
        raise UsageError(f"{folder} has {len(files)} image: a domain needs at least 2")

    def build() -> Splits:
        mask = held_out(len(files))
        parts = ([files[i] for i in np.flatnonzero(part)] for part in (~mask, mask))
        return Splits(*(_split(part, classes, size) for part in parts))

    if len(files) < CACHE_FROM:
        return build(), classes
    return cached(data_dir, f"folder {size}", files, build), classes


def check_names(folder1: str, folder2: str) -> None:
    """Checks that the files of two folders are pairs: same names, except for the suffix.

    Raises UsageError for a file without a partner in the other folder.
    """
    names1, names2 = (
        {str(file.relative_to(folder).with_suffix("")) for file in _files(Path(folder))[0]}
        for folder in (folder1, folder2)
    )
    for folder, missing in ((folder2, names1 - names2), (folder1, names2 - names1)):
        if missing:
            raise UsageError(f"--paired: {folder} has no file {min(missing)}.*")


def listed(folder: str, size: int) -> tuple[list[Path], np.ndarray]:
    """Reads all images of a folder, or of its sub-folders, in the order of their names.

    Differs from `read` in that one image is enough, and that images smaller than `size` are
    enlarged, as those of data sets are.

    Returns:
        The files, and their images, uint8 [N, size, size, 3].
    """
    files, _ = _files(Path(folder))
    return files, decode_all(len(files), size, lambda i: _image(files[i], size, enlarge=True))


def held_out(count: int) -> np.ndarray:
    """Returns which files by sorted name are held out, bool [count]: every tenth, at least one."""
    return np.arange(count) % 10 == min(9, count - 1)


def _files(folder: Path) -> tuple[list[Path], tuple[str, ...]]:
    """Returns the image files, sorted, and the names of their classes."""
    if not folder.is_dir():
        raise MissingError(f"{folder} is not a folder: give one with images")
    files = _images_in(folder)
    classes = [path for path in sorted(folder.iterdir()) if _is_class(path)]
    if files and classes:
        raise UsageError(
            f"{folder} has images, such as {files[0].name}, and folders of images, such as "
            f"{classes[0].name}: use either images or one sub-folder per class, and move the "
            "others away"
        )
    if files:
        return files, ()
    files = [file for path in classes for file in _images_in(path)]
    if not files:
        raise MissingError(f"{folder} has no {', '.join(SUFFIXES)} files, nor have its sub-folders")
    return files, tuple(path.name for path in classes) if len(classes) > 1 else ()


def _is_class(folder: Path) -> bool:
    return folder.is_dir() and not folder.name.startswith(".") and bool(_images_in(folder))


def _images_in(folder: Path) -> list[Path]:
    """Returns image files sorted by name without suffix, as `check_names` compares them."""
    return sorted(with_suffix(folder, SUFFIXES), key=lambda file: (file.stem, file.suffix))


def with_suffix(folder: Path, suffixes: Collection[str]) -> list[Path]:
    """Returns the files with these suffixes, in upper or lower case, by name; no hidden files."""
    return sorted(
        file
        for file in folder.iterdir()
        if file.suffix.lower() in suffixes and file.is_file() and not file.name.startswith(".")
    )


def _split(files: list[Path], classes: tuple[str, ...], size: int) -> Split:
    """Reads images in a fixed random order."""
    # Shuffled before they are read, because a second copy may not fit into memory.
    files = [files[i] for i in shuffled_order(len(files))]
    images = decode_all(len(files), size, lambda i: _image(files[i], size))
    labels = [classes.index(file.parent.name) for file in files] if classes else None
    return Split(images, None if labels is None else np.array(labels, np.int64))


def _image(file: Path, size: int, enlarge: bool = False) -> Image.Image:
    try:
        image = _array_image(file) if file.suffix.lower() == ".npy" else decoded(file)
    except UNREADABLE as error:
        reason = " ".join(str(error).split())
        raise UserError(f"cannot read {file} ({reason}): repair or remove it") from error
    if min(image.size) < size and not enlarge:
        raise UsageError(
            f"{file} is {image.width}x{image.height}, smaller than --image_size {size}: "
            "choose a smaller size, or remove the file"
        )
    return ImageOps.fit(image, (size, size), Image.Resampling.BILINEAR)


def _array_image(file: Path) -> Image.Image:
    pixels = array(file)
    if pixels.ndim == 3 and pixels.shape[2] == 1:
        pixels = pixels[..., 0]
    if pixels.dtype.kind == "f" and pixels.size and 0 <= pixels.min() and pixels.max() <= 1:
        pixels = np.rint(pixels * 255).astype(np.uint8)
    if pixels.dtype != np.uint8:
        raise ValueError(f"{pixels.dtype} values; use uint8, or floats in [0, 1]")
    if pixels.ndim != 2 and not (pixels.ndim == 3 and pixels.shape[2] in (3, 4)):
        raise ValueError(f"shape {pixels.shape}; use [H, W] or [H, W, 1, 3 or 4]")
    return convert_to_rgb(Image.fromarray(pixels))
