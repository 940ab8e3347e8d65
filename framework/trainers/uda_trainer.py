"""Unsupervised domain adaptation by CoGAN: trains a classifier of domain 2 with labels of domain 1.

Liu and Tuzel, arXiv 1606.07536, section 4. The discriminators share all layers except the first
ones. A softmax layer on their last hidden layer learns the labels of domain 1 (the source) while
the networks learn to be a CoGAN. Labels of domain 2 (the target) are used only for evaluation.
"""

import functools

import keras
import numpy as np
import tensorflow as tf

from framework import losses
from framework.data import Data
from framework.engine.phase import Batch, Phase
from framework.engine.randomness import Random
from framework.frozen.classifiers import probabilities
from framework.options.uda import Options
from framework.trainers import adversarial, cogan_trainer
from framework.trainers.cogan_trainer import DISCS, GENS, build_discriminators
from framework.utils import Rows
from nets import cogan
from nets.classifier import with_probabilities


class System(cogan_trainer.System):
    """Generators of CoGAN, and a classifier of each domain: a discriminator with the `head`."""

    needs_facts = True  # the number of classes
    options: Options

    def build_nets(self) -> dict[str, keras.Model]:
        """Builds generators and discriminators, `head` and, with --baseline, `baseline`.

        `head` maps the last hidden layer of a discriminator to class logits. `baseline` is a
        classifier of images of domain 1.
        """
        nets = super().build_nets() | build_discriminators(self.options)
        features = cogan.hidden(nets["disc1"]).output_shape[-1]
        nets["head"] = cogan.class_head(features, self.facts.classes)
        if self.options.baseline:  # the same architecture with weights of its own
            source = cogan.classifier(nets["disc1"], nets["head"])
            nets["baseline"] = keras.models.clone_model(source)
        return nets

    @functools.cached_property
    def classifiers(self) -> tuple[keras.Model, ...]:
        """Classifiers of both domains, images [N, H, W, C] -> class logits [N, K]."""
        return tuple(cogan.classifier(self.net(name), self.net("head")) for name in DISCS)

    def classify(self, images: Rows, domain: int = 1) -> np.ndarray:
        """Returns probabilities [N, K] of the classes of images [N, H, W, C] of a domain."""
        return probabilities(self.classifiers[domain - 1], images)

    def classify_by_source(self, images: Rows) -> np.ndarray | None:
        """Returns the same from the classifier of domain 1 alone; None without --baseline."""
        return probabilities(self.net("baseline"), images) if self.options.baseline else None

    def models(self) -> dict[str, keras.Model]:
        """Returns both generators as one model, and the classifier of each domain."""
        classifiers = {f"classifier{i}": net for i, net in enumerate(self.classifiers, start=1)}
        return super().models() | classifiers

    def exports(self) -> dict[str, keras.Model]:
        """Returns both generators, and `classifier1`, `classifier2`: images -> probabilities."""
        return super().exports() | {
            f"classifier{i}": with_probabilities(net)
            for i, net in enumerate(self.classifiers, start=1)
        }


class Trainer(cogan_trainer.Trainer):
    """Trains a CoGAN whose discriminators are also classifiers."""

    system_class = System
    contract = "labelled_source"
    options: Options

    @classmethod
    def training_data(cls, options: Options, data: Data) -> Data:
        """Selects --source_images and --target_images images at random."""
        return data.sampled((options.source_images, options.target_images), options.seed)

    def build_training_nets(self) -> dict[str, keras.Model]:
        """Builds no networks: the discriminators are used after training, too."""
        self.hidden = [cogan.hidden(self.system.nets[name]) for name in DISCS]
        return {}

    def build_phases(self) -> list[Phase]:
        """Returns the updates of discriminators and head, of the generators, and of `baseline`."""
        o = self.options
        phases = [
            adversarial.disc_phase(o, (*DISCS, "head"), self.disc_terms),
            Phase("gen", GENS, self.gen_terms, adversarial.gen_optimizer(o)),
        ]
        if o.baseline:
            optimizer, nets = adversarial.disc_optimizer(o), ("baseline",)
            phases.append(Phase("baseline", nets, self.baseline_terms, optimizer, o.disc_iters))
        return phases

    def disc_terms(self, batch: Batch, random: Random) -> dict[str, tf.Tensor]:
        """Computes the terms of CoGAN, and those of domain adaptation.

        `class` is the cross-entropy of the labels of domain 1. `pair` is the squared distance
        between the last hidden layers of the two images of a generated pair.
        """
        o, fakes, terms = self.options, self.fakes(batch, random), dict[str, tf.Tensor]()
        fake_features = []
        for i, name in enumerate(DISCS):
            disc = functools.partial(self.hidden_and_logits, i)
            real, fake = fakes.reals[i], fakes.images[i]
            outputs = adversarial.real_and_fake(o, disc, real, fake)
            (real_features, real_logits), (features, fake_logits) = outputs
            domain_terms = adversarial.disc_terms(
                o, functools.partial(self.logits, i), real, fake, random,
                logits=(real_logits, fake_logits),
            )  # fmt: skip
            terms |= {f"{key}{i + 1}": value for key, value in domain_terms.items()}
            fake_features.append(tf.cast(features, tf.float32))
            if name == "disc1":
                class_logits = self.nets["head"](real_features)
        distance = tf.reduce_sum(tf.math.squared_difference(*fake_features), axis=-1)
        terms["class"] = o.class_weight * losses.cross_entropy(batch["y1"], class_logits)
        return terms | {"pair": o.pair_weight * tf.reduce_mean(distance)}

    def hidden_and_logits(self, i: int, images: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Computes the last hidden layer [N, D] and the logits [N, 1] of discriminator i."""
        features = self.hidden[i](images, training=True)
        return features, self.nets[DISCS[i]].layers[-1](features)

    def logits(self, i: int, images: tf.Tensor) -> tf.Tensor:
        """Computes the logits [N, 1] of discriminator i."""
        return self.hidden_and_logits(i, images)[1]

    def baseline_terms(self, batch: Batch, random: Random) -> dict[str, tf.Tensor]:
        """Computes the cross-entropy of the labels of domain 1."""
        logits = self.nets["baseline"](batch["x1"], training=True)
        return {"class": losses.cross_entropy(batch["y1"], logits)}

    def models(self) -> dict[str, keras.Model]:
        """Returns the models of the system, and both discriminators as one model."""
        return self.system.models() | {"discriminators": super().models()["discriminators"]}
