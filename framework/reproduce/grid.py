"""A sweep: the same command for every combination of values of some flags, side by side.

Where a flag has three numbers or more, every metric is drawn against it, a line for each
combination of the other flags; runs that differ in their seed alone are one point of it.
"""

import itertools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from framework import config
from framework.errors import UsageError
from framework.reproduce.runner import Job

FOLDER = "grids"
NAMING = ("gan_type", "preset", "data", "cogan_data", "dataset")
CURVE = 3  # numbers of a flag from which on metrics are drawn against it


class Grid(NamedTuple):
    """What `--grid` asks for: flag -> its values, the other arguments, runs at a time."""

    values: dict[str, list[str]]
    rest: list[str]
    at_once: int


def read(argv: Sequence[str]) -> Grid:
    """The `--grid FLAG=V1,V2,...` (any number of them) and `--at_once N` in a command line.

    Raises:
        UsageError: no value, a flag twice, or --at_once that is no number from 1.
    """
    words = [part for word in argv for part in _halves(word)]
    given: dict[str, list[str]] = {"--grid": [], "--at_once": []}
    rest: list[str] = []
    while words:
        word = words.pop(0)
        if word not in given:
            rest.append(word)
        elif not words:
            raise UsageError(f"{word}: a value is missing")
        else:
            given[word].append(words.pop(0))
    values: dict[str, list[str]] = {}
    for text in given["--grid"]:
        flag, _, listed = text.removeprefix("--").partition("=")
        values[flag] = [value for value in listed.split(",") if value]
        if not values[flag]:
            raise UsageError(f"--grid {text}: expected FLAG=V1,V2,...")
    if len(values) < len(given["--grid"]):
        raise UsageError("--grid: a flag is given twice")
    at_once = (given["--at_once"] or ["1"])[-1]
    if given["--at_once"] and not values:
        raise UsageError("--at_once: goes with --grid FLAG=V1,V2,...")
    if values and not (at_once.isdigit() and int(at_once)):
        raise UsageError(f"--at_once {at_once}: expected a whole number from 1")
    return Grid(values, rest if values else list(argv), int(at_once) if values else 1)


def _halves(word: str) -> list[str]:
    for flag in ("--grid", "--at_once"):
        if word.startswith(f"{flag}="):
            return [flag, word.removeprefix(f"{flag}=")]
    return [word]


def first(grid: Grid) -> config.Options:
    """Options of the first combination: without the grid's flags others may not go together."""
    return config.parse(_argv(grid, next(iter(combinations(grid).values()))))


def _argv(grid: Grid, values: Mapping[str, str]) -> list[str]:
    return [*grid.rest, *(f"--{flag}={value}" for flag, value in values.items())]


def combinations(grid: Grid) -> dict[str, dict[str, str]]:
    """Label such as `gamma=0.4, seed=1` -> the flags' values, for every combination."""
    found = (
        dict(zip(grid.values, chosen, strict=True))
        for chosen in itertools.product(*grid.values.values())
    )
    return {_label(values): values for values in found}


def _label(values: Mapping[str, str]) -> str:
    return ", ".join(f"{flag}={value}" for flag, value in values.items())


def jobs(grid: Grid) -> dict[str, Job]:
    """Label -> its run, for every combination.

    Raises:
        UsageError: as for a single run.
    """
    every = combinations(grid)
    flags = {label: _argv(grid, values) for label, values in every.items()}
    names = {label: config.parse(argv).name for label, argv in flags.items()}
    # One folder for all: a name of the user's, or flags that do not name a run, such as iterations.
    if len(set(names.values())) < len(names):
        names = {label: f"{name}-{_ending(every[label])}" for label, name in names.items()}
    given = {label: config.given(argv) for label, argv in flags.items()}
    return {
        label: Job(names[label], {k: v for k, v in given[label].items() if k != "name"}, ())
        for label in every
    }


def _ending(values: Mapping[str, str]) -> str:
    return config.slug("-".join(f"{flag}_{value}" for flag, value in values.items()))


def write(grid: Grid, found: Mapping[str, Job], results_dir: Path) -> Path:
    """Table (Markdown, CSV) of all metrics, plots of them and of losses; returns the folder."""
    from framework.results import compare, files  # slow to import, and `--help` comes by here

    one = next(iter(combinations(grid).values()))  # what a run is named after may be swept itself
    name = config.run_name(_argv(grid, {k: v for k, v in one.items() if k in NAMING}))
    place = results_dir / FOLDER / f"{name}-{'-'.join(grid.values)}"
    place.mkdir(parents=True, exist_ok=True)
    runs = {label: results_dir / job.name for label, job in found.items()}
    metrics = {
        label: {k: v for k, v in files.metrics(run).items() if isinstance(v["value"], int | float)}
        for label, run in runs.items()
    }
    names = list(dict.fromkeys(name for each in metrics.values() for name in each))
    rows = [("run", *names)]
    for label, each in metrics.items():
        rows.append((label, *(each[name]["value"] if name in each else "" for name in names)))
    files.write_table(place / "table.csv", rows[0], rows[1:])
    lines = [[_short(cell) for cell in row] for row in (rows[0], ["---"] * len(rows[0]), *rows[1:])]
    text = "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"
    files.write_text(place / "table.md", text)
    print(text)
    compare.losses(runs, place)
    if (flag := axis(grid)) and names:
        compare.metrics(curves(grid, flag, metrics), flag, place / "metrics.png")
    return place


def axis(grid: Grid) -> str | None:
    """The flag that metrics are drawn against: the first with three numbers, not the seed."""
    for flag, values in grid.values.items():
        if flag != "seed" and len(values) >= CURVE and all(map(_is_number, values)):
            return flag
    return None


def _is_number(text: str) -> bool:
    try:
        return float(text) == float(text)
    except ValueError:
        return False


def curves(grid: Grid, flag: str, metrics: Mapping[str, Mapping]) -> dict[str, dict]:
    """Metric -> line -> value of the flag -> that metric of the runs there, one per seed."""
    found: dict[str, dict[str, dict[float, list]]] = {}
    for label, values in combinations(grid).items():
        line = _label({k: v for k, v in values.items() if k not in (flag, "seed")})
        for name, metric in metrics[label].items():
            places = found.setdefault(name, {}).setdefault(line, {})
            places.setdefault(float(values[flag]), []).append(metric)
    return found


def _short(cell: object) -> str:
    return f"{cell:.3f}" if isinstance(cell, float) else str(cell)
