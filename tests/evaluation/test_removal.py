import numpy as np
import pytest

from framework.evaluation import metrics


def images(*values):
    """One 2x2 image for each value."""
    return np.array(values, np.float32)[:, None, None, None] * np.ones((1, 2, 2, 3), np.float32)


def by_brightness(x):
    """Domain 2 is white: its probability goes from 0 at -1 to 1 at 1."""
    p = (x.mean((1, 2, 3)) + 1) / 2
    return np.stack([1 - p, p], axis=1), x.reshape(len(x), -1)


def test_removal_by_head():
    found = metrics.removal(
        images(-1, -0.5), images(1, 1, -1, 0.5), images(-1, 0.5), images(1), by_brightness, "p"
    )
    values = {name: metric["value"] for name, metric in found.items()}
    assert values == pytest.approx(
        {
            "removal_probability": 0.125,
            "real_probability1": 0.375,
            "real_probability2": 1,
            "guided": 0.75,
            "evaluator_accuracy": 2 / 3,
        }
    )
    counts = {name: metric["n"] for name, metric in found.items()}
    assert list(counts.values()) == [2, 2, 1, 4, 3]
    low, high = found["removal_probability"]["ci95"]
    assert low == 0 and high == pytest.approx(0.125 + 1.96 * 0.25 * 0.5**0.5 / 2**0.5)
    assert found["real_probability2"]["ci95"] is None, "one image tells nothing"
    assert all(metric["protocol"].startswith("p") for metric in found.values())


def test_nothing_removed_and_all_removed():
    real1, real2 = images(-1, -1), images(1, 1)
    for removed, probability in ((real2, 1), (real1, 0)):
        found = metrics.removal(removed, real2, real1, real2, by_brightness, "")
        assert found["removal_probability"]["value"] == probability
        assert found["guided"]["value"] == found["evaluator_accuracy"]["value"] == 1


def test_kept_by_head():
    before, after = images(-1, -0.5, 0.5, 1), images(-0.1, 0.5, 1, 1)
    found = metrics.kept(before, after, by_brightness, "")
    assert found["value"] == 0.75 and found["n"] == 4
    assert metrics.kept(before, before, by_brightness, "")["value"] == 1
    with pytest.raises(ValueError, match="4 images before and 2 after"):
        metrics.kept(before, after[:2], by_brightness, "")


def test_malformed_images_are_refused():
    good = images(0, 1)
    with pytest.raises(ValueError, match="must be float"):
        metrics.removal(good.astype(np.uint8), good, good, good, by_brightness, "")
    with pytest.raises(ValueError, match="finite"):
        metrics.removal(good, 2 * good, good, good, by_brightness, "")
