"""FUNIT: translation of an image to another one's class, with a discriminator head per class.

Liu et al., arXiv 1905.01723, eq. 5-8; trained on labelled pairs. It is what FUNIT2FUNIT adds to,
and what it may start from (`--pretrained`).
"""

from collections.abc import Callable
from typing import NamedTuple

import keras
import tensorflow as tf

from framework import (
    averages,
    first_phase,
    g2g_trainer,
    guides,
    losses,
    penalties,
    results,
    weights,
)
from framework.data import Data
from framework.exchange import Swap, exchange, pair
from framework.g2g import networks
from framework.g2g_trainer import NETS, Options
from framework.phase import Batch, Phase
from framework.utils import Random
from nets import cogan, funit
from nets.blocks import Style, scaled


class Features(NamedTuple):
    """The discriminator's pooled features [2B, C] of images, mixed ones and what they give back."""

    real: tf.Tensor
    mixed: tf.Tensor
    back: tf.Tensor | None = None


class Trainer(g2g_trainer.Trainer):
    """The discriminator, then encoders and generator, each on pairs of its own."""

    contract = "labelled_pair"
    averaged = NETS

    def __init__(self, options: Options, data: Data, run: results.Run | None = None):
        """As every system; with --pretrained the weights are those of another run.

        They are not needed where this run has a checkpoint.

        Raises:
            MissingError: --pretrained has no such nets.
            UserError: they have other shapes.
        """
        used = options.pretrained and not first_phase.begun(options, run)
        names = (*NETS, *(["disc"] if options.restore_disc else [])) if used else ()
        weights.expect_run(options.pretrained, names)
        super().__init__(options, data, run)
        if names:
            for name in names:
                weights.copy_from_run(self.nets[name], options.pretrained, name)
            averages.restart(self.ema_nets, self.nets)

    def prepare(self) -> dict[str, Callable[[], keras.Model]]:
        """With --id_mode loss the net of identities, with --class_weight the classifier."""
        o, makers = self.options, super().prepare()
        if o.class_weight:
            makers["classifier"] = self.own_classifier()
        if o.id_mode == "loss":
            makers["identity"] = guides.identity(o, self.own_classifier)
        return makers

    def build_nets(self) -> dict[str, keras.Model]:
        """`content`, `style`, `gen`, `disc` with a head for each class; `head` of style codes."""
        o = self.options
        nets = networks.build(o, o.style_dim)
        nets["disc"] = funit.discriminator(
            image_size=o.image_size, nf=scaled(64, o.width * o.d_width), res_blocks=o.d_blocks,
            classes=self.data.classes, layers=Style("channel", "he", 0.0, o.weight_decay),
        )  # fmt: skip
        if o.style_class_weight:
            nets["head"] = cogan.class_head(o.style_dim, self.data.classes)
        return nets

    def build_phases(self) -> list[Phase]:
        """The discriminator, then encoders and generator."""
        moved = tuple(name for name in self.nets if name != "disc")
        return [Phase("disc", ("disc",), self.disc_terms), Phase("gen", moved, self.gen_terms)]

    def judge(self, x: tf.Tensor, labels: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Logits [N, h, w] of the heads of these classes, and the pooled features [N, C]."""
        logits, features = self.nets["disc"](x, training=True)
        pooled = tf.reduce_mean(tf.cast(features, tf.float32), axis=(1, 2))
        return funit.pick_head(logits, labels), pooled

    def judge_all(self, *fakes: tuple[tf.Tensor, tf.Tensor]) -> list[tuple[tf.Tensor, tf.Tensor]]:
        """`judge` of several lists of as many images and labels, in one pass."""
        images, labels = (tf.concat(rows, axis=0) for rows in zip(*fakes, strict=True))
        parts = (tf.split(each, len(fakes)) for each in self.judge(images, labels))
        return list(zip(*parts, strict=True))

    def disc_terms(self, batch: Batch, random: Random) -> dict[str, tf.Tensor]:
        """Hinge of images and mixed ones, each under its class (eq. 6), and R1."""
        o, x, y = self.options, pair(batch), pair(batch, "y")
        content, style = self.encode(x, training=True)
        mixed = tf.stop_gradient(self.draw(content, exchange(style), training=True))
        real, _ = self.judge(x, y)
        # The published program judges a fake of class a under class b.
        fake, _ = self.judge(mixed, y if o.bug_compat else exchange(y))
        parts = losses.ADVERSARIAL["hinge"].disc(real_logits=real, fake_logits=fake)
        terms = {"adv": parts["real"] + parts["fake"]}
        if o.penalty_weight_d:
            terms["penalty"] = o.penalty_weight_d * penalties.now_and_then(
                lambda: self._r1(x, y), o.penalty_every, random.step
            )
        return terms

    def _r1(self, x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
        """E |grad D(x)|^2 of the mean over patches, or as published of that over images too.

        That is smaller by B^2, as the published program takes the B images 1 and the B images 2 of
        its pairs apart. Devices that share the pairs make no difference.
        """

        def mean_logit(images: tf.Tensor) -> tf.Tensor:
            return tf.reduce_mean(self.judge(images, y)[0], axis=(1, 2))

        norm = tf.reduce_mean(penalties.squared_gradient(mean_logit, x))
        if self.options.r1_mode == "per_sample":
            return norm
        return norm / float(x.shape[0] // 2 * self.replicas * self.options.accumulate) ** 2

    def gen_terms(self, batch: Batch, random: Random, training: bool = True) -> dict:
        """Adversary, short reconstruction and feature matching (eq. 5, 7 and 8)."""
        x, y = pair(batch), pair(batch, "y")
        content, style = self.encode(x, training)
        swap = Swap(x, content, style, self.draw(content, exchange(style), training))
        return self.translation_terms(swap, y, random, training)[0]

    def translation_terms(
        self, swap: Swap, y: tf.Tensor, random: Random, training: bool
    ) -> tuple[dict[str, tf.Tensor], Features]:
        """FUNIT's terms of mixed images and of images put together of their own codes.

        Also the discriminator's features of all it was asked about, `swap.back` included.
        """
        o, x, mixed = self.options, swap.x, swap.mixed
        short = self.draw(swap.content, swap.style, training)
        fool = losses.ADVERSARIAL["hinge"].gen
        fakes = [(mixed, exchange(y)), (short, y)] + ([] if swap.back is None else [(swap.back, y)])
        (mixed_logits, mixed_seen), (short_logits, short_seen), *back = self.judge_all(*fakes)
        real_seen = tf.stop_gradient(self.judge(x, y)[1])
        terms = {
            "adv": o.adv_weight * 0.5 * (fool(mixed_logits) + fool(short_logits)),
            "short": o.short_weight * penalties.distance(short, x),
            "fm_short": o.fm_weight * penalties.distance(short_seen, real_seen),
            "fm_mixed": o.fm_weight * penalties.distance(mixed_seen, exchange(real_seen)),
        }
        if o.class_weight:
            told = self.frozen["classifier"](mixed, training=False)
            terms["class"] = o.class_weight * losses.cross_entropy(exchange(y), told)
        if o.style_class_weight:
            told = self.nets["head"](swap.style)
            terms["style_class"] = o.style_class_weight * losses.cross_entropy(y, told)
        if o.id_mode == "loss":
            distance = guides.identity_distance(self.frozen["identity"], mixed, exchange(x))
            terms["identity"] = guides.ramp(o, random.step) * distance
        return terms, Features(real_seen, mixed_seen, *(seen for _, seen in back))
