"""Metrics by name, of classes, attributes, colours: of arrays and callables, not of trainers."""

from framework.evaluate.attributes import attribute_accuracy, attribute_pairs
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
    "attribute_accuracy",
    "attribute_pairs",
    "chance",
    "colours",
    "coupling",
    "coverage",
    "diversity",
    "domain",
    "pairs",
    "score",
]
