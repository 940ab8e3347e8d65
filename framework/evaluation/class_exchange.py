"""Evaluates systems whose style is the class: a matrix of contents and classes."""

import functools
from typing import Any

import numpy as np

from framework.data import Data, Images, joined
from framework.engine.capabilities import Codes, Embeds
from framework.evaluation import captions
from framework.evaluation.evaluation import Metrics
from framework.evaluation.exchange import STATISTICS_PAIRS, Exchange, other_halves
from framework.results import matrix
from framework.utils import float_array

SIDE = 10  # images along each side of the matrix
LOGGED = ("copy_rate_seen", "short_l1_seen", "swap_acc_seen")


class ClassExchange(Exchange):
    """As `Exchange`, but the sheet shows contents with the classes of other images."""

    system: Any

    @functools.cached_property
    def pool(self) -> tuple[Images, np.ndarray]:
        """Images of the matrix, uint8 [N, S, S, C], and labels [N]: held-out ones, if any."""
        return pooled(self.data, held_out=any(len(d.test_images) for d in self.data.domains))

    def sheet(self) -> None:
        """Writes a matrix with the contents of the top row and the classes of the left column."""
        if not self.run:
            return
        images, labels = self.pool
        above, left = matrix_rows(labels, self.options.seed)
        content, style = self.contents(np.tile(above, SIDE)), self.styles(left)
        body = self.system.decode(content, np.repeat(style, SIDE, axis=0))
        heads = float_array(images[above]), float_array(images[left])
        cells, caption = matrix(*heads, body), captions.CONTENT_AND_CLASS
        self.run.table(cells, self.step, top=1, left=1, caption=caption)

    def contents(self, rows: np.ndarray) -> np.ndarray:
        """Computes content codes of these images of the `pool`."""
        return self.system.encode(float_array(self.pool[0][rows])).content

    def styles(self, rows: np.ndarray) -> np.ndarray:
        """Computes class codes of these images of the `pool`."""
        return self.system.encode_class(float_array(self.pool[0][rows]))

    def figures(self) -> None:
        """Writes triplets of held-out images, if every domain has such."""
        if self.run and self.data.held_out:
            self.write_triplets("triplets")


class EmbeddedExchange(ClassExchange):
    """As `ClassExchange`, of training images, which alone have codes; metrics end in `_seen`."""

    system: Embeds

    @functools.cached_property
    def pool(self) -> tuple[Images, np.ndarray]:
        """Training images, uint8 [N, S, S, C], and labels [N]."""
        return pooled(self.data, held_out=False)

    def codes(self, rows: np.ndarray) -> Codes:
        """Looks up the codes of these images of the `pool`."""
        return self.system.embedded(rows, self.pool[1][rows])

    def contents(self, rows: np.ndarray) -> np.ndarray:
        """Computes content codes of these images of the `pool`."""
        return self.codes(rows).content

    def styles(self, rows: np.ndarray) -> np.ndarray:
        """Computes class codes of these images of the `pool`."""
        return self.codes(rows).style

    def figures(self) -> None:
        """Writes nothing: held-out images have no codes."""

    def statistics(self) -> dict[str, float]:
        """Computes some of the metrics of a few pairs."""
        found = self.metrics_of_pairs(STATISTICS_PAIRS, self.options.seed + 1)
        return {f"stat/{name}": found[name]["value"] for name in LOGGED if name in found}

    def metrics(self) -> Metrics:
        """Computes metrics of --eval_pairs pairs of training images, if these are all there."""
        o = self.options
        if not all(domain.is_as_known for domain in self.data.domains):
            self.note("no metrics: they are of the training images, of which some are not there")
            return {}
        return self.metrics_of_pairs(o.eval_pairs, o.seed + 2) if o.eval_pairs else {}

    def metrics_of_pairs(self, count: int, seed: int) -> Metrics:
        """Computes metrics of random pairs of training images; names end in `_seen`."""
        images, labels = self.pool
        rows = np.random.default_rng(seed).integers(0, len(images), 2 * count)
        content, style, *_ = self.codes(rows)
        mixed = self.system.decode(content, other_halves(style))
        exchanged = dict(mixed=mixed, short=self.system.decode(content, style))
        protocol = f"pairs of training images, seed {seed}, iteration {self.step}"
        found = self.measure(images[rows], labels[rows], exchanged, protocol)
        return {f"{name}_seen": metric for name, metric in found.items()}


def pooled(data: Data, held_out: bool) -> tuple[Images, np.ndarray]:
    """Joins the images, uint8 [N, S, S, C], and labels [N] of all domains, held-out or training."""
    if held_out:
        parts = [(domain.test_images, domain.test_labels) for domain in data.domains]
    else:
        parts = [(domain.images, domain.labels) for domain in data.domains]
    images, labels = zip(*parts, strict=True)
    return joined(images), np.concatenate(labels)


def matrix_rows(labels: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Draws the images of the top row and left column of a matrix.

    Args:
        labels: labels [N] of all images.
        seed: seed of the choice.

    Returns:
        Numbers of the images above, of any class, and on the left, each class in turn.
    """
    random = np.random.default_rng(seed)
    classes = np.resize(np.unique(labels), SIDE)
    above = random.choice(len(labels), SIDE)
    left = np.array([random.choice(np.flatnonzero(labels == each)) for each in classes])
    return above, left
