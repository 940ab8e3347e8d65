"""Distances of two sets of images as distributions of the features of a network: KID and FID.

KID: Binkowski et al., arXiv 1801.01401. FID: Heusel et al., arXiv 1706.08500. Features are
[N, D]; `protocol` should say which network they
come from and how images were resized.
"""

import numpy as np

from framework.evaluation.metrics.metric import NO_INTERVAL, metric
from framework.results.description import Description

SUBSETS, SUBSET_SIZE = 100, 1000  # as in Binkowski et al.
SEED = 0  # of the choice of the subsets

DESCRIPTIONS = (
    Description(
        "kid", "kernel distance (KID)",
        "Distance of generated and held-out real images in the features of a network; it has no "
        "bias and can be slightly negative.",
        "down", "0 for equal distributions", "delete-d jackknife over subsets", headline=True,
    ),
    Description(
        "fid", "Fréchet distance (FID)",
        "Distance of generated and held-out real images in the features of a network; with few "
        "images it is too large.",
        "down", "0 for equal distributions", NO_INTERVAL,
    ),
)  # fmt: skip


def kid(fake: np.ndarray, real: np.ndarray, protocol: str) -> dict:
    """Mean of `mmd` over 100 random subsets of 1,000 samples each, or of half of the fewer ones.

    It has no bias: for equal distributions it is about 0, and as often below as above. Because the
    subsets overlap, the interval has the standard error of the delete-d jackknife for the smaller
    set (Shao and Wu, Ann. Stat. 17, 1989). Two samples have no interval. Raises ValueError as
    `mmd` does.
    """
    fewer = min(len(fake), len(real))
    size = min(SUBSET_SIZE, max(2, fewer // 2))
    random = np.random.default_rng(SEED)
    values = [
        mmd(*(part[random.permutation(len(part))[:size]] for part in (fake, real)))
        for _ in range(SUBSETS)
    ]
    mean, limits = np.mean(values), None
    if size < fewer:
        margin = 1.96 * np.std(values) * np.sqrt(size / (fewer - size))
        limits = mean - margin, mean + margin
    note = f"{_describe(fake, real, protocol)}; {SUBSETS} subsets of {size}"
    return metric(mean, len(fake), note, limits)


def mmd(x: np.ndarray, y: np.ndarray) -> float:
    """Unbiased squared maximum mean discrepancy of features [N, D] and [M, D].

    The kernel is (x y / D + 1)^3; equation 4 of Binkowski et al. Raises ValueError for fewer than
    two rows or features that are not finite.
    """
    x, y = _checked(x), _checked(y)
    within = [_off_diagonal_mean(_kernel(part, part)) for part in (x, y)]
    return float(sum(within) - 2 * _kernel(x, y).mean())


def _kernel(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    product = x @ y.T / x.shape[1] + 1
    return product * product * product


def _off_diagonal_mean(square: np.ndarray) -> float:
    n = len(square)
    return (square.sum() - np.trace(square)) / (n * (n - 1))


def fid(fake: np.ndarray, real: np.ndarray, protocol: str) -> dict:
    """Fréchet distance of the Gaussians with the mean and covariance of both sets of features.

    |m1 - m2|^2 + tr(C1 + C2 - 2 (C1^1/2 C2 C1^1/2)^1/2). The last root is that of a symmetric
    matrix, so its trace is a sum over real eigenvalues. The distance is biased upward, more so with
    few samples, and has no interval. Raises ValueError as `mmd` does.
    """
    (mean1, cov1), (mean2, cov2) = (_moments(_checked(part)) for part in (fake, real))
    values, vectors = np.linalg.eigh(cov1)
    root = vectors * np.sqrt(values.clip(0)) @ vectors.T
    inner = np.linalg.eigvalsh(root @ cov2 @ root).clip(0)
    distance = np.sum((mean1 - mean2) ** 2) + np.trace(cov1) + np.trace(cov2)
    value = distance - 2 * np.sqrt(inner).sum()
    return metric(max(value, 0.0), len(fake), _describe(fake, real, protocol))


def _moments(features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    covariance = np.cov(features, rowvar=False)
    return features.mean(axis=0), np.atleast_2d(covariance)


def _checked(features: np.ndarray) -> np.ndarray:
    features = np.asarray(features, np.float64)
    if features.ndim != 2 or len(features) < 2 or not np.isfinite(features).all():
        raise ValueError(f"features must be finite [N, D], N > 1, not {features.shape}")
    return features


def _describe(fake: np.ndarray, real: np.ndarray, protocol: str) -> str:
    note = f"{protocol}; {len(fake)} samples, {len(real)} real images, {fake.shape[1]} features"
    return f"{note}; WARNING: {warning}" if (warning := too_few(fake, real)) else note


def too_few(fake: np.ndarray, real: np.ndarray) -> str:
    """A warning where there are fewer images than features, else ''."""
    fewest, size = min(len(fake), len(real)), fake.shape[1]
    return f"{fewest} images for {size} features: FID says little" if fewest < size else ""
