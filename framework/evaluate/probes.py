"""Probes: how well classifiers of other kinds read the class out of frozen codes.

Trained on codes of training images, measured on those of held-out images. A code that a probe
reads no better than the most frequent class can still hold what a stronger probe would find.
"""

import warnings
from collections.abc import Mapping

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import f1_score
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from framework.evaluate.metric import metric, share

HIDDEN = (256, 256)
WATCHED = 10  # codes per class from which on a tenth is kept back to stop the MLP in time


def probes(
    codes: Mapping[str, tuple[np.ndarray, np.ndarray]],
    train_labels: np.ndarray,
    test_labels: np.ndarray,
    protocol: str,
) -> dict[str, dict]:
    """Accuracy `<code>_svm`, `<code>_mlp` and macro-F1 `<code>_svm_f1`, `<code>_mlp_f1`.

    Args:
        codes: name -> (training codes [N, D], held-out codes [M, D]), which are standardised.
        train_labels: classes [N].
        test_labels: classes [M].
        protocol: kept beside every number; what the most frequent class would reach is added.

    Raises:
        ValueError: the labels are as many as neither, or a code is not finite.
    """
    most = np.bincount(test_labels).max() / len(test_labels)
    note = f"{protocol}; {len(train_labels)} training codes, most frequent class {most:.3f}"
    found = {}
    for name, (train, test) in codes.items():
        for kind, probe in _probes(train_labels).items():
            told = _fit(probe, train, train_labels).predict(test)
            found[f"{name}_{kind}"] = share(told == test_labels, note)
            score = f1_score(test_labels, told, average="macro", zero_division=0.0)
            found[f"{name}_{kind}_f1"] = metric(score, len(test_labels), f"{note}; macro-F1")
    return found


def _probes(labels: np.ndarray) -> dict:
    counts = np.bincount(labels)
    enough = counts[counts > 0].min() >= WATCHED
    mlp = MLPClassifier(HIDDEN, early_stopping=bool(enough), max_iter=100, random_state=0)
    return {"svm": LinearSVC(dual=False, random_state=0), "mlp": mlp}


def _fit(probe, codes: np.ndarray, labels: np.ndarray):
    with warnings.catch_warnings():
        # A probe that is not done in its time has found little, which is a result.
        warnings.simplefilter("ignore", ConvergenceWarning)
        return make_pipeline(StandardScaler(), probe).fit(codes, labels)
