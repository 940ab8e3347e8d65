"""Evaluates systems that separate an image into its class s and its style z, the rest of it.

In `capabilities.EncodesDistributions` s is the code `style`, which is exchanged and carries the
class, and z is the code `content`; sheets and metrics have the published names, s and z.
"""

from collections.abc import Sequence

import numpy as np

from framework import results
from framework.data import Data, Images, joined
from framework.engine.capabilities import Codes, EncodesDistributions
from framework.engine.preparation import Maker
from framework.evaluation import captions, metrics
from framework.evaluation.evaluation import Evaluation, Metrics
from framework.evaluation.metrics import Classify
from framework.frozen.classifiers import ClassifierStore, with_features
from framework.options.base import Options
from framework.utils import float_array

LOGGED = 128  # held-out pairs that are measured for each row of history.csv
STATISTICS = ("copy_rate", "other_z_l1", "rec_l1", "swap_acc")
HEADS = 10  # images along each side of the swap matrix
STEPS = 8  # of an interpolation
MAPPED, LEAST_MAPPED = 1000, 10  # codes on a map
PROBE_TRAIN, PROBE_TEST = 2000, 1000  # images for probes, where a system has no such options


class Factors(Evaluation):
    """Does the class follow s alone? Of held-out images unless said."""

    system: EncodesDistributions

    @classmethod
    def prepare(
        cls, options: Options, data: Data, classifiers: ClassifierStore
    ) -> dict[str, Maker]:
        """The evaluator of classes."""
        if not options.eval_pairs:
            return {}
        return {"evaluator": classifiers.evaluator(options, data.labelled())}

    @property
    def held_out(self) -> int:
        """How many held-out images there are; without any, sheets show training images."""
        return sum(len(d.test_images) for d in self.data.domains)

    def all_images(self, train: bool = False) -> tuple[Images, np.ndarray]:
        """Held-out or training images of all domains, uint8 [N, S, S, 3], and classes [N]."""
        domains = self.data.domains
        if train or not self.held_out:
            return joined([d.images for d in domains]), _labels([d.labels for d in domains])
        return joined([d.test_images for d in domains]), _labels([d.test_labels for d in domains])

    def images(self, count: int, seed: int, train: bool = False) -> tuple[np.ndarray, np.ndarray]:
        """`count` of them at random, each once, in [-1, 1]; all if there are fewer; and classes."""
        x, y = self.all_images(train)
        rows = np.random.default_rng(seed).permutation(len(x))[:count]
        return float_array(x[rows]), y[rows]

    # Sheets

    def sheet(self) -> None:
        """Strips of the same images every time."""
        if self.run:
            cells = self.strips(self.options.num_samples_to_gen, self.options.seed)
            self.run.table(cells, self.step, left=3, caption=captions.FACTORS)

    def figures(self) -> None:
        """Swap matrix, interpolations, and maps of both codes."""
        if not self.run:
            return
        count, seed = self.options.num_samples_to_gen, self.options.seed
        cells = self.matrix(seed)
        self.run.table(cells, "swap_matrix", top=1, left=1, caption=captions.SWAP_MATRIX)
        cells = self.interpolation(count, seed)
        self.run.table(cells, "interpolation", left=2, caption=captions.INTERPOLATION)
        x, y = self.images(MAPPED, seed)
        if len(x) >= LEAST_MAPPED:
            codes = self.system.encode(x)
            named = {"s": codes.style, "z": codes.content}
            self.run.embedding(named, y, "codes", caption=captions.CODE_MAPS)

    def strips(self, count: int, seed: int) -> np.ndarray:
        """Rows of five [count, 5, S, S, 3]: x1, x2 of its class, x3, dec(z1, s3), dec(z3, s1)."""
        x1, x2, x3 = self._triples(count, seed)
        one, three = self.system.encode(x1), self.system.encode(x3)
        swapped1 = self.system.decode(one.content, three.style)
        swapped3 = self.system.decode(three.content, one.style)
        return np.stack([x1, x2, x3, swapped1, swapped3], axis=1)

    def matrix(self, seed: int) -> np.ndarray:
        """Swaps [11, 11, S, S, 3]: the class of the image above and the z of the image on the left.

        In the top row are images of one class after the other, in the left column random ones.
        """
        random, (x, y) = np.random.default_rng(seed), self.all_images()
        classes = np.resize(np.unique(y), HEADS)
        above = float_array(x[[random.choice(np.flatnonzero(y == each)) for each in classes]])
        left = float_array(x[random.choice(len(x), HEADS)])
        z, s = self.system.encode(left).content, self.system.encode(above).style
        body = self.system.decode(np.repeat(z, HEADS, axis=0), np.tile(s, (HEADS, 1)))
        return results.matrix(above, left, body)

    def interpolation(self, count: int, seed: int) -> np.ndarray:
        """Rows [count, 10, S, S, 3]: x1, x3, then dec(z1, s) with s in 8 steps from s1 to s3."""
        x1, _, x3 = self._triples(count, seed)
        one, three = self.system.encode(x1), self.system.encode(x3)
        shares = np.linspace(0.0, 1.0, STEPS, dtype=np.float32)[:, None]
        s = one.style[:, None] * (1 - shares) + three.style[:, None] * shares
        z = np.repeat(one.content, STEPS, axis=0)
        images = self.system.decode(z, s.reshape(-1, s.shape[-1]))
        images = images.reshape(count, STEPS, *x1.shape[1:])
        return np.concatenate([x1[:, None], x3[:, None], images], axis=1)

    def _triples(self, count: int, seed: int) -> tuple[np.ndarray, ...]:
        """x1, x2 of its class, x3 of another one if there is any, each [count, S, S, 3]."""
        random, (x, y) = np.random.default_rng(seed), self.all_images()
        first = random.choice(len(x), count)
        same = [random.choice(np.flatnonzero(y == y[i])) for i in first]
        several = len(np.unique(y)) > 1
        other = [random.choice(np.flatnonzero(y != y[i])) if several else i for i in first]
        return float_array(x[first]), float_array(x[same]), float_array(x[other])

    # Metrics

    def statistics(self) -> dict[str, float]:
        """Swaps and reconstructions of a few held-out pairs."""
        if self.held_out < 2:
            return {}
        found = self._swaps(LOGGED, self.options.seed + 1)
        return {f"stat/{name}": found[name]["value"] for name in STATISTICS if name in found}

    def metrics(self) -> Metrics:
        """Swaps of --eval_pairs held-out pairs, and probes of the codes."""
        o = self.options
        if not o.eval_pairs or self.held_out < 2:
            return {}
        protocol = f"seed {o.seed + 2}, iteration {self.step}"
        train = getattr(o, "probe_train", PROBE_TRAIN)
        test = getattr(o, "probe_test", PROBE_TEST)
        probes = self.probes(train, test, o.seed + 2, protocol)
        return self._swaps(o.eval_pairs, o.seed + 2) | probes

    def _swaps(self, pairs: int, seed: int) -> Metrics:
        net = self.subject.evaluators.get("evaluator")
        by = f"evaluator {self.options.evaluator_arch}; " if net else ""
        protocol = f"{by}seed {seed}, iteration {self.step}"
        return self.swaps(pairs, seed, with_features(net) if net else None, protocol)

    def swaps(self, count: int, seed: int, classify: Classify | None, protocol: str) -> Metrics:
        """Of up to `count` pairs: `swap_acc`, `copy_rate`, `rec_l1`, `other_z_l1`, `prior_acc`.

        Codes are means. `rec_l1` is the error of images decoded from their own codes, `other_z_l1`
        that of images decoded from their own s and the z of another image: if it is no larger, z is
        ignored. `prior_acc`, of systems with a prior, is the share of images decoded from a random
        z, N(0, I), that have the class of s. Without the evaluator `classify` there are the errors
        alone.
        """
        x, y = self.images(2 * count, seed)
        x, y = x[: len(x) // 2 * 2], y[: len(x) // 2 * 2]
        codes = self.system.encode(x)
        z, s = codes.content, codes.style
        other = np.concatenate(np.split(np.arange(len(x)), 2)[::-1])
        mixed = self.system.decode(z, s[other])
        about = f"{protocol}; means of codes"
        found = {
            "rec_l1": metrics.reconstruction(x, self.system.decode(z, s), about),
            "other_z_l1": metrics.reconstruction(x, mixed[other], about),
        }
        if classify is None:
            return found
        found |= metrics.swaps(mixed, y, classify, about)
        if self.system.has_prior():
            random_z = np.random.default_rng(seed).standard_normal(z.shape, np.float32)
            images = self.system.decode(random_z, s)
            found["prior_acc"] = metrics.accuracy(classify, images, y, about)
        accuracy = metrics.accuracy(classify, x, y, f"{protocol}; real images")
        return found | {"evaluator_accuracy": accuracy}

    def probes(self, train: int, test: int, seed: int, protocol: str) -> Metrics:
        """Probes of means (`s_svm`, ...) and of sampled codes (`z_sampled_svm`, ...).

        Args:
            train: training images whose codes the probes are trained on.
            test: held-out images whose codes they are tested on.
            seed: of the choice of images and of the samples.
            protocol: kept beside every number.

        Returns:
            Metrics; none where a run is evaluated without training images of two classes.
        """
        (x, y), (test_x, test_y) = self.images(train, seed, train=True), self.images(test, seed)
        if len(np.unique(y)) < 2:
            self.note("no probes of codes: they need training images of two classes")
            return {}
        random = np.random.default_rng(seed)
        sides = [means_and_samples(self.system.encode(images), random) for images in (x, test_x)]
        codes = {name: (sides[0][name], sides[1][name]) for name in sides[0]}
        return metrics.probes(codes, y, test_y, protocol)


def means_and_samples(codes: Codes, random: np.random.Generator) -> dict[str, np.ndarray]:
    """Means of both codes, and one sample each of those that are distributions, by name."""
    named = {"s": codes.style, "z": codes.content}
    log_variances = {"s": codes.style_log_variance, "z": codes.content_log_variance}
    for name, log_variance in log_variances.items():
        if log_variance is not None:
            noise = random.standard_normal(log_variance.shape, np.float32)
            named[f"{name}_sampled"] = named[name] + np.exp(0.5 * log_variance) * noise
    return named


def _labels(parts: Sequence[np.ndarray | None]) -> np.ndarray:
    """The labels of several domains, all of which have some."""
    return np.concatenate([part for part in parts if part is not None])
