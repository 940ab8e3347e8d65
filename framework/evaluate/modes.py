"""Mode collapse on points whose modes are known.

The rule of three standard deviations is that of Srivastava et al., arXiv 1705.07761 (VEEGAN).
"""

import numpy as np
from scipy.spatial.distance import cdist

from framework.evaluate.labels import HIT_SHARE
from framework.evaluate.metric import metric, share

NEAR = 3.0  # standard deviations within which a point belongs to a mode


def modes(points: np.ndarray, centres: np.ndarray, sigma: float, protocol: str) -> dict[str, dict]:
    """Return `modes_covered` and `high_quality` of points [N, D] beside modes [K, D].

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
