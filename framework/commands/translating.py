"""Carries out a transformation of given images in batches, and writes files and sheet."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from framework.commands import given, outputs
from framework.commands.given import Fitted, Given
from framework.commands.transformations import Transformation
from framework.errors import UserError
from framework.results import Run, matrix, to_uint8
from framework.results.files import write_bytes
from framework.results.images import encoded, thumbnail
from framework.trainers.opening import OpenedRun
from framework.utils import float_array

SHEET_IMAGES, SHEET_COLUMNS = 64, 16  # images on a sheet, and in one of its rows
TABLE_SIDE = 16  # images, and guides, on a sheet with guides


class Shown(NamedTuple):
    """Images for the sheet, lists of uint8 [S, S, 3].

    Attributes:
        images: the first given images, as the system took them.
        middles: images between them and their results; empty if there are none.
        results: for each guide, or once, their results.
    """

    images: list[np.ndarray]
    middles: list[np.ndarray]
    results: list[list[np.ndarray]]


def write_results(
    opened: OpenedRun,
    transformation: Transformation,
    inputs: Given,
    results: Sequence[Sequence[Path]],
    fit: str,
) -> Shown:
    """Applies a transformation to all images, writes the files, returns the first for a sheet.

    Args:
        opened: the run.
        transformation: what is done.
        inputs: the images.
        results: files to write: for each guide, or once, those of all images.
        fit: value of --fit.

    Raises:
        UserError: the memory is too small for an image.
    """
    size, multiple = opened.options.image_size, transformation.size_multiple()
    own_sizes = bool(multiple) and fit == "whole"
    at_once = 1 if own_sizes else given.AT_ONCE
    shown, done = Shown([], [], [[] for _ in results]), 0
    with outputs.progress(len(inputs.files), "images") as bar:
        for chunk in given.chunks(inputs.files, given.fitter(fit, size, multiple), at_once):
            files = [each[done : done + len(chunk)] for each in results]
            try:
                _apply(transformation, chunk, files, shown, size)
            except tf.errors.ResourceExhaustedError as error:
                if not own_sizes:
                    raise
                raise _too_large(inputs.files[done], chunk[0]) from error
            done += len(chunk)
            bar.update(len(chunk))
    return shown


def _too_large(file: Path, image: Fitted) -> UserError:
    height, width = image.pixels.shape[:2]
    return UserError(
        f"{file}: too little memory for {width}x{height} pixels: shrink it, or use --fit pad or "
        "crop"
    )


def _apply(
    transformation: Transformation,
    chunk: Sequence[Fitted],
    files: Sequence[Sequence[Path]],
    shown: Shown,
    size: int,
) -> None:
    """Transforms some images, writes the files of their results and adds some to `shown`."""
    pixels = np.stack([fitted.pixels for fitted in chunk])
    room = max(0, SHEET_IMAGES - len(shown.images))
    shown.images.extend(_thumbnails(pixels[:room], size))
    batches = transformation.results(float_array(pixels))
    for paths, batch, thumbnails in zip(files, batches, shown.results, strict=True):
        levels = to_uint8(batch)
        for path, fitted, result in zip(paths, chunk, levels, strict=True):
            path.parent.mkdir(parents=True, exist_ok=True)
            write_bytes(path, encoded(fitted.restore(result), path.suffix[1:]))
        thumbnails.extend(_thumbnails(levels[:room], size))
        if room and (middle := transformation.middle(batch[:room])) is not None:
            shown.middles.extend(_thumbnails(to_uint8(middle)[:room], size))


def _thumbnails(pixels: np.ndarray, size: int) -> list[np.ndarray]:
    """Returns images uint8 [N, H, W, 3] as a list of uint8 [size, size, 3]."""
    if pixels.shape[1:3] == (size, size):
        return [*pixels]
    return [thumbnail(each, size) for each in pixels]


def write_sheet(run: Run, transformation: Transformation, name: str, shown: Shown) -> Path:
    """Writes the sheet of the first images, samples/translate_<name>.png; returns its path."""
    name, caption = f"translate_{name}", transformation.caption
    if transformation.guides is None:
        rows = -(-len(shown.images) // SHEET_COLUMNS)
        parts = (shown.images, shown.middles, *shown.results)
        return run.sheet(tuple(np.stack(part) for part in parts if part), name, rows, caption)
    above = transformation.guides[:TABLE_SIDE]
    left = float_array(np.stack(shown.images[:TABLE_SIDE]))
    body = np.stack([np.stack(each[:TABLE_SIDE]) for each in shown.results[:TABLE_SIDE]], axis=1)
    cells = matrix(above, left, float_array(body).reshape(-1, *left.shape[1:]))
    return run.table(cells, name, top=1, left=1, caption=caption)
