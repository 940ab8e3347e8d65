"""Builds sample sheets: images in a grid, not scaled, as PNG files with a caption."""

import io
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont, ImageOps
from PIL.PngImagePlugin import PngInfo

from framework.results.files import as_utf8

LABELS = 56  # width in pixels of the names of rows in `triplets`
GAP = 6  # pixels between pairs, and between the heads and the body of a table
GREY = 128  # between domains: differs from a digit's black background and from white paper
CAPTION = "Description"  # keyword of the caption in a PNG file (PNG specification, 11.3.3.2)


def png(pixels: np.ndarray, caption: str = "") -> bytes:
    """Returns a PNG file of uint8 pixels [H, W, 3], with a caption as UTF-8 text (iTXt)."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", pnginfo=metadata(caption))
    return buffer.getvalue()


def encoded(pixels: np.ndarray, format: str) -> bytes:
    """Returns an image file of uint8 pixels [H, W, 3].

    Args:
        pixels: the image.
        format: png, which keeps every pixel; or jpg or webp, at quality 95.
    """
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG" if format == "jpg" else format, quality=95)
    return buffer.getvalue()


def thumbnail(pixels: np.ndarray, size: int) -> np.ndarray:
    """Returns uint8 pixels [H, W, 3] as [size, size, 3]: smaller, with grey borders."""
    small = ImageOps.pad(Image.fromarray(pixels), (size, size), color=(GREY,) * 3)
    return np.asarray(small)


def metadata(caption: str) -> PngInfo | None:
    """Returns the caption as metadata of a PNG file; None without a caption."""
    if not caption:
        return None
    info = PngInfo()
    info.add_itxt(CAPTION, as_utf8(caption).decode())
    return info


def caption_of(path: Path) -> str:
    """Returns the caption in a PNG file, "" if it has none."""
    with Image.open(path) as image:
        return image.info.get(CAPTION, "")


def to_uint8(images: np.ndarray) -> np.ndarray:
    """Converts images in [-1, 1], of any shape, to uint8: x * 127.5 + 127.5, rounded and clipped.

    uint8 images are returned unchanged; nan becomes mid-grey.
    """
    images = np.asarray(images)
    if images.dtype == np.uint8:
        return images
    levels = np.nan_to_num(images.astype(np.float32), nan=0.0) * 127.5 + 127.5
    return np.clip(np.rint(levels), 0, 255).astype(np.uint8)


def false_colours(images: np.ndarray) -> np.ndarray:
    """Colours grey images [..., S, S, C] in [-1, 1]; returns uint8 [..., S + 1, S + 1, 3].

    Colours go from black (-1) through purple and orange to pale yellow (1). A mid-grey line below
    and to the right of each image separates it from its neighbours; nan is mid-grey too.
    """
    from matplotlib import colormaps  # slow to import

    colours = colormaps["magma"].with_extremes(bad=(GREY / 255,) * 3)
    images = (np.asarray(images).mean(axis=-1) + 1) / 2
    lines = [(0, 0)] * (images.ndim - 2) + [(0, 1)] * 2
    return colours(np.pad(images, lines, constant_values=np.nan), bytes=True)[..., :3]


def tile(images: np.ndarray, columns: int) -> np.ndarray:
    """Arranges images in a grid, row by row.

    Args:
        images: [N, H, W, C], C = 1 (grey) or 3; floats in [-1, 1] or uint8.
        columns: tiles per row; empty places of the last row are mid-grey.

    Returns:
        uint8 [rows * H, columns * W, 3].

    Raises:
        ValueError: the images have another shape, or there are none.
    """
    images = to_uint8(images)
    if images.ndim != 4 or images.shape[-1] not in (1, 3) or not len(images):
        raise ValueError(f"images must be [N, H, W, 1 or 3] with N > 0, not {images.shape}")
    count, height, width, _ = images.shape
    rows = math.ceil(count / columns)
    cells = np.full((rows * columns, height, width, 3), GREY, np.uint8)
    cells[:count] = images  # a single channel broadcasts to grey RGB
    grid = cells.reshape(rows, columns, height, width, 3).swapaxes(1, 2)
    return grid.reshape(rows * height, columns * width, 3)


def triplets(rows: Mapping[str, np.ndarray]) -> np.ndarray:
    """Arranges pairs beside each other, in labelled rows such as x1 x2, m12 m21, r1 r2.

    Args:
        rows: letter of a row -> images [2N, S, S, C], those of image 1 and then those of image 2.

    Returns:
        uint8 [rows * S, LABELS + 2 N S + (N - 1) GAP, 3]; gaps are black.
    """
    halves = [np.split(to_uint8(images), 2) for images in rows.values()]
    count, side = len(halves[0][0]), halves[0][0].shape[1]
    strips = [_labels(list(rows), side)]
    for i in range(count):
        if i:
            strips.append(np.zeros((len(halves) * side, GAP, 3), np.uint8))
        strips.append(tile(np.stack([half[i] for pair in halves for half in pair]), columns=2))
    return np.concatenate(strips, axis=1)


def table(cells: np.ndarray, *, top: int = 0, left: int = 0) -> np.ndarray:
    """Arranges images in rows and columns; gaps separate the first rows and columns as heads.

    Args:
        cells: [R, C, S, S, 1 or 3], floats in [-1, 1] or uint8.
        top: number of rows above a gap; 0 for no gap.
        left: number of columns to the left of a gap; 0 for no gap.

    Returns:
        uint8 [R S (+ GAP), C S (+ GAP), 3]; gaps are grey.
    """
    columns, side = cells.shape[1:3]
    pixels = tile(to_uint8(cells).reshape(-1, *cells.shape[2:]), columns)
    for axis, heads in enumerate((top, left)):
        if heads:
            pixels = np.insert(pixels, [heads * side] * GAP, GREY, axis=axis)
    return pixels


def matrix(above: np.ndarray, left: np.ndarray, body: np.ndarray) -> np.ndarray:
    """Returns the cells [R + 1, C + 1, S, S, channels] of a `table` with a head row and column.

    Args:
        above: images of the top row [C, S, S, channels] in [-1, 1], as all images.
        left: images of the left column [R, S, S, channels].
        body: the other images [R * C, S, S, channels], row by row.
    """
    rows = np.reshape(body, (len(left), len(above), *above.shape[1:]))
    corner = np.zeros((1, *above.shape[1:]), np.float32)
    head = np.concatenate([corner, above])
    return np.concatenate([head[None], np.concatenate([left[:, None], rows], axis=1)])


def _labels(letters: Sequence[str], side: int) -> np.ndarray:
    """Returns the names of the rows in white on black, uint8 [rows * side, LABELS, 3]."""
    strip = Image.new("RGB", (LABELS, len(letters) * side))
    draw = ImageDraw.Draw(strip)
    for row, letter in enumerate(letters):
        numbers = ("12", "21") if letter == "m" else "12"
        text = " ".join(letter + number for number in numbers)
        draw.text((3, (row + 0.5) * side), text, "white", ImageFont.load_default(10), "lm")
    return np.asarray(strip)


def default_rows(count: int, domains: int) -> int:
    """Returns the rows per domain of a full, nearly square sheet: 2 rows of 4 for 8 pairs."""
    limit = max(1, math.isqrt(count // domains))
    return next(rows for rows in range(limit, 0, -1) if count % rows == 0)


def pair_sheet(images: Sequence[np.ndarray], rows: int | None = None) -> np.ndarray:
    """Arranges samples of several domains below each other, the same z at the same place.

    Args:
        images: one array [N, S, S, C] in [-1, 1] per domain, all of one shape up to C.
        rows: rows of tiles per domain; the thesis has 8 pairs in 2 rows.

    Returns:
        uint8 [H, W, 3]; grey bands of 1/8 of the height of a tile separate the domains.

    Raises:
        ValueError: the domains have different numbers of images.
    """
    counts = {len(part) for part in images}
    if len(counts) != 1:
        raise ValueError(f"every domain needs the same number of images, got {sorted(counts)}")
    count = counts.pop()
    columns = math.ceil(count / (rows or default_rows(count, len(images))))
    halves = [tile(part, columns) for part in images]
    height, width = max(1, images[0].shape[1] // 8), halves[0].shape[1]
    band = np.full((height, width, 3), GREY, np.uint8)
    parts = [halves[0]]
    for half in halves[1:]:
        parts += [band, half]
    return np.concatenate(parts)
