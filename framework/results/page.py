"""Renders index.html of a run: one page without other files, network or scripts."""

import os
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from PIL import Image

from framework.results import files, rendering
from framework.results.description import Describe, Description
from framework.results.images import caption_of
from framework.results.plots import GROUPS

if TYPE_CHECKING:
    from framework.results.run import Run

THUMBNAILS = 8
CARDS = 8  # largest number of metrics shown as cards
WIDTH = 640  # largest width in CSS pixels of an enlarged sheet


class Sheet(NamedTuple):
    """A PNG on the page.

    Attributes:
        title: title above it.
        address: its content as a data address.
        width: in CSS pixels; a multiple of its own width, so that pixels stay sharp.
        caption: text below it.
        alt: text for readers who cannot see it.
    """

    title: str
    address: str
    width: int
    caption: str
    alt: str


class Row(NamedTuple):
    """A metric as text for the page; missing parts are "".

    `better` is "up", "down" or None; `method` says how the interval is computed.
    """

    name: str
    title: str
    meaning: str
    better: str | None
    value: str
    interval: str
    method: str
    baseline: str
    published: str
    n: str
    protocol: str
    headline: bool


class Matrix(NamedTuple):
    """A metric that is a table of counts; a cell is (count, share of its row)."""

    title: str
    meaning: str
    rows: list[list[tuple[int, float]]]


def render(run: "Run", published: Mapping[str, float], describe: Describe) -> str:
    """Returns the page as HTML text.

    Args:
        run: its sheets, plots, sounds and metrics are read from its folder.
        published: published values by metric name.
        describe: explains a metric by its name.
    """
    metrics = files.metrics(run.folder)
    numbers = {k: metric for k, metric in metrics.items() if _is_number(metric.get("value"))}
    common = common_protocol([m["protocol"] for m in numbers.values() if m.get("protocol")])
    rows = _rows(numbers, published, describe, common)
    iterations, others = _sheets(run.samples)
    return rendering.render(
        "run.html",
        title=run.folder.resolve().name,
        command=run.command,
        status=_status(run),
        origin=_origin(run.origin, describe),
        cards=[row for row in rows if row.headline and row.value][:CARDS],
        newest=iterations[-1] if iterations else None,
        earlier=[iterations[i] for i in _spread(len(iterations), THUMBNAILS)],
        sheets=others,
        sounds=_sounds(run.audio),
        matrices=[_matrix(k, m, describe) for k, m in metrics.items() if _is_matrix(m)],
        domains=run.domain_names,
        rows=rows,
        has_published=bool(published),
        protocol=common,
        plots=_plots(run.losses),
        progress=_progress(run, describe),
        facts={
            "Data": _facts(run.data),
            "Options": _facts(run.config),
            "Environment": _facts(files.read_json(run.folder / "env.json") or {}),
        },
    )


def _status(run: "Run") -> str:
    done = max((row["iteration"] for row in run.history), default=0)
    total = run.config.get("iterations")
    steps = f"{done:,} of {total:,}" if isinstance(total, int) else f"{done:,}"
    return f"{steps} iterations · page written {datetime.now():%d %B %Y, %H:%M}"


def _origin(origin: dict[str, Any] | None, describe: Describe) -> str:
    """Returns a sentence on where the networks in models/ come from; "" where this is unknown."""
    if not origin:
        return ""
    text = f"The networks in models/ and the metrics are those of iteration {origin['iteration']:,}"
    if origin["chosen"] == "newest":
        return f"{text}, the last one."
    extreme = "highest" if origin["better"] == "up" else "lowest"
    return (
        f"{text}, which has the {extreme} {_title(origin['metric'], describe)} "
        f"({_number(origin['value'])}) of the evaluations in metrics.csv. One half of the held-out "
        "images was used to choose it, and the other half for the metrics on this page."
    )


def _progress(run: "Run", describe: Describe) -> list[list[str]]:
    """Returns metrics.csv as text, titles first: the headline metrics and that of --keep_best."""
    rows = run.metrics_table.rows
    names = dict.fromkeys(name for row in rows for name in row if name != "iteration")
    kept = run.config.get("keep_best")
    shown = [n for n in names if n == kept or ((about := describe(n)) and about.headline)]
    if not shown:
        return []
    cells = ([_number(row[n]) if n in row else "" for n in shown] for row in rows)
    body = [[f"{row['iteration']:,}", *line] for row, line in zip(rows, cells, strict=True)]
    return [["iteration", *(_title(name, describe) for name in shown)], *body]


def _title(metric: str, describe: Describe) -> str:
    about = describe(metric)
    return about.title if about else metric


# Sheets, plots and sounds


def _sheets(folder: Path) -> tuple[list[Sheet], list[Sheet]]:
    """Returns the sheets of iterations in their order, and all other sheets."""
    # Hidden files are incomplete files of a killed process.
    paths = sorted(folder.glob("[!.]*.png"), key=lambda path: (len(path.stem), path.stem))
    timed = [_sheet(path, f"{int(path.stem):,}") for path in paths if path.stem.isdigit()]
    others = [
        _sheet(path, path.stem.replace("_", " ").capitalize())
        for path in paths
        if not path.stem.isdigit()
    ]
    return timed, others


def _sheet(path: Path, title: str) -> Sheet:
    with Image.open(path) as image:
        width = image.width * max(1, WIDTH // image.width)
    address = rendering.data_address(path, "image/png")
    return Sheet(title, address, width, caption_of(path), f"sample sheet {path.stem}")


def _spread(count: int, most: int) -> list[int]:
    """Returns at most `most` evenly spread indices below `count`, with the first and the last."""
    if count <= most:
        return list(range(count))
    return [round(i * (count - 1) / (most - 1)) for i in range(most)]


def _plots(folder: Path) -> dict[str, str]:
    """Returns name -> address of the plots, the known groups first."""
    order = list(GROUPS)
    paths = sorted(
        folder.glob("[!.]*.png"),
        key=lambda path: (order.index(path.stem) if path.stem in order else len(order), path.stem),
    )
    return {path.stem: rendering.data_address(path, "image/png") for path in paths}


def _sounds(folder: Path) -> list[list[tuple[str, str]]]:
    """Returns one row of (part, address) per example, for the files <example>_<part>.wav."""
    rows: dict[str, list[tuple[str, str]]] = {}
    for path in sorted(folder.glob("[!.]*.wav")):
        example, _, part = path.stem.partition("_")
        sound = part.replace("_", " "), rendering.data_address(path, "audio/wav")
        rows.setdefault(example, []).append(sound)
    return list(rows.values())


# Metrics


def _rows(
    metrics: Mapping[str, dict], published: Mapping[str, float], describe: Describe, common: str
) -> list[Row]:
    """Returns a row per metric or published value; the domains of a metric are neighbours."""
    names = list(dict.fromkeys([*metrics, *published]))
    stems = {name: d.name if (d := describe(name)) else name for name in names}
    order = list(dict.fromkeys(stems.values()))
    names.sort(key=lambda name: (order.index(stems[name]), name))
    return [_row(name, metrics, published, describe, common) for name in names]


def _row(
    name: str,
    metrics: Mapping[str, dict],
    published: Mapping[str, float],
    describe: Describe,
    common: str,
) -> Row:
    metric, limits = metrics.get(name, {}), metrics.get(name, {}).get("ci95")
    about = describe(name) or Description(name, name, "", None, "", "none")
    return Row(
        name=name,
        title=about.title,
        meaning=about.meaning,
        better=about.better,
        value=_number(metric["value"]) if metric else "",
        interval=f"{_number(limits[0])} to {_number(limits[1])}" if limits else "",
        method=about.interval if limits and about.interval != "none" else "",
        baseline=_baseline(about.baseline, metrics, describe),
        published=_number(published[name]) if name in published else "",
        n=_number(metric["n"]) if metric.get("n") else "",
        protocol=(metric.get("protocol") or "").removeprefix(common).lstrip("; "),
        headline=about.headline,
    )


def _baseline(baseline: str, metrics: Mapping[str, dict], describe: Describe) -> str:
    """Returns a text unchanged; for the name of a metric its value and title, "" without value."""
    if baseline in metrics:
        about = describe(baseline)
        return f"{_number(metrics[baseline]['value'])}, {about.title if about else baseline}"
    return "" if describe(baseline) else baseline


def common_protocol(protocols: list[str]) -> str:
    """Returns the first parts, separated by "; ", that all protocols have in common."""
    split = [protocol.split("; ") for protocol in protocols]
    return "; ".join(os.path.commonprefix(split)) if split else ""


def _is_matrix(metric: dict) -> bool:
    value = metric.get("value")
    return bool(value) and isinstance(value, list) and all(isinstance(row, list) for row in value)


def _matrix(name: str, metric: dict, describe: Describe) -> Matrix:
    about = describe(name)
    rows = [[(n, n / (sum(counts) or 1)) for n in counts] for counts in metric["value"]]
    return Matrix(about.title if about else name, about.meaning if about else "", rows)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _number(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:.4g}"


def _facts(facts: Mapping[str, Any]) -> dict[str, str]:
    """Returns names and values as text."""
    return {name: _text(value) for name, value in facts.items()}


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(_text, value))
    if isinstance(value, dict):
        return ", ".join(f"{name}: {_text(item)}" for name, item in value.items())
    return "–" if value is None or value == "" else str(value)
