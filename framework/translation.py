"""What systems that translate images of two domains have in common: sheets, metrics, adversaries.

Domains are 1 (the texts' A) and 2 (B). Images are named by their way: `x12` is an image of domain 1
in domain 2, `x121` the same taken back, `x11` what an autoencoder makes of it.
"""

import abc
import functools
from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

from framework import adversarial, classifier_trainer, evaluate, features, losses, lpips
from framework.config import Translation
from framework.data import Data
from framework.phase import Batch, Phase
from framework.pool import ImagePool
from framework.results import Run
from framework.utils import Random, batched, float_array, jitter, to_float
from nets import cyclegan, digits
from nets.blocks import Style, scaled

WATCHED = 200  # held-out images whose translations are judged with every row of history.csv
PER_ROW = 16  # most images in a row of a sheet
Ways = tuple[tuple[int, int], ...]


def discriminator(options: Translation, name: str, channels: int = 3) -> keras.Model:
    """Of digits, or of patches of photographs."""
    o, width = options, scaled(64, options.width * options.d_width)
    sizes = dict(image_size=o.image_size, channels=channels, layers=layers(o))
    if o.of_digits:
        return digits.discriminator(name, width=width, **sizes)
    return cyclegan.patch_discriminator(name, nf=width, strided=o.d_layers, **sizes)


def layers(options: Translation) -> Style:
    """How all layers are started, decayed and made to grow maps."""
    o = options
    return Style("channel", o.weight_init, 0.0, o.weight_decay, o.upsample)


class Translator(adversarial.Trainer, abc.ABC):
    """Base of these systems.

    Attributes:
        sides: domains whose images are shown and measured.
        ways: translations that are made, as (from, to).
        pools: by way, earlier translations, with --pool.
    """

    contract = "domains"
    sides: tuple[int, ...] = (1, 2)
    ways: Ways = ((1, 2), (2, 1))
    options: Translation

    def __init__(self, options: Translation, data: Data, run: Run | None = None):
        """As every system, on --max_items_A images of domain 1; evaluators see all of them."""
        self.all_data, count = data, options.max_items_A
        counts = (count, count if self.contract == "paired" else 0)
        super().__init__(options, data.sampled(counts, options.seed), run)
        self.pools: dict[str, ImagePool] = {}
        if options.pool:
            self.pools = {way: self._pool(way) for way in self.told}
            self.checkpoint.pools = {way: pool.whole for way, pool in self.pools.items()}

    def _pool(self, way: str) -> ImagePool:
        rows, count = self.options.batch_size // self.replicas, self.options.accumulate
        shape = self.nets[f"disc{way[-1]}"].input_shape[1:]
        return ImagePool(
            self.options.pool, rows, count, self.options.disc_iters, shape, self.strategy
        )

    def save(self, record: dict) -> None:
        """As in every system, with the pools of all devices."""
        for pool in self.pools.values():
            pool.collect()
        super().save(record)

    def restore(self, *, missing_ok: bool = False) -> dict | None:
        """As in every system; the pools are shared out among the devices there are."""
        record = super().restore(missing_ok=missing_ok)
        for pool in self.pools.values():
            pool.spread()
        return record

    @property
    def targets(self) -> tuple[int, ...]:
        """Domains into which something is translated."""
        return tuple(sorted({j for _, j in self.ways}))

    @property
    def judged(self) -> tuple[int, ...]:
        """Domains that have a discriminator."""
        return self.targets

    @property
    def told(self) -> tuple[str, ...]:
        """Ways of the images that discriminators tell from real ones."""
        return tuple(f"{i}{j}" for i, j in self.ways)

    def prepare(self) -> dict[str, Callable[[], keras.Model]]:
        """An evaluator for each domain that is translated into, trained on that domain alone."""
        o, makers = self.options, super().prepare()
        if not o.eval_pairs or not self.data.has_classes:
            return makers
        settings = classifier_trainer.for_evaluation(o)
        for j in self.targets:
            domain = self.all_data.domains[j - 1]
            data = Data("labelled", (domain,), domain.name, self.all_data.classes)
            makers[f"evaluator{j}"] = classifier_trainer.ready(settings, data)
        return makers

    # The step

    @abc.abstractmethod
    def translate(self, x: tf.Tensor, source: int, training: bool = False) -> tf.Tensor:
        """Images [N, H, W, C] of domain `source` in the other domain."""

    def drawn(self, x: tf.Tensor, source: int, random: Random) -> tf.Tensor:
        """What the other domain's discriminator judges of images of domain `source`."""
        return self.translate(x, source, training=True)

    def seen(self, images: tf.Tensor, source: tf.Tensor) -> tf.Tensor:
        """What a discriminator is shown of real or translated images: these."""
        return images

    def fooled(self, images: tf.Tensor, j: int) -> tf.Tensor:
        """Weighted adversarial loss of what domain j's discriminator is shown."""
        logits = self.nets[f"disc{j}"](images, training=True)
        return self.options.adv_weight * losses.ADVERSARIAL[self.options.loss].gen(logits)

    def told_apart(
        self, real: tf.Tensor, fake: tf.Tensor, way: str, random: Random
    ) -> dict[str, tf.Tensor]:
        """Terms of the discriminator at the end of `way`; fakes come by its pool, if it has one."""
        fake = tf.stop_gradient(fake)
        fake = self.pools[way].query(fake, random) if self.pools else fake
        disc = functools.partial(self.nets[f"disc{way[-1]}"], training=True)
        terms = adversarial.disc_terms(self.options, disc, real, fake, random)
        return {f"{name}{way}": value for name, value in terms.items()}

    def image(self, batch: Batch, i: int, random: Random) -> tf.Tensor:
        """Training images of domain i, with --augment each time others."""
        x = batch[f"x{i}"]
        return jitter(x, random) if self.options.augment else x

    def both(self, batch: Batch, random: Random) -> dict[int, tf.Tensor]:
        """Training images by domain."""
        return {i: self.image(batch, i, random) for i in (1, 2)}

    def disc_terms(self, batch: Batch, random: Random) -> dict[str, tf.Tensor]:
        """Adversarial loss and penalty of each discriminator."""
        terms, images = {}, self.both(batch, random)
        for i, j in self.ways:
            x, real = images[i], images[j]
            fake = self.drawn(x, i, random)
            shown = self.seen(real, x), self.seen(fake, x)
            terms |= self.told_apart(*shown, f"{i}{j}", random)
        return terms

    def judges(self) -> Phase:
        """The update of all discriminators."""
        return self.disc_phase(tuple(f"disc{j}" for j in self.judged), self.disc_terms)

    # What is seen and measured

    def routes(self, x: tf.Tensor, source: int) -> dict[str, tf.Tensor]:
        """What is made of images of domain `source`, by way, in inference mode."""
        made = {}
        for i, j in self.ways:
            if i == source:
                made[f"{i}{j}"] = there = self.translate(x, i)
                if (j, i) in self.ways:
                    made[f"{i}{j}{i}"] = self.translate(there, j)
        return made

    def pictures(self, images: np.ndarray, source: int) -> dict[str, np.ndarray]:
        """`routes` of any number of images, uint8 or in [-1, 1], in batches."""
        names: list[str] = []

        def see(rows: np.ndarray) -> tuple[tf.Tensor, ...]:
            made = self.routes(to_float(rows), source)
            names[:] = made
            return tuple(made.values())

        found = batched(see, images)
        return dict(zip(names, found, strict=True))

    def sheet(self) -> None:
        """Per domain its images, the same every time, and below them what is made of them.

        The first ones of a domain of --max_items_A are training images, all others held out.
        """
        if not self.run:
            return
        shown = {i: self._shown(i) for i in self.sides}
        count, parts = min(map(len, shown.values())), []
        for i, images in shown.items():
            made = self.pictures(images[:count], i).values()
            parts += [float_array(images[:count]), *made]
        self.run.sheet(tuple(parts), int(self.step), rows=-(-count // PER_ROW))

    def _shown(self, i: int) -> np.ndarray:
        count, domain = self.options.num_samples_to_gen, self.data.domains[i - 1]
        seen = min(self.options.max_items_A, count // 2) if i == 1 else 0
        parts = domain.images[:seen], domain.test_images[:count], domain.images[seen : seen + count]
        return np.concatenate(parts)[:count]

    def statistics(self) -> dict[str, float]:
        """How well some held-out translations are read, to be watched."""
        if not self.data.held_out:
            return {}
        found = {}
        for i in self.sides:
            images, labels = self._held_out(i, WATCHED, self.options.seed + 1)
            found |= self._measure(i, images, labels, "")
        return {f"stat/{name}": metric["value"] for name, metric in found.items()}

    def metrics(self) -> dict[str, dict]:
        """Metrics of --eval_pairs held-out images per domain; `_seen` are those trained on.

        `translation_accuracy12` is the share of domain 1's images in domain 2 of which domain 2's
        evaluator sees the right class, `translation_accuracy12_source` that of the same images as
        they are; `l1_121` and `l1_11` are mean differences in [0, 2].
        """
        o, found = self.options, {}
        if not o.eval_pairs or self.data.held_out < 2:
            return {}
        note = f"iteration {int(self.step)}, {len(self.data.domains[0].images)} images of domain 1"
        for i in self.sides:
            images, labels = self._held_out(i, o.eval_pairs, o.seed + 2)
            made = self.pictures(images, i)
            found |= self._judge(i, images, labels, made, f"held-out images; {note}")
            found |= self._distributions(i, images, made, f"held-out images; {note}")
        if o.max_items_A and 1 in self.sides:
            domain = self.data.domains[0]
            images, labels = _some(domain.images, domain.labels, o.eval_pairs, o.seed + 2)
            seen = self._measure(1, images, labels, f"images trained on; {note}")
            found |= {f"{name}_seen": metric for name, metric in seen.items()}
        return found | self._evaluators()

    def _held_out(self, i: int, count: int, seed: int) -> tuple[np.ndarray, np.ndarray | None]:
        """At most `count` held-out images of domain i at random, and their labels."""
        domain = self.data.domains[i - 1]
        return _some(domain.test_images, domain.test_labels, count, seed)

    def _measure(self, i: int, images: np.ndarray, labels: np.ndarray | None, note: str) -> dict:
        return self._judge(i, images, labels, self.pictures(images, i), note)

    def _judge(
        self, i: int, images: np.ndarray, labels: np.ndarray | None, made: dict, note: str
    ) -> dict[str, dict]:
        """What became of uint8 images of domain i: classes kept, pixels found again."""
        found, pixels = {}, float_array(images)
        for way, result in made.items():
            if way.endswith(str(i)):
                found[f"l1_{way}"] = evaluate.reconstruction(pixels, result, note)
            elif f"evaluator{way[-1]}" in self.frozen:
                classify = classifier_trainer.outputs(self.frozen[f"evaluator{way[-1]}"])
                about = f"evaluator {self.options.evaluator_arch} of that domain alone; {note}"
                for shown, suffix in ((result, ""), (pixels, "_source")):
                    read = evaluate.accuracy(classify, shown, labels, about)
                    found[f"translation_accuracy{way}{suffix}"] = read
        return found

    def _distributions(self, i: int, images: np.ndarray, made: dict, note: str) -> dict[str, dict]:
        """How far translations are from the other domain (KID, FID, style), from images (LPIPS)."""
        o, found = self.options, {}
        for way, result in made.items():
            j = int(way[-1])
            if j == i:
                continue
            who = f"evaluator {o.evaluator_arch}"
            seen = self._photographs or features.choose(
                o.kid_features, self.frozen.get(f"evaluator{j}"), who
            )
            target = (self.data.domains[j - 1],)
            distances = features.distances(o, seen, (result,), target, note, self.tell)
            found |= {f"{name.rstrip('1')}{j}": metric for name, metric in distances.items()}
            if o.lpips_net != "none":
                distance, pixels = self._distance, float_array(images)
                about = f"{distance.protocol}; {note}"
                metric = evaluate.mean_distance(pixels, result, distance, about)
                found[f"lpips_content{way}"] = metric
                reals = float_array(self._held_out(j, o.eval_pairs, o.seed + 2)[0])
                found[f"style{j}"] = distance.style(result, reals, about)
                found[f"style{j}_source"] = distance.style(pixels, reals, about)
        return found

    @functools.cached_property
    def _distance(self) -> lpips.Distance:
        """LPIPS by --lpips_net."""
        o = self.options
        return lpips.Distance(o.lpips_net, lpips.folder(o), o.image_size)

    @functools.cached_property
    def _photographs(self) -> features.Features | None:
        """Inception's features with --kid_features inception."""
        return features.of_photographs() if self.options.kid_features == "inception" else None

    def _evaluators(self) -> dict[str, dict]:
        """How well the evaluators read held-out images of their own domain."""
        found = {}
        for j in self.targets:
            domain, net = self.data.domains[j - 1], self.frozen.get(f"evaluator{j}")
            if net is not None:
                classify, reals = classifier_trainer.outputs(net), float_array(domain.test_images)
                known = evaluate.accuracy(
                    classify, reals, domain.test_labels, "evaluator; held-out images"
                )
                found[f"evaluator_accuracy{j}"] = known
        return found


def _some(
    images: np.ndarray, labels: np.ndarray | None, count: int, seed: int
) -> tuple[np.ndarray, np.ndarray | None]:
    """At most `count` of these images at random, and their labels."""
    rows = np.random.default_rng(seed).permutation(len(images))[:count]
    return images[rows], None if labels is None else labels[rows]
