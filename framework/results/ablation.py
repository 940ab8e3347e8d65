"""One sheet for several systems: a strip per system, the same latent vectors in every column."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from framework.results import figures, files
from framework.results.images import tile

INCHES = 0.45  # side of a tile


def draw(strips: Mapping[str, Sequence[np.ndarray]], path: Path) -> Path:
    """Writes the sheet: for each system a row of images per domain, pairs above each other.

    Args:
        strips: name of the system -> one array [N, H, W, C] in [-1, 1] per domain; all N equal.
        path: the PNG to write.
    """
    columns = len(next(iter(strips.values()))[0])
    rows = sum(len(strip) for strip in strips.values())
    size = 1.6 + columns * INCHES, (rows + 0.3 * len(strips)) * INCHES
    figure = Figure(figsize=size, dpi=200, layout="constrained")
    axes = figure.subplots(len(strips), squeeze=False)[:, 0]
    for panel, (name, strip) in zip(axes, strips.items(), strict=True):
        panel.imshow(tile(np.concatenate(strip), columns), interpolation="nearest")
        panel.set_ylabel(name, rotation=0, ha="right", va="center", fontsize=9)
        panel.set_xticks([])
        panel.set_yticks([])
        panel.spines[:].set_visible(False)
    # `tight`, because names of any length stand beside the images.
    files.write_bytes(path, figures.png(figure, tight=True))
    return path
