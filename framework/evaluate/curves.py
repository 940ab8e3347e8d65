"""Distances of N(0, 1) and N(d, 1) as d grows: thesis 2.3.1, 2.4 and appendix C.

The Jensen-Shannon divergence saturates at ln 2 and the Wasserstein distance does not. Natural
logarithms.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy.spatial.distance import jensenshannon
from scipy.stats import norm, wasserstein_distance

SHIFTS = np.arange(21)
SAMPLES = 100_000
SHOWN = {"p": 0, "q1": 10, "q2": 15, "q3": 20}  # the distributions drawn in figure 2.7


class Curves(NamedTuple):
    """Both distances [21] for the means 0, 1 ... 20."""

    jsd: np.ndarray
    wasserstein: np.ndarray


def curves(samples: int = SAMPLES, printed: bool = False, seed: int = 0) -> Curves:
    """Distances of N(0, 1) and N(d, 1), d = 0 ... 20; `samples` are grid points and points drawn.

    The Jensen-Shannon divergence is that of both densities on one grid. With `printed` it is what
    the script of appendix C computes: the density of N(0, 1) on a grid around the samples of
    either distribution, compared by index; that is random, and not 0 for equal distributions. The
    Wasserstein distance is that of the samples either way.
    """
    rng = np.random.default_rng(seed)
    p = rng.normal(size=samples)
    jsd, wasserstein = [], []
    for shift in SHIFTS:
        q = rng.normal(shift, size=samples)
        densities = _by_index(p, q) if printed else _on_one_grid(shift, samples)
        jsd.append(jensenshannon(*densities) ** 2)
        wasserstein.append(wasserstein_distance(p, q))
    return Curves(np.array(jsd), np.array(wasserstein))


def _on_one_grid(shift: float, count: int) -> tuple[np.ndarray, np.ndarray]:
    x = np.linspace(-10, shift + 10, count)
    return norm.pdf(x), norm.pdf(x, shift)


def _by_index(p: np.ndarray, q: np.ndarray) -> tuple[np.ndarray, ...]:
    grids = (np.linspace(each.min() - 1, each.max() + 1, len(each)) for each in (p, q))
    return tuple(norm.pdf(grid) for grid in grids)


def earth_mover(p: np.ndarray, q: np.ndarray) -> tuple[np.ndarray, float]:
    """The cost of each pile [K] and the distance of two rows of piles [K] (thesis 2.4.1).

    Raises:
        ValueError: the rows differ in length or in how much lies in them.
    """
    p, q = np.asarray(p), np.asarray(q)
    if p.shape != q.shape or not np.isclose(p.sum(), q.sum()):
        raise ValueError(f"piles {p.tolist()} cannot be moved to {q.tolist()}")
    costs = np.cumsum(p - q)
    return costs, np.abs(costs).sum()


def draw(folder: Path, printed: bool = False) -> list[Path]:
    """Write thesis figures 2.7 and 2.12: jsd_curve.png and wd_curve.png; returns their paths."""
    from framework.results import compare  # matplotlib is slow to import

    found, name = curves(printed=printed), "JSD, as printed" if printed else "JSD"
    x = np.linspace(-4, 24, 561)
    bells = {f"{name}: N({mean}, 1)": (x, norm.pdf(x, mean)) for name, mean in SHOWN.items()}
    lines = {
        "jsd_curve": ("Jensen-Shannon divergence of p and N(x, 1)", name, found.jsd, bells),
        "wd_curve": ("Wasserstein distance of p and N(x, 1)", "WD", found.wasserstein, {}),
    }
    return [
        compare.draw(Path(folder) / f"{file}.png", title, {name: (SHIFTS, y)} | others, "x")
        for file, (title, name, y, others) in lines.items()
    ]
