"""Are samples inverted or collapsed? One line per sheet, without any network."""

import numpy as np

INVERTED, COLLAPSED = -0.5, 0.25  # correlation and share of the real spread that are warned of


def colours(fakes: np.ndarray, reals: np.ndarray) -> str:
    """One line that compares images [N, H, W, C] in [-1, 1] with real ones, and warns of nonsense.

    `mean` is over all numbers, `spread` the deviation between images of one pixel, averaged over
    pixels, `correlation` that of the two mean images (0 where one is flat). Inverted output has a
    correlation far below 0; collapsed output, nearly the same for every z, has hardly any spread.
    """
    pair = [np.asarray(images, np.float64) for images in (fakes, reals)]
    mean, real_mean = (images.mean() for images in pair)
    spread, real_spread = (images.std(axis=0).mean() for images in pair)
    alike = _correlation(*(images.mean(axis=0).ravel() for images in pair))
    line = (
        f"mean {mean:.2f} (real {real_mean:.2f}), spread {spread:.2f} (real {real_spread:.2f}), "
        f"correlation {alike:.2f}"
    )
    if alike < INVERTED:
        line += "; WARNING: looks inverted"
    if spread < COLLAPSED * real_spread:
        line += "; WARNING: nearly the same image for every z"
    return line


def _correlation(a: np.ndarray, b: np.ndarray) -> float:
    a, b = a - a.mean(), b - b.mean()
    size = np.linalg.norm(a) * np.linalg.norm(b)
    return float(a @ b / size) if size > 0 else 0.0
