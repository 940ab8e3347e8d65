"""Adds a coloured frame, bar or hat to digits; no two are alike."""

import zlib

import numpy as np

from framework.errors import UsageError

CHUNK = 500  # images per step, so that the arrays stay in the processor's cache
SIDE = 28  # height of the digits, in pixels, for which the sizes below are given


def accessory(digits: np.ndarray, seed: int = 0) -> np.ndarray:
    """Adds one accessory to each grey digit, uint8 [N, S, S, 1] to uint8 [N, S, S, 3].

    A frame around the image, a bar along one of its sides, or a hat: each with probability 1/3.
    Hue, brightness, size and place vary. A pure function of (digits, seed); the labels of the input
    stay valid. Raises UsageError for colour images.
    """
    if digits.shape[3] != 1:
        raise UsageError("view accessory needs grey digits, such as mini or mnist")
    # The seed depends on the digits, so that two splits of a source get different accessories.
    rng = np.random.default_rng([seed, zlib.crc32(np.ascontiguousarray(digits).data)])
    chunks = (digits[i : i + CHUNK] for i in range(0, len(digits), CHUNK))
    return np.concatenate([_with_accessory(chunk, rng) for chunk in chunks])


def _with_accessory(digits: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    grey = digits[..., 0].astype(np.float32)
    shapes = np.stack([draw(grey, rng) for draw in (_frame, _bar, _hat)])
    kind = rng.integers(0, len(shapes), len(grey))
    cover = shapes[kind, np.arange(len(grey))][..., None]
    image = grey[..., None] * (1 - cover) + _colours(len(grey), rng)[:, None, None] * cover
    return np.rint(image).astype(np.uint8)


def _frame(grey: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Returns the coverage [N, S, S] in [0, 1] of frames along the border."""
    rows, columns, side = _pixels(grey)
    to_border = np.minimum(np.minimum(rows, side - rows), np.minimum(columns, side - columns))
    return _inside(_uniform(rng, 1.5, 4.5, len(grey)) * side / SIDE - to_border)


def _bar(grey: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Returns the coverage of bars near the upper, lower, left or right border."""
    rows, columns, side = _pixels(grey)
    turn = rng.integers(0, 4, (len(grey), 1, 1))
    across = np.where(turn % 2, rows, columns)
    across = np.where(turn < 2, across, side - across)
    middle, width = _uniform(rng, 3, 6, len(grey)), _uniform(rng, 2, 4.5, len(grey))
    return _inside((width / 2 * side / SIDE) - np.abs(across - middle * side / SIDE))


def _hat(grey: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Returns the coverage of hats, brim and crown, on the highest ink of each digit."""
    rows, columns, side = _pixels(grey)
    n, unit = len(grey), side / SIDE
    ink = grey > 127
    top = ink.any(axis=2).argmax(axis=1)
    highest = ink[np.arange(n), top].astype(np.float32) + 1e-6
    centre = (highest @ columns[0]) / highest.sum(axis=1)
    top, centre = top[:, None, None], centre[:, None, None]
    crown, height = _uniform(rng, 5, 9, n) * unit, _uniform(rng, 4, 7, n) * unit
    brim, thick = crown + _uniform(rng, 4, 8, n) * unit, _uniform(rng, 1.5, 2.5, n) * unit
    # Where there is no room above the digit, the hat covers its upper part.
    foot = np.maximum(top + 1.5 * unit, height + thick)
    off_centre = np.abs(columns - centre)
    on_brim = np.minimum(brim / 2 - off_centre, np.minimum(foot - rows, rows - foot + thick))
    on_crown = np.minimum(
        crown / 2 - off_centre, np.minimum(foot - rows, rows - foot + thick + height)
    )
    return _inside(np.maximum(on_brim, on_crown))


def _pixels(grey: np.ndarray) -> tuple[np.ndarray, np.ndarray, int]:
    """Returns the middles of pixels as rows [S, 1] and columns [1, S], and S."""
    middles = np.arange(grey.shape[1], dtype=np.float32) + 0.5
    return middles[:, None], middles[None, :], grey.shape[1]


def _inside(depth: np.ndarray) -> np.ndarray:
    """Returns the coverage of pixels whose middles lie `depth` pixels inside the outline."""
    return np.clip(depth + 0.5, 0, 1)


def _colours(n: int, rng: np.random.Generator) -> np.ndarray:
    """Returns colours [N, 3], 0..255, of any hue, none of them grey."""
    hue, strength, value = rng.random((n, 1)), rng.uniform(0.6, 1, (n, 1)), rng.uniform(0.6, 1, n)
    sectors = np.abs((6 * hue + np.array([0, 4, 2])) % 6 - 3) - 1
    return (255 * value[:, None] * (1 - strength * (1 - np.clip(sectors, 0, 1)))).astype("f")


def _uniform(rng: np.random.Generator, low: float, high: float, n: int) -> np.ndarray:
    return rng.uniform(low, high, (n, 1, 1)).astype(np.float32)
