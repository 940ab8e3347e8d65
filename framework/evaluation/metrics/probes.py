"""Probes: how well simple classifiers find the class in codes that no longer change.

They are trained on codes of training images and measured on codes of held-out images. Where a probe
is no better than the most frequent class, a stronger probe may still find the class.
"""

import warnings
from collections.abc import Iterator, Mapping
from typing import Literal

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import f1_score
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from framework.evaluation.metrics.metric import NO_INTERVAL, WILSON, metric, share
from framework.results.description import Description

HIDDEN = (256, 256)
EARLY_STOPPING = 10  # codes per class from which on a tenth of them decides when the MLP stops

CODES: dict[str, tuple[str, Literal["up", "down"]]] = {
    "s": ("class code", "up"),
    "z": ("style code", "down"),
    "s_sampled": ("sampled class code", "up"),
    "z_sampled": ("sampled style code", "down"),
}
PROBES = {"svm": "linear SVM", "mlp": "MLP"}
MOST_FREQUENT = "share of the most frequent class"


def _descriptions() -> Iterator[Description]:
    """Of accuracy and F1 of each code and probe."""
    for code, (words, better) in CODES.items():
        for probe, model in PROBES.items():
            yield Description(
                f"{code}_{probe}", f"class in the {words}, {model}",
                f"Share of held-out images whose class the {model} finds in the {words}.",
                better, MOST_FREQUENT, WILSON, headline=probe == "svm" and code in ("s", "z"),
            )  # fmt: skip
            yield Description(
                f"{code}_{probe}_f1", f"class in the {words}, {model}, macro-F1",
                f"F1 of the classes that the {model} finds in the {words}, averaged over classes.",
                better, "", NO_INTERVAL,
            )  # fmt: skip


DESCRIPTIONS = tuple(_descriptions())


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
        protocol: kept beside every number; the share of the most frequent class is added to it.

    Raises:
        ValueError: numbers of codes and labels differ, or a code is not finite.
    """
    most = np.bincount(test_labels).max() / len(test_labels)
    note = f"{protocol}; {len(train_labels)} training codes, most frequent class {most:.3f}"
    found = {}
    for name, (train, test) in codes.items():
        for kind, probe in _probes(train_labels).items():
            predicted = _fit(probe, train, train_labels).predict(test)
            found[f"{name}_{kind}"] = share(predicted == test_labels, note)
            score = f1_score(test_labels, predicted, average="macro", zero_division=0.0)
            found[f"{name}_{kind}_f1"] = metric(score, len(test_labels), f"{note}; macro-F1")
    return found


def _probes(labels: np.ndarray) -> dict:
    counts = np.bincount(labels)
    enough = counts[counts > 0].min() >= EARLY_STOPPING
    mlp = MLPClassifier(HIDDEN, early_stopping=bool(enough), max_iter=100, random_state=0)
    return {"svm": LinearSVC(dual=False, random_state=0), "mlp": mlp}


def _fit(probe, codes: np.ndarray, labels: np.ndarray):
    with warnings.catch_warnings():
        # A probe that does not converge has found little, which is a result.
        warnings.simplefilter("ignore", ConvergenceWarning)
        return make_pipeline(StandardScaler(), probe).fit(codes, labels)
