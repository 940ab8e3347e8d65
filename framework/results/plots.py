"""Loss plots: the set of the thesis, one PNG for every group of terms in the history."""

from pathlib import Path

import numpy as np
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
SMOOTH_FROM = 100  # points; a shorter curve can be read as it is
LOG_DECADES = 2


def draw(history: list[files.Row], folder: Path) -> list[Path]:
    """Write one PNG per group that the history has, other columns in a plot of their own.

    Values that are not finite leave a gap. Returns the paths in the order of the groups.
    """
    columns = [name for name in files.columns_of(history) if name != "iteration"]
    paths = []
    for group, (title, names) in grouped(columns).items():
        curves = [curve(history, name) for name in names]
        paths.append(folder / f"{group}.png")
        files.write_bytes(paths[-1], png(title, [label(name, names) for name in names], curves))
    return paths


def grouped(columns: list[str]) -> dict[str, tuple[str, list[str]]]:
    """File name -> (title, columns): the groups of the thesis, then what belongs to none."""
    groups, rest = {}, list(columns)
    for group, (title, beginnings) in GROUPS.items():
        names = [name for name in columns if name.startswith(beginnings)]
        if names:
            groups[group] = (title, names)
            rest = [name for name in rest if name not in names]
    for name in rest:
        groups[name.replace("/", "_")] = (name, [name])
    return groups


def curve(history: list[files.Row], name: str) -> Curve:
    """Iterations and values of one column, where it has any; what is not finite is nan."""
    rows = [row for row in history if name in row]
    x = np.array([row["iteration"] for row in rows], np.float64)
    y = np.array([row[name] for row in rows], np.float64)
    return x, np.where(np.isfinite(y), y, np.nan)


def total(history: list[files.Row], names: list[str]) -> Curve:
    """Iterations and the sum of some columns, where a row has them all."""
    rows = [row for row in history if names and all(name in row for name in names)]
    x = np.array([row["iteration"] for row in rows], np.float64)
    return x, np.array([sum(row[name] for name in names) for row in rows], np.float64)


def smooth(values: np.ndarray) -> np.ndarray:
    """Centred moving mean over a fiftieth of the values [N]; nan values are left out of it."""
    width = max(3, len(values) // 50) | 1
    known = np.isfinite(values)
    window = np.ones(width)
    total = np.convolve(np.where(known, values, 0.0), window, "same")
    count = np.convolve(known.astype(np.float64), window, "same")
    # np.convolve leaves rounding noise where no value is known, hence the test against a half.
    return np.where(count > 0.5, total / np.maximum(count, 1.0), np.nan)


def spans_decades(curves: list[np.ndarray]) -> bool:
    """Whether all values are positive and so far apart that only a log scale shows them."""
    values = np.concatenate(curves)
    values = values[np.isfinite(values)]
    if not len(values) or values.min() <= 0:
        return False
    return bool(values.max() > values.min() * 10.0**LOG_DECADES)


def label(name: str, names: list[str]) -> str:
    """Short text for the legend: 'domain 1' for gen/adv1, else what tells the names apart.

    A term of a way, such as cycle12, keeps its own name.
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
    """A PNG of curves with their labels; long ones are shown pale below their moving mean."""
    # A Figure of its own, not pyplot: no global state, no window system.
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
    _dress(axes, title, xlabel, legend=len(labels) > 1)
    return figures.png(figure)


def two_of_each(title: str, solid: dict[str, Curve], dashed: dict[str, Curve]) -> bytes:
    """A PNG of two curves, solid and dashed, of one colour per name."""
    figure = Figure(figsize=(5.2, 3.2), dpi=140, layout="constrained")
    axes = figure.add_subplot()
    for colour, name in zip(COLOURS * len(solid), solid, strict=False):
        axes.plot(*solid[name], color=colour, linewidth=1.5, label=name)
        axes.plot(*dashed[name], color=colour, linewidth=1.2, linestyle="--")
    if spans_decades([y for curves in (solid, dashed) for _, y in curves.values()]):
        axes.set_yscale("log")
    _dress(axes, title, "Iterations", legend=True)
    return figures.png(figure)


def panels(found: dict[str, dict[str, np.ndarray]], xlabel: str) -> bytes:
    """A PNG with a panel per name: lines by their text, each rows x, y, low and high [4, N]."""
    columns = min(len(found), 4)
    rows = -(-len(found) // columns)
    figure = Figure(figsize=(3.0 * columns, 2.3 * rows + 0.4), dpi=140, layout="constrained")
    grid = figure.subplots(rows, columns, squeeze=False).flat
    for (title, lines), axes in zip(found.items(), grid, strict=False):
        for colour, (text, (x, y, low, high)) in zip(COLOURS * 9, lines.items(), strict=False):
            bars = np.maximum([y - low, high - y], 0.0)
            axes.errorbar(x, y, bars, color=colour, linewidth=1.5, capsize=2, marker="o",
                          markersize=3, label=text)  # fmt: skip
        if spans_decades([row[0] for row in lines.values()]):
            axes.set_xscale("log")
        _dress(axes, title, xlabel, legend=False)
    for axes in grid:
        axes.set_axis_off()
    handles, texts = figure.axes[0].get_legend_handles_labels()
    if any(texts):
        figure.legend(handles, texts, loc="outside upper center", ncols=3, frameon=False)
    return figures.png(figure)


def _dress(axes, title: str, xlabel: str, legend: bool) -> None:
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
