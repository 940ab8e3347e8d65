"""Metrics of images with attributes, found by a classifier that took no part in the training.

Two domains are divided by one attribute: images of domain 1 should not have it, images of domain 2
should, and the two images of a pair should agree in all other attributes. An attribute is present
above a probability of one half. A metric is {"value", "ci95", "n", "protocol"}.
"""

import numpy as np

from framework.evaluation.metrics.metric import (
    NO_INTERVAL,
    STANDARD_ERRORS,
    WILSON,
    mean,
    metric,
    share,
)
from framework.results.description import Description

DESCRIPTIONS = (
    Description(
        "pair_separated", "pairs divided by the attribute",
        "Share of pairs whose image 2 has the attribute that divides the domains and whose image "
        "1 has not.",
        "up", "attribute_absent1 x attribute_present2 for images that are no pairs", WILSON,
        headline=True,
    ),
    Description(
        "attribute_absent", "attribute absent",
        "Share of generated images of domain 1 without the attribute that divides the domains.",
        "up", "evaluator_divides{}", WILSON,
    ),
    Description(
        "attribute_present", "attribute present",
        "Share of generated images of domain 2 with the attribute that divides the domains.",
        "up", "evaluator_divides{}", WILSON,
    ),
    Description(
        "pair_agreement", "agreement of pairs",
        "Share of pairs whose two images agree in another attribute, averaged over all attributes "
        "but the dividing one.",
        "up", "pair_agreement_chance", STANDARD_ERRORS,
    ),
    Description(
        "pair_agreement_chance", "agreement of pairs by chance",
        "Agreement of images that are no pairs and have each attribute equally often.",
        None, "", NO_INTERVAL,
    ),
    Description(
        "evaluator_divides", "accuracy of the evaluator on the dividing attribute",
        "Share of real images in which the evaluator is right about the attribute that divides "
        "the domains.",
        "up", "share of the more frequent answer", WILSON,
    ),
    Description(
        "accuracy_majority", "accuracy of the more frequent answer",
        "Accuracy of a classifier that always gives the more frequent answer, averaged over all "
        "attributes.",
        None, "", NO_INTERVAL, headline=True,
    ),
)  # fmt: skip


def attribute_accuracy(
    probabilities: np.ndarray, labels: np.ndarray, names: tuple[str, ...], protocol: str
) -> dict[str, dict]:
    """How often a classifier finds each attribute of N real images.

    Args:
        probabilities: float [N, K] in [0, 1].
        labels: [N, K] of zeros and ones.
        names: of the K attributes.
        protocol: kept beside every number.

    Returns:
        '' -> mean over images and attributes; 'majority' -> the mean for a classifier that always
        gives the more frequent answer; name of an attribute -> the share for this attribute.
    """
    right = (probabilities > 0.5) == (labels == 1)
    present = labels.mean(axis=0)
    usual = np.maximum(present, 1 - present).mean()
    own = {name: share(right[:, i], protocol) for i, name in enumerate(names)}
    return {
        "": _mean(right, f"{protocol}; mean of {len(names)} attributes"),
        "majority": metric(usual, len(labels), f"{protocol}; always the more frequent answer"),
    } | own


def attribute_pairs(
    probabilities1: np.ndarray,
    probabilities2: np.ndarray,
    names: tuple[str, ...],
    dividing: tuple[str, ...],
    protocol: str,
) -> dict[str, dict]:
    """Returns all metrics of N pairs of samples by name.

    Args:
        probabilities1: float [N, K] in [0, 1], of the attributes of images 1.
        probabilities2: the same of images 2; row i of both is of one latent vector.
        names: of the K attributes.
        dividing: the attribute that divides the domains, then those that depend on it.
        protocol: kept beside every number.
    """
    present1, present2 = probabilities1 > 0.5, probabilities2 > 0.5
    divided_by, own = dividing[0], names.index(dividing[0])
    rest = [i for i, name in enumerate(names) if name not in dividing]
    absent, shown = ~present1[:, own], present2[:, own]
    rest1, rest2 = (present[:, rest] for present in (present1, present2))
    p1, p2 = rest1.mean(axis=0), rest2.mean(axis=0)
    chance = (p1 * p2 + (1 - p1) * (1 - p2)).mean()
    others = f"{protocol}; mean of {len(rest)} attributes other than {', '.join(dividing)}"
    return {
        "pair_separated": share(absent & shown, f"{protocol}; {divided_by}"),
        "attribute_absent1": share(absent, f"{protocol}; {divided_by}"),
        "attribute_present2": share(shown, f"{protocol}; {divided_by}"),
        "pair_agreement": _mean(rest1 == rest2, others),
        "pair_agreement_chance": metric(
            chance, len(rest1), f"{others}; independent, same marginals"
        ),
    }


def _mean(hits: np.ndarray, protocol: str) -> dict:
    """Mean of bool [N, K]; the interval treats rows as independent, and columns not."""
    return mean(hits.mean(axis=1), protocol, 0.0, 1.0)
