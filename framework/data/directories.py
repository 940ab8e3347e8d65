"""Finds the domains in one folder of the user, which `--data DIR` gives."""

import os
from pathlib import Path
from typing import NamedTuple

from framework.data.formats import SUFFIXES
from framework.data.listing import MOST_NAMED, listed_names, shown
from framework.errors import MissingError, UsageError

TRAINING, HELD_OUT = ("trainA", "trainB"), ("testA", "testB")  # as CycleGAN's data sets have them
ADVICE = "use --data folder with --domain1 DIR and --domain2 DIR"


class Found(NamedTuple):
    """The domains in a folder.

    Attributes:
        training: a folder for each domain.
        held_out: a folder of held-out images for each domain; empty where every tenth image of
            `training` is held out.
    """

    training: tuple[Path, ...]
    held_out: tuple[Path, ...] = ()


def find(folder: str, least: int, most: int) -> Found:
    """Finds the domains in a folder.

    They are `trainA` and `trainB`, with `testA` and `testB` as held-out images if they are there.
    Otherwise the folder is one domain or, for a system of two domains, its two sub-folders with
    images are the domains, in the order of their names.

    Args:
        folder: path of the folder.
        least: number of domains that the system needs at least, 1 or 2.
        most: number of domains that it takes at most, 1 or 2.

    Raises:
        MissingError: there is no such folder.
        UsageError: it has other sub-folders.
    """
    path = Path(folder)
    if not path.is_dir():
        raise MissingError(f"--data {shown(path)}: there is no such folder, and no such data set")
    layout = [[path / name for name in names] for names in (TRAINING, HELD_OUT)]
    training, held_out = ([each for each in row if each.is_dir()] for row in layout)
    for present, names in ((training, TRAINING), (held_out, HELD_OUT)):
        if training and len(present) == 1:
            (other,) = {*names} - {present[0].name}
            raise UsageError(f"{shown(path)} has {present[0].name}, but no folder {other}")
    if training and most == 2:
        return Found(tuple(training), tuple(held_out))
    if training:
        raise UsageError(
            f"{shown(path)} has two domains, and this system takes one: use --data "
            f"{shown(training[0])}"
        )
    return Found((path,)) if least == 1 else Found(_two_folders(path))


def _two_folders(path: Path) -> tuple[Path, Path]:
    """Returns the two sub-folders with images; UsageError if there are not exactly two."""
    entries = sorted(each for each in path.iterdir() if not each.name.startswith("."))
    folders = [each for each in entries if each.is_dir() and _has_images(each)]
    images = [each for each in entries if each.is_file() and each.suffix.lower() in SUFFIXES]
    needed = "this system needs two sub-folders with images, or trainA and trainB"
    if images:
        raise UsageError(
            f"{shown(path)} has images of its own, such as {shown(images[0].name)}: {needed}"
        )
    if len(folders) != 2:
        names = listed_names((shown(each.name) for each in folders), MOST_NAMED)
        found = f"{len(folders)} sub-folders with images" + (f" ({names})" if names else "")
        raise UsageError(f"{shown(path)} has {found}: {needed}; to choose two, {ADVICE}")
    return folders[0], folders[1]


def _has_images(folder: Path) -> bool:
    """Returns whether there are images in a folder, at any depth, that are not hidden."""
    for _, folders, files in os.walk(folder, followlinks=True):
        folders[:] = [name for name in folders if not name.startswith(".")]
        if any(Path(f).suffix.lower() in SUFFIXES and not f.startswith(".") for f in files):
            return True
    return False
