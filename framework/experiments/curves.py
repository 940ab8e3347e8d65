"""Distances of N(0, 1) and N(d, 1) for growing d: thesis, sections 2.3.1, 2.4, appendix C.

The Jensen-Shannon divergence (in nats) approaches ln 2; the Wasserstein distance keeps growing.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy.spatial.distance import jensenshannon
from scipy.stats import norm, wasserstein_distance

SHIFTS = np.arange(21)
SAMPLES = 100_000
MEANS = {"p": 0, "q1": 10, "q2": 15, "q3": 20}  # of the distributions in figure 2.7


class Curves(NamedTuple):
    """Both distances [21] for the means 0, 1, ..., 20: divergence in nats, and Wasserstein."""

    jsd: np.ndarray
    wasserstein: np.ndarray


def curves(samples: int = SAMPLES, printed: bool = False, seed: int = 0) -> Curves:
    """Computes the distances of N(0, 1) and N(d, 1) for d = 0, 1, ..., 20.

    Args:
        samples: number of grid points, and of samples per distribution.
        printed: False: the Jensen-Shannon divergence is that of both densities on one grid. True:
            it is that of the script in appendix C, which takes the density of N(0, 1) on one grid
            per distribution and compares them by index. That is random, and not 0 for equal
            distributions. The Wasserstein distance is always that of the samples.
        seed: of the samples.
    """
    rng = np.random.default_rng(seed)
    p = rng.normal(size=samples)
    jsd, wasserstein = [], []
    for shift in SHIFTS:
        q = rng.normal(shift, size=samples)
        densities = _by_index(p, q) if printed else _on_one_grid(float(shift), samples)
        jsd.append(jensenshannon(*densities) ** 2)
        wasserstein.append(wasserstein_distance(p, q))
    return Curves(np.array(jsd), np.array(wasserstein))


def _on_one_grid(shift: float, count: int) -> tuple[np.ndarray, np.ndarray]:
    x = np.linspace(-10, shift + 10, count)
    return norm.pdf(x), norm.pdf(x, shift)


def _by_index(p: np.ndarray, q: np.ndarray) -> tuple[np.ndarray, ...]:
    grids = (np.linspace(x.min() - 1, x.max() + 1, len(x)) for x in (p, q))
    return tuple(norm.pdf(grid) for grid in grids)


def earth_mover(p: np.ndarray, q: np.ndarray) -> tuple[np.ndarray, float]:
    """Returns the costs [K] of all piles and the earth mover's distance of p and q [K].

    Thesis, section 2.4.1: p and q are heights of piles in a row.

    Raises:
        ValueError: p and q differ in length or in their sums.
    """
    p, q = np.asarray(p), np.asarray(q)
    if p.shape != q.shape or not np.isclose(p.sum(), q.sum()):
        raise ValueError(f"piles {p.tolist()} cannot be moved to {q.tolist()}")
    costs = np.cumsum(p - q)
    return costs, np.abs(costs).sum()


def draw(folder: Path, printed: bool = False) -> list[Path]:
    """Writes thesis figures 2.7 and 2.12, jsd_curve.png and wd_curve.png; returns their paths.

    `printed` as in `curves`.
    """
    from framework.results import compare  # matplotlib is slow to import

    values, name = curves(printed=printed), "JSD, as printed" if printed else "JSD"
    x = np.linspace(-4, 24, 561)
    bells = {f"{name}: N({mean}, 1)": (x, norm.pdf(x, mean)) for name, mean in MEANS.items()}
    lines = {
        "jsd_curve": ("Jensen-Shannon divergence of p and N(x, 1)", name, values.jsd, bells),
        "wd_curve": ("Wasserstein distance of p and N(x, 1)", "WD", values.wasserstein, {}),
    }
    return [
        compare.draw(Path(folder) / f"{file}.png", title, {name: (SHIFTS, y)} | others, "x")
        for file, (title, name, y, others) in lines.items()
    ]
