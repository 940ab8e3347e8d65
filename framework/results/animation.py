"""Writes animations that loop: GIF and WebP by Pillow, MP4 by imageio-ffmpeg (extra `video`)."""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from framework.errors import MissingError
from framework.results.files import complete_file
from framework.results.images import GAP, GREY, to_uint8

FORMATS = ("gif", "webp", "mp4")
LEAST_SIDE = 128  # pixels; smaller frames are enlarged
QUALITY = 90


def check_format(format: str) -> None:
    """Raises MissingError if the package that writes a format of `FORMATS` is not installed."""
    if format == "mp4":
        try:
            import imageio_ffmpeg  # noqa: F401
        except ImportError as error:
            raise MissingError(
                "mp4 needs the package imageio-ffmpeg: pip install imageio-ffmpeg, or choose "
                "--format webp or gif"
            ) from error


def frames(domains: Sequence[np.ndarray]) -> Iterator[np.ndarray]:
    """Yields the frames of an animation: images of all domains side by side.

    Args:
        domains: images [N, S, S, 1 or 3] in [-1, 1] of each domain.

    Yields:
        N frames, uint8 [H, W, 3]. Each pixel is enlarged to a square of the same whole number of
        pixels in both directions, until the frame is at least 128 pixels high. H and W are even,
        as MP4 requires.
    """
    scale = -(-LEAST_SIDE // domains[0].shape[1])
    for images in zip(*domains, strict=True):
        parts = [_enlarged(to_uint8(image), scale) for image in images]
        gap = np.full((len(parts[0]), GAP, 3), GREY, np.uint8)
        row = np.concatenate([part for each in parts for part in (gap, each)][1:], axis=1)
        height, width = row.shape[:2]
        yield np.pad(row, [(0, height % 2), (0, width % 2), (0, 0)], mode="edge")


def _enlarged(image: np.ndarray, scale: int) -> np.ndarray:
    colour = np.broadcast_to(image, (*image.shape[:2], 3))
    return colour.repeat(scale, axis=0).repeat(scale, axis=1)


def write(path: Path, frames: Iterable[np.ndarray], fps: int) -> None:
    """Writes an animation that loops without end where its format knows loops.

    Args:
        path: the file; its suffix is one of `FORMATS`.
        frames: at least one, uint8 [H, W, 3], all of the same even height and width.
        fps: frames per second; a GIF rounds the duration of a frame to 1/100 second.
    """
    with complete_file(path) as temporary:
        if path.suffix == ".mp4":
            _write_mp4(temporary, iter(frames), fps)
            return
        images = map(Image.fromarray, frames)
        options: dict = dict(loop=0, save_all=True, append_images=images)
        if path.suffix == ".webp":
            options["quality"] = QUALITY
        next(images).save(temporary, path.suffix[1:], duration=1000 / fps, **options)


def _write_mp4(path: Path, frames: Iterator[np.ndarray], fps: int) -> None:
    import imageio_ffmpeg

    first = next(frames)
    height, width = first.shape[:2]
    writer = imageio_ffmpeg.write_frames(
        str(path), (width, height), fps=fps, quality=QUALITY / 10, macro_block_size=2
    )
    writer.send(None)  # starts the program
    for frame in itertools.chain([first], frames):
        writer.send(np.ascontiguousarray(frame))
    writer.close()
