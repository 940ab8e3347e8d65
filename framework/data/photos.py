"""Reads sets of photographs from a folder or a zip; each image is resized when it is decoded.

Images of full size are in memory only while they are decoded; uint8 [N, size, size, 3] remains.
"""

import os
import zipfile
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from PIL import Image, ImageOps

from framework.data.decode import UNREADABLE, decoded, reason
from framework.data.formats import IMAGE_SUFFIXES
from framework.data.splits import Split, Splits
from framework.data.storage import StoredImages, on_demand
from framework.errors import MissingError, UsageError


class Archive(NamedTuple):
    """The images of a folder or a zip.

    Attributes:
        path: the folder or zip.
        names: names of the images, sorted.
        read: name -> bytes of the file.
    """

    path: Path
    names: list[str]
    read: Callable[[str], bytes]


@contextmanager
def opened(path: Path) -> Iterator[Archive]:
    """Opens all images below a folder or in a zip. Raises MissingError for a damaged zip."""
    if path.is_dir():
        names = (file.relative_to(path).as_posix() for file in path.rglob("*"))
        yield Archive(path, _images(names), lambda name: (path / name).read_bytes())
        return
    try:
        packed = zipfile.ZipFile(path)
    except (OSError, zipfile.BadZipFile) as error:
        raise MissingError(f"{path} is damaged ({error}): fetch it again") from error
    with packed:
        yield Archive(path, _images(packed.namelist()), packed.read)


def decode(
    archive: Archive,
    names: Sequence[str],
    size: int,
    fit: Callable[[Image.Image, int], Image.Image],
) -> StoredImages:
    """Returns the named images, uint8 [N, size, size, 3]; they are decoded when they are read.

    Args:
        archive: contains the images.
        names: names in the archive.
        size: height and width of the images returned.
        fit: crops and resizes an RGB image to size x size.

    Reading them raises MissingError where an image is damaged.
    """
    if not archive.path.is_dir():  # `opened` closes its zip before the images are read
        archive = archive._replace(read=zipfile.ZipFile(archive.path).read)
    return on_demand(len(names), size, lambda i: fit(_image(archive, names[i]), size))


def _image(archive: Archive, name: str) -> Image.Image:
    try:
        return decoded(archive.read(name))
    except UNREADABLE as error:
        raise MissingError(
            f"{archive.path}: cannot read {name} ({reason(error)}): fetch it again"
        ) from error


class PhotoSet(ABC):
    """Finds and reads a set of photographs; labels are attributes 0/1 [N, K] or None.

    Attributes:
        attributes: names of the K columns of the labels; empty without labels.
    """

    attributes: tuple[str, ...] = ()

    @property
    @abstractmethod
    def parts(self) -> tuple[str, str]:
        """Names of the training split and of the held-out split in TensorFlow Datasets."""

    @abstractmethod
    def files(self, folder: Path) -> list[Path]:
        """Returns the files of the set in a folder; empty where the set is not there."""

    @abstractmethod
    def read(self, folder: Path, size: int) -> Splits:
        """Reads both splits at size x size.

        Raises MissingError for missing or damaged files.
        """

    @abstractmethod
    def fit(self, image: Image.Image, size: int) -> Image.Image:
        """Crops and resizes one RGB image to size x size."""

    def labels(self, example: dict) -> list[int] | None:
        """Returns the attributes of an example of TensorFlow Datasets; None without labels."""
        return None


@dataclass(frozen=True)
class Side(PhotoSet):
    """One domain of a CycleGAN set: trainA and testA, or trainB and testB (arXiv 1703.10593).

    Reads folders of these names, at any depth, or zips that contain them. Of several zips, it reads
    the first one by name whose images are large enough. Images are cropped to their middle square
    and shrunk to size x size.

    Attributes:
        letter: "A" or "B".
    """

    letter: str

    @property
    def parts(self) -> tuple[str, str]:
        """Names of the folders; the splits in TensorFlow Datasets have the same names."""
        return f"train{self.letter}", f"test{self.letter}"

    def files(self, folder: Path) -> list[Path]:
        """Returns all images of a folder that has both parts, and all zips."""
        return [*self._loose(folder), *sorted(folder.glob("*.zip"))]

    def read(self, folder: Path, size: int) -> Splits:
        """Reads both splits, without labels.

        Raises MissingError when a part is missing, UsageError when all images are too small.
        """
        complete, largest = False, 0
        places = [folder] if self._loose(folder) else []
        for path in [*places, *sorted(folder.glob("*.zip"))]:
            with opened(path) as archive:
                parts = [self._part(archive, part) for part in self.parts]
                if not all(parts):
                    continue
                complete, side = True, self._smallest_side(archive, parts)
                if side >= size:
                    arrays = (decode(archive, names, size, self.fit) for names in parts)
                    return Splits(*(Split(images, None) for images in arrays))
                largest = max(largest, side)
        if not complete:
            raise MissingError(f"{folder} has no zip with images in {' and '.join(self.parts)}")
        raise UsageError(f"--image_size {size}: the images of {folder} have {largest} pixels")

    def fit(self, image: Image.Image, size: int) -> Image.Image:
        """Returns the middle square, resized with antialiasing."""
        return ImageOps.fit(image, (size, size), Image.Resampling.BILINEAR)

    def _loose(self, folder: Path) -> list[Path]:
        """Returns the images in folders named as the parts; empty where a folder is missing."""
        matches = [sorted(folder.glob(f"**/{part}")) for part in self.parts]
        if not all(matches):
            return []
        return [first / name for first, *_ in matches for name in _images(os.listdir(first))]

    def _part(self, archive: Archive, part: str) -> list[str]:
        return [name for name in archive.names if PurePosixPath(name).parent.name == part]

    def _smallest_side(self, archive: Archive, parts: list[list[str]]) -> int:
        """Returns the smallest side of the first images; the others are assumed to be as large."""
        return min(min(_image(archive, names[0]).size) for names in parts)


def _images(names: Iterable[str]) -> list[str]:
    """Returns the images among file names, sorted, because folders list them in any order."""
    return sorted(
        name
        for name in names
        if name.lower().endswith(IMAGE_SUFFIXES) and not PurePosixPath(name).name.startswith(".")
    )
