"""Metrics of coupled generators, measured by a classifier that took no part in their training.

Do both images of a pair show the same class, and does each domain keep all its classes? Everything
here takes arrays and one callable. A metric is {"value", "ci95", "n", "protocol"}; entropies are in
nats. Wilson, JASA 22 (1927); Cohen, EPM 20 (1960); Zou and Donner, Stat. Med. 27 (2008).
"""

import numpy as np
from scipy.spatial.distance import pdist, squareform
from scipy.stats import entropy
from sklearn.metrics import confusion_matrix, mutual_info_score

from framework.data import Images
from framework.evaluation.metrics.classification import Classify, Scores, score
from framework.evaluation.metrics.metric import NO_INTERVAL, WILSON, metric, share, wilson
from framework.results.description import Description

CONFIDENT = 0.9  # an image is confident when its best class probability is above this
HIT_SHARE = 0.1  # a class is hit with this part of its fair share: 1 % of the images for K = 10
DIVERSITY_SAMPLES = 2000  # their 2 million distances take under a second

DESCRIPTIONS = (
    Description(
        "pair_accuracy", "pair accuracy",
        "Share of pairs whose two images get the same label from the evaluator.",
        "up", "pair_accuracy_chance", WILSON, headline=True,
    ),
    Description(
        "pair_accuracy_balanced", "pair accuracy, balanced",
        "Pair accuracy with equal weight for every class of domain 1; a class that never appears "
        "counts as 0.",
        "up", "pair_accuracy_chance", "Wilson limits joined over classes (Zou and Donner)",
        headline=True,
    ),
    Description(
        "pair_accuracy_chance", "pair accuracy by chance",
        "Pair accuracy of images that are not coupled and have the same frequencies of labels.",
        None, "", NO_INTERVAL,
    ),
    Description(
        "coupling", "coupling (Cohen's kappa)",
        "Pair accuracy on a scale on which 0 is chance and 1 means that all pairs agree.",
        "up", "0, by chance", NO_INTERVAL, headline=True,
    ),
    Description(
        "mutual_information", "mutual information of the labels",
        "How much the label of one image of a pair says about the label of the other, in nats.",
        "up", "about (K - 1)² / 2n for K classes, by chance", NO_INTERVAL,
    ),
    Description(
        "confusion", "labels of both images of a pair",
        "Number of pairs by label: rows are labels of domain 1, columns labels of domain 2, and "
        "coupled pairs lie on the diagonal.",
        None, "", NO_INTERVAL,
    ),
    Description(
        "label_entropy", "label entropy",
        "How evenly the generated images are spread over the classes, in nats.",
        "up", "ln K for K equally frequent classes", NO_INTERVAL,
    ),
    Description(
        "label_entropy_share", "label entropy, relative",
        "Label entropy divided by its largest possible value.",
        "up", "1 for equally frequent classes", NO_INTERVAL,
    ),
    Description(
        "classes_hit", "classes generated",
        "Number of classes that have at least a tenth of their fair share of the images.",
        "up", "the number of classes", NO_INTERVAL, headline=True,
    ),
    Description(
        "confident", "confident images",
        f"Share of images to which the evaluator gives a label with a probability above "
        f"{CONFIDENT}.",
        "up", "", WILSON,
    ),
    Description(
        "diversity", "diversity",
        "Mean distance between two generated images in the features of the evaluator; it should "
        "be near that of real images.",
        None, "real_diversity{}", "mean ± 1.96 standard errors of a U-statistic",
    ),
    Description(
        "real_diversity", "diversity of real images",
        "Mean distance between two real images in the features of the evaluator.",
        None, "", "mean ± 1.96 standard errors of a U-statistic",
    ),
)  # fmt: skip


def pairs(
    fake1: np.ndarray,
    fake2: np.ndarray,
    classify: Classify,
    *,
    real1: Images,
    real2: Images,
    protocol: str,
) -> dict[str, dict]:
    """Returns all metrics of N pairs of samples by name.

    fake1, fake2 are float [N, S, S, C] in [-1, 1]; row i of both came from the same z. real1 and
    real2, float [M, S, S, C], give the diversity of real images for comparison. `protocol` (net,
    seed, source of the samples) is kept beside every number. The labels are the evaluator's.

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


def domain(fake: np.ndarray, real: Images, classify: Classify, protocol: str) -> dict[str, dict]:
    """Returns the metrics of samples [N, S, S, C] of one domain: coverage and diversity.

    Arguments and errors as for `pairs`.
    """
    return _one_domain(score(fake, classify), score(real, classify), protocol)


def _one_domain(fake: Scores, real: Scores, protocol: str) -> dict[str, dict]:
    return coverage(fake, protocol) | {
        "diversity": diversity(fake.features, protocol),
        "real_diversity": diversity(real.features, protocol),
    }


def coupling(
    labels1: np.ndarray, labels2: np.ndarray, classes: int, protocol: str
) -> dict[str, dict]:
    """Returns the metrics of how two lists of labels [N] in 0..classes-1 agree.

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
    """Returns the metrics of mode collapse in one domain: entropy, classes hit, confidence.

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
