"""FUNIT: translation of an image to another one's class, with a discriminator head per class.

Liu et al., arXiv 1905.01723, eq. 5-8; trained on labelled pairs. FUNIT2FUNIT adds terms to it and
may start from its weights (`--pretrained`).
"""

import functools
from pathlib import Path
from typing import NamedTuple

import keras
import tensorflow as tf

from framework import losses, penalties
from framework.data import Data
from framework.engine import stages, trainer
from framework.engine.phase import Batch, Phase, Terms
from framework.engine.preparation import Frozen, Preparation
from framework.engine.randomness import Random
from framework.frozen import identity
from framework.frozen.weights import Maker
from framework.options.g2g import Options
from framework.trainers import g2g_trainer
from framework.trainers.exchange import NETS, Coder, Swap, exchange, pair
from nets import cogan, funit
from nets.blocks import Style, scaled


class Features(NamedTuple):
    """Pooled features [2B, C] of the discriminator.

    Attributes:
        real: of real images; no gradient flows through them.
        mixed: of mixed images.
        back: of images that were exchanged back, if there are such.
    """

    real: tf.Tensor
    mixed: tf.Tensor
    back: tf.Tensor | None = None


class Trainer(trainer.Trainer):
    """The discriminator, then encoders and generator, each on its own pairs."""

    system_class = g2g_trainer.System
    system: g2g_trainer.System
    contract = "labelled_pair"
    options: Options

    @classmethod
    def check(cls, options: Options) -> None:
        """Raises MissingError if --pretrained lacks a network with which the run begins."""
        stages.check_pretrained(options, start_nets(options))

    @classmethod
    def prepare(cls, options: Options, data: Data, preparation: Preparation) -> Frozen:
        """Prepares the classifier of --class_weight, the network of --id_mode loss, --pretrained.

        A run that goes on from a checkpoint does not read --pretrained.

        Raises:
            MissingError, UserError: weights are not there, or of another network.
        """
        o, start = options, None
        if o.pretrained and not stages.is_begun(o):
            start = Path(o.pretrained)
        classifier = functools.partial(preparation.classifiers.teacher, o, data)
        makers: dict[str, Maker] = {}
        if o.class_weight:
            makers["classifier"] = classifier()
        if o.id_mode == "loss":
            makers["identity"] = identity.teacher(o, classifier)
        return Frozen(makers, start, start_nets(o) if start else ())

    def build_training_nets(self) -> dict[str, keras.Model]:
        """Builds `disc`, with a head per class, and the `head` of --style_class_weight."""
        o, classes = self.options, self.data.classes
        disc = funit.discriminator(
            image_size=o.image_size, nf=scaled(64, o.width * o.d_width), res_blocks=o.d_blocks,
            classes=classes, layers=Style("channel", "he", 0.0, o.weight_decay),
        )  # fmt: skip
        head = {"head": cogan.class_head(o.style_dim, classes)} if o.style_class_weight else {}
        return {"disc": disc} | head

    def build_phases(self) -> list[Phase]:
        """Builds the updates of the discriminator, then of all other networks."""
        o, others = self.options, tuple(name for name in self.nets if name != "disc")
        return [
            Phase("disc", ("disc",), self.disc_terms, g2g_trainer.disc_optimizer(o)),
            Phase("gen", others, self.gen_terms, g2g_trainer.gen_optimizer(o)),
        ]

    def logits_and_features(self, x: tf.Tensor, labels: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Passes images [N, S, S, C] through the discriminator, with heads of classes [N].

        Returns:
            Logits [N, h, w] of the heads of the classes, and pooled features [N, C].
        """
        logits, features = self.nets["disc"](x, training=True)
        pooled = tf.reduce_mean(tf.cast(features, tf.float32), axis=(1, 2))
        return funit.pick_head(logits, labels), pooled

    def disc_terms(self, batch: Batch, random: Random) -> Terms:
        """Computes the hinge loss of real and mixed images under their classes (eq. 6), and R1."""
        o, y = self.options, pair(batch, "y")
        swap = self.system.coder(training=True).mix(pair(batch))
        real, _ = self.logits_and_features(swap.x, y)
        # The published program discriminates a mixed image under the class of its content.
        fake_labels = y if o.bug_compat else exchange(y)
        fake, _ = self.logits_and_features(tf.stop_gradient(swap.mixed), fake_labels)
        parts = losses.ADVERSARIAL["hinge"].disc(real_logits=real, fake_logits=fake)
        terms = {"adv": parts["real"] + parts["fake"]}
        if o.penalty_weight_d:
            terms["penalty"] = o.penalty_weight_d * penalties.now_and_then(
                lambda: self._r1(swap.x, y), o.penalty_every, random.step
            )
        return terms

    def _r1(self, x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
        """Computes E |grad D(x)|^2 of the mean over patches, or as published over images too.

        The published value is smaller by B^2: that program takes the mean over the B images 1 and
        over the B images 2 of its pairs. It does not depend on how many devices share the pairs.
        """

        def mean_logit(images: tf.Tensor) -> tf.Tensor:
            return tf.reduce_mean(self.logits_and_features(images, y)[0], axis=(1, 2))

        norm = tf.reduce_mean(penalties.squared_gradient(mean_logit, x))
        if self.options.r1_mode == "per_sample":
            return norm
        return norm / float(x.shape[0] // 2 * self.replicas * self.options.accumulate) ** 2

    def gen_terms(self, batch: Batch, random: Random, training: bool = True) -> Terms:
        """Computes adversarial loss, short reconstruction, feature matching (eq. 5, 7 and 8)."""
        coder = self.system.coder(training)
        swap = coder.mix(pair(batch))
        return self.translation_terms(coder, swap, pair(batch, "y"), random)[0]

    def held_out_terms(self, batch: Batch, random: Random) -> Terms:
        """Computes the same terms of held-out pairs."""
        return self.gen_terms(batch, random, training=False)

    def translation_terms(
        self, coder: Coder, swap: Swap, y: tf.Tensor, random: Random
    ) -> tuple[Terms, Features]:
        """Computes the terms of mixed images and of reconstructions from the images' own codes.

        Args:
            coder: the networks.
            swap: of the images; with `back`, which passes the discriminator in the same batch.
            y: classes [2B] of the images.
            random: of the update.

        Returns:
            The terms, and the features of the discriminator.
        """
        o, x, mixed = self.options, swap.x, swap.mixed
        short = coder.decode(swap.content, swap.style)
        fakes = [(mixed, exchange(y)), (short, y)] + ([] if swap.back is None else [(swap.back, y)])
        logits, features = self._of_fakes(fakes)
        real_features = tf.stop_gradient(self.logits_and_features(x, y)[1])
        gen_loss = losses.ADVERSARIAL["hinge"].gen
        adv = gen_loss(fake_logits=logits[0]) + gen_loss(fake_logits=logits[1])
        terms = {
            "adv": o.adv_weight * 0.5 * adv,
            "short": o.short_weight * penalties.distance(short, x),
            "fm_short": o.fm_weight * penalties.distance(features[1], real_features),
            "fm_mixed": o.fm_weight * penalties.distance(features[0], exchange(real_features)),
        }
        terms |= self._class_terms(swap, y)
        if o.id_mode == "loss":
            net = self.frozen["identity"]
            distance = g2g_trainer.identity_distance(net, mixed, exchange(x))
            terms["identity"] = g2g_trainer.identity_weight(o, random.step) * distance
        return terms, Features(real_features, features[0], *features[2:])

    def _of_fakes(
        self, fakes: list[tuple[tf.Tensor, tf.Tensor]]
    ) -> tuple[list[tf.Tensor], list[tf.Tensor]]:
        """Computes logits and features of lists of (images, labels), all as one batch."""
        images, labels = (tf.concat(rows, axis=0) for rows in zip(*fakes, strict=True))
        logits, features = self.logits_and_features(images, labels)
        return tf.split(logits, len(fakes)), tf.split(features, len(fakes))

    def _class_terms(self, swap: Swap, y: tf.Tensor) -> Terms:
        """Computes the cross-entropies of mixed images and of styles that have a weight."""
        o, terms = self.options, {}
        if o.class_weight:
            logits = self.frozen["classifier"](swap.mixed, training=False)
            terms["class"] = o.class_weight * losses.cross_entropy(exchange(y), logits)
        if o.style_class_weight:
            logits = self.nets["head"](swap.style)
            terms["style_class"] = o.style_class_weight * losses.cross_entropy(y, logits)
        return terms


def start_nets(options: Options) -> tuple[str, ...]:
    """Names of the networks with which a run with --pretrained begins."""
    return (*NETS, "disc") if options.restore_disc else NETS
