"""Metrics by name: of classes, colours, modes; they take arrays and callables, know no trainer."""

from framework.evaluate.colours import colours
from framework.evaluate.distribution import fid, kid, mmd, too_few
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
from framework.evaluate.metric import share
from framework.evaluate.modes import modes

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
    "modes",
    "fid",
    "kid",
    "mmd",
    "pairs",
    "score",
    "share",
    "too_few",
]
