"""Reads images of the user's folders: any format, grey or colour, with or without classes."""

import os
from collections.abc import Callable, Collection, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageOps

from framework.data import identity, listing
from framework.data.cache import cached
from framework.data.decode import UNREADABLE, decode_all, decoded_file, open_image, reason, size_of
from framework.data.identity import HELD_OUT, TRAINING, UNUSED, DomainFiles, Kept
from framework.data.listing import FEW_NAMED, MOST_NAMED, Found, Listing, Reason, find_images, shown
from framework.data.splits import Split, Splits, shuffled_order
from framework.data.storage import on_demand
from framework.errors import MissingError, UsageError, UserError

__all__ = ["Found", "Loaded", "find_images", "held_out", "listed", "read", "with_suffix"]

CACHE_FROM = 1000  # images; fewer are decoded in a second or two


class Loaded(NamedTuple):
    """The images of a domain.

    Attributes:
        splits: training images and held-out images, uint8 [N, size, size, 3].
        classes: names of the classes; empty without labels.
        files: the files of the images.
    """

    splits: Splits
    classes: tuple[str, ...]
    files: DomainFiles


def read(
    paths: Sequence[str],
    size: int,
    data_dir: str,
    pairs: bool = False,
    allow_one: bool = False,
    kept: Kept | None = None,
    tests: Sequence[str] = (),
) -> list[Loaded]:
    """Reads the images of domains, cropped to their middle square and shrunk to `size`.

    `listing.list_domain` says which files are images and which folders are classes. Every tenth
    file by sorted name is held out. A line for each domain is printed.

    Args:
        paths: the folder of each domain; or a single image.
        size: height and width of the images returned.
        data_dir: the folder of all data sets, for the cache.
        pairs: whether files of the same name in two domains are pairs; then image i of one domain
            belongs to image i of the other.
        allow_one: whether domain 1 may have a single image, which is not held out.
        kept: the files of the run at its start, which decide what is held out.
        tests: the folder of the held-out images of each domain, beside its folder in `paths`; empty
            to hold out every tenth image.

    Raises:
        MissingError: no folder, no image in it, or files that cannot be read.
        UsageError: only one image, images smaller than `size`, files without a partner, or files
            that are not those of the run.
    """
    listings, parts = _listings(paths, tests, pairs, allow_one)
    if kept is not None and len(kept.domains) == len(listings):
        listings = list(map(identity.with_classes, listings, kept.domains))
        parts = identity.divide(listings, kept, pairs)
    for number, (domain, part) in enumerate(zip(listings, parts, strict=True), start=1):
        print(_line(number, domain, part))
    return [
        _read(domain, part, size, data_dir) for domain, part in zip(listings, parts, strict=True)
    ]


def _listings(
    paths: Sequence[str], tests: Sequence[str], pairs: bool, allow_one: bool
) -> tuple[list[Listing], list[np.ndarray]]:
    """Lists the files of all domains; says of each one whether it is for TRAINING or HELD_OUT."""
    training, test = ([listing.list_domain(Path(p)) for p in each] for each in (paths, tests))
    for each in (training, test):
        if pairs and each:
            each[1] = listing.paired(*each)
    for number, domain in enumerate(training):
        if len(domain.files) < (1 if tests or (allow_one and number == 0) else 2):
            raise UsageError(f"{shown(Path(paths[number]))}: 1 image: a domain needs at least 2")
    if not test:
        return training, [held_out(len(domain.files)).astype(int) for domain in training]
    counts = [(len(one.files), len(other.files)) for one, other in zip(training, test, strict=True)]
    parts = [np.repeat((TRAINING, HELD_OUT), each) for each in counts]
    return list(map(listing.with_held_out, training, test)), parts


def listed(folder: str, size: int) -> tuple[list[Path], np.ndarray]:
    """Reads all images of a folder, at any depth, in the order of their names.

    Differs from `read` in that one image is enough, and that images smaller than `size` are
    enlarged, as those of data sets are.

    Returns:
        The files, and their images, uint8 [N, size, size, 3].
    """
    files = find_images(Path(folder)).files
    return [*files], decode_all(len(files), size, lambda i: _fitted(open_image(files[i]), size))


def held_out(count: int) -> np.ndarray:
    """Returns which files by sorted name are held out, bool [count]: every tenth, at least one.

    A single file is not held out.
    """
    return np.arange(count) % 10 == (min(9, count - 1) or count)


def with_suffix(folder: Path, suffixes: Collection[str]) -> list[Path]:
    """Returns the files with these suffixes, in upper or lower case, by name; no hidden files."""
    return sorted(
        file
        for file in folder.iterdir()
        if file.suffix.lower() in suffixes and file.is_file() and not file.name.startswith(".")
    )


def _line(number: int, domain: Listing, part: np.ndarray) -> str:
    """Returns how many images of a domain are used for what, and which files are not used."""
    counts = np.bincount(part, minlength=3)
    line = f"domain {number} ({domain.title}): {counts[TRAINING]} training, "
    line += f"{counts[HELD_OUT]} held out"
    if counts[UNUSED]:
        line += f", {counts[UNUSED]} not used"
    if domain.classes:
        names = listing.listed_names(map(shown, domain.classes), FEW_NAMED)
        line += f"; {len(domain.classes)} classes: {names}"
    if domain.is_mixed:
        line += "; no classes, because images lie beside folders of images"
    if domain.skipped:
        skipped = listing.named(domain.skipped, FEW_NAMED, domain.root)
        line += f"; skipped {len(domain.skipped)}: {skipped}"
    return line


def _read(domain: Listing, part: np.ndarray, size: int, data_dir: str) -> Loaded:
    """Decodes the images of a domain, or finds them in the cache."""
    files = [
        tuple(domain.files[i] for i in np.flatnonzero(part == kind))
        for kind in (TRAINING, HELD_OUT)
    ]
    used = [*files[0], *files[1]]
    on_demand_splits = Splits(*(_split(each, domain, size) for each in files))
    key = f"folder {size}, {len(files[0])} training, classes {', '.join(domain.classes)}"
    try:
        splits = cached(
            data_dir, key, used, lambda: on_demand_splits, title=shown(domain.root),
            least=CACHE_FROM,
        )  # fmt: skip
    except (MissingError, UsageError):
        _check(used, size, domain.root, lambda file: decoded_file(file).size)
        raise
    if splits is on_demand_splits:  # decoded in training, where an error would be too late
        _check(used, size, domain.root, size_of)
    return Loaded(
        splits, domain.classes, DomainFiles(domain.root, domain.classes, files[0], files[1])
    )


def _split(files: Sequence[Path], domain: Listing, size: int) -> Split:
    """Returns images in a fixed random order, which are decoded when they are needed."""
    # Shuffled before they are read, because a second copy may not fit into memory.
    files = [files[i] for i in shuffled_order(len(files))]
    images = on_demand(len(files), size, lambda i: _image(files[i], size))
    if not domain.classes:
        return Split(images, None)
    labels = [domain.classes.index(shown(file.relative_to(domain.root).parts[0])) for file in files]
    return Split(images, np.array(labels, np.int64))


def _image(file: Path, size: int) -> Image.Image:
    """Reads an image; MissingError if it cannot be read, UsageError if it is too small."""
    image = open_image(file)
    if min(image.size) < size:
        shape = f"{image.width}x{image.height}"
        raise UsageError(_too_small([(file, shape)], size, file.parent))
    return _fitted(image, size)


def _fitted(image: Image.Image, size: int) -> Image.Image:
    return ImageOps.fit(image, (size, size), Image.Resampling.BILINEAR)


def _check(
    files: Iterable[Path], size: int, root: Path, measure: Callable[[Path], tuple[int, int]]
) -> None:
    """Lists all files that cannot be read or, if there are none, all those that are too small.

    Args:
        files: the files.
        size: height and width that an image must have at least.
        root: folder to which the names in a message are relative.
        measure: returns the width and height of the image in a file.

    Raises:
        MissingError, UsageError: there is such a file.
    """
    unique = list(
        {(s.st_dev, s.st_ino): file for file, s in ((f, f.stat()) for f in files)}.values()
    )

    def fault(file: Path) -> tuple[type[UserError], str] | None:
        try:
            width, height = measure(file)
        except UNREADABLE as error:
            return MissingError, reason(error)
        return (UsageError, f"{width}x{height}") if min(width, height) < size else None

    with ThreadPoolExecutor(min(16, os.cpu_count() or 1)) as pool:
        faults = list(zip(unique, pool.map(fault, unique), strict=True))
    broken = [(file, found[1]) for file, found in faults if found and found[0] is MissingError]
    small = [(file, found[1]) for file, found in faults if found and found[0] is UsageError]
    if broken:
        raise MissingError(listing.unreadable(broken, root))
    if small:
        raise UsageError(_too_small(sorted(small), size, root))


def _too_small(files: Sequence[Reason], size: int, root: Path) -> str:
    subject = "1 image" if len(files) == 1 else f"{len(files)} images"
    verb = "is" if len(files) == 1 else "are"
    return (
        f"{subject} in {shown(root)} {verb} smaller than --image_size {size}: "
        f"{listing.named(files, MOST_NAMED, root)}: choose a smaller size, or remove them"
    )
