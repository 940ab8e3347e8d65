import numpy as np
import pytest

from framework.evaluation import metrics


def test_sdr_by_head():
    truth = np.array([[3.0, 4], [3, 4], [3, 4]])
    found = np.array([[3, 4.5], [0, 0], [3, 4]])
    assert metrics.sdr(truth, found).tolist() == pytest.approx([20, 0, 100])
    assert metrics.sdr(truth, -truth).tolist() == pytest.approx([-10 * np.log10(4)] * 3)


def test_gain_by_head():
    """Mixtures are off by all of the voice, 0 dB; what was found by a tenth of it, or all."""
    truth = np.array([[3.0, 4], [3, 4]])
    found = metrics.sdr_gain(truth, 2 * truth, np.array([[3, 4.5], [0, 0]]), "p")
    assert found["value"] == pytest.approx(10) and found["n"] == 2
    margin = 1.96 * 10 * 2**0.5 / 2**0.5
    assert found["ci95"] == pytest.approx([10 - margin, 10 + margin])
    assert found["protocol"] == "p; dB above the mixture's SDR of 0.00"
    one = metrics.sdr_gain(truth[:1], 2 * truth[:1], 2 * truth[:1], "")
    assert one["value"] == 0 and one["ci95"] is None
    worse = metrics.sdr_gain(truth, 2 * truth, 3 * truth, "")
    assert worse["value"] == pytest.approx(-10 * np.log10(4))


def test_a_silent_truth_is_refused():
    with pytest.raises(ValueError, match="silent"):
        metrics.sdr(np.zeros((2, 3)), np.ones((2, 3)))
