"""What is seen and measured of a system that exchanges the codes of two images."""

import abc
from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

from framework import classifier_trainer, evaluate, identity, lpips, trainer
from framework.phase import Batch
from framework.utils import Random, batched, float_array, to_float

VALIDATED = 128  # pairs of held-out images that are measured with every row of history.csv


class Viewed(trainer.Trainer):
    """Sheets and metrics; a system says how codes are exchanged and what it minimises."""

    @abc.abstractmethod
    def gen_terms(self, batch: Batch, random: Random, training: bool = True) -> dict:
        """Weighted terms of encoders and generator."""

    @abc.abstractmethod
    def swap(self, x: tf.Tensor, training: bool):
        """Exchange and exchange back of B pairs, rows [2B, ...]; see `exchange.Swap`."""

    @abc.abstractmethod
    def draw(self, content: tf.Tensor, style: tf.Tensor, training: bool) -> tf.Tensor:
        """Images [N, S, S, C] of codes."""

    def prepare(self) -> dict[str, Callable[[], keras.Model]]:
        """The evaluator, where the data have classes: it watches and teaches nothing."""
        o, makers = self.options, super().prepare()
        if o.eval_pairs and self.data.has_classes:
            settings = classifier_trainer.for_evaluation(o)
            makers["evaluator"] = classifier_trainer.ready(settings, self.data.labelled())
        lpips.expect(o)
        if o.identity_metric != "none" and o.eval_pairs:
            place = "random" if o.dry_run else o.identity_weights
            makers["judge"] = identity.ready(o.identity_metric, place, o.data_dir)
        return makers

    def held_out(self, count: int, seed: int) -> tuple[np.ndarray, np.ndarray | None]:
        """`count` random pairs of held-out images, uint8 rows [2 count, ...], and their classes.

        From each domain come as many, as in training, however many it has.
        """
        rng, domains = np.random.default_rng(seed), self.data.domains
        domains = [domain for domain in domains if len(domain.test_images)]
        turns = rng.integers(0, len(domains), 2 * count)
        rows = [rng.integers(0, len(domains[turn].test_images)) for turn in turns]
        chosen = [(domains[turn], row) for turn, row in zip(turns, rows, strict=True)]
        images = np.stack([domain.test_images[row] for domain, row in chosen])
        if not self.data.has_classes:
            return images, None
        return images, np.array([domain.test_labels[row] for domain, row in chosen])

    def exchanged(self, x: np.ndarray) -> dict[str, np.ndarray]:
        """`mixed`, `back` and `short`, the images of their own codes, of uint8 rows [2B, ...]."""

        def see(pairs: np.ndarray) -> tuple[np.ndarray, ...]:
            swap = self.swap(to_float(_rows(pairs)), training=False)
            short = self.draw(swap.content, swap.style, training=False)
            made = (swap.mixed, swap.back, short)
            return tuple(_pairs(np.asarray(each)) for each in made)

        made = map(_rows, batched(see, _pairs(x)))
        return dict(zip(("mixed", "back", "short"), made, strict=True))

    def sheet(self) -> None:
        """Triplets of the same held-out pairs every time."""
        if self.run:
            self.run.triplets(self.triplets(), int(self.step))

    def triplets(self) -> dict[str, np.ndarray]:
        """Rows x1 x2 / m12 m21 / r1 r2 of --num_samples_to_gen held-out pairs."""
        x, _ = self.held_out(self.options.num_samples_to_gen, self.options.seed)
        made = self.exchanged(x)
        return {"x": float_array(x), "m": made["mixed"], "r": made["back"]}

    def statistics(self) -> dict[str, float]:
        """Loss and what is exchanged on held-out pairs."""
        if not self.data.held_out:
            return {}
        x, y = self.held_out(VALIDATED, self.options.seed + 1)
        found = {"stat/val_loss": self._held_out_loss(x, y)}
        metrics = self.measure(x, y, self.exchanged(x), "")
        kept = {"swap_acc", "copy_rate", "rec_l1"} & metrics.keys()
        return found | {f"stat/{name}": metrics[name]["value"] for name in sorted(kept)}

    def _held_out_loss(self, x: np.ndarray, y: np.ndarray | None) -> float:
        """Mean of what would be minimised of uint8 pairs, rows [2B, ...]."""
        given = (x,) if y is None else (x, y)

        def see(*pairs: np.ndarray) -> tuple[tf.Tensor]:
            x, *y = map(_rows, pairs)
            terms = self.held_out_terms(to_float(x), *(y or [None]))
            return (tf.fill([len(x) // 2], tf.add_n(list(terms.values()))),)

        return float(batched(see, *map(_pairs, given), size=VALIDATED)[0].mean())

    def held_out_terms(self, x: tf.Tensor, y: np.ndarray | None) -> dict[str, tf.Tensor]:
        """What would be minimised of pairs, rows [2B, ...], of these classes."""
        batch = dict(zip(("x1", "x2"), tf.split(x, 2), strict=True))
        if y is not None:
            batch |= dict(zip(("y1", "y2"), tf.split(tf.constant(y), 2), strict=True))
        random = Random(self.options.seed, tf.cast(self.step, tf.int64))
        return self.gen_terms(batch, random, training=False)

    def metrics(self) -> dict[str, dict]:
        """Metrics of --eval_pairs held-out pairs, see `evaluate.swaps`."""
        o = self.options
        if not o.eval_pairs or self.data.held_out < 2:
            return {}
        x, y = self.held_out(o.eval_pairs, o.seed + 2)
        made = self.exchanged(x)
        protocol = f"held-out pairs, seed {o.seed + 2}, iteration {int(self.step)}"
        found = self.measure(x, y, made, protocol)
        if o.lpips_net != "none":
            distance = lpips.Distance(o.lpips_net, lpips.folder(o), x.shape[1])
            found |= evaluate.distances(float_array(x), made, distance, distance.protocol)
        if "judge" in self.frozen:
            who, seen = f"{o.identity_metric}; {protocol}", self._identities
            found |= evaluate.identities(float_array(x), made["mixed"], seen, who)
        return found

    def _identities(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """Distances [N] of whom two lists of images [N, S, S, C] show."""
        net, pairs = self.frozen["judge"], np.stack([a, b], axis=1)
        (found,) = batched(lambda rows: (identity.distance(net, rows[:, 0], rows[:, 1]),), pairs)
        return found

    def measure(self, x: np.ndarray, y: np.ndarray | None, made: dict, protocol: str) -> dict:
        """Metrics of uint8 pairs, rows [2B, ...], and of what was `made` of them (`exchanged`)."""
        images = float_array(x)
        found = evaluate.reconstructions(images, made, protocol)
        if "evaluator" in self.frozen:
            classify = classifier_trainer.outputs(self.frozen["evaluator"])
            who = f"evaluator {self.options.evaluator_arch}; {protocol}"
            found |= evaluate.swaps(made["mixed"], y, classify, who)
            known = f"{who}; real images"
            found["evaluator_accuracy"] = evaluate.accuracy(classify, images, y, known)
        return found


def _pairs(rows: np.ndarray) -> np.ndarray:
    """Rows [2B, ...], images 1 before images 2, as pairs [B, 2, ...] that batches keep whole."""
    return np.stack(np.split(rows, 2), axis=1)


def _rows(pairs: np.ndarray) -> np.ndarray:
    """The way back."""
    return np.concatenate([pairs[:, 0], pairs[:, 1]])
