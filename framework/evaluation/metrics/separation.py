"""How well a voice was separated: its signal-to-distortion ratio, in decibels.

SDR = 10 log10(|s|^2 / |s - found|^2) of a true voice s; nothing is scaled or shifted to fit.
"""

import numpy as np

from framework.evaluation.metrics.metric import STANDARD_ERRORS, mean
from framework.results.description import Description

MOST = 100.0  # dB, for a voice without any error

DESCRIPTIONS = (
    Description(
        "sdr_gain", "gain in signal-to-distortion ratio",
        "Signal-to-distortion ratio of the separated voices, in dB above that of the mixture.",
        "up", "sdr_gain_mean", STANDARD_ERRORS, headline=True,
    ),
    Description(
        "sdr_gain_mean", "gain with the mean spectrum",
        "The gain in dB if the mean spectrum of domain 1 is subtracted from every mixture.",
        "up", "0: the mixture itself", STANDARD_ERRORS, headline=True,
    ),
    Description(
        "sdr_gain_oracle", "gain with the true background",
        "The gain in dB if the true background is subtracted: the most that subtraction can reach.",
        None, "", STANDARD_ERRORS, headline=True,
    ),
)  # fmt: skip


def sdr(truth: np.ndarray, found: np.ndarray) -> np.ndarray:
    """SDR [N] in dB, at most MOST, of voices [N, L]. Raises ValueError for a silent truth."""
    power, error = (np.square(x.astype(np.float64)).sum(axis=1) for x in (truth, truth - found))
    if not power.all():
        raise ValueError("a true voice is silent")
    return 10 * np.log10(power / np.maximum(error, power * 10 ** (-MOST / 10)))


def sdr_gain(truth: np.ndarray, mixture: np.ndarray, found: np.ndarray, protocol: str) -> dict:
    """Metric of the mean gain of voices `found` [N, L]: their SDR less that of their mixtures."""
    before = sdr(truth, mixture)
    gains = sdr(truth, found) - before
    return mean(gains, f"{protocol}; dB above the mixture's SDR of {before.mean():.2f}")
