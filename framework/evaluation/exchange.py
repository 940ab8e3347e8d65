"""Evaluates systems that exchange the content and style codes of two images.

Pairs are rows [2B, ...]: images 1 of all pairs, then images 2.
"""

from collections.abc import Mapping

import numpy as np
import tensorflow as tf

from framework.data import Data
from framework.engine.capabilities import Encodes
from framework.engine.randomness import Random
from framework.evaluation import captions, metrics, perceptual
from framework.evaluation.evaluation import Evaluation, Metrics
from framework.frozen import classifiers, identity, lpips
from framework.frozen.classifiers import ClassifierStore
from framework.frozen.weights import Maker
from framework.options.exchange import Exchange as Options
from framework.utils import batched, float_array, to_float

STATISTICS_PAIRS = 128  # held-out pairs that are measured for every row of history.csv
LOGGED = ("copy_rate", "rec_l1", "swap_acc")


class Exchange(Evaluation):
    """Classes and reconstructions of held-out pairs whose codes are exchanged, and exchanged back.

    `evaluator` is a classifier that takes no part in training, `judge` a network of identities.
    """

    system: Encodes
    options: Options

    @classmethod
    def prepare(
        cls, options: Options, data: Data, classifiers: ClassifierStore
    ) -> dict[str, Maker]:
        """Prepares the evaluator, if the data have classes, and the net of --identity_metric.

        Raises:
            MissingError: weights of --lpips_net or --identity_metric are not there.
            UserError: weights of --identity_metric are damaged, or of another network.
        """
        o, makers = options, {}
        if o.eval_pairs and data.has_classes:
            makers["evaluator"] = classifiers.evaluator(o, data.labelled())
        lpips.expect(o)
        if getattr(o, "identity_metric", "none") != "none" and o.eval_pairs:
            place = "random" if o.dry_run else o.identity_weights
            makers["judge"] = identity.ready(o.identity_metric, place, o.data_dir)
        return makers

    def sheet(self) -> None:
        """Writes triplets of the same held-out pairs every time."""
        if self.run:
            self.write_triplets(self.step)

    def write_triplets(self, name: str | int) -> None:
        """Writes x1 x2 / m12 m21 / r1 r2 of --num_samples_to_gen held-out pairs."""
        x, _ = held_out_pairs(self.data, self.options.num_samples_to_gen, self.options.seed)
        images = self.exchanged(x)
        rows = {"x": float_array(x), "m": images["mixed"], "r": images["back"]}
        if self.run:
            self.run.triplets(rows, name, captions.TRIPLETS)

    def exchanged(self, x: np.ndarray) -> dict[str, np.ndarray]:
        """Computes images of the exchanged codes of pairs x, uint8 rows [2B, S, S, C].

        Returns:
            Rows [2B, S, S, C] in [-1, 1]: `mixed`, `back` (exchanged a second time) and `short` (of
            the image's own codes).
        """

        def compute(pairs: np.ndarray) -> tuple[np.ndarray, ...]:
            content, style, *_ = self.system.encode(float_array(_rows(pairs)))
            mixed = self.system.decode(content, other_halves(style))
            mixed_content, mixed_style, *_ = self.system.encode(mixed)
            back = self.system.decode(mixed_content, other_halves(mixed_style))
            short = self.system.decode(content, style)
            return _pairs(mixed), _pairs(back), _pairs(short)

        images = map(_rows, batched(compute, _pairs(x)))
        return dict(zip(("mixed", "back", "short"), images, strict=True))

    def statistics(self) -> dict[str, float]:
        """Computes the loss, and some of the metrics, of held-out pairs."""
        if not self.data.held_out:
            return {}
        x, y = held_out_pairs(self.data, STATISTICS_PAIRS, self.options.seed + 1)
        loss, found = self._loss(x, y), self.measure(x, y, self.exchanged(x), "")
        columns = {f"stat/{name}": found[name]["value"] for name in LOGGED if name in found}
        return columns if loss is None else {"stat/val_loss": loss} | columns

    def _loss(self, x: np.ndarray, y: np.ndarray | None) -> float | None:
        """Computes the mean loss of pairs x, uint8 rows [2B, S, S, C], of classes y [2B].

        Returns None for a system that is not in training, or has no terms of held-out images.
        """
        held_out_terms = self.subject.held_out_terms
        if held_out_terms is None:
            return None
        random = Random(self.options.seed, tf.constant(self.step, tf.int64))

        def compute(*pairs: np.ndarray) -> tuple[tf.Tensor]:
            images, *labels = map(_rows, pairs)
            batch = dict(zip(("x1", "x2"), tf.split(to_float(images), 2), strict=True))
            for each in labels:
                batch |= dict(zip(("y1", "y2"), tf.split(tf.constant(each), 2), strict=True))
            terms = held_out_terms(batch, random)
            if terms is None:
                return (tf.zeros([0]),)
            return (tf.fill([len(images) // 2], tf.add_n(list(terms.values()))),)

        columns = (x,) if y is None else (x, y)
        (losses,) = batched(compute, *map(_pairs, columns), size=STATISTICS_PAIRS)
        return float(losses.mean()) if len(losses) else None

    def metrics(self) -> Metrics:
        """Computes metrics of --eval_pairs held-out pairs: classes, errors, LPIPS, identities."""
        o = self.options
        if not self.can_measure:
            return {}
        x, y = held_out_pairs(self.data, o.eval_pairs, o.seed + 2)
        images = self.exchanged(x)
        protocol = f"held-out pairs, seed {o.seed + 2}, iteration {self.step}"
        found = self.measure(x, y, images, protocol)
        if self.lpips_net != "none":
            distance = perceptual.Distance(o.lpips_net, lpips.folder(o), x.shape[1])
            found |= metrics.distances(float_array(x), images, distance, distance.protocol)
        if "judge" in self.subject.evaluators:
            about = f"{o.identity_metric}; {protocol}"
            found |= metrics.identities(
                float_array(x), images["mixed"], self._identity_distances, about
            )
        return found

    def measure(
        self,
        x: np.ndarray,
        y: np.ndarray | None,
        images: Mapping[str, np.ndarray],
        protocol: str,
    ) -> Metrics:
        """Computes metrics of pairs and of their `exchanged` images.

        Args:
            x: the pairs, uint8 rows [2B, S, S, C].
            y: their classes [2B]; None for images without classes.
            images: rows [2B, S, S, C] by name; without `back` there is no `rec_l1`.
            protocol: pairs and iteration, for the records of the metrics.
        """
        reals = float_array(x)
        found = metrics.reconstructions(reals, images, protocol)
        evaluator = self.subject.evaluators.get("evaluator")
        if evaluator is not None and y is not None:
            classify = classifiers.with_features(evaluator)
            about = f"evaluator {self.options.evaluator_arch}; {protocol}"
            found |= metrics.swaps(images["mixed"], y, classify, about)
            known = metrics.accuracy(classify, reals, y, f"{about}; real images")
            found["evaluator_accuracy"] = known
        return found

    def _identity_distances(self, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        """Computes distances of identity [N] of two lists of images, row by row."""
        net, pairs = self.subject.evaluators["judge"], np.stack([first, second], axis=1)

        def compute(rows: np.ndarray) -> tuple[tf.Tensor]:
            return (identity.distance(net, rows[:, 0], rows[:, 1]),)

        return batched(compute, pairs)[0]


def held_out_pairs(data: Data, count: int, seed: int) -> tuple[np.ndarray, np.ndarray | None]:
    """Draws random pairs of held-out images; all domains are equally likely.

    Returns:
        uint8 rows [2 count, S, S, C], and their classes [2 count]; None for data without classes.
    """
    rng = np.random.default_rng(seed)
    domains = [domain for domain in data.domains if len(domain.test_images)]
    turns = rng.integers(0, len(domains), 2 * count)
    rows = [rng.integers(0, len(domains[turn].test_images)) for turn in turns]
    chosen = [(domains[turn], row) for turn, row in zip(turns, rows, strict=True)]
    images = np.stack([domain.test_images[row] for domain, row in chosen])
    if not data.has_classes:
        return images, None
    return images, np.array([np.asarray(domain.test_labels)[row] for domain, row in chosen])


def other_halves(rows: np.ndarray) -> np.ndarray:
    """Exchanges the halves of rows [2B, ...]: each image gets the row of the other one."""
    return np.concatenate(np.split(rows, 2)[::-1])


def _pairs(rows: np.ndarray) -> np.ndarray:
    """Makes pairs [B, 2, ...], which batches do not separate, of rows [2B, ...]."""
    return np.stack(np.split(rows, 2), axis=1)


def _rows(pairs: np.ndarray) -> np.ndarray:
    """Makes rows [2B, ...] of pairs [B, 2, ...]."""
    return np.concatenate([pairs[:, 0], pairs[:, 1]])
