"""Plots losses as in the thesis: one PNG per group of terms in the history."""

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from framework.results import figures, files

# file name -> (title, beginnings of the columns it shows)
GROUPS = {
    "gen_loss": ("Generator loss", ("gen/adv",)),
    "disc_loss": ("Discriminator loss", ("disc/adv",)),
    "disc_penalty": ("Discriminator penalty", ("disc/penalty",)),
    "semantic_loss": ("Semantic loss", ("gen/semantic",)),
    "cycle_loss": ("Cycle loss", ("gen/cycle",)),
    "feature_loss": ("Feature loss", ("gen/feature",)),
    "perceptual_loss": ("Perceptual loss", ("gen/perceptual",)),
    "class_balance": ("Uneven use of the classes", ("gen/balance",)),
    "weight_loss": ("Weight loss", ("gen/weight",)),
    "weight_decay": ("Weight decay", ("gen/decay", "disc/decay")),
    "weight_diff": ("Difference of the generators' weights", ("stat/weight_diff",)),
    "classifier": ("Classifier", ("clf/",)),
    "modes": ("Modes covered", ("stat/modes",)),
    "high_quality": ("Share of points within 3 sigma of a mode", ("stat/high_quality",)),
}
Curve = tuple[np.ndarray, np.ndarray]
"""x and y, both [N]; y may be nan."""
COLOURS = ("#2563c9", "#d9622b", "#2a9d6f", "#8e4bb8", "#b8860b", "#6b7280")
PHASES = {"gen": "generators", "disc": "discriminators"}
SMOOTH_FROM = 100  # points; shorter curves are not smoothed
LOG_DECADES = 2  # powers of ten from which on an axis is logarithmic


def draw(history: list[files.Row], folder: Path) -> list[Path]:
    """Writes one PNG per group of columns, and one per column without a group.

    Values that are not finite leave a gap. Returns the paths, known groups first.
    """
    columns = [name for name in files.columns_of(history) if name != "iteration"]
    paths = []
    for group, (title, names) in grouped(columns).items():
        curves = [curve(history, name) for name in names]
        paths.append(folder / f"{group}.png")
        files.write_bytes(paths[-1], png(title, [label(name, names) for name in names], curves))
    return paths


def grouped(columns: list[str]) -> dict[str, tuple[str, list[str]]]:
    """Returns file name -> (title, columns): groups of the thesis, then single columns."""
    groups: dict[str, tuple[str, list[str]]] = {}
    rest = list(columns)
    for group, (title, beginnings) in GROUPS.items():
        names = [name for name in columns if name.startswith(beginnings)]
        if names:
            groups[group] = (title, names)
            rest = [name for name in rest if name not in names]
    for name in rest:
        groups[name.replace("/", "_")] = (name, [name])
    return groups


def curve(history: list[files.Row], name: str) -> Curve:
    """Returns iterations and values of the rows that have a column; infinity becomes nan."""
    rows = [row for row in history if name in row]
    x = np.array([row["iteration"] for row in rows], np.float64)
    y = np.array([row[name] for row in rows], np.float64)
    return x, np.where(np.isfinite(y), y, np.nan)


def total(history: list[files.Row], names: list[str]) -> Curve:
    """Returns iterations and sums of columns, for the rows that have all of them."""
    rows = [row for row in history if names and all(name in row for name in names)]
    x = np.array([row["iteration"] for row in rows], np.float64)
    return x, np.array([sum(row[name] for name in names) for row in rows], np.float64)


def smooth(values: np.ndarray) -> np.ndarray:
    """Returns the centred moving mean over 1/50 of the values [N], ignoring nan."""
    width = max(3, len(values) // 50) | 1
    known = np.isfinite(values)
    window = np.ones(width)
    total = np.convolve(np.where(known, values, 0.0), window, "same")
    count = np.convolve(known.astype(np.float64), window, "same")
    # 0.5 instead of 0, because np.convolve leaves rounding errors.
    return np.where(count > 0.5, total / np.maximum(count, 1.0), np.nan)


def spans_decades(curves: list[np.ndarray]) -> bool:
    """Returns whether all values are positive and span more than LOG_DECADES powers of ten."""
    values = np.concatenate(curves)
    values = values[np.isfinite(values)]
    if not len(values) or values.min() <= 0:
        return False
    return bool(values.max() > values.min() * 10.0**LOG_DECADES)


def label(name: str, names: list[str]) -> str:
    """Returns a short text for the legend.

    It is "domain 1" for gen/adv1, and otherwise the part in which the names differ. A term of two
    domains, such as cycle12, keeps its name.
    """
    phase, _, term = name.rpartition("/")
    of_domain = term[-1:] in ("1", "2") and not term[-2:].isdigit()
    if of_domain and len({other.rpartition("/")[0] for other in names}) == 1:
        return f"domain {term[-1]}"
    same_phase = all(other.rpartition("/")[0] == phase for other in names)
    return term if same_phase else PHASES.get(phase, phase)


def png(
    title: str,
    labels: list[str],
    curves: list[Curve],
    xlabel: str = "Iterations",
    smoothed: bool = True,
) -> bytes:
    """Returns a PNG of curves.

    Args:
        title: title of the plot.
        labels: texts for the legend.
        curves: one curve per label.
        xlabel: title of the x axis.
        smoothed: whether long curves are drawn pale with their moving mean on top.
    """
    # Not pyplot, which has global state and may need a display.
    figure = Figure(figsize=(5.2, 3.2), dpi=140, layout="constrained")
    axes = figure.add_subplot()
    for colour, text, (x, y) in zip(COLOURS * len(labels), labels, curves, strict=False):
        if not smoothed or np.isfinite(y).sum() < SMOOTH_FROM:
            marker = "o" if len(y) == 1 else None
            axes.plot(x, y, color=colour, linewidth=1.5, label=text, marker=marker)
            continue
        axes.plot(x, y, color=colour, linewidth=0.7, alpha=0.25)
        axes.plot(x, smooth(y), color=colour, linewidth=1.7, label=text)
    if smoothed and spans_decades([y for _, y in curves]):
        axes.set_yscale("log")
    _style(axes, title, xlabel, legend=len(labels) > 1)
    return figures.png(figure)


def solid_and_dashed(title: str, solid: dict[str, Curve], dashed: dict[str, Curve]) -> bytes:
    """Returns a PNG with a solid and a dashed curve per name, in the same colour."""
    figure = Figure(figsize=(5.2, 3.2), dpi=140, layout="constrained")
    axes = figure.add_subplot()
    for colour, name in zip(COLOURS * len(solid), solid, strict=False):
        axes.plot(*solid[name], color=colour, linewidth=1.5, label=name)
        axes.plot(*dashed[name], color=colour, linewidth=1.2, linestyle="--")
    if spans_decades([y for curves in (solid, dashed) for _, y in curves.values()]):
        axes.set_yscale("log")
    _style(axes, title, "Iterations", legend=True)
    return figures.png(figure)


def panels(metrics: dict[str, dict[str, np.ndarray]], xlabel: str) -> bytes:
    """Returns a PNG with one panel per metric.

    Args:
        metrics: title of the panel -> text for the legend -> [4, N]: x, y, and the bounds of y.
        xlabel: title of the x axes.
    """
    columns = min(len(metrics), 4)
    rows = -(-len(metrics) // columns)
    figure = Figure(figsize=(3.0 * columns, 2.3 * rows + 0.4), dpi=140, layout="constrained")
    grid = figure.subplots(rows, columns, squeeze=False).flat
    for (title, lines), axes in zip(metrics.items(), grid, strict=False):
        for colour, (text, (x, y, low, high)) in zip(COLOURS * 9, lines.items(), strict=False):
            bars = np.maximum([y - low, high - y], 0.0)
            axes.errorbar(x, y, bars, color=colour, linewidth=1.5, capsize=2, marker="o",
                          markersize=3, label=text)  # fmt: skip
        if spans_decades([row[0] for row in lines.values()]):
            axes.set_xscale("log")
        _style(axes, title, xlabel, legend=False)
    for axes in grid:
        axes.set_axis_off()
    handles, texts = figure.axes[0].get_legend_handles_labels()
    if any(texts):
        figure.legend(handles, texts, loc="outside upper center", ncols=3, frameon=False)
    return figures.png(figure)


def _style(axes: Axes, title: str, xlabel: str, legend: bool) -> None:
    figures.title(axes, title)
    axes.set_xlabel(xlabel, color="#444")
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color("#999")
    axes.tick_params(colors="#444", labelsize=9)
    axes.grid(axis="y", color="#e4e4e4", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.margins(x=0.02)
    if legend:
        axes.legend(frameon=False, fontsize=9, labelcolor="#222")
