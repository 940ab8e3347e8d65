"""How often a classifier finds the label of an image: its form, its accuracy, and who reports it.

Everything here takes arrays and one callable. A metric is {"value", "ci95", "n", "protocol"}.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from framework.data import Images
from framework.evaluation.metrics.metric import WILSON, check, share
from framework.results.description import Description

if TYPE_CHECKING:
    from framework.utils import Rows  # imports TensorFlow

Classify = Callable[["Rows"], tuple[np.ndarray, np.ndarray]]
"""Float images [N, S, S, C] in [-1, 1] -> (probabilities [N, K], features [N, D])."""

GUESSING = "1 / number of classes, by guessing"

DESCRIPTIONS = (
    Description(
        "accuracy", "accuracy",
        "Share of held-out images whose class, or attribute, the classifier finds.",
        "up", "share of the most frequent answer", WILSON, headline=True,
    ),
    Description(
        "evaluator_accuracy", "accuracy of the evaluator",
        "Share of real images whose label the evaluator finds; it shows how far the metrics that "
        "use the evaluator can be trusted.",
        "up", GUESSING, WILSON,
    ),
    Description(
        "source_accuracy", "accuracy on the source domain",
        "Share of held-out images of domain 1 whose class the classifier finds.",
        "up", GUESSING, WILSON,
    ),
    Description(
        "target_accuracy", "accuracy on the target domain",
        "Share of images of domain 2 whose class the classifier finds, although it was trained "
        "with labels of domain 1 alone.",
        "up", "source_only_accuracy", WILSON, headline=True,
    ),
    Description(
        "source_only_accuracy", "accuracy on the target domain without adaptation",
        "Share of held-out images of domain 2 whose class is found by a classifier that was "
        "trained on domain 1 alone.",
        "up", GUESSING, WILSON,
    ),
    Description(
        "translation_accuracy", "class kept by translation",
        "Share of translated images in which the evaluator of the target domain finds the class "
        "of the original image.",
        "up", "translation_accuracy{}_source", WILSON, headline=True,
    ),
    Description(
        "prior_acc", "class kept with a random style code",
        "Share of images of a given class code and a random style code in which the evaluator "
        "finds the class of the class code.",
        "up", GUESSING, WILSON,
    ),
)  # fmt: skip


class Scores(NamedTuple):
    """What the evaluator says of N images."""

    labels: np.ndarray  # int [N], the most probable class
    best: np.ndarray  # float [N], its probability
    features: np.ndarray  # float [N, D]
    classes: int  # K


def score(images: Images, classify: Classify) -> Scores:
    """Checks images [N, S, S, C] and classifies them.

    Raises:
        ValueError: the images, or what `classify` returns, are malformed.
    """
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


def accuracy(classify: Classify, images: Images, labels: np.ndarray, protocol: str) -> dict:
    """Share of images [N, S, S, C] in [-1, 1] whose label [N] the evaluator finds.

    Raises:
        ValueError: the images are malformed, or there is another number of labels.
    """
    if len(images) != len(labels):
        raise ValueError(f"got {len(images)} images and {len(labels)} labels")
    hits = score(images, classify).labels == np.asarray(labels)
    return share(hits, protocol)
