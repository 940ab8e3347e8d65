"""Probes of codes: what is there is found, what is not is not."""

import numpy as np
import pytest

from framework.evaluation import metrics

TRAIN, TEST = np.arange(400) % 4, np.arange(200) % 4


def codes(labels: np.ndarray, seed: int) -> dict[str, np.ndarray]:
    """Codes [N, 6]: of nothing, of the class as a line, and of the class as a ring."""
    random = np.random.default_rng(seed)
    noise = random.standard_normal((len(labels), 6)).astype("f")
    line, ring = noise.copy(), noise.copy()
    line[:, :4] += 8 * np.eye(4)[labels]
    direction = ring[:, :2] / np.linalg.norm(ring[:, :2], axis=1, keepdims=True)
    ring[:, :2] = direction * (1 + labels[:, None])
    return {"noise": noise, "line": line, "ring": ring}


@pytest.fixture(scope="module")
def found() -> dict[str, dict]:
    train, test = codes(TRAIN, 1), codes(TEST, 2)
    pairs = {name: (train[name], test[name]) for name in train}
    return metrics.probes(pairs, TRAIN, TEST, "seed 1")


def test_every_code_has_four_numbers(found):
    kinds = ("svm", "svm_f1", "mlp", "mlp_f1")
    assert set(found) == {f"{code}_{kind}" for code in ("noise", "line", "ring") for kind in kinds}
    assert all(metric["n"] == len(TEST) for metric in found.values())
    assert "400 training codes, most frequent class 0.250" in found["line_svm"]["protocol"]


def test_what_is_there_is_found(found):
    for kind in ("svm", "svm_f1", "mlp", "mlp_f1"):
        assert found[f"line_{kind}"]["value"] > 0.97
        assert found[f"noise_{kind}"]["value"] < 0.4
    low, high = found["line_svm"]["ci95"]
    assert low < found["line_svm"]["value"] <= high


def test_only_the_mlp_sees_what_no_plane_parts(found):
    assert found["ring_svm"]["value"] < 0.5 < 0.8 < found["ring_mlp"]["value"]


def test_an_even_number_of_wrong_answers_by_head():
    # One number decides; of four held-out codes the last lies on the wrong side.
    train = np.array([[-1.0], [1.0]] * 4)
    test = np.array([[-1.0], [1.0], [-1.0], [-1.0]])
    labels = np.array([0, 1] * 4)
    found = metrics.probes({"z": (train, test)}, labels, np.array([0, 1, 0, 1]), "")
    assert found["z_svm"]["value"] == 0.75
    # Class 0: precision 2/3, recall 1, F1 4/5. Class 1: precision 1, recall 1/2, F1 2/3.
    assert found["z_svm_f1"]["value"] == pytest.approx((4 / 5 + 2 / 3) / 2)


def test_codes_and_labels_belong_together():
    with pytest.raises(ValueError, match="inconsistent"):
        metrics.probes({"z": (np.zeros((5, 2)), np.zeros((4, 2)))}, TRAIN, TEST, "")
