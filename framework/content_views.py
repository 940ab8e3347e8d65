"""What is seen and measured of a system that removes and transfers what domain 2 has extra."""

import abc
from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

from framework import classifier_trainer, evaluate, results, separation, trainer
from framework.utils import batched, float_array

VALIDATED = 128  # held-out images of each domain that are measured with every row of history.csv
GUIDES = 10  # at most so many on a sheet
STEPS = 9  # of an interpolation: from nothing to guide 1, which is in the middle, to guide 2


class Viewed(trainer.Trainer):
    """Sheets and metrics; a system says what the code of an extra is and draws images with it."""

    @abc.abstractmethod
    def extra(self, guide: tf.Tensor) -> tf.Tensor:
        """Code of what images [N, S, S, C] of domain 2 have extra."""

    @abc.abstractmethod
    def put(self, x: tf.Tensor, extra: tf.Tensor) -> tf.Tensor:
        """Images [N, S, S, C] of domain 1 with this extra."""

    def swap(self, x2: tf.Tensor, extra: tf.Tensor) -> tf.Tensor:
        """Images of domain 2 with this extra in place of their own."""
        return self.put(x2, extra)

    def nothing(self, extra: tf.Tensor) -> tf.Tensor:
        """Code of no extra, of the shape of another code."""
        return tf.zeros_like(extra)

    def remove(self, x2: tf.Tensor) -> tf.Tensor:
        """Images of domain 2 without their extra."""
        return self.swap(x2, self.nothing(self.extra(x2)))

    def rebuild(self, x1: tf.Tensor, x2: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """As many images of both domains, put together of their own codes."""
        extra = self.extra(x2)
        return self.put(x1, self.nothing(extra)), self.swap(x2, extra)

    def prepare(self) -> dict[str, Callable[[], keras.Model]]:
        """Evaluators of domains and, where the data have them, of classes; they teach nothing."""
        o, makers = self.options, super().prepare()
        if o.eval_pairs:
            settings = classifier_trainer.for_evaluation(o)
            makers["domains"] = classifier_trainer.ready(settings, self.data.by_domain())
            if self.data.has_classes:
                makers["classes"] = classifier_trainer.ready(settings, self.data.labelled())
        return makers

    def held_out(self, count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
        """`count` held-out uint8 images [N, S, S, C] of each domain, unpaired.

        Fewer if domain 2 has fewer; those of domain 1 come again where it has fewer still.
        """
        rng = np.random.default_rng(seed)
        one, two = (domain.test_images for domain in self.data.domains)
        rows1, rows2 = rng.permutation(len(one)), rng.permutation(len(two))[:count]
        return one[rows1[np.arange(len(rows2)) % max(len(one), 1)]], two[rows2]

    # Sheets

    def sheet(self) -> None:
        """Guide matrix: images of domain 1 above, guides left, a cell has both; the same always."""
        if not self.run:
            return
        x1, x2 = self._shown()
        n = len(x1)
        guided = self.put(np.tile(x1, (n, 1, 1, 1)), self.extra(np.repeat(x2, n, axis=0)))
        cells = results.matrix(x1, x2, guided)
        cells[0, 0] = np.nan  # grey in any colours
        self._table(cells, int(self.step), top=1, left=1)

    def figures(self) -> None:
        """Sheets of removal, of extras exchanged within domain 2, and of interpolated ones.

        Of sound also examples of voices and backgrounds, as wav files and as a sheet.
        """
        if not self.run:
            return
        x1, x2 = self._shown()
        guides = np.roll(x2, 1, axis=0)
        swapped = self.swap(x2, self.extra(guides))
        self._table(np.stack([x2, self.remove(x2)]), "removal", top=1)
        self._table(np.stack([x2, guides, swapped]), "swap", top=2)
        self._table(self._interpolation(x1, x2, guides), "guides", left=3)
        if self.data.clips:
            parts = separation.examples(self.data, self.remove, self.run)
            self._table(parts, "separation", top=1)

    def _table(self, cells: np.ndarray, name: str | int, **heads: int) -> None:
        """Writes a table of images, spectrograms in false colours."""
        cells = results.false_colours(cells) if self.data.clips else cells
        self.run.table(cells, name, **heads)

    def _shown(self) -> tuple[np.ndarray, np.ndarray]:
        count = min(GUIDES, self.options.num_samples_to_gen)
        return tuple(float_array(x) for x in self.held_out(count, self.options.seed))

    def _interpolation(self, x: np.ndarray, guide1: np.ndarray, guide2: np.ndarray) -> np.ndarray:
        """Rows of an image, two guides, and the image with codes from nothing to 1 to 2."""
        codes = [self.extra(guide1), self.extra(guide2)]
        codes.insert(0, self.nothing(codes[0]))
        columns = [x, guide1, guide2]
        for place in np.linspace(0, 2, STEPS):
            start = min(int(place), 1)
            there = tf.cast(place - start, codes[0].dtype)
            columns.append(self.put(x, (1 - there) * codes[start] + there * codes[start + 1]))
        return np.stack(columns, axis=1)

    # Metrics

    def statistics(self) -> dict[str, float]:
        """What a classifier finds, and how alike images put together are, on held-out images."""
        if not self.data.held_out:
            return {}
        found = self._measure(*self.held_out(VALIDATED, self.options.seed + 1), "")
        found |= self._separation(VALIDATED, "")
        kept = ("removal_probability", "guided", "class_kept", "rec_l1", "sdr_gain")
        return {f"stat/{name}": found[name]["value"] for name in kept if name in found}

    def metrics(self) -> dict[str, dict]:
        """Metrics of up to --eval_pairs held-out images of each domain.

        See `evaluate.removal` and, for sound, `separation.metrics`.
        """
        o = self.options
        if not o.eval_pairs or self.data.held_out < 2:
            return {}
        protocol = f"held-out images, seed {o.seed + 2}, iteration {int(self.step)}"
        found = self._measure(*self.held_out(o.eval_pairs, o.seed + 2), protocol)
        return found | self._separation(o.eval_pairs, protocol)

    def _separation(self, count: int, protocol: str) -> dict[str, dict]:
        if not self.data.clips:
            return {}
        return separation.metrics(self.data, self.remove, count, protocol)

    def _measure(self, x1: np.ndarray, x2: np.ndarray, protocol: str) -> dict[str, dict]:
        x1, x2 = (float_array(x) for x in (x1, x2))
        guides = np.roll(x2, 1, axis=0)

        def make(rows: np.ndarray) -> tuple:
            guided = self.put(x1[rows], self.extra(guides[rows]))
            return self.remove(x2[rows]), guided, *self.rebuild(x1[rows], x2[rows])

        removed, guided, *rebuilt = batched(make, np.arange(len(x2)))
        reals = np.concatenate([x1, x2])
        found = {"rec_l1": evaluate.reconstruction(reals, np.concatenate(rebuilt), protocol)}
        who = f"evaluator {self.options.evaluator_arch}; {protocol}"
        if "domains" in self.frozen:
            classify = classifier_trainer.outputs(self.frozen["domains"])
            found |= evaluate.removal(removed, guided, x1, x2, classify, who)
        if "classes" in self.frozen:
            classify = classifier_trainer.outputs(self.frozen["classes"])
            found["class_kept"] = evaluate.kept(x2, removed, classify, who)
        return found
