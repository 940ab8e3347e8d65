"""Metrics of arrays and callables, and what each of them means; none knows a trainer."""

from framework.evaluation.metrics.attributes import attribute_accuracy, attribute_pairs
from framework.evaluation.metrics.checkerboard import checkerboard
from framework.evaluation.metrics.classification import Classify, Scores, accuracy, score
from framework.evaluation.metrics.colours import colours
from framework.evaluation.metrics.distribution import fid, kid, mmd, too_few
from framework.evaluation.metrics.labels import (
    chance,
    coupling,
    coverage,
    diversity,
    domain,
    pairs,
)
from framework.evaluation.metrics.metric import mean, share
from framework.evaluation.metrics.modes import modes
from framework.evaluation.metrics.probes import probes
from framework.evaluation.metrics.registry import DESCRIPTIONS, describe
from framework.evaluation.metrics.removal import kept, removal
from framework.evaluation.metrics.separation import sdr, sdr_gain
from framework.evaluation.metrics.styles import style
from framework.evaluation.metrics.swaps import (
    distances,
    identities,
    l1,
    mean_distance,
    reconstruction,
    reconstructions,
    swaps,
)

__all__ = [
    "DESCRIPTIONS",
    "Classify",
    "Scores",
    "accuracy",
    "attribute_accuracy",
    "attribute_pairs",
    "chance",
    "checkerboard",
    "colours",
    "coupling",
    "coverage",
    "describe",
    "distances",
    "diversity",
    "domain",
    "modes",
    "fid",
    "identities",
    "kept",
    "kid",
    "l1",
    "mean",
    "mean_distance",
    "mmd",
    "pairs",
    "probes",
    "reconstruction",
    "reconstructions",
    "removal",
    "score",
    "sdr",
    "sdr_gain",
    "share",
    "style",
    "swaps",
    "too_few",
]
