"""CelebA: faces with 40 attributes each (Liu et al., ICCV 2015, arXiv 1411.7766).

An image and its attributes are matched by file name: in the reference they were matched by place,
the images as the directory listed them, which may be any order.
"""

from pathlib import Path, PurePosixPath

import numpy as np
from PIL import Image

from framework.data import photos
from framework.data.originals import Split, Splits
from framework.errors import MissingError

ATTRIBUTES = tuple(
    "5_o_Clock_Shadow Arched_Eyebrows Attractive Bags_Under_Eyes Bald Bangs Big_Lips Big_Nose "
    "Black_Hair Blond_Hair Blurry Brown_Hair Bushy_Eyebrows Chubby Double_Chin Eyeglasses Goatee "
    "Gray_Hair Heavy_Makeup High_Cheekbones Male Mouth_Slightly_Open Mustache Narrow_Eyes No_Beard "
    "Oval_Face Pale_Skin Pointy_Nose Receding_Hairline Rosy_Cheeks Sideburns Smiling Straight_Hair "
    "Wavy_Hair Wearing_Earrings Wearing_Hat Wearing_Lipstick Wearing_Necklace Wearing_Necktie "
    "Young".split()
)
COMMON = (  # what the thesis' classifier tells: at least 50,000 faces have each (table B.2)
    "Arched_Eyebrows", "Attractive", "Heavy_Makeup", "High_Cheekbones", "Male",
    "Mouth_Slightly_Open", "No_Beard", "Oval_Face", "Pointy_Nose", "Smiling", "Wavy_Hair",
    "Wearing_Lipstick", "Young",
)  # fmt: skip
FACIAL_HAIR = "Facial_Hair"  # of men; no attribute of CelebA's own
IMPLIED = {FACIAL_HAIR: ("No_Beard",)}  # what differs wherever the key does
CROP = 0.7  # the middle of height and width: face and hair, little else
HELD_OUT = 0.04  # where there is no partition file: the thesis' 8,000 of 200,000
TEST = "2"  # in the partition file; 0 and 1 are trained on


def values(labels: np.ndarray, name: str) -> np.ndarray:
    """An attribute [N] of labels [N, 40]: 1 or 0, and -1 where it does not apply.

    FACIAL_HAIR is 1 of men with moustache, goatee or beard, 0 of those clean-shaven, and -1 of
    women and of men with stubble (Press et al., arXiv 2001.05017).
    """
    if name != FACIAL_HAIR:
        return labels[:, ATTRIBUTES.index(name)]
    male, stubble, moustache, goatee, no_beard = (
        labels[:, ATTRIBUTES.index(each)] == 1
        for each in ("Male", "5_o_Clock_Shadow", "Mustache", "Goatee", "No_Beard")
    )
    return np.where(male & ~stubble, (moustache | goatee | ~no_beard).astype(labels.dtype), -1)


def dividing(attribute: str) -> tuple[str, ...]:
    """The attributes in which domains divided by this one are to differ."""
    return attribute, *IMPLIED.get(attribute, ())


class Faces(photos.PhotoSet):
    """img_align_celeba as folder or zip, list_attr_celeba*, and list_eval_partition* if there.

    Text files as published, or Kaggle's .csv. The partition file's test images are held out;
    without it, or where it holds out none of these images, the last 4 % by file name. The middle
    70 % of height and width (154x126 of 218x178, as TensorFlow's central_crop) is resized with
    antialiasing to size x size, which changes its aspect as in the thesis, and enlarges it where
    the image is smaller than that.
    """

    parts = ("train+validation", "test")
    attributes = ATTRIBUTES

    def files(self, folder: Path) -> list[Path]:
        """The zip or every image, the attributes and, if there, the partition."""
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
        """Both splits, with attributes [N, 40] in the order of ATTRIBUTES.

        Raises MissingError for a damaged file and for images without attributes.
        """
        table, partition = (
            _first(folder, f"{stem}*") for stem in ("list_attr_celeba", "list_eval_partition")
        )
        with photos.opened(_images(folder)) as archive:
            files = _by_file_name(archive)
            labels = np.array(_match(files, read_attributes(table), table))
            held_out = _held_out(files, partition)
            parts = (np.flatnonzero(mask) for mask in (~held_out, held_out))
            names = np.array(list(files.values()))
            return Splits(
                *(
                    Split(photos.decode(archive, names[part], size, self.fit), labels[part])
                    for part in parts
                )
            )

    def fit(self, image: Image.Image, size: int) -> Image.Image:
        """The middle of one aligned face."""
        left, top = (int((length - length * CROP) / 2) for length in image.size)
        box = (left, top, image.width - left, image.height - top)
        return image.crop(box).resize((size, size), Image.Resampling.BILINEAR)

    def labels(self, example: dict) -> list[int]:
        """Attributes of an example of TensorFlow Datasets, in the order of ATTRIBUTES."""
        return [int(example["attributes"][name]) for name in ATTRIBUTES]


def read_attributes(file: Path) -> dict[str, np.ndarray]:
    """Attributes 0/1, int64 [40] in the order of ATTRIBUTES, by file name of the image.

    Raises MissingError for a file of another form.
    """
    rows = _rows(file)
    if len(rows[0]) == 1:  # the number of images, which a part of the file still tells for all
        rows = rows[1:]
    header, rows = [name for name in rows[0] if name != "image_id"], rows[1:]
    try:
        columns = [header.index(name) for name in ATTRIBUTES]
        values = np.array([row[1:] for row in rows])[:, columns]
        if not np.isin(values, ("-1", "0", "1")).all():
            raise ValueError("values that are not -1, 0 or 1")
    except (ValueError, IndexError) as error:
        raise MissingError(
            f"{file} is no table of CelebA's attributes ({error}): fetch it again"
        ) from error
    table = dict(zip((row[0] for row in rows), (values == "1").astype(np.int64), strict=True))
    if len(table) != len(rows):
        raise MissingError(f"{file} has two lines for one image: fetch it again")
    return table


def _rows(file: Path) -> list[list[str]]:
    try:
        rows = [line.replace(",", " ").split() for line in file.read_text().splitlines()]
    except UnicodeDecodeError as error:
        raise MissingError(f"{file} is no text: unpack it or fetch it again") from error
    rows = [row for row in rows if row]
    if len(rows) < 2:
        raise MissingError(f"{file} is empty: fetch it again")
    return rows


def _by_file_name(archive: photos.Archive) -> dict[str, str]:
    """File name -> name in the archive, sorted by file name."""
    files = {PurePosixPath(name).name: name for name in archive.names}
    if len(files) != len(archive.names):
        raise MissingError(f"{archive.path} has two images of one file name: keep one copy")
    return dict(sorted(files.items()))


def _match(files: dict[str, str], table: dict, source: Path) -> list:
    """What the table says of each image, in the order of the images."""
    unknown = [name for name in files if name not in table]
    if unknown:
        raise MissingError(
            f"{source} has no line for {len(unknown)} of the {len(files)} images, such as "
            f"{unknown[0]}: use the file that belongs to them"
        )
    return [table[name] for name in files]


def _held_out(files: dict[str, str], partition: Path | None) -> np.ndarray:
    """Which images are held out, bool [N]."""
    if partition:
        table = {row[0]: row[-1] for row in _rows(partition)}
        mask = np.array(_match(files, table, partition)) == TEST
        if 0 < mask.sum() < len(mask):
            return mask
    first = len(files) - max(1, round(HELD_OUT * len(files)))
    return np.arange(len(files)) >= first


def _images(folder: Path) -> Path | None:
    """The folder of images if there, else the first zip by name."""
    loose = folder / "img_align_celeba"
    return loose if loose.is_dir() else _first(folder, "img_align_celeba*.zip")


def _first(folder: Path, pattern: str) -> Path | None:
    return next((file for file in sorted(folder.glob(pattern)) if file.is_file()), None)
