"""Factors of variation: one encoder separates an image into its class s and the rest of it, z.

Mathieu et al., arXiv 1611.03383, whose discriminator gets, as in Szabo et al., 1711.02245, a pair
of images: is the second one a real image of the class of the first one? Batches are quadruples: x1
and x2 of one class, x3 and x4 of one that is drawn independently. The published networks generate
grey images in [0, 1]; these generate RGB in [-1, 1] by a tanh. `rec*` are mean squares in units of
[0, 1], and KL is divided by the number of values of an image, as published; because of three
channels the published weight of KL is --kl_weight 3.
"""

from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf

from framework import losses, penalties
from framework.engine import optimizers, system, trainer
from framework.engine.capabilities import Codes
from framework.engine.phase import Batch, Phase, Terms
from framework.engine.randomness import Random
from framework.options.factors import Options
from framework.utils import batched, to_float
from nets import factors
from nets.blocks import Style, scaled

CODERS = ("enc", "dec")


class Factors(NamedTuple):
    """Codes of N images: z [N, D] and s [N, E]; log variances of those that are distributions.

    They are tensors or arrays; of a distribution, z or s is the mean.
    """

    z: Any
    s: Any
    z_log_variance: Any = None
    s_log_variance: Any = None


class System(system.System):
    """An encoder of images and a decoder of both codes (`capabilities.EncodesDistributions`).

    As `Codes`, z is the `content` and s, which is exchanged and carries the class, the `style`.
    """

    options: Options

    def build_nets(self) -> dict[str, keras.Model]:
        """`enc` and `dec`."""
        o = self.options
        first, rows = channels(o)
        codes: dict[str, Any] = dict(
            widths=widths(first, rows, o.width), z_dim=o.z_dim, s_dim=o.s_dim
        )
        both: dict[str, Any] = dict(image_size=o.image_size, channels=3, layers=layers(o))
        return {
            "enc": factors.encoder(vae_on=o.vae_on, **codes, **both),
            "dec": factors.decoder(out="tanh", **codes, **both),
        }

    def encode(self, images: np.ndarray) -> Codes:
        """Codes of images [N, S, S, 3] in [-1, 1] or uint8."""
        enc = self.net("enc")
        outputs = batched(lambda x: enc(to_float(x), training=False), images)
        return Codes(*named(self.options, outputs))

    def decode(self, content: np.ndarray, style: np.ndarray) -> np.ndarray:
        """Images [N, S, S, 3] of z [N, z_dim] as content and s [N, s_dim] as style."""
        dec = self.net("dec")
        return batched(lambda z, s: (dec([z, s], training=False),), content, style)[0]

    def exports(self) -> dict[str, keras.Model]:
        """`content_encoder`: images -> z; `style_encoder`: images -> s; `decoder`: [z, s] -> image.

        A code that is a distribution is its mean.
        """
        enc = self.net("enc")
        codes = named(self.options, enc.output)
        encoders = {
            f"{name}_encoder": keras.Model(enc.input, code, name=f"{name}_encoder")
            for name, code in (("content", codes.z), ("style", codes.s))
        }
        return encoders | {"decoder": self.net("dec")}

    def has_prior(self) -> bool:
        """Whether z is Gaussian, so that random z can be decoded."""
        return has_prior(self.options)


class Trainer(trainer.Trainer):
    """Encoder and decoder, the discriminator of pairs and, if asked for, classifiers of codes."""

    system_class = System
    contract = "triple"
    options: Options

    def build_training_nets(self) -> dict[str, keras.Model]:
        """`disc`, and `z_class` and `s_class`, the classifiers of codes, if they have a weight."""
        o, (_, rows) = self.options, channels(self.options)
        disc = factors.pair_discriminator(
            image_size=o.image_size, channels=3, widths=widths(32, rows, o.width * o.d_width),
            layers=layers(o),
        )  # fmt: skip
        weighted = {"z": (o.z_class_weight, o.z_dim), "s": (o.s_class_weight, o.s_dim)}
        how: dict[str, Any] = dict(
            classes=self.data.classes, units=scaled(256, o.width), layers=layers(o)
        )
        return {"disc": disc} | {
            f"{code}_class": factors.code_classifier(dim=dim, name=f"{code}_class", **how)
            for code, (weight, dim) in weighted.items()
            if weight
        }

    def build_phases(self) -> list[Phase]:
        """Reconstruction, deception, then the discriminator unless it is good enough."""
        o, make = self.options, optimizers.of_codes
        learners = (*CODERS, "s_class") if o.s_class_weight else CODERS
        phases = [
            Phase("ae", learners, self.ae_terms, make(o, o.lr_g)),
            Phase("gen", CODERS, self.gen_terms, make(o, o.lr_g), o.gen_times),
            Phase("disc", ("disc",), self.disc_terms, make(o, o.lr_d), when=self._disc_is_weak()),
        ]
        if o.z_class_weight:
            optimizer, nets = make(o, o.lr_d), ("z_class",)
            phases.insert(0, Phase("z_class", nets, self.z_class_terms, optimizer, o.z_class_times))
        return phases

    def _disc_is_weak(self) -> Any:
        """Condition of an update of the discriminator; None to update it always."""
        limit = self.options.d_acc_limit
        return (lambda terms: terms["stat/accuracy_disc"] < limit) if limit else None

    def ae_terms(self, batch: Batch, random: Random) -> Terms:
        """Reconstructions of x1 from its own z and s, and from its own z and the s of x2."""
        codes = self.encode(tf.concat([batch["x1"], batch["x2"]], axis=0))
        z, s = self.sampled(codes, random)
        z1 = tf.split(z, 2)[0]
        images = self.nets["dec"]([tf.concat([z1, z1], axis=0), s], training=True)
        own, same = (mean_square(part, batch["x1"]) for part in tf.split(images, 2))
        terms = {"rec": own, "rec_same": same} | self.kl_terms(codes)
        o = self.options
        if o.z_class_weight:
            logits = self.nets["z_class"](codes.z, training=True)
            away = -tf.reduce_mean(tf.nn.log_softmax(logits)) - np.log(self.data.classes)
            terms["z_class"] = o.z_class_weight * away
        if o.s_class_weight:
            classes = tf.concat([batch["y1"], batch["y1"]], axis=0)
            terms["s_class"] = o.s_class_weight * self.class_entropy("s", codes.s, classes)
        return terms

    def gen_terms(self, batch: Batch, random: Random) -> Terms:
        """Images of the z of x1, or a random one, and the s of x3: real of the class of x3?"""
        codes = self.encode(tf.concat([batch["x1"], batch["x3"]], axis=0))
        z, s = self.sampled(codes, random)
        z, s3 = tf.split(z, 2)[0], tf.split(s, 2)[1]
        styles = {"swap": z}
        if has_prior(self.options):
            styles["prior"] = random.normal(z.shape)
        images = self.decode(list(styles.values()), s3)
        logits = self.pair_logits(tf.concat([batch["x3"]] * len(styles), axis=0), images)
        parts = tf.split(logits, len(styles))
        terms = {
            name: losses.ce_gen(fake_logits=part) for name, part in zip(styles, parts, strict=True)
        }
        return terms | self.kl_terms(codes)

    def disc_terms(self, batch: Batch, random: Random) -> Terms:
        """x3 with x4 of its class is real; x4 with an image of the z of x1 and its own s is not."""
        codes = self.encode(tf.concat([batch["x1"], batch["x4"]], axis=0))
        z, s4 = tf.split(codes.z, 2)[0], tf.split(codes.s, 2)[1]
        styles = [z]
        if self.options.adv_prior_fakes and has_prior(self.options):
            styles.append(random.normal(z.shape))
        references = tf.concat([batch["x3"], *[batch["x4"]] * len(styles)], axis=0)
        candidates = tf.concat([batch["x4"], self.decode(styles, s4)], axis=0)
        count = batch["x3"].shape[0]
        logits = self.pair_logits(references, candidates)
        real, fake = tf.split(logits, [count, count * len(styles)])
        parts = losses.ce_disc(real_logits=real, fake_logits=fake)
        right = [tf.reduce_mean(tf.cast(x, tf.float32)) for x in (real > 0, fake < 0)]
        accuracy = 0.5 * tf.add_n(right)
        return {"adv": parts["real"] + parts["fake"], "stat/accuracy_disc": accuracy}

    def z_class_terms(self, batch: Batch, random: Random) -> Terms:
        """Cross-entropy in nats of the classes that `z_class` predicts from the z of x1."""
        return {"ce": self.class_entropy("z", self.encode(batch["x1"]).z, batch["y1"])}

    def class_entropy(self, code: str, values: tf.Tensor, classes: tf.Tensor) -> tf.Tensor:
        """Mean cross-entropy in nats of classes [N], predicted from values of the code z or s."""
        logits = self.nets[f"{code}_class"](values, training=True)
        return losses.cross_entropy(classes, logits)

    def encode(self, x: tf.Tensor) -> Factors:
        """Codes of images [N, S, S, 3] in training mode."""
        return named(self.options, self.nets["enc"](x, training=True))

    def decode(self, styles: list[tf.Tensor], s: tf.Tensor) -> tf.Tensor:
        """Images of each z [N, D] of a list with s [N, E], one after the other, in training."""
        codes = [tf.concat(styles, axis=0), tf.concat([s] * len(styles), axis=0)]
        return self.nets["dec"](codes, training=True)

    def sampled(self, codes: Factors, random: Random) -> tuple[tf.Tensor, tf.Tensor]:
        """z and s of two batches, samples of those that are Gaussian; z with --z_noise."""
        z = sample(codes.z, codes.z_log_variance, random)
        if self.options.z_noise:
            z += self.options.z_noise * noise(z, random)
        return z, sample(codes.s, codes.s_log_variance, random)

    def pair_logits(self, references: tf.Tensor, candidates: tf.Tensor) -> tf.Tensor:
        """Logits [N] that the candidates are real images of the classes of the references."""
        logits = self.nets["disc"]([references, candidates], training=True)
        return logits[:, 1] - logits[:, 0]  # a softmax of two is a sigmoid of their difference

    def kl_terms(self, codes: Factors) -> Terms:
        """Weighted KL of Gaussian codes, divided by the number of values of an image."""
        o = self.options
        weight = o.kl_weight / (3 * o.image_size**2)
        means = {"kl_z": (codes.z, codes.z_log_variance), "kl_s": (codes.s, codes.s_log_variance)}
        return {
            name: weight * losses.gaussian_kl(mean, log_variance)
            for name, (mean, log_variance) in means.items()
            if log_variance is not None
        }


def layers(options: Options) -> Style:
    """How layers start and decay."""
    return Style(weight_init="wide", bias_init=0.0, weight_decay=options.weight_decay)


def channels(options: Options) -> tuple[int, int]:
    """Channels of the first row of the encoder at --width 1, and number of rows of all networks."""
    return (32, 4) if options.image_size >= 64 else (16, 3)


def widths(first: int, rows: int, factor: float) -> tuple[int, ...]:
    """Channels of all rows, which double from each to the next, times a factor."""
    return tuple(scaled(first * 2**row, factor) for row in range(rows))


def has_prior(options: Options) -> bool:
    """Whether z is Gaussian."""
    return options.vae_on != "s"


def named(options: Options, outputs: Any) -> Factors:
    """The outputs of the encoder by name."""
    z_gaussian, s_gaussian = (options.vae_on in (code, "both") for code in "zs")
    z, s = outputs[0], outputs[1 + z_gaussian]
    return Factors(z, s, outputs[1] if z_gaussian else None, outputs[-1] if s_gaussian else None)


def sample(mean: tf.Tensor, log_variance: tf.Tensor | None, random: Random) -> tf.Tensor:
    """A sample of each row of a Gaussian code, or the code itself if it is none."""
    if log_variance is None:
        return mean
    return mean + tf.exp(0.5 * log_variance) * noise(mean, random)


def noise(codes: tf.Tensor, random: Random) -> tf.Tensor:
    """N(0, 1) for the codes of two batches; one after the other, as `Random` counts its rows."""
    return tf.concat([random.normal(half.shape) for half in tf.split(codes, 2)], axis=0)


def mean_square(images: tf.Tensor, x: tf.Tensor) -> tf.Tensor:
    """Mean squared difference of images in [-1, 1], in units of [0, 1]."""
    return penalties.distance(images, x, "l2") / 4.0
