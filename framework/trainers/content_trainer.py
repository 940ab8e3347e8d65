"""Content transfer: domain 2 has something extra; it is removed, or added to images of domain 1.

Press et al., arXiv 2001.05017; its successor with masks, Mokady et al., 1906.06558; and Fader
Networks, Lample et al., 1706.00409, to compare with. What both domains have in common is encoded so
that a discriminator of codes cannot tell the domains apart. Each `--content_variant` is a file of
`framework.trainers.content`.
"""

import abc
import importlib
from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

from framework import losses, penalties
from framework.data import Data
from framework.engine import optimizers, system, trainer
from framework.engine.phase import Batch, Phase, Terms
from framework.engine.randomness import Random
from framework.errors import UsageError
from framework.options.content import Options
from framework.utils import batched
from nets import content
from nets.blocks import Style, scaled

BATCH_NORM_BELOW = 128  # pixels: there the codes are too small for instance norm


class System(system.System):
    """Encoders and decoders; the extra of an image has a code, which can be exchanged.

    It transfers (`capabilities.Transfers`) and edits extras (`capabilities.EditsExtras`).
    """

    options: Options

    def uses_guides(self) -> bool:
        """Whether the code of an extra depends on the image it comes from."""
        return True

    @abc.abstractmethod
    def extra(self, guides: np.ndarray) -> np.ndarray:
        """Codes of the extra of images [N, S, S, C] of domain 2, rows first."""

    def no_extra(self, extra: np.ndarray) -> np.ndarray:
        """As many codes of no extra: zeros."""
        return np.zeros_like(extra)

    @abc.abstractmethod
    def put(self, images: np.ndarray, extra: np.ndarray) -> np.ndarray:
        """Images [N, S, S, C] of domain 1 with the extra of these codes."""

    def replace(self, images: np.ndarray, extra: np.ndarray) -> np.ndarray:
        """Images of domain 2 with the extra of these codes in place of their own."""
        return self.put(images, extra)

    def rebuild(self, images1: np.ndarray, images2: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Reconstructions of N images of domain 1 and N of domain 2 from their own codes."""
        extra = self.extra(images2)
        return self.put(images1, self.no_extra(extra)), self.replace(images2, extra)

    def add(self, images: np.ndarray, guides: np.ndarray) -> np.ndarray:
        """Images of domain 1 with the extra of the guides, images of domain 2; row by row."""
        return self.put(images, self.extra(guides))

    def remove(self, images: np.ndarray) -> np.ndarray:
        """Images of domain 2 without their extra."""
        return self.put(images, self.no_extra(self.extra(images)))

    def exports(self) -> dict[str, keras.Model]:
        """`remover`: images of domain 2 -> images; `adder`: [images, guides] -> images.

        Without guides (`uses_guides`), `adder` has images of domain 1 as only input.
        """
        shape = self.net("common").input_shape[1:]
        image, guide = (keras.Input(shape, name=name) for name in ("image", "guide"))
        inputs = [image, guide] if self.uses_guides() else image
        return {
            "remover": keras.Model(image, self.removal(image), name="remover"),
            "adder": keras.Model(inputs, self.addition(image, guide), name="adder"),
        }

    @abc.abstractmethod
    def removal(self, image: keras.KerasTensor) -> keras.KerasTensor:
        """What `remove` computes, as a graph of layers."""

    @abc.abstractmethod
    def addition(self, image: keras.KerasTensor, guide: keras.KerasTensor) -> keras.KerasTensor:
        """What `add` computes, as a graph of layers."""


class Trainer(trainer.Trainer):
    """What all variants share: the discriminator of codes, its loss, and how codes deceive it."""

    contract = "domains"
    options: Options
    both_in_training_mode = True
    """Whether encoder and discriminator are in training mode while only the other one learns."""

    @classmethod
    def choose(cls, options: Options) -> type["Trainer"]:
        """The class of --content_variant."""
        name = f"framework.trainers.content.{options.content_variant}"
        return importlib.import_module(name).Trainer

    @classmethod
    def training_data(cls, options: Options, data: Data) -> Data:
        """All data; refuses too large a --sep, before any evaluator is trained on them."""
        widths(options)
        return data

    def build_training_nets(self) -> dict[str, keras.Model]:
        """`disc`, the discriminator of common codes."""
        o, code = self.options, self.system.nets["common"].output_shape[1:]
        units = scaled(512, o.width)
        return {"disc": content.discriminator(code=code, units=units, layers=layers(o))}

    def build_phases(self) -> list[Phase]:
        """Encoders and decoders, then the discriminator of the codes of the updated encoder."""
        o = self.options
        rate_g, rate_d = (optimizers.of_codes(o, rate) for rate in (o.lr_g, o.lr_d))
        return [
            Phase("ae", tuple(self.system.nets), self._of_augmented(self.ae_terms), rate_g),
            Phase("disc", ("disc",), self._of_augmented(self.disc_terms), rate_d),
        ]

    @abc.abstractmethod
    def ae_terms(self, batch: Batch, random: Random) -> Terms:
        """Weighted terms of encoders and decoders."""

    def _of_augmented(self, terms: Callable[[Batch, Random], Terms]) -> Callable:
        return lambda batch, random: terms(self.augmented(batch, random), random)

    def augmented(self, batch: Batch, random: Random) -> Batch:
        """The batch; with --flip, each image is mirrored with probability 1/2."""
        if not self.options.flip:
            return batch
        return batch | {name: randomly_mirrored(batch[name], random) for name in ("x1", "x2")}

    def disc_terms(self, batch: Batch, random: Random) -> Terms:
        """Cross-entropy in nats of the domain of common codes."""
        code = self.nets["common"](both(batch), training=self.both_in_training_mode)
        logits1, logits2 = tf.split(self.nets["disc"](tf.stop_gradient(code), training=True), 2)
        parts = losses.ADVERSARIAL["ce"].disc(real_logits=logits2, fake_logits=logits1)
        return {"adv1": parts["fake"], "adv2": parts["real"]}

    def hiding_terms(self, code: tf.Tensor, random: Random, swap: bool = False) -> Terms:
        """The term `hide`, small where the discriminator takes all codes for those of domain 1.

        Args:
            code: common codes [2B, ...] of domain 1 and then of domain 2.
            random: of the update; the weight rises over --disc_ramp iterations.
            swap: whether codes of each domain should be taken for those of the other one instead;
                then the term is a mean over the images of both domains, not a sum of two means.

        Returns:
            No term at weight 0.
        """
        o = self.options
        if not o.disc_weight:
            return {}
        logits1, logits2 = tf.split(self.nets["disc"](code, training=self.both_in_training_mode), 2)
        if swap:
            nats = 0.5 * (tf.nn.softplus(-logits1) + tf.nn.softplus(logits2))
        else:
            nats = tf.nn.softplus(logits1) + tf.nn.softplus(logits2)
        ramp = tf.cast(random.step + 1, tf.float32) / max(o.disc_ramp, 1)
        return {"hide": o.disc_weight * tf.minimum(ramp, 1.0) * tf.reduce_mean(nats)}

    def distance(self, images: tf.Tensor, reals: tf.Tensor) -> tf.Tensor:
        """Mean of |difference|, or of its square, over all elements (--rec_norm)."""
        return penalties.distance(images, reals, self.options.rec_norm)


def both(batch: Batch) -> tf.Tensor:
    """Images of domain 1 and then of domain 2 as rows [2B, S, S, C]."""
    return tf.concat([batch["x1"], batch["x2"]], axis=0)


def randomly_mirrored(x: tf.Tensor, random: Random) -> tf.Tensor:
    """Images [N, S, S, C], each mirrored with probability 1/2."""
    chosen = random.uniform((x.shape[0], 1, 1, 1)) < 0.5
    return tf.where(chosen, x[:, :, ::-1], x)


def layers(options: Options) -> Style:
    """How layers start, decay and enlarge maps."""
    return Style("channel", "he", 0.0, options.weight_decay, options.upsample)


def norm(options: Options) -> str:
    """The normalisation 'batch' or 'instance' of the networks of press and mask."""
    small = options.image_size < BATCH_NORM_BELOW
    return {"auto": "batch" if small else "instance"}.get(options.norm, options.norm)


def widths(options: Options) -> dict[str, tuple[int, ...]]:
    """Channels of all rows, see `nets.content.widths`; fader has no code of the extra.

    Raises:
        UsageError: --sep is too large.
    """
    o = options
    sep = 1 if o.content_variant == "fader" else o.sep
    try:
        return content.widths(o.image_size, scaled(32, o.width), sep)
    except ValueError as error:
        raise UsageError(f"--sep {sep}, --width {o.width}: {error}") from error


def by_rows(function: Callable[..., tuple], *inputs: np.ndarray) -> tuple[np.ndarray, ...]:
    """`function` of 250 rows of all inputs at a time, whatever their size; its outputs, joined.

    Args:
        function: tensors with rows first -> tuple of tensors with as many rows.
        inputs: arrays with N rows each.
    """

    def call(rows: np.ndarray) -> tuple:
        return function(*(tf.convert_to_tensor(x[rows]) for x in inputs))

    return batched(call, np.arange(len(inputs[0])))
