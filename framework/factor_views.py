"""What is seen and measured of a system that parts an image into a style z and a class s."""

import dataclasses
from collections.abc import Callable, Sequence
from typing import NamedTuple

import keras
import numpy as np

from framework import classifier_trainer, evaluate, results, trainer
from framework.data import Data
from framework.results import Run
from framework.utils import batched, float_array, to_float

CODERS = ("enc", "dec")
VALIDATED = 128  # held-out pairs that are measured with every row of history.csv
HEADS = 10  # images along each side of the swap matrix
STEPS = 8  # of an interpolation
SCATTERED, LEAST_SCATTERED = 1000, 10  # codes on a map


class Codes(NamedTuple):
    """Codes of N images: z [N, D], s [N, E], and log variances of those that are means."""

    z: np.ndarray
    s: np.ndarray
    z_log_variance: np.ndarray | None = None
    s_log_variance: np.ndarray | None = None


@dataclasses.dataclass(frozen=True)
class Views:
    """Sheets and metrics, of held-out images unless said.

    Attributes:
        data: domains whose images have one class each.
        encode: uint8 images [N, S, S, 3] -> their codes.
        draw: z [N, D], s [N, E] -> float images [N, S, S, 3] in [-1, 1].
    """

    data: Data
    encode: Callable[[np.ndarray], Codes]
    draw: Callable[[np.ndarray, np.ndarray], np.ndarray]

    @property
    def held_out(self) -> int:
        """How many held-out images there are; without any, sheets show training images."""
        return sum(len(d.test_images) for d in self.data.domains)

    def all_images(self, train: bool = False) -> tuple[np.ndarray, np.ndarray]:
        """Held-out or training images of all domains, uint8 [N, S, S, 3], and classes [N]."""
        domains = self.data.domains
        if train or not self.held_out:
            return _joined([d.images for d in domains]), _joined([d.labels for d in domains])
        return _joined([d.test_images for d in domains]), _joined([d.test_labels for d in domains])

    def images(self, count: int, seed: int, train: bool = False) -> tuple[np.ndarray, np.ndarray]:
        """`count` of them at random, each once; all if there are fewer."""
        x, y = self.all_images(train)
        rows = np.random.default_rng(seed).permutation(len(x))[:count]
        return x[rows], y[rows]

    # Sheets

    def strips(self, count: int, seed: int) -> np.ndarray:
        """Rows of five [count, 5, S, S, 3]: x1, x2 of its class, x3, dec(z1, s3), dec(z3, s1)."""
        x1, x2, x3 = self._triples(count, seed)
        one, three = self.encode(x1), self.encode(x3)
        made = self.draw(one.z, three.s), self.draw(three.z, one.s)
        return np.stack([*map(float_array, (x1, x2, x3)), *made], axis=1)

    def matrix(self, seed: int) -> np.ndarray:
        """Swaps [11, 11, S, S, 3] with the class of the image above and the style of the left one.

        Above stand images of one class after the other, on the left random ones.
        """
        random, (x, y) = np.random.default_rng(seed), self.all_images()
        classes = np.resize(np.unique(y), HEADS)
        above = x[[random.choice(np.flatnonzero(y == each)) for each in classes]]
        left = x[random.choice(len(x), HEADS)]
        z, s = self.encode(left).z, self.encode(above).s
        body = self.draw(np.repeat(z, HEADS, axis=0), np.tile(s, (HEADS, 1)))
        return results.matrix(float_array(above), float_array(left), body)

    def interpolation(self, count: int, seed: int) -> np.ndarray:
        """Rows [count, 10, S, S, 3]: x1, x3, then dec(z1, s) with s in 8 steps from s1 to s3."""
        x1, _, x3 = self._triples(count, seed)
        one, three = self.encode(x1), self.encode(x3)
        way = np.linspace(0.0, 1.0, STEPS, dtype=np.float32)[:, None]
        s = one.s[:, None] * (1 - way) + three.s[:, None] * way
        made = self.draw(np.repeat(one.z, STEPS, axis=0), s.reshape(-1, s.shape[-1]))
        made = made.reshape(count, STEPS, *x1.shape[1:])
        return np.concatenate([float_array(x1)[:, None], float_array(x3)[:, None], made], axis=1)

    def figures(self, run: Run, count: int, seed: int) -> None:
        """Writes swap matrix, `count` rows of interpolation and t-SNE of both codes."""
        run.table(self.matrix(seed), "swap_matrix", top=1, left=1)
        run.table(self.interpolation(count, seed), "interpolation", left=2)
        x, y = self.images(SCATTERED, seed)
        if len(x) >= LEAST_SCATTERED:
            codes = self.encode(x)
            run.embedding({"s": codes.s, "z": codes.z}, y, "codes")

    def _triples(self, count: int, seed: int) -> tuple[np.ndarray, ...]:
        """x1, x2 of its class, x3 of another one if there is any, each [count, S, S, 3]."""
        random, (x, y) = np.random.default_rng(seed), self.all_images()
        first = random.choice(len(x), count)
        same = [random.choice(np.flatnonzero(y == y[i])) for i in first]
        several = len(np.unique(y)) > 1
        other = [random.choice(np.flatnonzero(y != y[i])) if several else i for i in first]
        return x[first], x[same], x[other]

    # Metrics

    def swaps(
        self,
        count: int,
        seed: int,
        classify: evaluate.Classify | None,
        protocol: str,
        prior: bool = False,
    ) -> dict[str, dict]:
        """Of up to `count` pairs: `swap_acc`, `copy_rate`, `rec_l1`, `other_z_l1`, `prior_acc`.

        Codes are means. `rec_l1` is that of images of their own codes, `other_z_l1` that of images
        of their own s and the z of a random one: if it is no larger, z is ignored. With `prior`,
        `prior_acc` is the share of images of a random z, N(0, I), that have the class of s. Without
        an evaluator `classify` there are the errors alone.
        """
        x, y = self.images(2 * count, seed)
        x, y = x[: len(x) // 2 * 2], y[: len(x) // 2 * 2]
        codes, real = self.encode(x), float_array(x)
        other = np.concatenate(np.split(np.arange(len(x)), 2)[::-1])
        mixed = self.draw(codes.z, codes.s[other])
        note = f"{protocol}; means of codes"
        found = {
            "rec_l1": evaluate.reconstruction(real, self.draw(codes.z, codes.s), note),
            "other_z_l1": evaluate.reconstruction(real, mixed[other], note),
        }
        if classify is None:
            return found
        found |= evaluate.swaps(mixed, y, classify, note)
        if prior:
            z = np.random.default_rng(seed).standard_normal(codes.z.shape, np.float32)
            found["prior_acc"] = evaluate.accuracy(classify, self.draw(z, codes.s), y, note)
        return found | {
            "evaluator_accuracy": evaluate.accuracy(classify, real, y, f"{protocol}; real images")
        }

    def probes(self, train: int, test: int, seed: int, protocol: str) -> dict[str, dict]:
        """Probes of means (`s_svm`, ...) and of drawn codes (`z_sampled_svm`, ...).

        Args:
            train: training images whose codes the probes learn from.
            test: held-out images whose codes they read.
            seed: of the choice of images and the draws.
            protocol: kept beside every number.
        """
        (x, y), (test_x, test_y) = self.images(train, seed, train=True), self.images(test, seed)
        random = np.random.default_rng(seed)
        sides = [_kinds(self.encode(images), random) for images in (x, test_x)]
        codes = {name: (sides[0][name], sides[1][name]) for name in sides[0]}
        return evaluate.probes(codes, y, test_y, protocol)


class Viewed(trainer.Trainer):
    """What of a system's nets `enc` and `dec` is seen and measured.

    Its options are to have `vae_on`, `probe_train` and `probe_test`.
    """

    averaged = CODERS

    def prepare(self) -> dict[str, Callable[[], keras.Model]]:
        """The evaluator: it watches and teaches nothing."""
        makers = super().prepare()
        if self.options.eval_pairs:
            settings = classifier_trainer.for_evaluation(self.options)
            makers["evaluator"] = classifier_trainer.ready(settings, self.data.labelled())
        return makers

    @property
    def has_prior(self) -> bool:
        """Whether z is Gaussian, so that a random one means something."""
        return self.options.vae_on != "s"

    def named(self, codes: Sequence) -> Codes:
        """What the encoder puts out, by name."""
        z_gaussian, s_gaussian = (self.options.vae_on in (each, "both") for each in "zs")
        z, s = codes[0], codes[1 + z_gaussian]
        return Codes(z, s, codes[1] if z_gaussian else None, codes[-1] if s_gaussian else None)

    def views(self) -> Views:
        """By the averaged nets if there are any."""
        enc, dec = (self.sampling_net(name) for name in CODERS)

        def encode(images: np.ndarray) -> Codes:
            return self.named(batched(lambda x: enc(to_float(x), training=False), images))

        def draw(z: np.ndarray, s: np.ndarray) -> np.ndarray:
            (images,) = batched(lambda i: (dec([z[i], s[i]], training=False),), np.arange(len(z)))
            return images

        return Views(self.data, encode, draw)

    def sheet(self) -> None:
        """Strips of the same held-out images every time."""
        if self.run:
            cells = self.views().strips(self.options.num_samples_to_gen, self.options.seed)
            self.run.table(cells, int(self.step), left=3)

    def figures(self) -> None:
        """Swap matrix, interpolation and maps of the codes."""
        if self.run:
            self.views().figures(self.run, self.options.num_samples_to_gen, self.options.seed)

    def statistics(self) -> dict[str, float]:
        """Swaps and reconstruction of held-out pairs."""
        if self.views().held_out < 2:
            return {}
        found = self._swaps(VALIDATED, self.options.seed + 1)
        kept = {"swap_acc", "copy_rate", "rec_l1", "other_z_l1"} & found.keys()
        return {f"stat/{name}": found[name]["value"] for name in sorted(kept)}

    def metrics(self) -> dict[str, dict]:
        """Swaps of --eval_pairs held-out pairs, and probes of the codes."""
        o = self.options
        if not o.eval_pairs or self.views().held_out < 2:
            return {}
        note = f"seed {o.seed + 2}, iteration {int(self.step)}"
        probes = self.views().probes(o.probe_train, o.probe_test, o.seed + 2, note)
        return self._swaps(o.eval_pairs, o.seed + 2) | probes

    def _swaps(self, pairs: int, seed: int) -> dict[str, dict]:
        net = self.frozen.get("evaluator")
        classify = classifier_trainer.outputs(net) if net else None
        note = f"evaluator {self.options.evaluator_arch}; " if net else ""
        note += f"seed {seed}, iteration {int(self.step)}"
        return self.views().swaps(pairs, seed, classify, note, prior=self.has_prior)


def _kinds(codes: Codes, random: np.random.Generator) -> dict[str, np.ndarray]:
    """Means, and one draw each of what is Gaussian, by name."""
    kinds = {"s": codes.s, "z": codes.z}
    for name, log_variance in (("s", codes.s_log_variance), ("z", codes.z_log_variance)):
        if log_variance is not None:
            noise = random.standard_normal(log_variance.shape, np.float32)
            kinds[f"{name}_sampled"] = kinds[name] + np.exp(0.5 * log_variance) * noise
    return kinds


def _joined(parts: Sequence[np.ndarray]) -> np.ndarray:
    return parts[0] if len(parts) == 1 else np.concatenate(parts)
