"""The built-in toy set of the thesis' figure 2.9: points close to ten places on a circle."""

import numpy as np

from framework.data.splits import Split, Splits

MODES, RADIUS, SIGMA = 10, 3.0, 0.05
TRAIN, TEST = 5120, 1000


def centres() -> np.ndarray:
    """Returns the ten places [10, 2], counter-clockwise from (3, 0)."""
    angles = 2 * np.pi * np.arange(MODES) / MODES
    return RADIUS * np.stack([np.cos(angles), np.sin(angles)], axis=1)


def draw(count: int, seed: int) -> np.ndarray:
    """Draws float32 points [count, 2] from an even mixture of the ten N(centre, 0.05^2)."""
    rng = np.random.default_rng(seed)
    modes = rng.integers(MODES, size=count)
    return (centres()[modes] + rng.normal(0, SIGMA, (count, 2))).astype(np.float32)


def read() -> Splits:
    """Returns 5,120 training points and 1,000 test points, the same in every run, unlabelled."""
    return Splits(Split(draw(TRAIN, seed=0), None), Split(draw(TEST, seed=1), None))
