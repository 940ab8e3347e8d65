"""The thesis' numbers beside ours: Markdown, CSV and one page."""

import csv
import io
import math
import statistics
from collections.abc import Mapping, Sequence
from html import escape
from typing import NamedTuple

from framework import experiments
from framework.experiments import BASELINE, Experiment


class Line(NamedTuple):
    """One number of one run; `ours` and `spread` are nan where there is none."""

    run: str
    measure: str
    published: float
    ours: float
    spread: float
    seeds: int
    comparable: str

    @property
    def difference(self) -> float:
        """Ours less the published number."""
        return self.ours - self.published


Metrics = Mapping[str, Sequence[Mapping[str, dict]]]
"""Run label -> metrics.json of each seed."""


def lines(experiment: Experiment, metrics: Metrics, scale: str) -> list[Line]:
    """A line for every run and measure that has a number of either side."""
    found, baselines = [], _baselines(experiment, metrics)
    for label, seeds in (metrics | baselines).items():
        own = label not in baselines
        measures = experiment.measures if own else {BASELINE: "LPIPS of the two data sets"}
        published = experiment.published.get(label, {})
        for name, title in measures.items():
            metric = [each[name] for each in seeds if name in each]
            if not metric and name not in published:
                continue
            values = [each["value"] for each in metric]
            mean = statistics.fmean(values) if values else math.nan
            spread = statistics.stdev(values) if len(values) > 1 else math.nan
            number = published.get(name, math.nan)
            reasons = _smaller(experiment, label, scale)
            why = _comparable(experiment, number, metric, reasons)
            found.append(Line(label, title, number, mean, spread, len(values), why))
    return found


def _baselines(experiment: Experiment, metrics: Metrics) -> dict[str, Sequence]:
    """The distance of two data sets belongs to no run: the first on them that has it gives it."""
    found: dict[str, Sequence] = {}
    for label, seeds in metrics.items():
        name = experiment.baseline(label)
        if not any(BASELINE in each for each in found.get(name, ())):
            found[name] = seeds
    return found


def _smaller(experiment: Experiment, label: str, scale: str) -> list[str]:
    """What this scale makes of a run, or of the images of a baseline."""
    runs = experiment.runs
    own = [runs[label]] if label in runs else []
    if any(experiments.shrinks(preset, scale) for preset in own):
        return ["smaller nets, another recipe and fewer iterations"]
    smaller = scale != "full" and any(map(experiments.is_photographs, runs.values()))
    return ["images of 64x64"] if smaller else []


def _comparable(
    experiment: Experiment, published: float, metric: Sequence, reasons: list[str]
) -> str:
    if math.isnan(published):
        return "the thesis has no number"
    if not metric:
        return "not measured"
    protocol = metric[0].get("protocol", "")
    if "LPIPS" in protocol and "alex" not in protocol:
        reasons = [*reasons, "another LPIPS network than AlexNet"]
    if "the network of --perceptual_loss" in protocol:
        reasons = [*reasons, "LPIPS by the network that taught the run"]
    if experiment.caveat:
        reasons = [*reasons, experiment.caveat]
    return f"no: {'; '.join(reasons)}" if reasons else "yes"


HEADS = ("run", "measure", "published", "ours", "difference", "comparable?")


def cells(line: Line) -> tuple[str, ...]:
    """What stands in the columns of `HEADS`."""
    ours = _number(line.ours)
    if not math.isnan(line.spread):
        ours += f" ± {_number(line.spread)} ({line.seeds} seeds)"
    numbers = _number(line.published), ours, _number(line.difference, sign=True)
    return line.run, line.measure, *numbers, line.comparable.partition(":")[0]


def notes(found: Sequence[Line]) -> list[str]:
    """Why numbers cannot be compared: each reason once, for below the table."""
    reasons = [line.comparable.partition(": ")[2] for line in found]
    return list(dict.fromkeys(part for text in reasons for part in text.split("; ") if part))


def _notes(found: Sequence[Line]) -> str:
    listed = "; ".join(notes(found))
    return f"Not comparable where it says so: {listed}." if listed else ""


def _number(value: float, sign: bool = False) -> str:
    if math.isnan(value):
        return "–"
    digits = 0 if value == round(value) and abs(value) >= 1 else 4  # a count, or a share
    return f"{value:{'+' if sign else ''}.{digits}f}"


def markdown(title: str, experiment: Experiment, found: Sequence[Line]) -> str:
    """The table with its title and what the thesis concludes."""
    rows = [HEADS, ("---",) * len(HEADS), *map(cells, found)]
    table = "\n".join(f"| {' | '.join(row)} |" for row in rows) if found else ""
    head = f"## {title}"
    return "\n\n".join(filter(None, [head, _finding(experiment), table, _notes(found)])) + "\n"


def _finding(experiment: Experiment) -> str:
    return f"The thesis finds: {experiment.finding}." if experiment.finding else ""


def comma_separated(found: Sequence[Line]) -> str:
    """The same numbers at full precision, for other programs."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow((*HEADS[:4], "spread", "seeds", *HEADS[4:]))
    for line in found:
        numbers = (line.published, line.ours, line.spread, line.seeds, line.difference)
        writer.writerow((line.run, line.measure, *numbers, line.comparable))
    return stream.getvalue()


STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:62rem;margin:2rem auto;padding:0 1rem}"
    "table{border-collapse:collapse}td,th{padding:.3rem .7rem;border-bottom:1px solid #ddd;"
    "text-align:left}td:nth-child(n+3):nth-child(-n+5){text-align:right;white-space:nowrap}"
    "img{max-width:100%;image-rendering:pixelated}"
)


def page(
    title: str, experiment: Experiment, found: Sequence[Line], images: Mapping[str, str],
    links: Mapping[str, str],
) -> str:  # fmt: skip
    """One page.

    Args:
        title: heading.
        experiment: what was run.
        found: lines of the table.
        images: caption -> address of an image, relative or data.
        links: run -> address of its own page.
    """
    head = "".join(f"<th scope=col>{text}</th>" for text in HEADS)
    rows = ("".join(f"<td>{escape(cell)}</td>" for cell in cells(line)) for line in found)
    table = f"<table><tr>{head}</tr>{''.join(f'<tr>{row}</tr>' for row in rows)}</table>"
    figures = "".join(
        f"<figure><img src='{address}' alt='{escape(caption)}'>"
        f"<figcaption>{escape(caption)}</figcaption></figure>"
        for caption, address in images.items()
    )
    pages = " · ".join(f"<a href='{escape(to)}'>{escape(name)}</a>" for name, to in links.items())
    parts = [f"<h1>{escape(title)}</h1>", f"<p>{escape(_finding(experiment))}</p>"]
    parts += [
        table if found else "",
        f"<p>{escape(_notes(found))}</p>",
        figures,
        f"<p>Runs: {pages}</p>" if links else "",
    ]
    return (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>{escape(title)}</title>"
        f"<style>{STYLE}</style>{''.join(parts)}</html>\n"
    )
