"""Which values of `--data` are a folder of the user, and which are names of data sets."""

import os

PREFIX = "tfds:"  # of names of TensorFlow Datasets
NAMES = (
    "apple", "apple2orange", "arrays", "audio", "celeba", "celeba_blond", "celeba_facial_hair",
    "celeba_glasses", "celeba_male", "celeba_mouth", "celeba_smiling", "fashion", "folder", "horse",
    "horse2zebra", "mini", "mini2accessory", "mini2edge", "mini2street", "mnist", "mnist2accessory",
    "mnist2edge", "mnist2fashion", "mnist2negative", "mnist2rotate", "mnist2svhn",
    "mnist2svhn_prune", "mnist2usps", "orange", "ring", "svhn", "svhn2mnist", "tones2voices",
    "usps", "usps2mnist", "zebra",
)  # fmt: skip
"""The keys of `data.PAIRS` and `data.SOURCES`, which this room may not import, and "arrays".

They are never folders, so that a command means the same wherever it is given.
"""


def is_folder(value: str) -> bool:
    """Returns whether a value of `--data` is the path of a folder.

    It is one if it exists as a folder, contains a separator of paths, or begins with "~" or ".",
    and is no name of a data set.
    """
    if value in NAMES or value.startswith(PREFIX) or f"+{PREFIX}" in value:
        return False
    separators = {os.sep, os.altsep} - {None}
    return value[:1] in ("~", ".") or bool(separators & set(value)) or os.path.isdir(value)
