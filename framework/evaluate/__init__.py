"""Metrics by name: of classes, of colours; they take arrays and callables and know no trainer."""

from framework.evaluate.colours import colours
from framework.evaluate.labels import (
    Classify,
    Scores,
    accuracy,
    chance,
    coupling,
    coverage,
    diversity,
    domain,
    pairs,
    score,
)

__all__ = [
    "Classify",
    "Scores",
    "accuracy",
    "chance",
    "colours",
    "coupling",
    "coverage",
    "diversity",
    "domain",
    "pairs",
    "score",
]
