"""One image file as RGB pixels, whatever camera or program has written it."""

import os
import zipfile
import zlib
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image, ImageOps

UNREADABLE = (
    OSError, ValueError, EOFError, SyntaxError, zlib.error, zipfile.BadZipFile,
    Image.DecompressionBombError,
)  # fmt: skip
"""What reading or decoding a damaged file raises."""


def decoded(file: Path | BinaryIO) -> Image.Image:
    """RGB of an image file, upright as its EXIF orientation says; see `flat`.

    Raises one of UNREADABLE.
    """
    with Image.open(file) as image:
        return flat(ImageOps.exif_transpose(image))


def array(file: Path) -> np.ndarray:
    """What is in an npy file. Raises one of UNREADABLE."""
    found = np.load(file, allow_pickle=False)
    if not isinstance(found, np.ndarray):
        raise ValueError("an archive of arrays; save one array as npy")
    return found


def several(count: int, size: int, one: Callable[[int], Image.Image]) -> np.ndarray:
    """The images `one` of 0, 1, ..., as uint8 [count, size, size, 3], several at a time."""
    images = np.empty((count, size, size, 3), np.uint8)

    def put(place: int) -> None:
        images[place] = np.asarray(one(place))

    with ThreadPoolExecutor(min(16, os.cpu_count() or 1)) as pool:  # Pillow decodes without the GIL
        try:
            deque(pool.map(put, range(count)), maxlen=0)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return images


def flat(image: Image.Image) -> Image.Image:
    """RGB; what is transparent becomes white, 16-bit grey becomes 8-bit."""
    if image.mode.startswith("I"):
        return Image.fromarray((np.asarray(image) // 257).astype(np.uint8)).convert("RGB")
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        colour = image.convert("RGBA")
        white = Image.new("RGBA", colour.size, "white")
        return Image.alpha_composite(white, colour).convert("RGB")
    return image.convert("RGB")
