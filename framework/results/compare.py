"""Plots that compare runs: several curves in one plot, or metrics against a number."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from framework.errors import MissingError
from framework.results import files, plots

VALIDATION = "stat/val_loss"


def overlay(runs: Mapping[str, str | Path], column: str, path: str | Path) -> Path:
    """Writes a PNG of one column of history.csv, one curve per run; returns its path.

    Args:
        runs: text for the legend -> run folder.
        column: such as `stat/weight_diff` or `gen/adv1`.
        path: the file to write.

    Raises:
        MissingError: a run without history or without that column.
    """
    curves, path = {}, Path(path)
    for name, folder in runs.items():
        x, y = plots.curve(files.read_history(Path(folder) / "history.csv"), column)
        if not len(x):
            raise MissingError(f"{folder}: its history.csv has no {column}")
        curves[name] = (x, y)
    ((title, _),) = plots.grouped([column]).values()
    files.write_bytes(path, plots.png(title, list(curves), list(curves.values())))
    return path


def draw(path: Path, title: str, curves: Mapping[str, plots.Curve], xlabel: str) -> Path:
    """Writes a PNG of curves; returns its path.

    Args:
        path: the file to write.
        title: title of the plot.
        curves: text for the legend -> curve.
        xlabel: title of the x axis.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    values = list(curves.values())
    files.write_bytes(path, plots.png(title, list(curves), values, xlabel, smoothed=False))
    return path


def losses(runs: Mapping[str, str | Path], folder: Path) -> list[Path]:
    """Writes `<phase>.png` for every phase: the sum of its terms, one curve per run.

    The plot of the generators also has dashed curves of the loss on held-out data, if it was
    logged.

    Args:
        runs: text for the legend -> run folder.
        folder: where the files are written.

    Returns:
        Paths of the files.
    """
    histories = {name: files.read_history(Path(run) / "history.csv") for name, run in runs.items()}
    columns = dict.fromkeys(key for rows in histories.values() for row in rows for key in row)
    phases = dict.fromkeys(name.split("/")[0] for name in columns if "/" in name)
    paths = []
    for phase in (name for name in phases if name != "stat"):
        solid = {name: plots.total(rows, _terms(rows, phase)) for name, rows in histories.items()}
        held_out = [VALIDATION] if phase == "gen" and VALIDATION in columns else []
        dashed = {name: plots.total(rows, held_out) for name, rows in histories.items()}
        title = f"{phase} loss" + (", dashed: on held-out pairs" if held_out else "")
        files.write_bytes(folder / f"{phase}.png", plots.solid_and_dashed(title, solid, dashed))
        paths.append(folder / f"{phase}.png")
    return paths


def _terms(history: list[files.Row], phase: str) -> list[str]:
    """Returns the columns of a phase in one run; other runs may have other terms."""
    return [name for name in files.columns_of(history) if name.startswith(f"{phase}/")]


def metrics(values: Mapping[str, Mapping[str, Mapping]], xlabel: str, path: Path) -> Path:
    """Writes a PNG of metrics against a number, one panel per metric; returns its path.

    Bars are the 95 % interval of a single run, or the range of several runs. Metrics that are equal
    in all runs are left out.

    Args:
        values: metric -> name in the legend -> x -> entries of metrics.json, one per run.
        xlabel: title of the x axis.
        path: the file to write.
    """
    panels = {
        name: {line: _points(runs) for line, runs in sorted(lines.items())}
        for name, lines in values.items()
    }
    differing = {
        name: lines
        for name, lines in panels.items()
        if len({value for points in lines.values() for value in points[1]}) > 1
    }
    files.write_bytes(path, plots.panels(differing or panels, xlabel))
    return path


def _points(runs: Mapping[float, Sequence[Mapping[str, Any]]]) -> np.ndarray:
    """Returns [4, N]: x in ascending order, mean, lowest and highest value."""
    rows = []
    for x, entries in sorted(runs.items()):
        values = [entry["value"] for entry in entries]
        bounds = entries[0].get("ci95") if len(values) == 1 else None
        low, high = bounds or (min(values), max(values))
        rows.append((x, float(np.mean(values)), low, high))
    return np.array(rows, np.float64).T
