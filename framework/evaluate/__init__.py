"""Metrics by name; they take arrays and callables and know no trainer."""

from framework.evaluate.attributes import attribute_accuracy, attribute_pairs
from framework.evaluate.checkerboard import checkerboard
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
from framework.evaluate.metric import mean, share
from framework.evaluate.modes import modes
from framework.evaluate.probes import probes
from framework.evaluate.removal import kept, removal
from framework.evaluate.separation import sdr, sdr_gain
from framework.evaluate.styles import style
from framework.evaluate.swaps import (
    distances,
    identities,
    l1,
    mean_distance,
    reconstruction,
    reconstructions,
    swaps,
)

__all__ = [
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
