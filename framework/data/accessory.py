"""Digits that wear something: a coloured frame, bar or hat, no two alike."""

import zlib

import numpy as np

from framework.errors import UsageError

CHUNK = 500  # images drawn at a time, so that the arrays stay in the processor's cache
SIDE = 28  # pixels of the digits for which sizes are given here


def accessory(digits: np.ndarray, seed: int = 0) -> np.ndarray:
    """Grey digits, uint8 [N, S, S, 1], each with one accessory, uint8 [N, S, S, 3].

    A third each gets a frame around the image, a bar along one of its sides, or a hat; hue,
    brightness, size and place vary. A pure function of (digits, seed); the labels of the input
    stay valid. Raises UsageError for colour images.
    """
    if digits.shape[3] != 1:
        raise UsageError("view accessory needs grey digits, such as mini or mnist")
    # The digits enter the seed, so that two splits of a source do not wear the same.
    rng = np.random.default_rng([seed, zlib.crc32(np.ascontiguousarray(digits))])
    return np.concatenate([_worn(digits[i : i + CHUNK], rng) for i in range(0, len(digits), CHUNK)])


def _worn(digits: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    grey = digits[..., 0].astype(np.float32)
    shapes = np.stack([draw(grey, rng) for draw in (_frame, _bar, _hat)])
    kind = rng.integers(0, len(shapes), len(grey))
    cover = shapes[kind, np.arange(len(grey))][..., None]
    image = grey[..., None] * (1 - cover) + _colours(len(grey), rng)[:, None, None] * cover
    return np.rint(image).astype(np.uint8)


def _frame(grey: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Coverage [N, S, S] in [0, 1] of frames along the border."""
    rows, columns, side = _pixels(grey)
    to_border = np.minimum(np.minimum(rows, side - rows), np.minimum(columns, side - columns))
    return _inside(_uniform(rng, 1.5, 4.5, len(grey)) * side / SIDE - to_border)


def _bar(grey: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Coverage of bars along the upper, lower, left or right side, a little off the border."""
    rows, columns, side = _pixels(grey)
    turn = rng.integers(0, 4, (len(grey), 1, 1))
    across = np.where(turn % 2, rows, columns)
    across = np.where(turn < 2, across, side - across)
    middle, width = _uniform(rng, 3, 6, len(grey)), _uniform(rng, 2, 4.5, len(grey))
    return _inside((width / 2 * side / SIDE) - np.abs(across - middle * side / SIDE))


def _hat(grey: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Coverage of hats, brim and crown, on the topmost ink of each digit."""
    rows, columns, side = _pixels(grey)
    n, unit = len(grey), side / SIDE
    ink = grey > 127
    top = ink.any(axis=2).argmax(axis=1)
    highest = ink[np.arange(n), top].astype(np.float32) + 1e-6
    centre = (highest @ columns[0]) / highest.sum(axis=1)
    top, centre = top[:, None, None], centre[:, None, None]
    crown, height = _uniform(rng, 5, 9, n) * unit, _uniform(rng, 4, 7, n) * unit
    brim, thick = crown + _uniform(rng, 4, 8, n) * unit, _uniform(rng, 1.5, 2.5, n) * unit
    # Where there is no room above the digit the hat is pulled over it.
    foot = np.maximum(top + 1.5 * unit, height + thick)
    off_centre = np.abs(columns - centre)
    on_brim = np.minimum(brim / 2 - off_centre, np.minimum(foot - rows, rows - foot + thick))
    on_crown = np.minimum(
        crown / 2 - off_centre, np.minimum(foot - rows, rows - foot + thick + height)
    )
    return _inside(np.maximum(on_brim, on_crown))


def _pixels(grey: np.ndarray) -> tuple[np.ndarray, np.ndarray, int]:
    """Middles of pixels, rows [S, 1] and columns [1, S], and S."""
    middles = np.arange(grey.shape[1], dtype=np.float32) + 0.5
    return middles[:, None], middles[None, :], grey.shape[1]


def _inside(depth: np.ndarray) -> np.ndarray:
    """Coverage of pixels whose middles lie `depth` pixels inside the outline."""
    return np.clip(depth + 0.5, 0, 1)


def _colours(n: int, rng: np.random.Generator) -> np.ndarray:
    """Colours [N, 3], 0..255, of any hue, none of them grey."""
    hue, strength, value = rng.random((n, 1)), rng.uniform(0.6, 1, (n, 1)), rng.uniform(0.6, 1, n)
    sectors = np.abs((6 * hue + np.array([0, 4, 2])) % 6 - 3) - 1
    return (255 * value[:, None] * (1 - strength * (1 - np.clip(sectors, 0, 1)))).astype("f")


def _uniform(rng: np.random.Generator, low: float, high: float, n: int) -> np.ndarray:
    return rng.uniform(low, high, (n, 1, 1)).astype(np.float32)
