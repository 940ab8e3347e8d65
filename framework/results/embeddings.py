"""Maps of codes: t-SNE in two dimensions, coloured by class (van der Maaten and Hinton, 2008)."""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure
from sklearn.manifold import TSNE

from framework.results import figures

PERPLEXITY = 30
LEAST = 4  # codes; t-SNE needs neighbours


def tsne_sheet(codes: Mapping[str, np.ndarray], labels: np.ndarray, caption: str = "") -> bytes:
    """Returns a PNG with one map for each kind of codes [N, D]; its name is the title.

    Args:
        codes: name -> at least LEAST codes; row i of all kinds belongs to the same image.
        labels: classes [N] from 0.
        caption: text that is stored in the file.
    """
    figure = Figure(figsize=(4.6 * len(codes), 4.6), dpi=100, layout="constrained")
    panels = figure.subplots(1, len(codes), squeeze=False)[0]
    for axes, (title, values) in zip(panels, codes.items(), strict=True):
        places = tsne(values)
        points = axes.scatter(
            *places.T, c=np.asarray(labels) % 10, cmap="tab10", vmin=-0.5, vmax=9.5, s=8
        )
        figures.title(axes, title)
        axes.set_xticks([])
        axes.set_yticks([])
    bar = figure.colorbar(points, ax=panels.tolist(), ticks=range(10), fraction=0.03)
    bar.set_label("class modulo 10" if max(labels) > 9 else "class", color="#444")
    return figures.png(figure, caption=caption)


def tsne(codes: np.ndarray) -> np.ndarray:
    """Returns the t-SNE [N, 2] of codes [N, D], always the same for the same codes.

    Raises ValueError for less than LEAST codes.
    """
    if len(codes) < LEAST:
        raise ValueError(f"t-SNE needs at least {LEAST} codes, not {len(codes)}")
    perplexity = min(PERPLEXITY, (len(codes) - 1) / 3)
    # Not "pca", which fails where all codes are equal.
    places = TSNE(perplexity=perplexity, init="random", random_state=0).fit_transform(codes)
    return np.asarray(places)
