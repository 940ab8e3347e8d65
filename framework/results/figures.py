"""Adds titles to plots and converts them to PNG files."""

import io

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from framework.results import images


def title(axes: Axes, text: str) -> None:
    """Writes a title above the left edge of a plot."""
    axes.set_title(text, loc="left", fontsize=12, fontweight="bold", color="#222")


def png(figure: Figure, tight: bool = False, caption: str = "") -> bytes:
    """Returns the content of a PNG file of the figure.

    Args:
        figure: the figure.
        tight: whether the file is enlarged to include everything that the figure shows.
        caption: text that is stored in the file, see `images.caption_of`.
    """
    buffer, box = io.BytesIO(), "tight" if tight else None
    info = {"pnginfo": images.metadata(caption)} if caption else None
    figure.savefig(buffer, format="png", bbox_inches=box, pil_kwargs=info)
    return buffer.getvalue()
