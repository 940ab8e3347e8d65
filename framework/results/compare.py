"""Several curves in one plot: one column of the history of several runs, or any others."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from framework.errors import MissingError
from framework.results import files, plots

VALIDATION = "stat/val_loss"


def overlay(runs: Mapping[str, str | Path], column: str, path: str | Path) -> Path:
    """Write a PNG of one column of history.csv, a curve per run; returns its path.

    Args:
        runs: text for the legend -> run folder.
        column: such as `stat/weight_diff` or `gen/adv1`.
        path: the file to write.

    Raises:
        MissingError: a run without history or without that column.
    """
    curves = {}
    for name, folder in runs.items():
        x, y = plots.curve(files.read_history(Path(folder) / "history.csv"), column)
        if not len(x):
            raise MissingError(f"{folder}: its history.csv has no {column}")
        curves[name] = (x, y)
    ((title, _),) = plots.grouped([column]).values()
    files.write_bytes(path, plots.png(title, list(curves), list(curves.values())))
    return Path(path)


def draw(path: Path, title: str, curves: Mapping[str, plots.Curve], xlabel: str) -> Path:
    """Write a PNG of curves by their text for the legend, as they are; returns its path."""
    folder = path.parent
    folder.mkdir(parents=True, exist_ok=True)
    values = list(curves.values())
    files.write_bytes(path, plots.png(title, list(curves), values, xlabel, smoothed=False))
    return path


def losses(runs: Mapping[str, str | Path], folder: Path) -> list[Path]:
    """Write `<phase>.png` for every phase: the sum of its terms, a curve per run; the paths.

    Beside the generators' stands the loss on held-out data, dashed, of systems that log it.
    """
    histories = {name: files.read_history(Path(run) / "history.csv") for name, run in runs.items()}
    columns = dict.fromkeys(key for rows in histories.values() for row in rows for key in row)
    phases = dict.fromkeys(name.split("/")[0] for name in columns if "/" in name)
    made = []
    for phase in (each for each in phases if each != "stat"):
        solid = {name: plots.total(rows, _terms(rows, phase)) for name, rows in histories.items()}
        held_out = [VALIDATION] if phase == "gen" and VALIDATION in columns else []
        dashed = {name: plots.total(rows, held_out) for name, rows in histories.items()}
        title = f"{phase} loss" + (", dashed: on held-out pairs" if held_out else "")
        files.write_bytes(folder / f"{phase}.png", plots.two_of_each(title, solid, dashed))
        made.append(folder / f"{phase}.png")
    return made


def _terms(history: list[files.Row], phase: str) -> list[str]:
    """Columns of a phase that this run has: another may leave a term out."""
    return [name for name in files.columns_of(history) if name.startswith(f"{phase}/")]


def metrics(found: Mapping[str, Mapping[str, Mapping]], xlabel: str, path: Path) -> Path:
    """Write a PNG of metrics against a number, a panel each; returns its path.

    Bars are the 95 % interval of a single run, and from the least to the most of several. What is
    the same in all runs is left out.

    Args:
        found: metric -> text for the legend -> x -> entries of metrics.json, of one run each.
        xlabel: what x is.
        path: the file to write.
    """
    panels = {
        name: {line: _points(runs) for line, runs in sorted(lines.items())}
        for name, lines in found.items()
    }
    differing = {
        name: lines
        for name, lines in panels.items()
        if len({value for points in lines.values() for value in points[1]}) > 1
    }
    files.write_bytes(path, plots.panels(differing or panels, xlabel))
    return path


def _points(runs: Mapping[float, Sequence[Mapping[str, Any]]]) -> np.ndarray:
    """Rows x, mean, low and high [4, N], x ascending."""
    rows = []
    for x, entries in sorted(runs.items()):
        values = [entry["value"] for entry in entries]
        bounds = entries[0].get("ci95") if len(values) == 1 else None
        low, high = bounds or (min(values), max(values))
        rows.append((x, float(np.mean(values)), low, high))
    return np.array(rows, np.float64).T
