"""Metrics of exchanged codes: is the class that of the style, are images put together again?

Rows [2B, ...] are those of image 1 of all pairs, then those of image 2. `mixed` has the content of
its own row and the style of the other image of the pair, `back` is put together of the codes of
mixed images, `short` of the row's own codes.
"""

from collections.abc import Callable, Mapping

import numpy as np

from framework.evaluate.labels import Classify, score
from framework.evaluate.metric import check, mean, share

Distance = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""Images, images, [N, S, S, C] each -> distances [N]."""


def swaps(
    mixed: np.ndarray, labels: np.ndarray, classify: Classify, protocol: str
) -> dict[str, dict]:
    """`swap_acc` and `copy_rate` of mixed images [2B, S, S, C] over pairs of different classes.

    `swap_acc` is the share in which the evaluator sees the class of the style's source,
    `copy_rate` that of the content's. A generator that ignores style copies: near 0 and 1. Empty
    without such pairs. Raises ValueError for malformed images and for other numbers of labels [2B].
    """
    if len(mixed) != len(labels):
        raise ValueError(f"got {len(mixed)} images and {len(labels)} labels")
    own = np.asarray(labels)
    other = np.concatenate(np.split(own, 2)[::-1])
    differ = own != other
    if not differ.any():
        return {}
    found = score(mixed[differ], classify).labels
    protocol = f"{protocol}; pairs of different classes"
    return {
        "swap_acc": share(found == other[differ], protocol),
        "copy_rate": share(found == own[differ], protocol),
    }


def identities(
    x: np.ndarray, mixed: np.ndarray, distance: Distance, protocol: str
) -> dict[str, dict]:
    """How far mixed images [2B, S, S, C] are from whom the images x [2B, S, S, C] show.

    `identity_style` from the style's source, `identity_content` from the content's, and
    `identity_pair` of both sources from each other: what chance gives.
    """
    other = np.concatenate(np.split(x, 2)[::-1])
    return {
        "identity_style": mean_distance(mixed, other, distance, protocol),
        "identity_content": mean_distance(mixed, x, distance, protocol),
        "identity_pair": mean_distance(x, other, distance, protocol),
    }


def reconstruction(x: np.ndarray, images: np.ndarray, protocol: str) -> dict:
    """The metric of the mean L1 in [0, 2] of images [N, S, S, C] and what is to equal them."""
    return mean_distance(x, images, l1, f"{protocol}; L1 of [-1, 1]")


def reconstructions(
    x: np.ndarray, made: Mapping[str, np.ndarray], protocol: str
) -> dict[str, dict]:
    """Mean L1 in [0, 2] of images [2B, S, S, C] and what is put together: `rec_l1`, `short_l1`."""
    return distances(x, made, l1, f"{protocol}; L1 of [-1, 1]", kind="l1")


def distances(
    x: np.ndarray,
    made: Mapping[str, np.ndarray],
    distance: Distance,
    protocol: str,
    *,
    kind: str = "lpips",
) -> dict[str, dict]:
    """Mean `distance`, (rows, rows) -> [rows], of images and of what is put together again.

    `rec_<kind>` is that of `back`, after two exchanges, and `short_<kind>` that of `short`, as far
    as they were made.
    """
    return {
        f"{name}_{kind}": mean_distance(x, made[key], distance, protocol)
        for name, key in (("rec", "back"), ("short", "short"))
        if key in made
    }


def mean_distance(x: np.ndarray, images: np.ndarray, distance: Distance, protocol: str) -> dict:
    """Metric of the mean `distance` of two lists of images [N, S, S, C]."""
    check(x)
    check(images)
    values = np.asarray(distance(x, images), np.float64)
    return mean(values, protocol, 0.0)


def l1(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Mean absolute difference [N] of two lists of images [N, S, S, C]."""
    return np.abs(a.astype(np.float32) - b).mean(axis=(1, 2, 3))
