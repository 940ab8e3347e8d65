"""Sets of photographs, in a folder or a zip: each is resized as soon as it is decoded.

What stays in memory is uint8 [N, size, size, 3] and no image of full size but those being decoded.
"""

import os
import zipfile
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageOps

from framework.data.decode import UNREADABLE, decoded, several
from framework.data.originals import Split, Splits
from framework.errors import MissingError, UsageError

SUFFIXES = (".jpg", ".jpeg", ".png")


class Archive(NamedTuple):
    """Images of a folder or a zip: their names, sorted, and what reads the bytes of one."""

    path: Path
    names: list[str]
    read: Callable[[str], bytes]


@contextmanager
def opened(path: Path) -> Iterator[Archive]:
    """All images below a folder or in a zip; MissingError for a damaged zip."""
    if path.is_dir():
        found = (file.relative_to(path).as_posix() for file in path.rglob("*"))
        yield Archive(path, _images(found), lambda name: (path / name).read_bytes())
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
) -> np.ndarray:
    """The named images, uint8 [N, size, size, 3], as `fit` makes them of RGB ones.

    Raises MissingError for one that cannot be read.
    """
    return several(len(names), size, lambda i: fit(_image(archive, names[i]), size))


def _image(archive: Archive, name: str) -> Image.Image:
    try:
        return decoded(BytesIO(archive.read(name)))
    except UNREADABLE as error:
        raise MissingError(
            f"{archive.path}: cannot read {name} ({error}): fetch it again"
        ) from error


class PhotoSet(ABC):
    """How a set of photographs is found and read; labels are attributes 0/1 [N, K] or none.

    parts: the splits of TensorFlow Datasets that are trained on and held out.
    attributes: what the K columns of the labels mean.
    """

    parts: tuple[str, str]
    attributes: tuple[str, ...] = ()

    @abstractmethod
    def files(self, folder: Path) -> list[Path]:
        """What the set consists of in its folder; nothing where it is not there."""

    @abstractmethod
    def read(self, folder: Path, size: int) -> Splits:
        """Both splits at size x size."""

    @abstractmethod
    def fit(self, image: Image.Image, size: int) -> Image.Image:
        """What is trained on of one RGB image."""

    def labels(self, example: dict) -> list[int] | None:
        """The attributes of an example of TensorFlow Datasets."""
        return None


@dataclass(frozen=True)
class Side(PhotoSet):
    """One domain of a CycleGAN set: trainA and testA, or trainB and testB (arXiv 1703.10593).

    Folders of these names or zips of them, at any depth. Of several zips the first by name whose
    images are large enough is read, whole: its middle squares, shrunk to size x size.
    """

    letter: str

    @property
    def parts(self) -> tuple[str, str]:
        """Names of its folders, and of its splits in TensorFlow Datasets."""
        return f"train{self.letter}", f"test{self.letter}"

    def files(self, folder: Path) -> list[Path]:
        """Every image of a folder that has both parts, and every zip."""
        return [*self._loose(folder), *sorted(folder.glob("*.zip"))]

    def read(self, folder: Path, size: int) -> Splits:
        """Both splits without labels.

        Raises MissingError when a part is not there, UsageError when the images are too small.
        """
        complete, largest = False, 0
        for path in [folder] * bool(self._loose(folder)) + sorted(folder.glob("*.zip")):
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
        """The middle square, resized with antialiasing."""
        return ImageOps.fit(image, (size, size), Image.Resampling.BILINEAR)

    def _loose(self, folder: Path) -> list[Path]:
        folders = [next(iter(sorted(folder.glob(f"**/{part}"))), None) for part in self.parts]
        if not all(folders):
            return []
        return [f / name for f in folders for name in _images(os.listdir(f))]

    def _part(self, archive: Archive, part: str) -> list[str]:
        return [name for name in archive.names if PurePosixPath(name).parent.name == part]

    def _smallest_side(self, archive: Archive, parts: list[list[str]]) -> int:
        """Of the first image of each part; the others are taken to be as large."""
        return min(min(_image(archive, names[0]).size) for names in parts)


def _images(names: Iterator[str] | list[str]) -> list[str]:
    """The images among file names, sorted; a listing's own order means nothing."""
    return sorted(
        name
        for name in names
        if name.lower().endswith(SUFFIXES) and not PurePosixPath(name).name.startswith(".")
    )
