"""Factors of variation: one encoder parts an image into its class s and what else varies, z.

Mathieu et al., arXiv 1611.03383, whose adversary sees, as in Szabo et al., 1711.02245, a pair of
images: is the second a real one of the first one's class? Triples: x1, x2 of one class, x3, x4 of
another draw's. The published nets make grey images in [0, 1]; these make RGB in [-1, 1] by a tanh,
`rec*` are mean squares in units of [0, 1] and KL is per number of an image, as published; of three
channels, so that the published weight of KL is --kl_weight 3.
"""

import dataclasses

import keras
import numpy as np
import tensorflow as tf

from framework import config, losses, optimizers, penalties
from framework.config import option
from framework.errors import UsageError
from framework.factor_views import CODERS, Codes, Viewed
from framework.phase import Batch, Phase
from framework.utils import Random
from nets import factors
from nets.blocks import Style, scaled


@dataclasses.dataclass(frozen=True)
class Options(config.Encoding):
    """Options of `--gan_type factors`."""

    NEEDS = config.Encoding.NEEDS | dict(z_class_weight=("z_class_times",))

    dataset: str = option(
        "mini", "data set, several joined by +, or both domains of a pair", "data"
    )
    batch_size: int = option(64, "triples per update, all devices", "training", low=1)
    vae_on: str = option(
        "z", "which code is Gaussian: the style's, the class's or both", "factors",
        choices=("z", "s", "both"),
    )  # fmt: skip
    z_dim: int = option(16, "length of the style code z", "nets", low=1)
    s_dim: int = option(16, "length of the class code s", "nets", low=1)
    kl_weight: float = option(1.0, "weight of KL in nats per number of an image", "factors", low=0)
    d_acc_limit: float = option(
        0.8, "batch accuracy from which on the discriminator is not updated; 0: always update",
        "factors", low=0, high=1,
    )  # fmt: skip
    gen_times: int = option(2, "adversarial updates of encoder and decoder", "factors", low=1)
    adv_prior_fakes: bool = option(
        False, "show the discriminator images of random z too", "factors"
    )
    z_noise: float = option(
        0.0, "standard deviation of noise on z while training (not published)", "factors", low=0
    )
    s_class_weight: float = option(
        0.0, "weight of the class, read from s by a classifier trained along (not published)",
        "factors", low=0,
    )  # fmt: skip
    z_class_weight: float = option(
        0.0, "weight of a uniform answer by a classifier of z, trained beside (not published)",
        "factors", low=0,
    )  # fmt: skip
    z_class_times: int = option(1, "updates of that classifier per iteration", "factors", low=1)
    d_width: float = option(1.0, "factor on discriminator widths, times --width", "nets", low=0.001)
    lr_d: float = option(1e-4, "learning rate of the discriminators", "optimisers", low=0)
    lr_g: float = option(1e-4, "learning rate of encoder and decoder", "optimisers", low=0)
    probe_train: int = option(
        2000, "images whose codes the probes learn from", "output", low=10, inert=True
    )
    probe_test: int = option(
        1000, "held-out images whose codes they read", "output", low=10, inert=True
    )

    def check(self) -> None:
        """Refuses sizes that the nets cannot halve."""
        super().check()
        divisor = 16 if self.image_size >= 64 else 8
        if self.image_size < 16 or (self.image_size % divisor and self.image_size != 28):
            least = "" if divisor == 16 else " from 16"
            raise UsageError(
                f"--image_size {self.image_size}: must be 28 or a multiple of {divisor}{least}"
            )

    def check_asked(self, asked: dict[str, object]) -> None:
        """Also refuses random z of a code that is not Gaussian."""
        super().check_asked(asked)
        if "adv_prior_fakes" in asked and self.vae_on == "s":
            raise UsageError("--adv_prior_fakes: z is not Gaussian with --vae_on s")


class Trainer(Viewed):
    """Encoder and decoder, the discriminator of pairs and, if asked for, classifiers of codes."""

    contract = "triple"
    options: Options

    def build_nets(self) -> dict[str, keras.Model]:
        """`enc`, `dec`, `disc` and the classifiers of codes that have a weight."""
        o = self.options
        layers = Style(weight_init="wide", bias_init=0.0, weight_decay=o.weight_decay)
        first, rows = (32, 4) if o.image_size >= 64 else (16, 3)
        units = [scaled(first * 2**row, o.width) for row in range(rows)]
        disc = [scaled(32 * 2**row, o.width * o.d_width) for row in range(rows)]
        both = dict(image_size=o.image_size, channels=3, layers=layers)
        codes = dict(widths=tuple(units), z_dim=o.z_dim, s_dim=o.s_dim)
        return {
            "enc": factors.encoder(vae_on=o.vae_on, **codes, **both),
            "dec": factors.decoder(out="tanh", **codes, **both),
            "disc": factors.pair_discriminator(widths=tuple(disc), **both),
        } | self._code_classifiers(layers)

    def _code_classifiers(self, layers: Style) -> dict[str, keras.Model]:
        o = self.options
        weighted = {"z": (o.z_class_weight, o.z_dim), "s": (o.s_class_weight, o.s_dim)}
        both = dict(classes=self.data.classes, units=scaled(256, o.width), layers=layers)
        return {
            f"{code}_class": factors.code_classifier(dim=dim, name=f"{code}_class", **both)
            for code, (weight, dim) in weighted.items()
            if weight
        }

    def build_optimizer(self, phase: str) -> keras.optimizers.Optimizer:
        """Of --optim, at --lr_g for encoder and decoder, else --lr_d."""
        o = self.options
        return optimizers.of_codes(o, o.lr_g if phase in ("ae", "gen") else o.lr_d)

    def build_phases(self) -> list[Phase]:
        """Reconstruction, deception, then the discriminator unless it is good enough."""
        o = self.options
        when = (lambda terms: terms["accuracy"] < o.d_acc_limit) if o.d_acc_limit else None
        learners = (*CODERS, "s_class") if o.s_class_weight else CODERS
        phases = [
            Phase("ae", learners, self.ae_terms),
            Phase("gen", CODERS, self.gen_terms, o.gen_times),
            Phase("disc", ("disc",), self.disc_terms, watched=("accuracy",), when=when),
        ]
        if o.z_class_weight:
            read = Phase("z_class", ("z_class",), self.z_class_terms, o.z_class_times)
            phases.insert(0, read)
        return phases

    def ae_terms(self, batch: Batch, random: Random) -> dict[str, tf.Tensor]:
        """x1 from its own z and s, and from its own z and the s of x2."""
        codes = self.encode(tf.concat([batch["x1"], batch["x2"]], axis=0))
        z, s = self.drawn(codes, random)
        z1 = tf.split(z, 2)[0]
        images = self.nets["dec"]([tf.concat([z1, z1], axis=0), s], training=True)
        own, same = (_mean_square(each, batch["x1"]) for each in tf.split(images, 2))
        terms = {"rec": own, "rec_same": same} | self._kl(codes)
        o = self.options
        if o.z_class_weight:
            logits = self.nets["z_class"](codes.z, training=True)
            away = -tf.reduce_mean(tf.nn.log_softmax(logits)) - np.log(self.data.classes)
            terms["z_class"] = o.z_class_weight * away
        if o.s_class_weight:
            classes = tf.concat([batch["y1"], batch["y1"]], axis=0)
            terms["s_class"] = o.s_class_weight * self._class_entropy("s", codes.s, classes)
        return terms

    def gen_terms(self, batch: Batch, random: Random) -> dict[str, tf.Tensor]:
        """The z of x1, or a random one, with the s of x3 is to pass for an image like x3."""
        codes = self.encode(tf.concat([batch["x1"], batch["x3"]], axis=0))
        z, s = self.drawn(codes, random)
        z, s3 = tf.split(z, 2)[0], tf.split(s, 2)[1]
        styles = {"swap": z}
        if self.has_prior:
            styles["prior"] = random.normal(z.shape)
        images = self._images(list(styles.values()), s3)
        logits = self.judge(tf.concat([batch["x3"]] * len(styles), axis=0), images)
        fooled = map(losses.ce_gen, tf.split(logits, len(styles)))
        return dict(zip(styles, fooled, strict=True)) | self._kl(codes)

    def disc_terms(self, batch: Batch, random: Random) -> dict[str, tf.Tensor]:
        """x3 with x4 of its class is real; x4 with the z of x1 and its own s is not."""
        codes = self.encode(tf.concat([batch["x1"], batch["x4"]], axis=0))
        z, s4 = tf.split(codes.z, 2)[0], tf.split(codes.s, 2)[1]
        styles = [z]
        if self.options.adv_prior_fakes and self.has_prior:
            styles.append(random.normal(z.shape))
        references = tf.concat([batch["x3"], *[batch["x4"]] * len(styles)], axis=0)
        candidates = tf.concat([batch["x4"], self._images(styles, s4)], axis=0)
        count = batch["x3"].shape[0]
        real, fake = tf.split(self.judge(references, candidates), [count, count * len(styles)])
        parts = losses.ce_disc(real_logits=real, fake_logits=fake)
        right = [tf.reduce_mean(tf.cast(each, tf.float32)) for each in (real > 0, fake < 0)]
        return {"adv": parts["real"] + parts["fake"], "accuracy": 0.5 * tf.add_n(right)}

    def z_class_terms(self, batch: Batch, random: Random) -> dict[str, tf.Tensor]:
        """Cross-entropy in nats of classes read out of the z of x1."""
        return {"ce": self._class_entropy("z", self.encode(batch["x1"]).z, batch["y1"])}

    def _class_entropy(self, code: str, values: tf.Tensor, classes: tf.Tensor) -> tf.Tensor:
        """Mean cross-entropy in nats of the classes [N] that the code's net reads from it."""
        logits = self.nets[f"{code}_class"](values, training=True)
        return losses.cross_entropy(classes, logits)

    def encode(self, x: tf.Tensor) -> Codes:
        """Codes of images [N, S, S, 3] in training."""
        return self.named(self.nets["enc"](x, training=True))

    def drawn(self, codes: Codes, random: Random) -> tuple[tf.Tensor, tf.Tensor]:
        """z and s of two batches, drawn where they are Gaussian, with --z_noise on z."""
        z = _drawn(codes.z, codes.z_log_variance, random)
        if self.options.z_noise:
            z += self.options.z_noise * _noise(z, random)
        return z, _drawn(codes.s, codes.s_log_variance, random)

    def judge(self, references: tf.Tensor, candidates: tf.Tensor) -> tf.Tensor:
        """Logits [N] that the candidates are real images of the references' classes."""
        logits = self.nets["disc"]([references, candidates], training=True)
        return logits[:, 1] - logits[:, 0]  # a softmax of two is a sigmoid of their difference

    def _images(self, styles: list[tf.Tensor], s: tf.Tensor) -> tf.Tensor:
        codes = [tf.concat(styles, axis=0), tf.concat([s] * len(styles), axis=0)]
        return self.nets["dec"](codes, training=True)

    def _kl(self, codes: Codes) -> dict[str, tf.Tensor]:
        """KL of Gaussian codes, per number of an image as the squared errors are."""
        o = self.options
        weight = o.kl_weight / (3 * o.image_size**2)
        means = {"kl_z": (codes.z, codes.z_log_variance), "kl_s": (codes.s, codes.s_log_variance)}
        return {
            name: weight * losses.gaussian_kl(*each)
            for name, each in means.items()
            if each[1] is not None
        }


def _drawn(mean: tf.Tensor, log_variance: tf.Tensor | None, random: Random) -> tf.Tensor:
    if log_variance is None:
        return mean
    return mean + tf.exp(0.5 * log_variance) * _noise(mean, random)


def _noise(codes: tf.Tensor, random: Random) -> tf.Tensor:
    """N(0, 1) for the codes of two batches; one after the other, as `Random` counts its rows."""
    return tf.concat([random.normal(half.shape) for half in tf.split(codes, 2)], axis=0)


def _mean_square(images: tf.Tensor, x: tf.Tensor) -> tf.Tensor:
    """Of images in [-1, 1], as if they were in [0, 1]."""
    return penalties.distance(images, x, "l2") / 4.0
