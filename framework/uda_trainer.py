"""Unsupervised domain adaptation by CoGAN: labels of domain 1 become a classifier of domain 2.

Liu and Tuzel, arXiv 1606.07536, section 4. The discriminators share all but their first layers; a
softmax layer on the last hidden one learns the labels of domain 1 while the pair learns to be a
CoGAN. Domain 1 is the source, domain 2 the target, whose labels are used to measure alone.
"""

import dataclasses
import functools
from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

from framework import adversarial, cogan_trainer, evaluate, losses, results
from framework.cogan_trainer import DISCS, GENS
from framework.config import option
from framework.data import Data, Domain
from framework.errors import UsageError
from framework.phase import Batch, Phase
from framework.utils import Random, batched, to_float
from nets import cogan

WATCHED = 1000  # held-out target images whose accuracy is logged while training


@dataclasses.dataclass(frozen=True)
class Options(cogan_trainer.Options):
    """Options of `--gan_type uda`."""

    cogan_data: str = option("mnist2usps", "pair of image domains; see `main.py list`", "data")
    source_images: int = option(
        0, "labelled training images of domain 1, drawn at random; 0: all", "data", low=0
    )
    target_images: int = option(
        0, "unlabelled training images of domain 2, drawn at random; 0: all", "data", low=0
    )
    class_weight: float = option(
        10.0, "weight of the source's classification loss", "adaptation", low=0
    )
    pair_weight: float = option(
        0.01, "weight of the squared distance of a drawn pair's last hidden layers, which the "
        "discriminators keep small", "adaptation", low=0,
    )  # fmt: skip
    baseline: bool = option(
        True, "train the same classifier on the source alone beside it, to compare", "adaptation"
    )

    def check(self) -> None:
        """Refuses discriminators that share no hidden layer: nothing would be carried over."""
        super().check()
        if self.shared[1] < 2:
            raise UsageError(
                f"--d_shared_layers {self.shared[1]}: adaptation needs at least 2, a shared hidden "
                "layer and the output"
            )
        if self.loss == "wgan" and self.disc_penalty == "none":
            raise UsageError(
                "--loss wgan: needs --disc_penalty here; clipping would clip the classifier"
            )


class Trainer(cogan_trainer.Trainer):
    """CoGAN whose discriminators' hidden layer also tells the class."""

    contract = "labelled_source"
    hidden: list[keras.Model]  # image -> last hidden layer, of each discriminator
    options: Options

    @property
    def averaged(self) -> tuple[str, ...]:
        """The baseline too, which is compared with the head."""
        return (*GENS, *DISCS, "head", *(("baseline",) if self.options.baseline else ()))

    def __init__(self, options: Options, data: Data, run: results.Run | None = None):
        """As every system, on --source_images and --target_images of the data."""
        counts = options.source_images, options.target_images
        super().__init__(options, data.sampled(counts, options.seed), run)

    def build_nets(self) -> dict[str, keras.Model]:
        """The four nets of CoGAN, the `head` and, with --baseline, a classifier of its own."""
        nets = super().build_nets()
        self.hidden = [cogan.hidden(nets[name]) for name in DISCS]
        features = self.hidden[0].output_shape[-1]
        nets["head"] = cogan.class_head(features, self.data.classes)
        if self.options.baseline:  # alike, with weights of its own
            source = cogan.classifier(nets["disc1"], nets["head"])
            nets["baseline"] = keras.models.clone_model(source)
        return nets

    def build_phases(self) -> list[Phase]:
        """Discriminators with the head, generators and, with --baseline, that classifier."""
        phases = [self.disc_phase((*DISCS, "head"), self.disc_terms)]
        phases += [Phase("gen", self.team(), self.gen_terms)]
        if self.options.baseline:
            repeat = self.options.disc_iters
            phases += [Phase("baseline", ("baseline",), self.baseline_terms, repeat)]
        return phases

    def build_optimizer(self, phase: str) -> keras.optimizers.Optimizer:
        """The baseline learns as the discriminators do."""
        return super().build_optimizer("disc" if phase == "baseline" else phase)

    def disc_terms(self, batch: Batch, random: Random) -> dict[str, tf.Tensor]:
        """CoGAN's terms, the source's cross-entropy and the distance of drawn pairs' features."""
        o, fakes, terms, pair = self.options, self.fakes(batch, random), {}, []
        for i, name in enumerate(DISCS):
            seen: list[tf.Tensor] = []
            disc = functools.partial(self._discriminate, i, seen)
            real, fake = fakes.reals[i], fakes.images[i]
            parts = adversarial.disc_terms(o, disc, real, fake, random)
            terms |= {f"{key}{i + 1}": value for key, value in parts.items()}
            # Its first call sees real and fake images as one batch, unless batch norm forbids it.
            of_real, of_fake = seen[:2] if o.norm == "batch" else tf.split(seen[0], 2)
            pair.append(of_fake)
            if name == "disc1":
                logits = self.nets["head"](of_real)
        pair = [tf.cast(features, tf.float32) for features in pair]
        distance = tf.reduce_sum(tf.math.squared_difference(*pair), axis=-1)
        terms["class"] = o.class_weight * losses.cross_entropy(batch["y1"], logits)
        return terms | {"pair": o.pair_weight * tf.reduce_mean(distance)}

    def _discriminate(self, i: int, seen: list[tf.Tensor], images: tf.Tensor) -> tf.Tensor:
        """Logits of discriminator i; what its last layer is given is added to `seen`."""
        seen.append(self.hidden[i](images, training=True))
        return self.nets[DISCS[i]].layers[-1](seen[-1])

    def baseline_terms(self, batch: Batch, random: Random) -> dict[str, tf.Tensor]:
        """Cross-entropy of the source alone."""
        logits = self.nets["baseline"](batch["x1"], training=True)
        return {"class": losses.cross_entropy(batch["y1"], logits)}

    @functools.cached_property
    def classifiers(self) -> list[keras.Model]:
        """Image -> class logits, of each domain; averages with --ema."""
        head = self.sampling_net("head")
        return [cogan.classifier(self.sampling_net(name), head) for name in DISCS]

    def models(self) -> dict[str, keras.Model]:
        """CoGAN's, and the classifier of each domain as a model that needs nothing else."""
        kept = {k: v for k, v in super().models().items() if k in ("generators", "discriminators")}
        return kept | {f"classifier{i}": net for i, net in enumerate(self.classifiers, start=1)}

    def statistics(self) -> dict[str, float]:
        """CoGAN's and the target's held-out accuracy, to be watched: nothing is chosen by it."""
        target = self.data.domains[1]
        if target.test_labels is None or not len(target.test_images):
            return super().statistics()
        images, labels = target.test_images[:WATCHED], target.test_labels[:WATCHED]
        found = _accuracy(self.classifiers[1], images, labels, "")
        return super().statistics() | {"stat/target_accuracy": found["value"]}

    def metrics(self) -> dict[str, dict]:
        """Accuracies of the carried-over classifier and the metrics of a CoGAN."""
        return self._accuracies() | super().metrics() if self.options.eval_pairs else {}

    def _accuracies(self) -> dict[str, dict]:
        """Accuracy per domain by name.

        `target_accuracy_seen` is of the unlabelled target images trained on, which is the paper's
        protocol; the others are of held-out images. `source_only_accuracy` is the baseline's on
        the target.
        """
        source, target = self.data.domains
        of_source, of_target = self.classifiers
        note = f"{len(source.images)} labelled images of {source.name}, {len(target.images)} "
        note += f"unlabelled ones of {target.name}, iteration {int(self.step)}"
        asked = {"source_accuracy": (of_source, *_held_out(source), f"{note}; held-out source")}
        asked["target_accuracy"] = (of_target, *_held_out(target), f"{note}; held-out target")
        asked["target_accuracy_seen"] = (
            of_target, target.images, target.labels, f"{note}; the same target images"
        )  # fmt: skip
        if self.options.baseline:
            alone = f"{note.split(',')[0]} alone; held-out target"
            asked["source_only_accuracy"] = (
                self.sampling_net("baseline"), *_held_out(target), alone,
            )  # fmt: skip
        return {
            name: _accuracy(*each)
            for name, each in asked.items()
            if each[2] is not None and len(each[1])
        }


def _held_out(domain: Domain) -> tuple[np.ndarray, np.ndarray | None]:
    return domain.test_images, domain.test_labels


def _accuracy(net: keras.Model, images: np.ndarray, labels: np.ndarray, note: str) -> dict:
    """Share of uint8 images [N, H, W, C] that `net`, which gives logits, labels right."""
    classify: Callable = lambda x: (net(to_float(x), training=False),)  # noqa: E731
    found = batched(classify, images)[0].argmax(axis=-1)
    return evaluate.share(found == labels, note)
