"""Maps of codes: t-SNE in two dimensions, coloured by class (van der Maaten and Hinton, 2008)."""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure
from sklearn.manifold import TSNE

from framework.results import figures

PERPLEXITY = 30
LEAST = 4  # codes; fewer have no neighbourhood


def tsne_sheet(codes: Mapping[str, np.ndarray], labels: np.ndarray) -> bytes:
    """A PNG with one map for each kind of codes [N, D], titled by its name.

    Args:
        codes: name -> codes, at least `LEAST` of them; row i of all is of the same image.
        labels: classes [N] from 0.
    """
    figure = Figure(figsize=(4.6 * len(codes), 4.6), dpi=100, layout="constrained")
    panels = figure.subplots(1, len(codes), squeeze=False)[0]
    for axes, (title, values) in zip(panels, codes.items(), strict=True):
        places = tsne(values)
        drawn = axes.scatter(
            *places.T, c=np.asarray(labels) % 10, cmap="tab10", vmin=-0.5, vmax=9.5, s=8
        )
        figures.title(axes, title)
        axes.set_xticks([])
        axes.set_yticks([])
    bar = figure.colorbar(drawn, ax=panels.tolist(), ticks=range(10), fraction=0.03)
    bar.set_label("class modulo 10" if max(labels) > 9 else "class", color="#444")
    return figures.png(figure)


def tsne(codes: np.ndarray) -> np.ndarray:
    """Places [N, 2] of codes [N, D], the same for the same codes."""
    if len(codes) < LEAST:
        raise ValueError(f"t-SNE needs at least {LEAST} codes, not {len(codes)}")
    perplexity = min(PERPLEXITY, (len(codes) - 1) / 3)
    # Not from principal components, which collapsed codes do not have.
    made = TSNE(perplexity=perplexity, init="random", random_state=0).fit_transform(codes)
    return np.asarray(made)
