"""CelebA: faces with 40 attributes each (Liu et al., ICCV 2015, arXiv 1411.7766).

Images and attributes are matched by file name. The thesis' code matched them by position, with the
images in the order of the directory, which may be any order.
"""

from pathlib import Path, PurePosixPath

import numpy as np
from PIL import Image

from framework.data import photos
from framework.data.splits import Split, Splits
from framework.errors import MissingError

ATTRIBUTES = tuple(
    "5_o_Clock_Shadow Arched_Eyebrows Attractive Bags_Under_Eyes Bald Bangs Big_Lips Big_Nose "
    "Black_Hair Blond_Hair Blurry Brown_Hair Bushy_Eyebrows Chubby Double_Chin Eyeglasses Goatee "
    "Gray_Hair Heavy_Makeup High_Cheekbones Male Mouth_Slightly_Open Mustache Narrow_Eyes No_Beard "
    "Oval_Face Pale_Skin Pointy_Nose Receding_Hairline Rosy_Cheeks Sideburns Smiling Straight_Hair "
    "Wavy_Hair Wearing_Earrings Wearing_Hat Wearing_Lipstick Wearing_Necklace Wearing_Necktie "
    "Young".split()
)
COMMON = (  # those of the thesis' classifier: each is true of at least 50,000 faces (table B.2)
    "Arched_Eyebrows", "Attractive", "Heavy_Makeup", "High_Cheekbones", "Male",
    "Mouth_Slightly_Open", "No_Beard", "Oval_Face", "Pointy_Nose", "Smiling", "Wavy_Hair",
    "Wearing_Lipstick", "Young",
)  # fmt: skip
FACIAL_HAIR = "Facial_Hair"  # of men; derived from attributes of CelebA, see `values`
IMPLIED = {FACIAL_HAIR: ("No_Beard",)}  # attributes that differ wherever the key does
CROP = 0.7  # share of height and width that is kept: face and hair, little else
HELD_OUT = 0.04  # share without a partition file: the thesis' 8,000 of 200,000
TEST = "2"  # in the partition file; images marked 0 and 1 are for training


def values(labels: np.ndarray, name: str) -> np.ndarray:
    """Returns the attribute `name` [N] of labels [N, 40]: 1, 0, or -1 where it does not apply.

    FACIAL_HAIR is 1 for men with moustache, goatee or beard, 0 for clean-shaven men, and -1 for
    women and for men with stubble (Press et al., arXiv 2001.05017).
    """
    if name != FACIAL_HAIR:
        return labels[:, ATTRIBUTES.index(name)]
    male, stubble, moustache, goatee, no_beard = (
        labels[:, ATTRIBUTES.index(part)] == 1
        for part in ("Male", "5_o_Clock_Shadow", "Mustache", "Goatee", "No_Beard")
    )
    return np.where(male & ~stubble, (moustache | goatee | ~no_beard).astype(labels.dtype), -1)


def dividing(attribute: str) -> tuple[str, ...]:
    """Returns the attributes that differ between two domains which `attribute` divides."""
    return attribute, *IMPLIED.get(attribute, ())


class Faces(photos.PhotoSet):
    """Reads img_align_celeba (a folder or a zip), list_attr_celeba* and list_eval_partition*.

    The text files are those published, or Kaggle's .csv; the partition file may be missing. Its
    test images are held out; without the file, or where it marks none of these images for testing,
    the last 4 % by file name are held out.

    The middle 70 % of height and width (154x126 of 218x178, as by TensorFlow's central_crop) is
    resized with antialiasing to size x size. This changes the aspect ratio, as in the thesis, and
    enlarges images that are smaller.
    """

    attributes = ATTRIBUTES

    @property
    def parts(self) -> tuple[str, str]:
        """Names of the splits in TensorFlow Datasets."""
        return "train+validation", "test"

    def files(self, folder: Path) -> list[Path]:
        """Returns the zip or all images, the file of attributes and the partition file, if any."""
        archive, table = _images(folder), _first(folder, "list_attr_celeba*")
        if archive is None or table is None:
            return []
        partition = _first(folder, "list_eval_partition*")
        images = [archive]
        if archive.is_dir():
            with photos.opened(archive) as opened:
                images = [archive / name for name in opened.names]
        return [*images, table, *([partition] if partition else [])]

    def read(self, folder: Path, size: int) -> Splits:
        """Reads both splits, with attributes [N, 40] in the order of ATTRIBUTES.

        Raises MissingError for a missing or damaged file, and for images without attributes.
        """
        images, table = _images(folder), _first(folder, "list_attr_celeba*")
        if images is None or table is None:
            raise MissingError(f"{folder} has no images and attributes of CelebA")
        with photos.opened(images) as archive:
            files = _by_file_name(archive)
            labels = np.array(_match(files, read_attributes(table), table))
            held_out = _held_out(files, _first(folder, "list_eval_partition*"))
            names = np.array(list(files.values()))

            def read_part(mask: np.ndarray) -> Split:
                pixels = photos.decode(archive, names[mask].tolist(), size, self.fit)
                return Split(pixels, labels[mask])

            return Splits(read_part(~held_out), read_part(held_out))

    def fit(self, image: Image.Image, size: int) -> Image.Image:
        """Returns the middle of one aligned face, size x size."""
        left, top = (int((length - length * CROP) / 2) for length in image.size)
        box = (left, top, image.width - left, image.height - top)
        return image.crop(box).resize((size, size), Image.Resampling.BILINEAR)

    def labels(self, example: dict) -> list[int]:
        """Returns the attributes of a TFDS example, in the order of ATTRIBUTES."""
        return [int(example["attributes"][name]) for name in ATTRIBUTES]


def read_attributes(file: Path) -> dict[str, np.ndarray]:
    """Reads the attributes of all images.

    Returns:
        File name of an image -> attributes 0/1, int64 [40] in the order of ATTRIBUTES.

    Raises:
        MissingError: the file has another form.
    """
    rows = _rows(file)
    if len(rows[0]) == 1:  # the number of images; in a part of the file it counts all images
        rows = rows[1:]
    header, rows = [name for name in rows[0] if name != "image_id"], rows[1:]
    try:
        columns = [header.index(name) for name in ATTRIBUTES]
        cells = np.array([row[1:] for row in rows])[:, columns]
        if not np.isin(cells, ("-1", "0", "1")).all():
            raise ValueError("values that are not -1, 0 or 1")
    except (ValueError, IndexError) as error:
        raise MissingError(
            f"{file} is no table of CelebA's attributes ({error}): fetch it again"
        ) from error
    table = dict(zip((row[0] for row in rows), (cells == "1").astype(np.int64), strict=True))
    if len(table) != len(rows):
        raise MissingError(f"{file} has two lines for one image: fetch it again")
    return table


def _rows(file: Path) -> list[list[str]]:
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
        rows = [line.replace(",", " ").split() for line in lines]
    except UnicodeDecodeError as error:
        raise MissingError(f"{file} is no text: unpack it or fetch it again") from error
    rows = [row for row in rows if row]
    if len(rows) < 2:
        raise MissingError(f"{file} is empty: fetch it again")
    return rows


def _by_file_name(archive: photos.Archive) -> dict[str, str]:
    """Returns file name -> name in the archive, sorted by file name."""
    files = {PurePosixPath(name).name: name for name in archive.names}
    if len(files) != len(archive.names):
        raise MissingError(f"{archive.path} has two images of one file name: keep one copy")
    return dict(sorted(files.items()))


def _match(files: dict[str, str], table: dict, source: Path) -> list:
    """Returns the entry of the table for each image, in the order of the images."""
    unknown = [name for name in files if name not in table]
    if unknown:
        raise MissingError(
            f"{source} has no line for {len(unknown)} of the {len(files)} images, such as "
            f"{unknown[0]}: use the file that belongs to them"
        )
    return [table[name] for name in files]


def _held_out(files: dict[str, str], partition: Path | None) -> np.ndarray:
    """Returns which images are held out, bool [N]."""
    if partition:
        table = {row[0]: row[-1] for row in _rows(partition)}
        mask = np.array(_match(files, table, partition)) == TEST
        if 0 < mask.sum() < len(mask):
            return mask
    first = len(files) - max(1, round(HELD_OUT * len(files)))
    return np.arange(len(files)) >= first


def _images(folder: Path) -> Path | None:
    """Returns the folder of images if it exists, else the first zip by name, or None."""
    loose = folder / "img_align_celeba"
    return loose if loose.is_dir() else _first(folder, "img_align_celeba*.zip")


def _first(folder: Path, pattern: str) -> Path | None:
    return next((file for file in sorted(folder.glob(pattern)) if file.is_file()), None)
