"""KID and FID against numbers done by head and against what holds for known distributions."""

import numpy as np
import pytest
from scipy.linalg import sqrtm

from framework.evaluation import metrics


def column(*values):
    return np.array(values, float)[:, None]


def normal(n, size=4, mean=0.0, seed=0):
    return np.random.default_rng(seed).normal(mean, 1.0, (n, size))


def test_mmd_by_head():
    # k(a, b) = (ab + 1)^3. Within x: k(0,1) = 1. Within y: k(1,2) = 27. Across: 1, 1, 8, 27.
    assert metrics.mmd(column(0, 1), column(1, 2)) == pytest.approx(1 + 27 - 2 * 37 / 4)


def test_the_kernel_divides_by_the_number_of_features():
    # Two features, (x y / 2 + 1)^3: 1 within x, 8 within y; 1, 1, 27 and 8 across.
    x, y = np.array([[0.0, 0.0], [2.0, 0.0]]), np.array([[2.0, 0.0], [1.0, 0.0]])
    assert metrics.mmd(x, y) == pytest.approx(1 + 8 - 2 * (1 + 1 + 27 + 8) / 4)


def test_kid_of_one_distribution_is_about_zero_and_on_both_sides():
    values = [
        metrics.kid(normal(60, seed=2 * i), normal(60, seed=2 * i + 1), "")["value"]
        for i in range(30)
    ]
    assert min(values) < 0 < max(values)
    assert abs(np.mean(values)) < 3 * np.std(values) / np.sqrt(30)


def test_kid_grows_with_the_distance_and_its_interval_holds_the_truth():
    near, far = (metrics.kid(normal(400, mean=m), normal(400, seed=1), "") for m in (0.3, 1.0))
    assert 0 < near["ci95"][0] < near["value"] < near["ci95"][1] < far["ci95"][0] < far["value"]
    truth = metrics.mmd(normal(4000, mean=1.0, seed=5), normal(4000, seed=6))
    inside = 0
    for i in range(20):
        low, high = metrics.kid(normal(200, mean=1.0, seed=10 + i), normal(200, seed=90 + i), "")[
            "ci95"
        ]
        inside += low <= truth <= high
    assert 15 <= inside <= 20


def test_kid_is_the_same_at_every_call_and_says_how_it_was_measured():
    pair = normal(30), normal(20, seed=1)
    first = metrics.kid(*pair, "net X")
    assert first == metrics.kid(*pair, "net X")
    assert first["n"] == 30
    for part in ("net X", "30 samples", "20 real images", "4 features", "100 subsets of 10"):
        assert part in first["protocol"]
    assert metrics.kid(normal(2), normal(2, seed=1), "")["ci95"] is None


def test_fid_of_two_gaussians_by_head():
    # Means 1 and 5, deviations 2^.5 and 8^.5: 4^2 + (8^.5 - 2^.5)^2.
    found = metrics.fid(column(0, 2), column(3, 7), "")
    assert found["value"] == pytest.approx(16 + 2) and found["ci95"] is None


def test_fid_adds_up_over_independent_features():
    x = np.array([[0, 0], [2, 0], [0, 2], [2, 2]], float)
    one = metrics.fid(x[:, :1], 3 * x[:, :1] + 1, "")["value"]
    assert metrics.fid(x, 3 * x + 1, "")["value"] == pytest.approx(2 * one)


def test_fid_is_that_of_the_published_formula_and_symmetric():
    mix = np.random.default_rng(3).normal(size=(4, 4))
    x, y = normal(50) @ mix, normal(70, mean=0.5, seed=1) @ mix.T
    cov1, cov2 = (np.cov(part, rowvar=False) for part in (x, y))
    mean = np.sum((x.mean(axis=0) - y.mean(axis=0)) ** 2)
    published = mean + np.trace(cov1 + cov2 - 2 * np.real(sqrtm(cov1 @ cov2)))
    assert metrics.fid(x, y, "")["value"] == pytest.approx(published, rel=1e-8)
    assert metrics.fid(y, x, "")["value"] == pytest.approx(published, rel=1e-8)
    assert metrics.fid(x, x, "")["value"] == pytest.approx(0, abs=1e-9)


def test_fewer_images_than_features_are_warned_of():
    few, enough = normal(5, size=8), normal(9, size=8, seed=1)
    assert "5 images for 8 features" in metrics.fid(few, enough, "")["protocol"]
    assert np.isfinite(metrics.fid(few, enough, "")["value"])
    assert "WARNING" not in metrics.fid(enough, enough, "")["protocol"]


@pytest.mark.parametrize("measure", [metrics.kid, metrics.fid])
@pytest.mark.parametrize("bad", [np.zeros(3), np.zeros((1, 3)), np.full((3, 3), np.nan)])
def test_what_are_no_features_is_refused(measure, bad):
    with pytest.raises(ValueError, match="features must be finite"):
        measure(np.zeros((3, 3)), bad, "")
