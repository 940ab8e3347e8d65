"""Metrics of exchanged codes: is the class that of the style, are images reconstructed?

Rows [2B, ...] are images 1 of all pairs, then images 2. `mixed` has the content of its own row and
the style of the other image of the pair. `back` is decoded from the codes of mixed images after a
second exchange, `short` from the codes of the row itself.
"""

from collections.abc import Callable, Mapping

import numpy as np

from framework.evaluation.metrics.classification import Classify, score
from framework.evaluation.metrics.metric import STANDARD_ERRORS, WILSON, check, mean, share
from framework.results.description import Description

Distance = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""Two lists of images [N, S, S, C] -> distances [N]."""

CYCLE = "Mean absolute difference of images and their translations to the other domain and back."
OWN_CODES = "Mean absolute difference of images and their reconstructions from their own codes."
EXCHANGED = "images whose codes were exchanged twice"

DESCRIPTIONS = (
    Description(
        "swap_acc", "class follows the class code",
        "Share of exchanged images in which the evaluator finds the class of the image that gave "
        "the class or style code, over pairs of images of different classes.",
        "up", "about 0 where the class code is ignored", WILSON, headline=True,
    ),
    Description(
        "copy_rate", "class copied from the content",
        "Share of exchanged images in which the evaluator finds the class of the image that gave "
        "the content, over pairs of images of different classes.",
        "down", "about 1 where the class code is ignored", WILSON,
    ),
    Description(
        "rec_l1", "reconstruction error",
        f"Mean absolute difference of images and their reconstructions, or {EXCHANGED}.",
        "down", "", STANDARD_ERRORS,
    ),
    Description(
        "short_l1", "reconstruction error of own codes", OWN_CODES, "down", "", STANDARD_ERRORS,
    ),
    Description(
        "rec_lpips", "perceptual reconstruction error",
        f"Perceptual distance (LPIPS) of images and {EXCHANGED}.",
        "down", "", STANDARD_ERRORS,
    ),
    Description(
        "short_lpips", "perceptual reconstruction error of own codes",
        "Perceptual distance (LPIPS) of images and their reconstructions from their own codes.",
        "down", "", STANDARD_ERRORS,
    ),
    Description(
        "other_z_l1", "reconstruction error with another style code",
        "Mean absolute difference of images and their reconstructions with the style code of "
        "another image; where it equals the reconstruction error, the style code is ignored.",
        None, "rec_l1", STANDARD_ERRORS,
    ),
    Description(
        "identity_style", "distance from the face of the style",
        "Distance of identity between exchanged faces and the faces whose style they have.",
        "down", "identity_pair", STANDARD_ERRORS,
    ),
    Description(
        "identity_content", "distance from the face of the content",
        "Distance of identity between exchanged faces and the faces whose content they have.",
        "up", "identity_pair", STANDARD_ERRORS,
    ),
    Description(
        "identity_pair", "distance of two different faces",
        "Distance of identity between the two faces of a pair.",
        None, "", STANDARD_ERRORS,
    ),
    *(
        Description(
            f"l1_{i}{3 - i}{i}", f"cycle reconstruction error, domain\N{NO-BREAK SPACE}{i}",
            CYCLE, "down", "", STANDARD_ERRORS,
        )
        for i in (1, 2)
    ),
    *(
        Description(
            f"l1_{i}{i}", f"reconstruction error, domain\N{NO-BREAK SPACE}{i}",
            OWN_CODES, "down", "", STANDARD_ERRORS,
        )
        for i in (1, 2)
    ),
)  # fmt: skip


def swaps(
    mixed: np.ndarray, labels: np.ndarray, classify: Classify, protocol: str
) -> dict[str, dict]:
    """`swap_acc` and `copy_rate` of mixed images [2B, S, S, C] over pairs of different classes.

    `swap_acc` is the share in which the evaluator finds the class of the image that gave the
    style, `copy_rate` the share with the class of the image that gave the content. A generator that
    ignores the style has values near 0 and 1. Without such pairs the result is empty. Raises
    ValueError for malformed images and for another number of labels [2B].
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
    """Distances of identity of mixed images [2B, S, S, C] and the images x [2B, S, S, C].

    `identity_style` is the distance from the image that gave the style, `identity_content` from
    the image that gave the content, and `identity_pair` that of the two images from each other.
    """
    other = np.concatenate(np.split(x, 2)[::-1])
    return {
        "identity_style": mean_distance(mixed, other, distance, protocol),
        "identity_content": mean_distance(mixed, x, distance, protocol),
        "identity_pair": mean_distance(x, other, distance, protocol),
    }


def reconstruction(x: np.ndarray, images: np.ndarray, protocol: str) -> dict:
    """Metric of the mean L1 in [0, 2] of images [N, S, S, C] and their reconstructions."""
    return mean_distance(x, images, l1, f"{protocol}; L1 of [-1, 1]")


def reconstructions(
    x: np.ndarray, made: Mapping[str, np.ndarray], protocol: str
) -> dict[str, dict]:
    """Mean L1 in [0, 2] of images [2B, S, S, C] and reconstructions: `rec_l1`, `short_l1`."""
    return distances(x, made, l1, f"{protocol}; L1 of [-1, 1]", kind="l1")


def distances(
    x: np.ndarray,
    made: Mapping[str, np.ndarray],
    distance: Distance,
    protocol: str,
    *,
    kind: str = "lpips",
) -> dict[str, dict]:
    """Mean `distance` of images x [2B, S, S, C] and their reconstructions.

    `rec_<kind>` is that of `made["back"]`, after two exchanges, and `short_<kind>` that of
    `made["short"]`; each is left out where `made` lacks it.
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
