"""Sheets of 2-D points: densities by a Gaussian kernel, as in thesis figures 2.9 to 2.14."""

from collections.abc import Sequence

import numpy as np
from matplotlib.colors import PowerNorm
from matplotlib.figure import Figure
from sklearn.neighbors import KernelDensity

from framework.results import figures

EXTENT = 4.5  # half of the side of the frame; the modes are at a distance of 3 from its centre
BANDWIDTH = 0.1
CELLS = 160  # per side
TITLES = ("generated", "real")


def density_sheet(sets: Sequence[np.ndarray], caption: str = "") -> bytes:
    """Returns a PNG of one or two sets of points [N, 2]: generated, and real on the right.

    Colours follow the square root of the density, each set on its own scale. Points that are not
    finite, or outside the frame of 4.5 in every direction, are not shown.
    """
    figure = Figure(figsize=(4.2 * len(sets), 4.4), dpi=100, layout="constrained")
    panels = figure.subplots(1, len(sets), squeeze=False)[0]
    for axes, title, points in zip(panels, TITLES, sets, strict=False):
        frame = (-EXTENT, EXTENT, -EXTENT, EXTENT)
        axes.imshow(density(points), "magma", PowerNorm(0.5), origin="lower", extent=frame)
        figures.title(axes, title)
        axes.tick_params(colors="#444", labelsize=9)
    return figures.png(figure, caption=caption)


def density(points: np.ndarray) -> np.ndarray:
    """Returns the density of points [N, 2] in cells [160, 160] of the frame; row 0 is lowest."""
    points = points[np.isfinite(points).all(axis=1)]
    if not len(points):
        return np.zeros((CELLS, CELLS))
    middles = (np.arange(CELLS) + 0.5) * 2 * EXTENT / CELLS - EXTENT
    cells = np.stack(np.meshgrid(middles, middles), axis=-1).reshape(-1, 2)
    kernel = KernelDensity(bandwidth=BANDWIDTH, atol=1e-4).fit(points)
    return np.exp(kernel.score_samples(cells)).reshape(CELLS, CELLS)
