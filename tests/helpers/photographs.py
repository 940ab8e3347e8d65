"""Small sets of photographs in the forms in which they are published."""

import zipfile
from io import BytesIO

import numpy as np
from PIL import Image

from framework.data.celeba import ATTRIBUTES


def plain(colour, size=(178, 218)) -> bytes:
    """A png of one colour; size is width, height."""
    buffer = BytesIO()
    Image.new("RGB", size, colour).save(buffer, "png")
    return buffer.getvalue()


def write_zip(path, files, order=None):
    """A zip of name -> bytes, written in another order if asked."""
    path.parent.mkdir(parents=True, exist_ok=True)
    names = list(files)
    with zipfile.ZipFile(path, "w") as archive:
        for place in range(len(names)) if order is None else order:
            archive.writestr(names[place], files[names[place]])


def write_folder(root, files):
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)


def face_files(count, folder="img_align_celeba/", suffix="jpg"):
    """Faces whose red is their number; png inside whatever the name says."""
    return {f"{folder}{i:06}.{suffix}": plain((i, 0, 0)) for i in range(1, count + 1)}


def attribute(i, column):
    """What the attributes of face i are: no two faces below 2**12 have the same."""
    return (i >> (column % 12)) & 1


def attribute_lines(count):
    return [
        f"{i:06}.jpg " + " ".join("1" if attribute(i, c) else "-1" for c in range(40))
        for i in range(1, count + 1)
    ]


def write_attributes(file, count, lines=None):
    lines = attribute_lines(count) if lines is None else lines
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("\n".join(["202599", " ".join(ATTRIBUTES) + " ", *lines]) + "\n")


def expected(numbers):
    return np.array([[attribute(i, column) for column in range(40)] for i in numbers])


def side_files(size=(40, 40), counts=(5, 3), root="horse2zebra/"):
    """A CycleGAN set: red counts the images, green is 0 for A and 200 for B, blue 100 in test."""
    return {
        f"{root}{part}{side}/{i}.jpg": plain((i, 200 * (side == "B"), 100 * (part == "test")), size)
        for side in "AB"
        for part, count in zip(("train", "test"), counts, strict=True)
        for i in range(count)
    }


def write_photographs(root, faces=200):
    """Tiny sets under the names of the real ones; no attribute is rare in any part of the faces."""
    lines = [
        f"{i:06}.jpg " + " ".join("1" if i >> column % 3 & 1 else "-1" for column in range(40))
        for i in range(1, faces + 1)
    ]
    write_attributes(root / "celeba" / "list_attr_celeba.txt", faces, lines)
    write_zip(root / "celeba" / "img_align_celeba.zip", face_files(faces))
    for name in ("horse2zebra", "apple2orange"):
        files = side_files((64, 64), (8, 4), root=f"{name}/")
        write_zip(root / name / f"{name}.zip", files)
