"""Tables of the values of the thesis and of our runs, as Markdown, CSV and HTML."""

import csv
import io
import math
import statistics
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from framework import experiments
from framework.experiments import BASELINE, Experiment
from framework.results import rendering


class Line(NamedTuple):
    """One measure of one run; missing numbers are nan.

    Attributes:
        run: label of the run.
        measure: title of the metric.
        published: value in the thesis.
        ours: mean over the seeds.
        spread: standard deviation over the seeds.
        seeds: number of seeds.
        comparable: "yes", or why the values cannot be compared.
    """

    run: str
    measure: str
    published: float
    ours: float
    spread: float
    seeds: int
    comparable: str

    @property
    def difference(self) -> float:
        """Our value minus the published one."""
        return self.ours - self.published


Metrics = Mapping[str, Sequence[Mapping[str, dict]]]
"""Run label -> metrics.json of each seed."""


def lines(experiment: Experiment, metrics: Metrics, scale: str) -> list[Line]:
    """Returns a line for each run and measure that has a published value or one of ours."""
    table, baselines = [], _baselines(experiment, metrics)
    for label, seeds in {**metrics, **baselines}.items():
        own = label not in baselines
        measures = experiment.measures if own else {BASELINE: "LPIPS of the two data sets"}
        published = experiment.published.get(label, {})
        for name, title in measures.items():
            results = [metrics[name] for metrics in seeds if name in metrics]
            if not results and name not in published:
                continue
            values = [result["value"] for result in results]
            mean = statistics.fmean(values) if values else math.nan
            spread = statistics.stdev(values) if len(values) > 1 else math.nan
            number = published.get(name, math.nan)
            reasons = _differences(experiment, label, scale)
            why = _comparable(experiment, number, results, reasons)
            table.append(Line(label, title, number, mean, spread, len(values), why))
    return table


def _baselines(experiment: Experiment, metrics: Metrics) -> dict[str, Sequence]:
    """Returns the metrics of one run per data set, which include the distance of its domains."""
    baselines: dict[str, Sequence] = {}
    for label, seeds in metrics.items():
        name = experiment.baseline(label)
        if not any(BASELINE in results for results in baselines.get(name, ())):
            baselines[name] = seeds
    return baselines


def _differences(experiment: Experiment, label: str, scale: str) -> list[str]:
    """Returns how a run at this scale, or the images of a baseline, differ from the thesis."""
    runs = experiment.runs
    own = [runs[label]] if label in runs else []
    if any(experiments.shrinks(preset, scale) for preset in own):
        return ["smaller nets, another recipe and fewer iterations"]
    smaller = scale != "full" and any(map(experiments.is_photographs, runs.values()))
    return ["images of 64x64"] if smaller else []


def _comparable(
    experiment: Experiment, published: float, results: Sequence, reasons: list[str]
) -> str:
    """Returns "yes", or why a published value and these results cannot be compared."""
    if math.isnan(published):
        return "the thesis has no number"
    if not results:
        return "not measured"
    protocol = results[0].get("protocol", "")
    if "LPIPS" in protocol and "alex" not in protocol:
        reasons = [*reasons, "another LPIPS network than AlexNet"]
    if "the network of --perceptual_loss" in protocol:
        reasons = [*reasons, "LPIPS by the network that trained the run"]
    if experiment.caveat:
        reasons = [*reasons, experiment.caveat]
    return f"no: {'; '.join(reasons)}" if reasons else "yes"


HEADS = ("run", "measure", "published", "ours", "difference", "comparable?")


def cells(line: Line) -> tuple[str, ...]:
    """Returns the texts of a line for the columns of HEADS."""
    ours = _number(line.ours)
    if not math.isnan(line.spread):
        ours += f" ± {_number(line.spread)} ({line.seeds} seeds)"
    numbers = _number(line.published), ours, _number(line.difference, sign=True)
    return line.run, line.measure, *numbers, line.comparable.partition(":")[0]


def notes(table: Sequence[Line]) -> list[str]:
    """Returns the reasons why values cannot be compared, without duplicates."""
    reasons = [line.comparable.partition(": ")[2] for line in table]
    return list(dict.fromkeys(part for text in reasons for part in text.split("; ") if part))


def _notes(table: Sequence[Line]) -> str:
    reasons = "; ".join(notes(table))
    return f"Why some numbers cannot be compared: {reasons}." if reasons else ""


def _number(value: float, sign: bool = False) -> str:
    if math.isnan(value):
        return "–"
    digits = 0 if value == round(value) and abs(value) >= 1 else 4  # a count, or a share
    return f"{value:{'+' if sign else ''}.{digits}f}"


def markdown(title: str, experiment: Experiment, table: Sequence[Line]) -> str:
    """Returns the table as Markdown, with its title and the finding of the thesis."""
    rows = [HEADS, ("---",) * len(HEADS), *map(cells, table)]
    body = "\n".join(f"| {' | '.join(row)} |" for row in rows) if table else ""
    parts = f"## {title}", _finding(experiment), body, _notes(table)
    return "\n\n".join(filter(None, parts)) + "\n"


def _finding(experiment: Experiment) -> str:
    return f"The thesis finds: {experiment.finding}." if experiment.finding else ""


def comma_separated(table: Sequence[Line]) -> str:
    """Returns the values at full precision as CSV, for other programs."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow((*HEADS[:4], "spread", "seeds", *HEADS[4:]))
    for line in table:
        numbers = (line.published, line.ours, line.spread, line.seeds, line.difference)
        writer.writerow((line.run, line.measure, *numbers, line.comparable))
    return stream.getvalue()


def page(
    title: str, experiment: Experiment, table: Sequence[Line], images: Mapping[str, str],
    links: Mapping[str, str],
) -> str:  # fmt: skip
    """Returns the page of an experiment as HTML text.

    Args:
        title: heading.
        experiment: what was run.
        table: its lines.
        images: caption -> address of an image, relative or data.
        links: run -> address of its page.
    """
    return rendering.render(
        "experiment.html",
        "framework.experiments",
        title=title,
        finding=_finding(experiment),
        heads=HEADS,
        rows=[cells(line) for line in table],
        notes=_notes(table),
        images=images,
        links=links,
    )
