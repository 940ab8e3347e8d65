"""Whether samples are inverted or collapsed: one line per sheet, without any network."""

import numpy as np

INVERTED = -0.5  # a correlation below this is warned of
COLLAPSED = 0.25  # a spread below this share of the real spread is warned of


def colours(fakes: np.ndarray, reals: np.ndarray) -> str:
    """Compares images [N, H, W, C] in [-1, 1] with real ones, in one line with warnings.

    `mean` is the mean of all numbers. `spread` is the standard deviation of a pixel over all
    images, averaged over pixels; it is small where all z give nearly the same image. `correlation`
    is that of the two mean images (0 where one is flat); inverted images have one far below 0.
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
