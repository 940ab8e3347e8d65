"""Formats of images that are read, and their bytes without metadata.

Metadata (dates, places, colour profiles, comments, previews) say nothing about the pixels, but a
damaged or very large part of them makes Pillow refuse the whole file. They are removed before
Pillow sees the file; only the orientation is kept.
"""

import struct
import zlib
from collections.abc import Callable

SUFFIXES_OF_FORMATS = {
    "PNG": (".png", ".apng"),
    "JPEG": (".jpg", ".jpeg", ".jpe", ".jfif"),
    "WEBP": (".webp",),
    "BMP": (".bmp", ".dib"),
    "TIFF": (".tif", ".tiff"),
    "GIF": (".gif",),
    "AVIF": (".avif",),
    "PPM": (".ppm", ".pgm", ".pbm", ".pnm", ".pfm"),
    "JPEG2000": (".jp2", ".j2k", ".j2c", ".jpx"),
    "TGA": (".tga",),
    "PCX": (".pcx",),
    "QOI": (".qoi",),
    "SGI": (".sgi",),
    "ICO": (".ico",),
}
"""Names in Pillow of the formats that are read, and the suffixes of their files in lower case.

Pillow decodes all of them by itself. PostScript is not among them, because Pillow starts
Ghostscript to read it.
"""

FORMATS = tuple(SUFFIXES_OF_FORMATS)
IMAGE_SUFFIXES = tuple(suffix for group in SUFFIXES_OF_FORMATS.values() for suffix in group)
SUFFIXES = (*IMAGE_SUFFIXES, ".npy")
OTHER_IMAGES = (
    ".heic", ".heif", ".jxl", ".eps", ".ps", ".pdf", ".svg", ".psd", ".dng", ".cr2", ".cr3",
    ".nef", ".arw", ".exr", ".hdr",
)  # fmt: skip
"""Suffixes of images and documents that are not read, so that a message can say so."""

UPRIGHT = 1
_ORIENTATION = 0x0112
_SHORT, _LONG = 3, 4  # types of a value in EXIF and TIFF
_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_PIXELS = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND")
# APP0 and APP14 of a JPEG file say how its colours are stored; the other APP segments (APP1 is
# EXIF) and comments are metadata.
_JPEG_METADATA = (*range(0xE1, 0xEE), 0xEF, 0xFE)
_START_OF_SCAN = 0xDA
_EXIF = b"Exif\0\0"
# Tags without which the pixels of a TIFF file cannot be read.
_TIFF_PIXELS = (
    256, 257, 258, 259, 262, 266, 273, 277, 278, 279, 284, 292, 293, 317, 320, 322, 323, 324, 325,
    332, 334, 338, 339, 347, *range(512, 522), 529, 530, 531, 532,
)  # fmt: skip


def without_metadata(content: bytes) -> tuple[bytes, int]:
    """Returns the bytes of an image file without its metadata, and its EXIF orientation.

    Of a TIFF file only the first page is kept. Files of other formats than PNG, JPEG, TIFF and AVIF
    are returned as they are, since their metadata stop nothing.

    Returns:
        The bytes, and the orientation from 1 (upright) to 8; 1 where the file has none.
    """
    for start, remove in _REMOVERS.items():
        if content.startswith(start):
            try:
                return remove(content)
            except (struct.error, IndexError):
                return content, UPRIGHT  # damaged: Pillow says how
    if content[4:8] == b"ftyp":
        return _without_metadata_in_avif(content), UPRIGHT
    return content, UPRIGHT


def orientation(exif: bytes) -> int:
    """Reads the orientation of EXIF data; other fields may be damaged.

    Args:
        exif: EXIF data, with or without the word "Exif" at the start; or the bytes of a TIFF file.

    Returns:
        The orientation from 1 (upright) to 8; 1 where there is none or it cannot be read.
    """
    exif = exif.removeprefix(_EXIF)
    try:
        order = _byte_order(exif)
        for entry in _directory(exif, order)[1]:
            tag, kind = struct.unpack(f"{order}HH", entry[:4])
            if tag == _ORIENTATION and kind in (_SHORT, _LONG):
                form, size = ("H", 2) if kind == _SHORT else ("I", 4)
                (value,) = struct.unpack(order + form, entry[8 : 8 + size])
                return value if 1 <= value <= 8 else UPRIGHT
    except struct.error:
        pass
    return UPRIGHT


def _without_metadata_in_png(content: bytes) -> tuple[bytes, int]:
    kept, turned, place = [_PNG], UPRIGHT, len(_PNG)
    while place < len(content):
        (length,) = struct.unpack_from(">I", content, place)
        kind, end = content[place + 4 : place + 8], place + 12 + length
        chunk = content[place:end]
        if kind in _PNG_PIXELS:
            kept.append(chunk)
        elif kind == b"eXIf" and chunk[-4:] == struct.pack(">I", zlib.crc32(chunk[4:-4])):
            turned = orientation(chunk[8:-4])
        if kind == b"IEND":
            break
        place = end
    return b"".join(kept), turned


def _without_metadata_in_jpeg(content: bytes) -> tuple[bytes, int]:
    kept, turned, place = [content[:2]], UPRIGHT, 2
    while content[place] == 0xFF:
        marker = content[place + 1]
        if marker == 0xFF:  # a byte that fills
            place += 1
            continue
        if marker == _START_OF_SCAN:
            break
        (length,) = struct.unpack_from(">H", content, place + 2)
        segment = content[place : place + 2 + length]
        if marker not in _JPEG_METADATA:
            kept.append(segment)
        elif segment[4:10] == _EXIF and turned == UPRIGHT:
            turned = orientation(segment[4:])
        place += 2 + length
    return b"".join((*kept, content[place:])), turned


def _without_metadata_in_tiff(content: bytes) -> tuple[bytes, int]:
    order = _byte_order(content)
    start, entries = _directory(content, order)
    kept = [entry for entry in entries if struct.unpack(f"{order}H", entry[:2])[0] in _TIFF_PIXELS]
    directory = struct.pack(f"{order}H", len(kept)) + b"".join(kept) + bytes(4)
    lean = content[:start] + directory + content[start + len(directory) :]
    return lean, orientation(content)


def _without_metadata_in_avif(content: bytes) -> bytes:
    """Returns the file with its EXIF data renamed, so that no reader looks at them.

    The orientation of an AVIF file is stored beside its EXIF data, and Pillow reports it.
    """
    end = content.find(b"mdat")
    return content[:end].replace(b"Exif", b"free") + content[end:] if end > 0 else content


def _byte_order(content: bytes) -> str:
    """Returns the byte order of EXIF or TIFF data for `struct`; struct.error for other data."""
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(content[:4])
    if order is None:
        raise struct.error("no TIFF header")
    return order


def _directory(content: bytes, order: str) -> tuple[int, list[bytes]]:
    """Returns where the first directory of EXIF or TIFF data starts, and its complete entries."""
    (start,) = struct.unpack_from(f"{order}I", content, 4)
    (count,) = struct.unpack_from(f"{order}H", content, start)
    places = range(start + 2, start + 2 + 12 * count, 12)
    entries = (content[place : place + 12] for place in places)
    return start, [entry for entry in entries if len(entry) == 12]


_REMOVERS: dict[bytes, Callable[[bytes], tuple[bytes, int]]] = {
    _PNG: _without_metadata_in_png,
    b"\xff\xd8": _without_metadata_in_jpeg,
    b"II*\0": _without_metadata_in_tiff,
    b"MM\0*": _without_metadata_in_tiff,
}
