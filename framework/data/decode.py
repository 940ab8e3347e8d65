"""Decodes image files of any camera or program to RGB."""

import functools
import os
import zipfile
import zlib
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image, UnidentifiedImageError

from framework.data.formats import FORMATS, UPRIGHT, orientation, without_metadata
from framework.data.listing import unreadable
from framework.errors import MissingError

UNREADABLE = (OSError, ValueError, EOFError, zlib.error, zipfile.BadZipFile)
"""The errors that reading a damaged file or archive, and `decoded`, raise."""

_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}  # of an image with this EXIF orientation, to make it upright


def open_image(file: Path | BinaryIO) -> Image.Image:
    """Reads an image of any format of `formats.FORMATS`, or an npy file, as RGB.

    Of an animation or of several pages the first one is read. The image is turned as its EXIF
    orientation says; all other metadata are ignored. `convert_to_rgb` says what becomes of grey,
    transparent and 16-bit pixels, `array_image` what an npy file may contain.

    Args:
        file: a path, or an open binary file.

    Raises:
        MissingError: the file cannot be read; the message names it.
    """
    name = file if isinstance(file, Path) else getattr(file, "name", "the image")
    try:
        return decoded_file(file) if isinstance(file, Path) else decoded(file.read())
    except UNREADABLE as error:
        raise MissingError(unreadable([(Path(name), reason(error))])) from error


def decoded_file(file: Path) -> Image.Image:
    """Reads an image as `open_image` does; raises one of UNREADABLE, without the name."""
    if file.suffix.lower() == ".npy":
        return array_image(array(file))
    return decoded(file.read_bytes())


def size_of(file: Path) -> tuple[int, int]:
    """Returns width and height of an image, where possible without decoding it.

    Raises one of UNREADABLE.
    """
    try:
        if file.suffix.lower() != ".npy":
            with Image.open(file, formats=_known_formats()) as image:
                return image.size
    except Exception:  # metadata that `decoded` ignores may be damaged
        pass
    return decoded_file(file).size


def reason(error: BaseException) -> str:
    """Returns why a file cannot be read, in one line and without the path that OSError adds."""
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return " ".join(text.split())


def decoded(content: bytes) -> Image.Image:
    """Decodes the bytes of an image file as `open_image` does; ValueError says why it cannot."""
    if not content:
        raise ValueError("the file is empty")
    lean, turned = without_metadata(content)
    try:
        with Image.open(BytesIO(lean), formats=_known_formats()) as image:
            if turned == UPRIGHT:
                turned = orientation(image.info.get("exif") or b"")
            image = convert_to_rgb(image)
    except MemoryError:
        raise
    except UnidentifiedImageError as error:
        raise ValueError("no image of a format that is read") from error
    except Exception as error:  # decoders raise errors of any type for damaged files
        raise ValueError(reason(error)) from error
    return image.transpose(_TURNS[turned]) if turned in _TURNS else image


@functools.cache
def _known_formats() -> tuple[str, ...]:
    """Returns the formats that are read and that the installed Pillow has."""
    Image.init()
    return tuple(name for name in FORMATS if name in Image.OPEN)


def array(file: Path) -> np.ndarray:
    """Reads the array of an npy file. Raises one of UNREADABLE."""
    content = np.load(file, allow_pickle=False)
    if not isinstance(content, np.ndarray):
        raise ValueError("an archive of arrays; save one array as npy")
    return content


def array_image(pixels: np.ndarray) -> Image.Image:
    """Returns an array as an RGB image.

    Args:
        pixels: [H, W], [H, W, 1], [H, W, 3] or [H, W, 4] (with opacity), of uint8, of uint16 that
            are divided by 257, or of floats in [0, 1].

    Raises:
        ValueError: other shapes or values.
    """
    if pixels.ndim == 3 and pixels.shape[2] == 1:
        pixels = pixels[..., 0]
    if pixels.ndim != 2 and not (pixels.ndim == 3 and pixels.shape[2] in (3, 4)):
        raise ValueError(f"shape {pixels.shape}; use [H, W] or [H, W, 1, 3 or 4]")
    return convert_to_rgb(Image.fromarray(_bytes(pixels)))


def convert_to_rgb(image: Image.Image) -> Image.Image:
    """Returns an image as RGB, scaled by the range of the type of its pixels.

    Transparent pixels become white. 16-bit grey is divided by 257, 16-bit colour keeps its upper 8
    bits. Grey floats must lie in [0, 1]. A 16-bit PNG or PPM file is 16-bit grey even where Pillow
    stores it with 32 bits; other 32-bit or signed integers have no common range and are refused.

    Raises:
        ValueError: pixels of another type or range.
    """
    if image.mode.startswith("I") or image.mode == "F":
        pixels = np.asarray(image)
        if image.mode == "I" and image.format in ("PNG", "PPM"):
            pixels = pixels.astype(np.uint16)
        if image.mode != "F" and image.format == "TIFF" and image.tag_v2.get(258) == (12,):
            pixels = pixels * 16 + pixels // 256  # 12 bits to 16
        return Image.fromarray(_bytes(pixels)).convert("RGB")
    if image.has_transparency_data:
        colour = image.convert("RGBA")
        white = Image.new("RGBA", colour.size, "white")
        return Image.alpha_composite(white, colour).convert("RGB")
    return image.convert("RGB")


def _bytes(pixels: np.ndarray) -> np.ndarray:
    """Scales pixels to uint8 by the range of their type; ValueError where there is none."""
    if pixels.dtype == np.uint8:
        return pixels
    if pixels.dtype.kind == "u" and pixels.dtype.itemsize == 2:
        return (pixels // 257).astype(np.uint8)
    if pixels.dtype.kind == "f":
        if pixels.size and 0 <= pixels.min() and pixels.max() <= 1:
            return np.rint(pixels * 255).astype(np.uint8)
        raise ValueError("floats outside [0, 1]; scale them to this range")
    raise ValueError(f"{pixels.dtype} values; use uint8, uint16, or floats in [0, 1]")


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
