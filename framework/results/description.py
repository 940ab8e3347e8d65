"""Descriptions of metrics for the readers of a page or a table."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Description:
    """Explains one metric, or the metrics of one stem such as `kid1` and `kid2`.

    Attributes:
        name: name of the metric as in metrics.json, or its stem.
        title: the name in words.
        meaning: one plain sentence.
        better: whether a higher ("up") or a lower ("down") value is better; None where neither is.
        baseline: what the value is compared with: the name of another metric, a short text, or "".
            In a name "{}" stands for the domains of this metric, as in "real_diversity{}".
        interval: how the 95 % interval is computed, "none" where there is none.
        headline: whether the value is one of those that show whether a run worked.
    """

    name: str
    title: str
    meaning: str
    better: Literal["up", "down"] | None
    baseline: str
    interval: str
    headline: bool = False


Describe = Callable[[str], Description | None]
"""Name of a metric -> its description, None where there is none."""


def describe_nothing(name: str) -> Description | None:
    """Returns None: without descriptions the page shows the names of metrics."""
    return None
