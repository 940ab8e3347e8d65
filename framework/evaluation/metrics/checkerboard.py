"""How strongly images show the grid that transposed convolutions leave.

Odena, Dumoulin and Olah, "Deconvolution and Checkerboard Artifacts", Distill 2016; measured as
peaks of the power spectrum, as in Zhang, Karaman and Chang, arXiv 1907.06515.
"""

import numpy as np

from framework.evaluation.metrics.metric import NO_INTERVAL, check, metric
from framework.results.description import Description

PERIOD = 4  # pixels: the longest that the last two layers that double the size can leave
SMALLEST = 32  # in smaller images the peaks overlap

DESCRIPTIONS = (
    Description(
        "checkerboard", "checkerboard pattern",
        "Power of generated images at the frequencies of a grid of 2 or 4 pixels, divided by the "
        "power around these frequencies; near 1 there is no grid.",
        "down", "real_checkerboard{}", NO_INTERVAL,
    ),
    Description(
        "real_checkerboard", "checkerboard pattern of real images",
        "The same ratio of power for real images.",
        None, "", NO_INTERVAL,
    ),
)  # fmt: skip


def checkerboard(images: np.ndarray, protocol: str) -> dict:
    """Metric of images [N, S, S, C] in [-1, 1]; without a grid, as in noise, it is about 1.

    The geometric mean of ratios: the power at a frequency of patterns that repeat every 4 or 2
    pixels, divided by the mean power of the frequencies around it. Below 1 there is less power at
    these frequencies, for example where pixels are only repeated. Edges in the images add power
    too, so compare with the value of real images.

    Raises:
        ValueError: images outside [-1, 1]; S is below 32 or no multiple of 4.
    """
    check(images)
    size = images.shape[1]
    if size < SMALLEST or size % PERIOD or images.shape[2] != size:
        raise ValueError(f"images must be square, a multiple of {PERIOD} from {SMALLEST} wide")
    power = np.log(_power(images) + 1e-12)
    steps = range(0, size, size // PERIOD)
    peaks = [(u, v) for u in steps for v in steps if (u, v) != (0, 0)]
    ratios = [power[peak] - _mean_around(power, *peak) for peak in peaks]
    return metric(np.exp(np.mean(ratios)), len(images), protocol)


def _power(images: np.ndarray) -> np.ndarray:
    """Mean power spectrum [S, S] of all images and channels, faded to 0 at their borders."""
    size, total = images.shape[1], np.zeros(())
    fade = np.outer(np.hanning(size), np.hanning(size))[..., None]
    for image in images:
        centred = (image - image.mean(axis=(0, 1), dtype=np.float64)) * fade
        total = total + (np.abs(np.fft.fft2(centred, axes=(0, 1))) ** 2).mean(axis=-1)
    return total / len(images)


def _mean_around(spectrum: np.ndarray, u: int, v: int) -> float:
    """Mean power of the frequencies two and three steps away; nearer ones belong to the peak.

    Edges in images have their power on the axes, so for a peak on an axis only the frequencies on
    the same axis count.
    """
    steps = np.arange(-3, 4)
    square = spectrum.take(u + steps, 0, mode="wrap").take(v + steps, 1, mode="wrap")
    far = np.maximum.outer(abs(steps), abs(steps)) >= 2
    if u == 0:
        far[steps != 0] = False
    if v == 0:
        far[:, steps != 0] = False
    return float(square[far].mean())
