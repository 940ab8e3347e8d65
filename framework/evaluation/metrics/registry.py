"""The descriptions of all metrics, found by the names in metrics.json."""

import dataclasses
import re

from framework.evaluation.metrics.attributes import DESCRIPTIONS as ATTRIBUTES
from framework.evaluation.metrics.checkerboard import DESCRIPTIONS as CHECKERBOARD
from framework.evaluation.metrics.classification import DESCRIPTIONS as CLASSIFICATION
from framework.evaluation.metrics.distribution import DESCRIPTIONS as DISTRIBUTION
from framework.evaluation.metrics.labels import DESCRIPTIONS as LABELS
from framework.evaluation.metrics.lpips import DESCRIPTIONS as LPIPS
from framework.evaluation.metrics.modes import DESCRIPTIONS as MODES
from framework.evaluation.metrics.probes import DESCRIPTIONS as PROBES
from framework.evaluation.metrics.removal import DESCRIPTIONS as REMOVAL
from framework.evaluation.metrics.separation import DESCRIPTIONS as SEPARATION
from framework.evaluation.metrics.styles import DESCRIPTIONS as STYLES
from framework.evaluation.metrics.swaps import DESCRIPTIONS as SWAPS
from framework.results.description import Description

# In this order; the functions of the package have the names of some modules, hence the constants.
DESCRIPTIONS = (
    *LABELS, *CLASSIFICATION, *ATTRIBUTES, *DISTRIBUTION, *LPIPS, *CHECKERBOARD, *MODES,
    *SWAPS, *PROBES, *REMOVAL, *SEPARATION, *STYLES,
)  # fmt: skip
_BY_NAME = {description.name: description for description in DESCRIPTIONS}
_NAME = re.compile(
    r"(?P<stem>.*?)(?P<domains>[12]{0,2})(?P<source>(_source)?)(?P<seen>(_seen)?)", re.DOTALL
)
_NBSP = "\N{NO-BREAK SPACE}"
_ACCURACY = "accuracy_"  # followed by the name of a data set, and perhaps by that of an attribute


def describe(name: str) -> Description | None:
    """The description of a metric; None where nobody has described it.

    Digits at the end of a name are a domain (`kid2`), or the domains from which and to which images
    are translated (`translation_accuracy12`). `_source` is for the images before their translation,
    and `_seen` for images of the training set. The title says all of this; `name` is the stem.
    """
    match = _NAME.fullmatch(name)
    assert match  # every text does
    stem, domains, source, seen = match.group("stem", "domains", "source", "seen")
    exact = _BY_NAME.get(name.removesuffix(seen))
    if exact:  # has no domain, as the digit of rec_l1 is none
        domains = source = ""
    elif stem not in _BY_NAME:
        return _of_data(name.removeprefix(_ACCURACY)) if name.startswith(_ACCURACY) else None
    description = _of_domains(exact or _BY_NAME[stem], domains, source, seen)
    return _of_training_images(description) if seen else description


def _of_domains(description: Description, domains: str, source: str, seen: str) -> Description:
    """The description for these domains, and for images before translation if `source`."""
    title = description.title
    if domains:
        title += f", domain{_NBSP}" + f"{_NBSP}to{_NBSP}".join(domains)
    if source:
        return dataclasses.replace(
            description, title=f"{title}, before translation", baseline="", headline=False,
            better=None, meaning=f"{description.meaning} Here of the images before translation.",
        )  # fmt: skip
    baseline = description.baseline.format(domains)
    if baseline.endswith("_source"):  # measured on the same images
        baseline += seen
    return dataclasses.replace(description, title=title, baseline=baseline)


def _of_training_images(description: Description) -> Description:
    return dataclasses.replace(
        description, title=f"{description.title} (training images)",
        meaning=f"{description.meaning} Here of images of the training set.",
    )  # fmt: skip


def _of_data(name: str) -> Description:
    """The accuracy of a classifier on a data set, or on one attribute of its images."""
    kind = "accuracy_majority" if name.endswith("_majority") else "accuracy"
    data = name.removesuffix("_majority").replace("_", " ")
    return dataclasses.replace(_BY_NAME[kind], title=f"{_BY_NAME[kind].title}, {data}")


# The table of all metrics in docs/systems.md

_HEADER = ("metric", "meaning", "better", "baseline", "95 % interval")
_BETTER = {"up": "higher", "down": "lower", None: ""}


def table() -> str:
    """All metrics as a table in Markdown, one row each, which ends in a newline."""
    rows = [_HEADER, ("---",) * len(_HEADER), *(_row(each) for each in DESCRIPTIONS)]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in rows)


def _row(description: Description) -> tuple[str, ...]:
    baseline = description.baseline.format("")
    if re.fullmatch(r"\w+", baseline) and describe(baseline):
        baseline = f"`{baseline}`"
    better = _BETTER[description.better]
    return f"`{description.name}`", description.meaning, better, baseline, description.interval
