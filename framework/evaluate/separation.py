"""How well a voice was separated: its signal-to-distortion ratio, in decibels.

SDR = 10 log10(|s|^2 / |s - found|^2) of a true voice s; nothing is scaled or shifted to fit.
"""

import numpy as np

from framework.evaluate.metric import mean

MOST = 100.0  # dB: of a voice found exactly


def sdr(truth: np.ndarray, found: np.ndarray) -> np.ndarray:
    """SDR [N] in dB, at most MOST, of voices [N, L]. Raises ValueError for a silent truth."""
    power, error = (np.square(x.astype(np.float64)).sum(axis=1) for x in (truth, truth - found))
    if not power.all():
        raise ValueError("a true voice is silent")
    return 10 * np.log10(power / np.maximum(error, power * 10 ** (-MOST / 10)))


def sdr_gain(truth: np.ndarray, mixture: np.ndarray, found: np.ndarray, protocol: str) -> dict:
    """Metric of the mean SDR of voices found [N, L], each less that of its mixture as the voice."""
    before = sdr(truth, mixture)
    gains = sdr(truth, found) - before
    return mean(gains, f"{protocol}; dB above the mixture's SDR of {before.mean():.2f}")
