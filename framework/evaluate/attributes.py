"""Metrics of pictures with attributes, told by a classifier that took no part in their training.

Two domains are divided by one attribute: domain 1 is to be without it, domain 2 with it, and the
two images of a pair are to agree in all others. An attribute is present above a probability of one
half. A metric is {"value", "ci95", "n", "protocol"}.
"""

import numpy as np

from framework.evaluate.metric import mean, metric, share


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
        '' -> mean over images and attributes; 'majority' -> the same for always telling the more
        frequent answer; name of an attribute -> its own.
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
    """Return every metric of N pairs of samples, by name.

    Row i of both float [N, K] tells the attributes of the two images of one latent vector.
    `pair_separated` is the share of pairs with the first attribute of `dividing` absent from image
    1 and present in image 2; `pair_agreement` the mean over all attributes but those of the share
    of pairs that agree, `pair_agreement_chance` the same for independent images.
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
    """Mean of bool [N, K]; the interval takes the N rows as independent, not the K columns."""
    return mean(hits.mean(axis=1), protocol, 0.0, 1.0)
