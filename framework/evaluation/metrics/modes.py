"""Mode collapse on points whose modes are known.

The rule of three standard deviations is that of Srivastava et al., arXiv 1705.07761 (VEEGAN).
"""

import numpy as np
from scipy.spatial.distance import cdist

from framework.evaluation.metrics.labels import HIT_SHARE
from framework.evaluation.metrics.metric import NO_INTERVAL, WILSON, metric, share
from framework.results.description import Description

NEAR = 3.0  # standard deviations within which a point belongs to a mode

DESCRIPTIONS = (
    Description(
        "modes_covered", "modes covered",
        "Number of modes of the data that have at least a tenth of their fair share of the "
        "generated points.",
        "up", "the number of modes", NO_INTERVAL, headline=True,
    ),
    Description(
        "high_quality", "points near a mode",
        f"Share of generated points within {NEAR:g} standard deviations of a mode.",
        "up", "real_high_quality", WILSON,
    ),
    Description(
        "real_high_quality", "real points near a mode",
        f"Share of real points within {NEAR:g} standard deviations of a mode.",
        None, "", WILSON,
    ),
)  # fmt: skip


def modes(points: np.ndarray, centres: np.ndarray, sigma: float, protocol: str) -> dict[str, dict]:
    """Returns `modes_covered` and `high_quality` of points [N, D] for modes at `centres` [K, D].

    A point within three `sigma` of its nearest centre is of high quality and belongs to that mode.
    A mode is covered when at least a tenth of its fair share N/K of all points belong to it, so
    that stray points do not count. A point that is not finite is near no mode.
    """
    distances = cdist(np.asarray(points, np.float64), centres)
    near = distances.min(axis=1) <= NEAR * sigma  # False for nan
    counts = np.bincount(distances.argmin(axis=1)[near], minlength=len(centres))
    least = HIT_SHARE / len(centres)
    covered = np.count_nonzero(counts >= least * len(points))
    note = f"{protocol}; at least {least:.1%} of the points within {NEAR:g} sigma"
    return {
        "modes_covered": metric(covered, len(points), note),
        "high_quality": share(near, f"{protocol}; within {NEAR:g} sigma of a mode"),
    }
