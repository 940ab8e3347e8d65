"""What every metric shares: its form, its intervals and the one check of images.

A metric is {"value", "ci95", "n", "protocol"}. Wilson, JASA 22 (1927).
"""

import numpy as np
from scipy.stats import binomtest


def check(images: np.ndarray) -> None:
    """Refuse what a metric would silently misread, such as uint8 images or ones in 0..255."""
    if not np.issubdtype(images.dtype, np.floating):
        raise ValueError(f"images must be float in [-1, 1], not {images.dtype}")
    if images.ndim != 4 or len(images) == 0:
        raise ValueError(f"images must be [N, S, S, C] with N > 0, not {images.shape}")
    low, high = float(images.min()), float(images.max())
    if not (low >= -1 - 1e-3 and high <= 1 + 1e-3):  # written so that NaN is refused too
        raise ValueError(f"images must be finite and in [-1, 1], not in [{low:g}, {high:g}]")


def metric(value, n: int, protocol: str, ci95: tuple | None = None) -> dict:
    """Make plain Python values, which json can write."""
    value = value if isinstance(value, list) else np.asarray(value).item()
    limits = None if ci95 is None else [float(limit) for limit in ci95]
    return {"value": value, "ci95": limits, "n": int(n), "protocol": protocol}


def mean(values: np.ndarray, protocol: str, low: float = -np.inf, high: float = np.inf) -> dict:
    """The metric of the mean of values [N] that lie in [low, high]; no interval for one value."""
    value, n = values.mean(), len(values)
    if n == 1:
        return metric(value, n, protocol)
    margin = 1.96 * values.std(ddof=1) / np.sqrt(n)
    return metric(value, n, protocol, (max(value - margin, low), min(value + margin, high)))


def wilson(hits: int, n: int) -> tuple[float, float]:
    """The 95 % interval of a share of hits."""
    return tuple(binomtest(int(hits), int(n)).proportion_ci(0.95, method="wilson"))


def share(hits: np.ndarray, protocol: str) -> dict:
    """The metric of a share; hits is bool [N]."""
    return metric(hits.mean(), len(hits), protocol, wilson(hits.sum(), len(hits)))
