"""Formats, metadata and kinds of pixels of image files."""

import struct
import subprocess
import zlib
from io import BytesIO

import numpy as np
import pytest
from PIL import Image, ImageOps, PngImagePlugin, features

from framework.data import formats
from framework.data.decode import _known_formats, convert_to_rgb, decoded, open_image
from framework.errors import MissingError

# The left half is red, the right half blue; 16 rows of 24 pixels.
PICTURE = Image.fromarray(
    np.repeat([[[200, 0, 0]] * 12 + [[0, 0, 200]] * 12], 16, axis=0).astype(np.uint8)
)
TURNED = (16, 24)  # width and height after a quarter turn
SAVED = {  # format -> options of `save`
    "PNG": {}, "JPEG": dict(quality=95), "WEBP": dict(lossless=True), "BMP": {}, "TIFF": {},
    "GIF": {}, "PPM": {}, "JPEG2000": {}, "TGA": {}, "PCX": {}, "QOI": {}, "SGI": {}, "ICO": {},
    "AVIF": dict(quality=95),
}  # fmt: skip


def saved(kind="PNG", image=PICTURE, **options):
    file = BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def is_picture(image, loss=40):
    """Whether an image is PICTURE, but for the loss of compression; ICO makes it smaller."""
    pixels = np.asarray(image).astype(int)
    middle = pixels[len(pixels) // 2]
    left, right = middle[2], middle[-3]
    return (
        image.mode == "RGB"
        and np.abs(left - (200, 0, 0)).max() <= loss
        and np.abs(right - (0, 0, 200)).max() <= loss
    )


def test_a_pillow_without_avif_and_qoi_opens_the_others(monkeypatch):
    Image.init()  # once; later calls do not add formats again
    _known_formats.cache_clear()
    for missing in ("AVIF", "QOI"):
        monkeypatch.delitem(Image.OPEN, missing, raising=False)
    assert is_picture(decoded(saved("PNG")))
    assert _known_formats() and not {"AVIF", "QOI"} & {*_known_formats()}
    _known_formats.cache_clear()


def chunk(kind, content, checksum=None):
    checksum = zlib.crc32(kind + content) if checksum is None else checksum
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", checksum)


def png_with(*chunks):
    content = saved()
    return content[:33] + b"".join(chunks) + content[33:]  # after IHDR


def segment(marker, content):
    return bytes((0xFF, marker)) + struct.pack(">H", len(content) + 2) + content


def jpeg_with(*segments):
    content = saved("JPEG", quality=95)
    return content[:2] + b"".join(segments) + content[2:]


def exif(*entries, order="<"):
    """EXIF data with entries of tag, type, count and value."""
    body = struct.pack(f"{order}H", len(entries))
    for tag, kind, count, value in entries:
        packed = value if isinstance(value, bytes) else struct.pack(f"{order}HH", value, 0)
        body += struct.pack(f"{order}HHI", tag, kind, count) + packed
    start = b"II*\0" if order == "<" else b"MM\0*"
    return b"Exif\0\0" + start + struct.pack(f"{order}I", 8) + body + bytes(4)


DESCRIPTION = 0x010E
QUARTER_TURN = (0x0112, 3, 1, 6)
MISTYPED = [  # entries that Pillow cannot read or write back
    (0x011A, 2, 4, b"300\0"),  # XResolution as text
    (0x011A, 3, 1, 300),  # as a short
    (0x011A, 5, 1, b"\xff\xff\xff\xff"),  # a fraction that lies outside
    (0x8769, 4, 1, b"\xff\xff\xff\x7f"),  # a directory that lies outside
    (0x8769, 2, 4, b"abc\0"),  # a directory as text
    (0x0132, 7, 200, b"\xf0\xff\xff\x00"),
    (0x010F, 99, 1, 1),  # an unknown type
    (0x0100, 3, 60000, 1),
]


@pytest.mark.parametrize("kind", list(SAVED))
def test_every_format_is_read(kind, tmp_path):
    if kind == "AVIF" and not features.check("avif"):
        pytest.skip("this Pillow does not decode AVIF")
    options = SAVED[kind] | (dict(sizes=[(24, 16)]) if kind == "ICO" else {})
    for suffix in formats.SUFFIXES_OF_FORMATS[kind]:
        if suffix in (".pgm", ".pbm", ".pfm"):  # grey
            continue
        file = tmp_path / f"a{suffix}"
        file.write_bytes(saved(kind, **options))
        assert is_picture(open_image(file)), suffix


def test_the_suffixes_of_all_formats_are_tested():
    assert SAVED.keys() == formats.SUFFIXES_OF_FORMATS.keys()


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "TIFF"])
def test_the_first_image_of_several_is_read(kind):
    others = [Image.new("RGB", PICTURE.size, "white"), Image.new("RGB", PICTURE.size, "black")]
    options = dict(lossless=True) if kind == "WEBP" else {}
    content = saved(kind, save_all=True, append_images=others, **options)
    assert is_picture(decoded(content))


def test_the_content_decides_and_not_the_suffix(tmp_path):
    file = tmp_path / "a.jpg"
    file.write_bytes(saved("BMP"))
    assert is_picture(open_image(file))
    with file.open("rb") as opened:
        assert is_picture(open_image(opened))


@pytest.mark.parametrize(
    "content", [b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 8 8\n", b"%PDF-1.4"]
)
def test_no_other_program_is_started(content, tmp_path, monkeypatch):
    def start(*words, **options):
        raise AssertionError("a program was started")

    monkeypatch.setattr(subprocess, "Popen", start)
    file = tmp_path / "1.png"
    file.write_bytes(content + bytes(2000))
    with pytest.raises(MissingError, match=r"cannot read .*1\.png \(no image of a format"):
        open_image(file)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("value", range(1, 9))
def test_the_orientation_turns_as_pillow_does(value, order):
    content = jpeg_with(segment(0xE1, exif((0x0112, 3, 1, value), order=order)))
    flat = saved("JPEG", quality=95)
    plain = Image.open(BytesIO(flat))
    plain.getexif()[0x0112] = value
    expected = ImageOps.exif_transpose(plain)
    np.testing.assert_array_equal(np.asarray(decoded(content)), np.asarray(expected))


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "TIFF", "AVIF"])
def test_other_formats_are_turned_as_well(kind):
    if kind == "AVIF" and not features.check("avif"):
        pytest.skip("this Pillow does not decode AVIF")
    data = Image.Exif()
    data[0x0112] = 6
    assert decoded(saved(kind, exif=data)).size == TURNED


@pytest.mark.parametrize("entry", MISTYPED)
def test_mistyped_fields_do_not_stop_a_turned_jpeg(entry):
    for entries in ((QUARTER_TURN, entry), (entry, QUARTER_TURN)):
        image = decoded(jpeg_with(segment(0xE1, exif(*entries))))
        assert image.size == TURNED


@pytest.mark.parametrize("entry", MISTYPED)
def test_mistyped_fields_stop_no_other_format(entry):
    broken = exif(QUARTER_TURN, entry)
    assert decoded(png_with(chunk(b"eXIf", broken[6:]))).size == TURNED
    assert decoded(saved("WEBP", exif=broken)).size == TURNED
    if features.check("avif"):
        plain = Image.Exif()
        plain[0x010F] = "a" * (len(broken) + 60)
        content = saved("AVIF", exif=plain)
        start = content.index(b"MM\0*")
        content = content[:start] + broken[6:] + content[start + len(broken) - 6 :]
        assert is_picture(decoded(content))


@pytest.mark.parametrize("entry", [each for each in MISTYPED if each[0] != 0x0100])
@pytest.mark.parametrize("options", [{}, dict(compression="tiff_lzw")])
def test_mistyped_fields_stop_no_tiff(entry, options):
    content = saved("TIFF", tiffinfo={0x0112: 6, DESCRIPTION: "some text"}, **options)
    value = entry[3] if isinstance(entry[3], bytes) else struct.pack("<HH", entry[3], 0)
    (start,) = struct.unpack_from("<I", content, 4)
    place = content.index(struct.pack("<HH", DESCRIPTION, 2), start)
    content = content[:place] + struct.pack("<HHI", *entry[:3]) + value + content[place + 12 :]
    assert decoded(content).size == TURNED


@pytest.mark.parametrize(
    "data",
    [b"", b"Exif\0\0", b"Exif\0\0II*\0", b"Exif\0\0II*\0\xff\xff\xff\xff",
     b"Exif\0\0nothing at all", exif(QUARTER_TURN)[:-8],
     exif((0x0112, 2, 2, b"6\0\0\0")), exif((0x0112, 3, 1, 99))],
)  # fmt: skip
def test_an_orientation_that_cannot_be_read_is_upright(data):
    assert is_picture(decoded(jpeg_with(segment(0xE1, data))))
    assert is_picture(decoded(png_with(chunk(b"eXIf", data.removeprefix(b"Exif\0\0")))))


LARGE = b"a" * 2**21
PNG_METADATA = {
    "text": chunk(b"tEXt", b"Comment\0" + LARGE),
    "compressed text": chunk(b"zTXt", b"Comment\0\0" + zlib.compress(LARGE)),
    "text of 80 MB": chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(8 * 10**7))),
    "international text": chunk(b"iTXt", b"Comment\0\1\0\0\0" + zlib.compress(LARGE)),
    "colour profile": chunk(b"iCCP", b"ICC\0\0" + zlib.compress(LARGE)),
    "broken colour profile": chunk(b"iCCP", b"ICC\0\0no profile"),
    "colour profile without end": chunk(b"iCCP", b"ICC"),
    "broken text": chunk(b"zTXt", b"Comment\0\7nothing"),
    "wrong checksum": chunk(b"tEXt", b"Comment\0text", 0),
    "short time": chunk(b"tIME", b"\0"),
    "short resolution": chunk(b"pHYs", b"\0"),
    "short gamma": chunk(b"gAMA", b""),
    "short chromaticity": chunk(b"cHRM", b"\0\0\0"),
    "short rendering": chunk(b"sRGB", b""),
    "animation of no images": chunk(b"acTL", bytes(8)),
    "unknown": chunk(b"abCd", LARGE),
}


@pytest.mark.parametrize("name", list(PNG_METADATA))
def test_metadata_of_png_stop_no_pixels(name):
    assert is_picture(decoded(png_with(PNG_METADATA[name])))


def test_metadata_behind_the_pixels_stop_nothing():
    content = saved()
    end = content.index(b"IEND") - 4
    assert is_picture(decoded(content[:end] + PNG_METADATA["text"] + content[end:]))


JPEG_METADATA = {
    "several pictures": segment(0xE2, b"MPF\0II*\0\x08\0\0\0\xff\xff"),
    "colour profile": segment(0xE2, b"ICC_PROFILE\0\1\xff" + LARGE[:60000]),
    "broken colour profile": segment(0xE2, b"ICC_PROFILE\0"),
    "photoshop": segment(0xED, b"Photoshop 3.0\x008BIM\x03\xed\0\0\0\0\xff\xff"),
    "xmp": segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta"),
    "two exif": segment(0xE1, exif(*MISTYPED)) + segment(0xE1, b"Exif\0\0"),
    "comment": segment(0xFE, b"\xff\x00" * 9),
    "unknown": segment(0xEF, b"abc"),
    "filling bytes": b"\xff\xff" + segment(0xFE, b"text"),
}


@pytest.mark.parametrize("name", list(JPEG_METADATA))
def test_metadata_of_jpeg_stop_no_pixels(name):
    assert is_picture(decoded(jpeg_with(JPEG_METADATA[name])))


def test_colours_of_jpeg_stay_those_that_adobe_marks():
    ink = PICTURE.convert("CMYK")
    content = saved("JPEG", ink, quality=95)
    expected = Image.open(BytesIO(content)).convert("RGB")
    np.testing.assert_array_equal(np.asarray(decoded(content)), np.asarray(expected))


@pytest.mark.parametrize("kind", [kind for kind in SAVED if kind not in ("ICO", "PPM", "TGA")])
def test_damaged_pixels_are_an_error_that_names_the_file(kind, tmp_path):
    if kind == "AVIF" and not features.check("avif"):
        pytest.skip("this Pillow does not decode AVIF")
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    content = saved(kind, Image.fromarray(noise), **SAVED[kind])
    file = tmp_path / f"bad{formats.SUFFIXES_OF_FORMATS[kind][0]}"
    for length in (0, 1, 4, 12, 20, 40, len(content) // 3):
        file.write_bytes(content[:length])
        with pytest.raises(MissingError, match=r"cannot read .*bad\.") as caught:
            open_image(file)
        assert caught.value.code == 3 and "\n" not in str(caught.value)


@pytest.mark.filterwarnings("ignore")  # of Pillow, about large images and broken fields
@pytest.mark.parametrize("kind", list(SAVED))
def test_damaged_bytes_raise_no_other_error(kind):
    if kind == "AVIF" and not features.check("avif"):
        pytest.skip("this Pillow does not decode AVIF")
    rng, content = np.random.default_rng(0), bytearray(saved(kind, **SAVED[kind]))
    for _ in range(60):
        changed = bytearray(content)
        for place in rng.integers(0, min(len(changed), 200), 3):
            changed[place] = rng.integers(256)
        try:
            assert decoded(bytes(changed)).mode == "RGB"
        except ValueError as error:
            assert str(error)


def grey(mode, value):
    return Image.fromarray(np.full((4, 4), value, mode))


@pytest.mark.parametrize(
    "kind, image, expected",
    [
        ("PNG", Image.new("1", (4, 4), 1), 255),
        ("PNG", Image.new("L", (4, 4), 77), 77),
        ("PNG", grey(np.uint16, 257 * 60), 60),
        ("PNG", grey(np.uint16, 65535), 255),
        ("TIFF", grey(np.uint16, 257 * 60), 60),
        ("PPM", grey(np.uint16, 257 * 60), 60),
        ("TIFF", grey(np.float32, 0.2), 51),
        ("PPM", grey(np.float32, 1.0), 255),
        ("PNG", Image.new("LA", (4, 4), (50, 255)), 50),
        ("PNG", Image.new("LA", (4, 4), (50, 0)), 255),
        ("PNG", Image.new("RGBA", (4, 4), (9, 9, 9, 0)), 255),
        ("TIFF", Image.new("CMYK", (4, 4), (0, 0, 0, 0)), 255),
        ("GIF", Image.new("P", (4, 4), 0), 0),
    ],
)
def test_pixels_are_scaled_by_the_range_of_their_type(kind, image, expected):
    pixels = np.asarray(decoded(saved(kind, image)))
    assert pixels.shape == (4, 4, 3) and (pixels == expected).all()


def test_a_palette_with_a_transparent_colour_is_white_there():
    image = Image.new("P", (4, 4), 0)
    image.putpalette([5, 6, 7] * 256)
    assert (np.asarray(decoded(saved("PNG", image))) == (5, 6, 7)).all()
    assert (np.asarray(decoded(saved("PNG", image, transparency=0))) == 255).all()


def test_12_bits_are_scaled_to_16(monkeypatch):
    image = grey(np.uint16, 4095)
    image.format, image.tag_v2 = "TIFF", {258: (12,)}
    assert (np.asarray(convert_to_rgb(image)) == 255).all()


@pytest.mark.parametrize(
    "image, reason",
    [
        (grey(np.float32, 1.5), "floats outside"),
        (grey(np.float32, -0.1), "floats outside"),
        (grey(np.float32, np.nan), "floats outside"),
        (grey(np.int32, 7), "int32"),
    ],
)
def test_pixels_without_a_range_are_refused_by_name(image, reason, tmp_path):
    image.save(tmp_path / "a.tif")
    with pytest.raises(MissingError, match=rf"a\.tif \({reason}"):
        open_image(tmp_path / "a.tif")


def test_large_text_of_png_is_read_by_others_as_before():
    limit = PngImagePlugin.MAX_TEXT_CHUNK
    decoded(png_with(PNG_METADATA["compressed text"]))
    assert limit == PngImagePlugin.MAX_TEXT_CHUNK
