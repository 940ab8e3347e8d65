"""Sheets of 2-D points: densities by a Gaussian kernel, as in thesis figures 2.9 to 2.14."""

from collections.abc import Sequence

import numpy as np
from matplotlib.colors import PowerNorm
from matplotlib.figure import Figure
from sklearn.neighbors import KernelDensity

from framework.results import figures

EXTENT = 4.5  # half a side of the frame; the ring has radius 3
BANDWIDTH = 0.1
CELLS = 160  # per side
TITLES = ("generated", "real")


def density_sheet(sets: Sequence[np.ndarray]) -> bytes:
    """A PNG of one or two sets of points, each [N, 2]: the generated ones, the real ones beside.

    Colours follow the square root of the density, each set on a scale of its own. What is not
    finite or outside the frame, 4.5 in every direction, is not shown.
    """
    figure = Figure(figsize=(4.2 * len(sets), 4.4), dpi=100, layout="constrained")
    panels = figure.subplots(1, len(sets), squeeze=False)[0]
    for axes, title, points in zip(panels, TITLES, sets, strict=False):
        frame = (-EXTENT, EXTENT, -EXTENT, EXTENT)
        axes.imshow(density(points), "magma", PowerNorm(0.5), origin="lower", extent=frame)
        figures.title(axes, title)
        axes.tick_params(colors="#444", labelsize=9)
    return figures.png(figure)


def density(points: np.ndarray) -> np.ndarray:
    """The density of points [N, 2] in the cells [160, 160] of the frame; rows are y, upwards."""
    points = points[np.isfinite(points).all(axis=1)]
    if not len(points):
        return np.zeros((CELLS, CELLS))
    middles = (np.arange(CELLS) + 0.5) * 2 * EXTENT / CELLS - EXTENT
    cells = np.stack(np.meshgrid(middles, middles), axis=-1).reshape(-1, 2)
    kernel = KernelDensity(bandwidth=BANDWIDTH, atol=1e-4).fit(points)
    return np.exp(kernel.score_samples(cells)).reshape(CELLS, CELLS)
