"""How strongly images show the grid of the transposed convolutions that drew them.

Odena, Dumoulin and Olah, "Deconvolution and Checkerboard Artifacts", Distill 2016; measured as
peaks of the power spectrum, as in Zhang, Karaman and Chang, arXiv 1907.06515.
"""

import numpy as np

from framework.evaluate.metric import check, metric

PERIOD = 4  # pixels: what the last two rows that enlarge by 2 can leave
SMALLEST = 32  # below it the peaks are not apart from each other


def checkerboard(images: np.ndarray, protocol: str) -> dict:
    """The metric of images [N, S, S, C] in [-1, 1]: about 1 without a grid, as noise is.

    The power at the frequencies of patterns that repeat every 4 or 2 pixels, divided by that of
    the frequencies around them: the geometric mean of these ratios. Below 1 power is missing
    there, as where pixels are only repeated; edges add some, so look at real images' beside it.

    Raises:
        ValueError: images outside [-1, 1], or S is no multiple of 4 from 32.
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
    """Mean of the frequencies two and three steps away; nearer ones have the peak's own power.

    Edges put the power of images on the axes, so there those beside a peak are on its axis.
    """
    steps = np.arange(-3, 4)
    square = spectrum.take(u + steps, 0, mode="wrap").take(v + steps, 1, mode="wrap")
    far = np.maximum.outer(abs(steps), abs(steps)) >= 2
    if u == 0:
        far[steps != 0] = False
    if v == 0:
        far[:, steps != 0] = False
    return float(square[far].mean())
