"""One image file as RGB pixels, whatever camera or program has written it."""

import zipfile
import zlib
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


def flat(image: Image.Image) -> Image.Image:
    """RGB; what is transparent becomes white, 16-bit grey becomes 8-bit."""
    if image.mode.startswith("I"):
        return Image.fromarray((np.asarray(image) // 257).astype(np.uint8)).convert("RGB")
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        colour = image.convert("RGBA")
        white = Image.new("RGBA", colour.size, "white")
        return Image.alpha_composite(white, colour).convert("RGB")
    return image.convert("RGB")
