"""Metrics of coupled generators, measured by a classifier that took no part in their training.

Do both images of a pair show the same class, and does each domain keep all its classes? Everything
here takes arrays and one callable. A metric is {"value", "ci95", "n", "protocol"}; entropies are in
nats. Wilson, JASA 22 (1927); Cohen, EPM 20 (1960); Zou and Donner, Stat. Med. 27 (2008).
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.spatial.distance import pdist, squareform
from scipy.stats import entropy
from sklearn.metrics import confusion_matrix, mutual_info_score

from framework.evaluate.metric import check, metric, share, wilson

Classify = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]
"""Float images [N, S, S, C] in [-1, 1] -> (probabilities [N, K], features [N, D])."""

CONFIDENT = 0.9  # an image is confident when its best class probability is above this
HIT_SHARE = 0.1  # a class is hit with this part of its fair share: 1 % of the images for K = 10
DIVERSITY_SAMPLES = 2000  # all distances between so many samples: 2 million, under a second


class Scores(NamedTuple):
    """What the evaluator says of N images."""

    labels: np.ndarray  # int [N], the most probable class
    best: np.ndarray  # float [N], its probability
    features: np.ndarray  # float [N, D]
    classes: int  # K


def pairs(
    fake1: np.ndarray,
    fake2: np.ndarray,
    classify: Classify,
    *,
    real1: np.ndarray,
    real2: np.ndarray,
    protocol: str,
) -> dict[str, dict]:
    """Return every metric of N pairs of samples, by name.

    fake1, fake2 are float [N, S, S, C] in [-1, 1]; row i of both came from the same z. real1 and
    real2, float [M, S, S, C], give the diversity of real images to compare with. `protocol` (net,
    seed, sample source) is kept beside every number. The labels compared are the evaluator's.

    Raises ValueError for images that are not float, finite and within [-1, 1], and for halves of
    different length.
    """
    if len(fake1) != len(fake2):
        raise ValueError(f"a pair has two images: got {len(fake1)} and {len(fake2)}")
    scores1, scores2 = score(fake1, classify), score(fake2, classify)
    metrics = coupling(scores1.labels, scores2.labels, scores1.classes, protocol)
    for i, scores, real in ((1, scores1, real1), (2, scores2, real2)):
        found = _one_domain(scores, score(real, classify), protocol)
        metrics |= {f"{name}{i}": metric for name, metric in found.items()}
    return metrics


def domain(
    fake: np.ndarray, real: np.ndarray, classify: Classify, protocol: str
) -> dict[str, dict]:
    """Return the metrics of one domain's samples [N, S, S, C]: coverage, and diversity beside real.

    Arguments and errors as for `pairs`.
    """
    return _one_domain(score(fake, classify), score(real, classify), protocol)


def _one_domain(fake: Scores, real: Scores, protocol: str) -> dict[str, dict]:
    return coverage(fake, protocol) | {
        "diversity": diversity(fake.features, protocol),
        "real_diversity": diversity(real.features, protocol),
    }


def accuracy(classify: Classify, images: np.ndarray, labels: np.ndarray, protocol: str) -> dict:
    """Share of images [N, S, S, C] in [-1, 1] whose label [N] the evaluator finds."""
    if len(images) != len(labels):
        raise ValueError(f"got {len(images)} images and {len(labels)} labels")
    hits = score(images, classify).labels == np.asarray(labels)
    return share(hits, protocol)


def coupling(
    labels1: np.ndarray, labels2: np.ndarray, classes: int, protocol: str
) -> dict[str, dict]:
    """Return the metrics of how two label lists [N] in 0..classes-1 agree.

    `coupling` is Cohen's kappa: 0 where pair_accuracy is no better than `pair_accuracy_chance`,
    1 where all pairs agree. mutual_information is the plug-in estimate, which for independent
    labels is not 0 but about (classes-1)^2 / 2N.
    """
    counts = confusion_matrix(labels1, labels2, labels=range(classes))
    n, agree = len(labels1), np.trace(counts) / len(labels1)
    expected = chance(labels1, labels2, classes)
    # Two domains stuck in one and the same class agree always, by chance alone.
    kappa = (agree - expected) / (1 - expected) if expected < 1 else 0.0
    information = mutual_info_score(None, None, contingency=counts)
    return {
        "pair_accuracy": share(labels1 == labels2, protocol),
        "pair_accuracy_balanced": _balanced(counts, protocol),
        "pair_accuracy_chance": metric(expected, n, f"{protocol}; independent, same marginals"),
        "coupling": metric(kappa, n, f"{protocol}; Cohen's kappa"),
        "mutual_information": metric(max(information, 0.0), n, f"{protocol}; nats"),
        "confusion": metric(counts.tolist(), n, f"{protocol}; rows domain 1, columns domain 2"),
    }


def chance(labels1: np.ndarray, labels2: np.ndarray, classes: int) -> float:
    """Pair accuracy of independent labels with the same marginals: sum over k of p1_k p2_k."""
    return float(_marginal(labels1, classes) @ _marginal(labels2, classes))


def coverage(scores: Scores, protocol: str) -> dict[str, dict]:
    """Return the metrics of mode collapse in one domain: label entropy, classes hit, confidence.

    A class is hit when it has at least a tenth of its fair share N/K of the images, so that stray
    errors of the evaluator do not count as modes.
    """
    n, classes = len(scores.labels), scores.classes
    marginal = _marginal(scores.labels, classes)
    nats = float(entropy(marginal))
    hit = np.count_nonzero(marginal >= HIT_SHARE / classes)
    return {
        "label_entropy": metric(nats, n, f"{protocol}; nats"),
        "label_entropy_share": metric(nats / np.log(classes), n, f"{protocol}; of ln {classes}"),
        "classes_hit": metric(hit, n, f"{protocol}; at least {HIT_SHARE / classes:.1%} each"),
        "confident": share(scores.best > CONFIDENT, f"{protocol}; probability > {CONFIDENT}"),
    }


def diversity(features: np.ndarray, protocol: str) -> dict:
    """Mean Euclidean distance between two samples' features [N, D], over all pairs of samples.

    At most DIVERSITY_SAMPLES rows, evenly spread, are used. The interval is that of a U-statistic:
    the mean's error is twice that of the samples' own mean distances. Raises ValueError for N < 2.
    """
    if len(features) < 2:
        raise ValueError("diversity needs at least two images")
    kept = min(len(features), DIVERSITY_SAMPLES)
    rows = np.linspace(0, len(features) - 1, kept).astype(int)
    distances = squareform(pdist(features[rows].astype(np.float64)))
    per_sample = distances.sum(axis=1) / (kept - 1)
    mean, margin = per_sample.mean(), 1.96 * 2 * per_sample.std(ddof=1) / np.sqrt(kept)
    note = f"{protocol}; L2 in evaluator features, all pairs"
    return metric(mean, kept, note, (max(mean - margin, 0.0), mean + margin))


def score(images: np.ndarray, classify: Classify) -> Scores:
    """Check images [N, S, S, C] and classify them; ValueError when either side is malformed."""
    check(images)
    probabilities, features = (np.asarray(array) for array in classify(images))
    if probabilities.ndim != 2 or len(probabilities) != len(images) or len(features) != len(images):
        raise ValueError(
            f"the evaluator must give [N, K] and [N, D] for {len(images)} images, "
            f"not {probabilities.shape} and {features.shape}"
        )
    if probabilities.shape[1] < 2 or not np.allclose(probabilities.sum(axis=1), 1, atol=1e-2):
        raise ValueError("the evaluator must give probabilities of at least 2 classes, not logits")
    if not np.isfinite(features).all():
        raise ValueError("the evaluator's features are not finite")
    best = probabilities.max(axis=1)
    return Scores(probabilities.argmax(axis=1), best, features, probabilities.shape[1])


def _marginal(labels: np.ndarray, classes: int) -> np.ndarray:
    return np.bincount(labels, minlength=classes) / len(labels)


def _balanced(counts: np.ndarray, protocol: str) -> dict:
    """Mean over the K classes of domain 1 of the share of pairs that agree; counts [K, K].

    A class that domain 1 never shows counts as 0, so that a collapse to a few classes cannot
    flatter the number. The interval joins the classes' Wilson limits (Zou and Donner, eq. 2), which
    stays honest where a class agrees always or never; it takes domain 1's labels as given.
    """
    shown = [(row[k], row.sum()) for k, row in enumerate(counts) if row.sum()]
    shares = np.array([hits / n for hits, n in shown])
    limits = np.array([wilson(hits, n) for hits, n in shown])
    value = shares.sum() / len(counts)
    below, above = np.linalg.norm(limits - shares[:, None], axis=0) / len(counts)
    note = f"{protocol}; mean over the {len(counts)} classes of domain 1, a missing class is 0"
    return metric(value, counts.sum(), note, (value - below, value + above))
