"""What all metrics share: their form, their intervals and the check of images.

A metric is {"value", "ci95", "n", "protocol"}. Wilson, JASA 22 (1927).
"""

import numpy as np
from scipy.stats import binomtest

from framework.data import Images, chunks

# How the 95 % interval of a metric is computed, as its description says it.
WILSON = "Wilson"
STANDARD_ERRORS = "mean ± 1.96 standard errors"
NO_INTERVAL = "none"


def check(images: Images) -> None:
    """Refuses images that a metric would silently misread, such as uint8 ones or ones in 0..255.

    Raises:
        ValueError: the images are not float [N, S, S, C] in [-1, 1] with N > 0.
    """
    if not np.issubdtype(images.dtype, np.floating):
        raise ValueError(f"images must be float in [-1, 1], not {images.dtype}")
    if images.ndim != 4 or len(images) == 0:
        raise ValueError(f"images must be [N, S, S, C] with N > 0, not {images.shape}")
    limits = np.array([(chunk.min(), chunk.max()) for chunk in chunks(images)])
    low, high = float(limits[:, 0].min()), float(limits[:, 1].max())
    if not (low >= -1 - 1e-3 and high <= 1 + 1e-3):  # written so that NaN is refused too
        raise ValueError(f"images must be finite and in [-1, 1], not in [{low:g}, {high:g}]")


def metric(value, n: int, protocol: str, ci95: tuple | None = None) -> dict:
    """A metric as plain Python values, which JSON can hold.

    Args:
        value: a number, or a list of lists of numbers.
        n: how many images, pairs or points were measured.
        protocol: how, in words.
        ci95: ends of the 95 % interval, if there is one.
    """
    value = value if isinstance(value, list) else np.asarray(value).item()
    limits = None if ci95 is None else [float(limit) for limit in ci95]
    return {"value": value, "ci95": limits, "n": int(n), "protocol": protocol}


def mean(values: np.ndarray, protocol: str, low: float = -np.inf, high: float = np.inf) -> dict:
    """Metric of the mean of values [N] in [low, high]; a single value has no interval."""
    value, n = values.mean(), len(values)
    if n == 1:
        return metric(value, n, protocol)
    margin = 1.96 * values.std(ddof=1) / np.sqrt(n)
    return metric(value, n, protocol, (max(value - margin, low), min(value + margin, high)))


def wilson(hits: int, n: int) -> tuple[float, float]:
    """The 95 % interval of the share of `hits` of `n` (Wilson, 1927)."""
    return tuple(binomtest(int(hits), int(n)).proportion_ci(0.95, method="wilson"))


def share(hits: np.ndarray, protocol: str) -> dict:
    """Metric of the share of hits, bool [N]."""
    return metric(hits.mean(), len(hits), protocol, wilson(hits.sum(), len(hits)))
