"""What plots have in common: their title and their file."""

import io

from matplotlib.axes import Axes
from matplotlib.figure import Figure


def title(axes: Axes, text: str) -> None:
    """Writes a title above the left edge of a plot."""
    axes.set_title(text, loc="left", fontsize=12, fontweight="bold", color="#222")


def png(figure: Figure, tight: bool = False) -> bytes:
    """The figure as a PNG file; `tight` makes it as large as all that it shows."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", bbox_inches="tight" if tight else None)
    return buffer.getvalue()
