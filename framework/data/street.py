"""Makes house numbers from handwritten digits: a substitute for SVHN without a download."""

import zlib

import numpy as np

from framework.errors import UsageError

SIZE = 32
CHUNK = 500  # images per step, so that the arrays stay in the processor's cache
NARROWER = 1.25  # printed digits are narrower than handwritten ones


def street(digits: np.ndarray, seed: int = 0) -> np.ndarray:
    """Turns digits, uint8 [N, H, W, 1], into photographs of house numbers, uint8 [N, 32, 32, 3].

    Each digit is upright and in the middle of its image; its colour and that of the background are
    random and have gradients. Other digits of the same array stand beside it, cut off by the
    border. Blur and noise are added. A pure function of (digits, seed); the labels of the input
    stay valid. Raises UsageError for colour images.
    """
    if digits.shape[3] != 1:
        raise UsageError("view street needs grey digits, such as mini, mnist or usps")
    # The seed depends on the digits, so that two splits of a source get different colours.
    rng = np.random.default_rng([seed, zlib.crc32(np.ascontiguousarray(digits).data)])
    grey = digits[..., 0].astype(np.float32) / 255
    forms = grey, *_upright(grey)
    chunks = [range(i, min(i + CHUNK, len(grey))) for i in range(0, len(grey), CHUNK)]
    return np.concatenate([_crops(forms, np.array(chunk), rng) for chunk in chunks])


def _upright(grey: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns the centre column [N] and the slant [N] (columns per row) of digits, from moments."""
    rows = np.arange(grey.shape[1], dtype=np.float32) - (grey.shape[1] - 1) / 2
    columns = np.arange(grey.shape[2], dtype=np.float32)
    mass = grey.sum((1, 2)) + 1e-6
    row, column = grey.sum(2) @ rows / mass, grey.sum(1) @ columns / mass
    spread = grey.sum(2) @ rows**2 / mass - row**2
    slant = ((grey @ columns) @ rows / mass - row * column) / (spread + 1e-6)
    return column - slant * row, np.clip(slant, -0.7, 0.7)


def _crops(forms: tuple, chosen: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    n = len(chosen)
    ink = _number(forms, chosen, rng)
    bold = _uniform(rng, 1.0, 2.2, (n, 1, 1))  # a blurred stroke, clipped, is a thicker stroke
    ink = np.minimum(1, bold * _soften(ink, np.full(n, 1.0)))
    ink = _soften(ink, rng.choice([0.2, 0.6, 1.0, 2.0, 3.5], n))
    back, front = _colours(n, rng)
    image = back + ink[..., None] * (front - back)
    noise = rng.standard_normal(image.shape, np.float32)
    image += noise * _uniform(rng, 0.5, 4, (n, 1, 1, 1))
    return np.clip(np.rint(image), 0, 255).astype(np.uint8)


def _number(forms: tuple, chosen: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Returns the coverage [N, 32, 32] in [0, 1] of the centre digits and their neighbours."""
    n = len(chosen)
    scale, slant = _uniform(rng, 0.62, 0.82, n), 0.08 * rng.standard_normal(n, np.float32)
    ink = _place(forms, chosen, scale, slant, _uniform(rng, -1.5, 1.5, n))
    sides = rng.integers(0, 4, n)  # bit 1: a neighbour on the left, bit 2: on the right
    for bit, side in ((1, -1), (2, 1)):
        has = np.flatnonzero(sides & bit)
        other = rng.integers(0, len(forms[0]), len(has))
        shift = side * _uniform(rng, 11.5, 14.5, len(has)) / scale[has]
        beside = _place(forms, other, scale[has], slant[has], shift)
        ink[has] = np.maximum(ink[has], beside)
    return ink


def _place(
    forms: tuple, chosen: np.ndarray, scale: np.ndarray, slant: np.ndarray, shift: np.ndarray
) -> np.ndarray:
    """Returns digits [n, 32, 32], `shift` pixels off the middle, `scale` source rows per pixel."""
    grey, centre, own_slant = forms
    axis = np.arange(SIZE, dtype=np.float32) - (SIZE - 1) / 2
    y, x = axis[:, None], axis[None, :]
    scale, shift, slant, own_slant, centre = (
        v[:, None, None].astype(np.float32)
        for v in (scale, shift, slant, own_slant[chosen], centre[chosen])
    )
    rows = y * scale + (grey.shape[1] - 1) / 2
    columns = ((x - shift) * NARROWER + (slant + own_slant) * y) * scale + centre
    return _sample(grey[chosen], *np.broadcast_arrays(rows, columns))


def _sample(images: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Returns the bilinear values of images [N, H, W] at places [N, h, w]; 0 outside."""
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1)))
    height, width = padded.shape[1:]
    rows, columns = np.clip(rows + 1, 0, height - 1.01), np.clip(columns + 1, 0, width - 1.01)
    top, left = rows.astype(np.int32), columns.astype(np.int32)
    down, right = rows - top, columns - left
    flat = padded.reshape(-1)
    corner = np.arange(len(images))[:, None, None] * (height * width) + top * width + left
    upper = flat[corner] * (1 - right) + flat[corner + 1] * right
    lower = flat[corner + width] * (1 - right) + flat[corner + width + 1] * right
    return upper * (1 - down) + lower * down


def _soften(ink: np.ndarray, passes: np.ndarray) -> np.ndarray:
    """Blurs images [N, 32, 32] by [1 2 1] filters, `passes` [N] times; fractions interpolate."""
    for i in range(4):
        share = np.clip(passes - i, 0, 1).astype(np.float32)[:, None, None]
        edged = np.pad(ink, ((0, 0), (1, 1), (1, 1)), mode="edge")
        tall = (edged[:, :-2] + 2 * edged[:, 1:-1] + edged[:, 2:]) / 4
        blurred = (tall[:, :, :-2] + 2 * tall[:, :, 1:-1] + tall[:, :, 2:]) / 4
        ink = ink + share * (blurred - ink)
    return ink


def _colours(n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Returns background and foreground [N, 32, 32, 3], 0..255, of brightness 45 or more apart."""
    back, gap = _uniform(rng, 30, 215, n), _uniform(rng, 45, 120, n)
    brighter = (back < gap + 5) | ((back + gap < 250) & (rng.random(n) < 0.5))
    front = np.where(brighter, back + gap, back - gap)
    return _surface(back, 16, rng), _surface(front, 8, rng)


def _surface(light: np.ndarray, tint: float, rng: np.random.Generator) -> np.ndarray:
    """Returns surfaces [N, 32, 32, 3] of brightness [N], bluish or brownish, lit from one side."""
    n = len(light)
    warm, green = rng.normal(-0.3, 1, (n, 1)), rng.normal(0, 0.3, (n, 1))
    colour = light[:, None] + tint * (warm * [1, 0, -1] + green * [-0.5, 1, -0.5])
    ramp = np.linspace(-1, 1, SIZE)
    down, across = rng.normal(0, 10, (2, n, 1, 1))
    shade = down * ramp[:, None] + across * ramp[None, :]
    return (colour[:, None, None, :] + shade[..., None]).astype(np.float32)


def _uniform(rng: np.random.Generator, low: float, high: float, shape: int | tuple) -> np.ndarray:
    return rng.uniform(low, high, shape).astype(np.float32)
