"""Decodes image files of any camera or program to RGB."""

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
"""The errors that reading or decoding a damaged file raises."""


def decoded(file: Path | BinaryIO) -> Image.Image:
    """Reads an image file as RGB, rotated as its EXIF orientation says; see `convert_to_rgb`.

    Raises one of UNREADABLE.
    """
    with Image.open(file) as image:
        return convert_to_rgb(ImageOps.exif_transpose(image))


def array(file: Path) -> np.ndarray:
    """Reads the array of an npy file. Raises one of UNREADABLE."""
    content = np.load(file, allow_pickle=False)
    if not isinstance(content, np.ndarray):
        raise ValueError("an archive of arrays; save one array as npy")
    return content


def decode_all(count: int, size: int, decode: Callable[[int], Image.Image]) -> np.ndarray:
    """Decodes several images in parallel.

    Args:
        count: number of images.
        size: height and width of what `decode` returns.
        decode: index from 0 to count - 1 -> RGB image.

    Returns:
        uint8 [count, size, size, 3].

    Raises:
        Exception: the first error of `decode`.
    """
    images = np.empty((count, size, size, 3), np.uint8)

    def decode_one(index: int) -> None:
        images[index] = np.asarray(decode(index))

    with ThreadPoolExecutor(min(16, os.cpu_count() or 1)) as pool:  # Pillow decodes without the GIL
        try:
            deque(pool.map(decode_one, range(count)), maxlen=0)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return images


def convert_to_rgb(image: Image.Image) -> Image.Image:
    """Returns an image as RGB; transparent pixels become white, 16-bit grey becomes 8-bit."""
    if image.mode.startswith("I"):
        return Image.fromarray((np.asarray(image) // 257).astype(np.uint8)).convert("RGB")
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        colour = image.convert("RGBA")
        white = Image.new("RGBA", colour.size, "white")
        return Image.alpha_composite(white, colour).convert("RGB")
    return image.convert("RGB")
