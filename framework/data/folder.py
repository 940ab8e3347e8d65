"""Images of a user's folder: png, jpg or npy files, grey or colour, with or without classes."""

from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from framework.data.cache import cached
from framework.data.decode import UNREADABLE, array, decoded, flat, several
from framework.data.originals import Split, Splits, mixed_order
from framework.errors import MissingError, UsageError, UserError

SUFFIXES = (".png", ".jpg", ".jpeg", ".npy")
CACHE_FROM = 1000  # images; fewer decode in a second or two


def read(folder: str, size: int, data_dir: str) -> tuple[Splits, tuple[str, ...]]:
    """Splits of RGB images [N, size, size, 3], and the class names (none without labels).

    Images are cropped to their middle square and shrunk to `size`. With images in sub-folders
    only, each sub-folder is a class. Every tenth file by sorted name is held out. An .npy file is
    one image [H, W], [H, W, 1], [H, W, 3] or [H, W, 4]: uint8, or floats in [0, 1]. Raises
    MissingError without the folder, UsageError for less than 2 images or one smaller than `size`,
    UserError for a file that cannot be read.
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
    """Refuses folders whose files are no pairs: each has its like, but for the suffix, in both.

    Raises UsageError.
    """
    names = [
        {str(file.relative_to(place).with_suffix("")) for file in _files(Path(place))[0]}
        for place in (folder1, folder2)
    ]
    for names1, names2, other in ((*names, folder2), (*names[::-1], folder1)):
        if alone := sorted(names1 - names2):
            raise UsageError(f"--paired: {other} has no file {alone[0]}.*")


def listed(folder: str, size: int) -> tuple[list[Path], np.ndarray]:
    """The image files of a folder or of its sub-folders by name, and RGB [N, size, size, 3].

    As by `read`, but one image is enough, and smaller ones are enlarged as data sets are.
    """
    files, _ = _files(Path(folder))
    return files, several(len(files), size, lambda i: _image(files[i], size, enlarge=True))


def held_out(count: int) -> np.ndarray:
    """Which of the files by sorted name are held out, bool [count]: every tenth, at least one."""
    return np.arange(count) % 10 == min(9, count - 1)


def _files(folder: Path) -> tuple[list[Path], tuple[str, ...]]:
    """The image files, sorted, and the names of their classes."""
    if not folder.is_dir():
        raise MissingError(f"{folder} is not a folder: give one with images")
    files = _images_in(folder)
    kinds = [each for each in sorted(folder.iterdir()) if _is_class(each)]
    if files and kinds:
        raise UsageError(
            f"{folder} has images, such as {files[0].name}, and folders of images, such as "
            f"{kinds[0].name}: classes are folders alone; move one or the other away"
        )
    if files:
        return files, ()
    files = [file for kind in kinds for file in _images_in(kind)]
    if not files:
        raise MissingError(f"{folder} has no {', '.join(SUFFIXES)} files, nor have its sub-folders")
    return files, tuple(kind.name for kind in kinds) if len(kinds) > 1 else ()


def _is_class(folder: Path) -> bool:
    return folder.is_dir() and not folder.name.startswith(".") and bool(_images_in(folder))


def _images_in(folder: Path) -> list[Path]:
    """Sorted by their names without suffix, as `check_names` compares them."""
    return sorted(with_suffix(folder, SUFFIXES), key=lambda file: (file.stem, file.suffix))


def with_suffix(folder: Path, suffixes: tuple[str, ...]) -> list[Path]:
    """The files of a folder with these suffixes, in either case, by name; no hidden ones."""
    return sorted(
        file
        for file in folder.iterdir()
        if file.suffix.lower() in suffixes and file.is_file() and not file.name.startswith(".")
    )


def _split(files: list[Path], classes: tuple[str, ...], size: int) -> Split:
    """Mixed before they are read, as there may be more of them than fit into memory twice."""
    files = [files[i] for i in mixed_order(len(files))]
    images = several(len(files), size, lambda i: _image(files[i], size))
    labels = [classes.index(file.parent.name) for file in files] if classes else None
    return Split(images, None if labels is None else np.array(labels, np.int64))


def _image(file: Path, size: int, enlarge: bool = False) -> Image.Image:
    try:
        image = _array_image(file) if file.suffix.lower() == ".npy" else decoded(file)
    except UNREADABLE as error:
        reason = " ".join(str(error).split())
        raise UserError(f"cannot read {file} ({reason}): mend or remove it") from error
    if min(image.size) < size and not enlarge:
        raise UsageError(
            f"{file} is {image.width}x{image.height}, smaller than --image_size {size}: "
            "ask for a smaller size or remove it"
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
    return flat(Image.fromarray(pixels))
