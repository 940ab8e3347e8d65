"""One sheet for several systems: a strip per system, the same latent vectors in every column."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from framework.results import figures, files
from framework.results.images import tile

INCHES = 0.45  # of a tile


def draw(strips: Mapping[str, Sequence[np.ndarray]], path: Path) -> Path:
    """Writes the sheet: per system one row of images per domain, pairs one above the other.

    Args:
        strips: name of the system -> one array [N, H, W, C] in [-1, 1] per domain; all N equal.
        path: the PNG to write.
    """
    columns = len(next(iter(strips.values()))[0])
    rows = sum(len(strip) for strip in strips.values())
    size = 1.6 + columns * INCHES, (rows + 0.3 * len(strips)) * INCHES
    figure = Figure(figsize=size, dpi=200, layout="constrained")
    axes = figure.subplots(len(strips), squeeze=False)[:, 0]
    for each, (name, strip) in zip(axes, strips.items(), strict=True):
        each.imshow(tile(np.concatenate(strip), columns), interpolation="nearest")
        each.set_ylabel(name, rotation=0, ha="right", va="center", fontsize=9)
        each.set_xticks([])
        each.set_yticks([])
        each.spines[:].set_visible(False)
    files.write_bytes(path, figures.png(figure, tight=True))  # names have any length
    return path
