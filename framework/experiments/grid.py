"""A sweep: runs of the same command with all combinations of values of some flags.

If a flag has three or more numbers, every metric is plotted against it, with one line per
combination of the other flags. Runs that differ only in their seed are one point.
"""

import itertools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from framework.errors import UsageError
from framework.experiments.runner import Job
from framework.options import config
from framework.options.base import Options

FOLDER = "grids"
NAMING = ("gan_type", "preset", "data", "cogan_data", "dataset")
CURVE = 3  # number of values of a flag from which on metrics are plotted against it


class Grid(NamedTuple):
    """A sweep as given on the command line.

    Attributes:
        values: flag -> its values.
        rest: the other arguments.
        at_once: number of runs at the same time.
    """

    values: dict[str, list[str]]
    rest: list[str]
    at_once: int


def read(argv: Sequence[str]) -> Grid:
    """Reads all `--grid FLAG=V1,V2,...` and `--at_once N` of a command line.

    Raises:
        UsageError: a value is missing, a flag is given twice, or --at_once is not a number from 1.
    """
    words = [part for word in argv for part in _split_flag(word)]
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
        flag, _, items = text.removeprefix("--").partition("=")
        values[flag] = [value for value in items.split(",") if value]
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


def _split_flag(word: str) -> list[str]:
    for flag in ("--grid", "--at_once"):
        if word.startswith(f"{flag}="):
            return [flag, word.removeprefix(f"{flag}=")]
    return [word]


def first(grid: Grid) -> Options:
    """Returns the options of the first combination.

    The other arguments alone may not be valid without the flags of the grid.
    """
    return config.parse(_argv(grid, next(iter(combinations(grid).values()))))


def _argv(grid: Grid, values: Mapping[str, str]) -> list[str]:
    return [*grid.rest, *(f"--{flag}={value}" for flag, value in values.items())]


def combinations(grid: Grid) -> dict[str, dict[str, str]]:
    """Returns label, such as `gamma=0.4, seed=1`, -> flag -> value, for every combination."""
    products = itertools.product(*grid.values.values())
    flags = (dict(zip(grid.values, values, strict=True)) for values in products)
    return {_label(values): values for values in flags}


def _label(values: Mapping[str, str]) -> str:
    return ", ".join(f"{flag}={value}" for flag, value in values.items())


def jobs(grid: Grid) -> dict[str, Job]:
    """Returns label -> run, for every combination.

    Raises:
        UsageError: the options of a run are wrong.
    """
    swept = combinations(grid)
    flags = {label: _argv(grid, values) for label, values in swept.items()}
    names = {label: config.run_folder(config.parse(argv)).name for label, argv in flags.items()}
    # Runs have the same name if the user gave one, or if the flags are not part of names.
    if len(set(names.values())) < len(names):
        names = {label: f"{name}-{_suffix(swept[label])}" for label, name in names.items()}
    given = {label: config.given(argv) for label, argv in flags.items()}
    return {
        label: Job(names[label], {k: v for k, v in given[label].items() if k != "name"}, ())
        for label in swept
    }


def _suffix(values: Mapping[str, str]) -> str:
    return config.slug("-".join(f"{flag}_{value}" for flag, value in values.items()))


def write(grid: Grid, runs_of: Mapping[str, Job], results_dir: Path) -> Path:
    """Writes the results of a sweep; returns their folder.

    They are a table of all metrics (Markdown and CSV), plots of the metrics and plots of the
    losses.

    Args:
        grid: the sweep.
        runs_of: label -> run, as returned by `jobs`.
        results_dir: the folder is below this one.
    """
    from framework.results import compare, files  # slow to import, also for `--help`

    one = next(iter(combinations(grid).values()))  # a flag that is part of names may be swept
    name = config.run_name(_argv(grid, {k: v for k, v in one.items() if k in NAMING}))
    place = results_dir / FOLDER / f"{name}-{'-'.join(grid.values)}"
    place.mkdir(parents=True, exist_ok=True)
    runs = {label: results_dir / job.name for label, job in runs_of.items()}
    metrics = {
        label: {k: v for k, v in files.metrics(run).items() if isinstance(v["value"], int | float)}
        for label, run in runs.items()
    }
    names = list(dict.fromkeys(name for values in metrics.values() for name in values))
    rows = [("run", *names)]
    for label, values in metrics.items():
        rows.append((label, *(values[name]["value"] if name in values else "" for name in names)))
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
    """Returns the flag against which metrics are plotted; None if no flag is suitable.

    It is the first one with at least three numbers, except the seed.
    """
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
    """Returns metric -> line -> value of the flag -> values of the metric, one per seed."""
    lines: dict[str, dict[str, dict[float, list]]] = {}
    for label, values in combinations(grid).items():
        line = _label({k: v for k, v in values.items() if k not in (flag, "seed")})
        for name, metric in metrics[label].items():
            places = lines.setdefault(name, {}).setdefault(line, {})
            places.setdefault(float(values[flag]), []).append(metric)
    return lines


def _short(cell: object) -> str:
    return f"{cell:.3f}" if isinstance(cell, float) else str(cell)
