"""Classifier: teaches the semantic loss, prunes SVHN, and evaluates other systems.

Thesis appendix B. For data with attributes the network has one sigmoid for each (table B.2), for
other data a softmax over the classes (table B.1).
"""

import keras
import numpy as np
import tensorflow as tf

from framework import losses
from framework.engine import system, trainer
from framework.engine.augmentation import shift
from framework.engine.phase import Batch, Phase
from framework.engine.randomness import Random
from framework.frozen import classifiers
from framework.options.classifier import Options
from framework.utils import Rows
from nets import classifier


class System(system.System):
    """The classifier of images."""

    needs_facts = True  # the number of classes
    options: Options

    def build_nets(self) -> dict[str, keras.Model]:
        """Builds `clf`, the network of --classifier_arch: images -> logits [N, K]."""
        o, facts = self.options, self.facts
        clf = classifier.classifier(
            o.classifier_arch, image_size=o.image_size, classes=facts.classes, width=o.width,
            multilabel=bool(facts.attributes),
        )  # fmt: skip
        return {"clf": clf}

    def classify(self, images: Rows, domain: int = 1) -> np.ndarray:
        """Returns probabilities [N, K] of classes or attributes of images [N, H, W, C]."""
        return classifiers.probabilities(self.net("clf"), images)

    def exports(self) -> dict[str, keras.Model]:
        """Returns `classifier`: images [N, H, W, C] -> probabilities [N, K]."""
        return {"classifier": classifier.with_probabilities(self.net("clf"))}


class Trainer(trainer.Trainer):
    """Trains a classifier on the images of all domains."""

    system_class = System
    contract = "labelled"
    options: Options

    def build_phases(self) -> list[Phase]:
        """Returns one update by Adam; its learning rate falls from --lr to 0 as a cosine."""
        rate = keras.optimizers.schedules.CosineDecay(self.options.lr, self.options.iterations)
        return [Phase("clf", ("clf",), self.clf_terms, keras.optimizers.Adam(rate))]

    def clf_terms(self, batch: Batch, random: Random) -> dict[str, tf.Tensor]:
        """Computes the cross-entropy in nats, for attributes their mean."""
        images = shift(batch["x"], self.options.shift, random)
        logits = self.nets["clf"](images, training=True)
        if self.data.attributes:
            present = tf.cast(batch["y"], tf.float32)
            entropies = tf.nn.sigmoid_cross_entropy_with_logits(present, logits)
            return {"loss": tf.reduce_mean(entropies)}
        return {"loss": losses.cross_entropy(batch["y"], logits)}
