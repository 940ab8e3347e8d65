"""The toy set of thesis figure 2.9: points close to ten places on a circle, built in."""

import numpy as np

from framework.data.originals import Split, Splits

MODES, RADIUS, SIGMA = 10, 3.0, 0.05
TRAIN, TEST = 5120, 1000


def centres() -> np.ndarray:
    """The places [10, 2], from (3, 0) on counter-clockwise."""
    angles = 2 * np.pi * np.arange(MODES) / MODES
    return RADIUS * np.stack([np.cos(angles), np.sin(angles)], axis=1)


def draw(count: int, seed: int) -> np.ndarray:
    """Float32 points [count, 2] of an even mixture of N(centre, 0.05^2), a function of the seed."""
    rng = np.random.default_rng(seed)
    modes = rng.integers(MODES, size=count)
    return (centres()[modes] + rng.normal(0, SIGMA, (count, 2))).astype(np.float32)


def read() -> Splits:
    """The same points in every run; no labels: there is nothing to classify."""
    return Splits(Split(draw(TRAIN, seed=0), None), Split(draw(TEST, seed=1), None))
