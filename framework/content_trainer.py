"""Content transfer: domain 2 has something extra; it is removed, and given to images of domain 1.

Press et al., arXiv 2001.05017; its successor with masks, Mokady et al., 1906.06558; and Fader
Networks, Lample et al., 1706.00409, to compare with. What of an image both domains have in common
is encoded so that a discriminator of codes cannot tell the domains apart. How exactly is
`--content_variant`, a file of `framework.content`.
"""

import abc
import dataclasses
import importlib
from collections.abc import Callable

import keras
import tensorflow as tf

from framework import config, losses, optimizers, penalties
from framework.config import option
from framework.content_views import Viewed
from framework.errors import UsageError
from framework.phase import Batch, Phase
from framework.utils import Random
from nets import content
from nets.blocks import Style, scaled

Terms = Callable[[Batch, Random], dict[str, tf.Tensor]]
BATCH_NORM_BELOW = 128  # pixels: there the codes are too small for instance norm


@dataclasses.dataclass(frozen=True)
class Options(config.Encoding):
    """Options of `--gan_type content`."""

    NEEDS = config.Encoding.NEEDS | dict(disc_weight=("disc_ramp",))
    ONLY = config.Encoding.ONLY | {
        ("content_variant", ("press", "mask")): ("sep",),
        ("content_variant", ("mask",)): ("mask_threshold",),
    }

    content_variant: str = option(
        "press", "two encoders and a decoder, a decoder of masks besides, or Fader Networks",
        "content", choices=("press", "mask", "fader"),
    )  # fmt: skip
    cogan_data: str = option("mini2accessory", "pair of image domains; see `main.py list`", "data")
    batch_size: int = option(32, "images per domain and update, all devices", "training", low=1)
    sep: int = option(25, "channels of the code of the extra (press, mask)", "content", low=1)
    disc_weight: float = option(
        0.001, "weight of hiding the domain in common codes; published: 0.001, mask 0.005, "
        "fader 0.0001", "content", low=0,
    )  # fmt: skip
    disc_ramp: int = option(0, "iterations in which it rises from 0", "content", low=0)
    rec_norm: str = option(
        "l1", "distance of images put together again", "content", choices=("l1", "l2")
    )
    flip: bool = option(False, "mirror every second image in training", "content")
    mask_threshold: float = option(
        0.1, "mask above which removal replaces a pixel (mask)", "content", low=0, high=1
    )
    norm: str = option(
        "auto", "normalisation; auto: of the batch below 128 pixels and in fader, else instance",
        "nets", choices=("auto", "batch", "instance"),
    )  # fmt: skip
    upsample: str = option(
        "transpose", "how decoders enlarge maps", "nets", choices=("transpose", "nearest")
    )
    lr_d: float = option(2e-4, "learning rate of the discriminators", "optimisers", low=0)
    clip_norm: float = option(
        5.0, "largest norm of a phase's gradient over all its weights; 0: any", "optimisers", low=0
    )

    def check(self) -> None:
        """Refuses image sizes that cannot be halved to 2x2."""
        super().check()
        if self.image_size < 16 or self.image_size & (self.image_size - 1):
            raise UsageError(f"--image_size {self.image_size}: must be a power of two from 16")


def both(batch: Batch) -> tf.Tensor:
    """Images of domain 1 and then of domain 2 as rows [2B, S, S, C]."""
    return tf.concat([batch["x1"], batch["x2"]], axis=0)


def flipped(x: tf.Tensor, random: Random) -> tf.Tensor:
    """Images [N, S, S, C], each mirrored or not."""
    heads = random.uniform((x.shape[0], 1, 1, 1)) < 0.5
    return tf.where(heads, x[:, :, ::-1], x)


class Trainer(Viewed):
    """What all variants share: the discriminator of codes, and what is seen and measured."""

    contract = "domains"
    options: Options
    # Whether encoder and discriminator are in training mode while the other one learns.
    together = True

    @classmethod
    def of(cls, options: Options) -> type[Viewed]:
        """The class of --content_variant."""
        return importlib.import_module(f"framework.content.{options.content_variant}").Trainer

    # Nets

    @property
    def layers(self) -> Style:
        """How layers start, decay and enlarge maps."""
        o = self.options
        return Style("channel", "he", 0.0, o.weight_decay, o.upsample)

    @property
    def norm(self) -> str:
        """'batch' or 'instance'."""
        small = self.options.image_size < BATCH_NORM_BELOW
        return {"auto": "batch" if small else "instance"}.get(self.options.norm, self.options.norm)

    def widths(self) -> dict[str, tuple[int, ...]]:
        """Channels of all rows, see `content.widths`; fader has no code of the extra.

        Raises:
            UsageError: --sep is too large.
        """
        o = self.options
        sep = 1 if o.content_variant == "fader" else o.sep
        try:
            return content.widths(o.image_size, scaled(32, o.width), sep)
        except ValueError as error:
            raise UsageError(f"--sep {sep}, --width {o.width}: {error}") from error

    def prepare(self) -> dict[str, Callable[[], keras.Model]]:
        """As what is seen needs it; too large a --sep is refused before anything is trained."""
        self.widths()
        return super().prepare()

    def units(self) -> int:
        """Width of the discriminator's dense layer."""
        return scaled(512, self.options.width)

    def build_optimizer(self, phase: str) -> keras.optimizers.Optimizer:
        """Of --optim at --lr_d for the discriminator, else --lr_g."""
        o = self.options
        return optimizers.of_codes(o, o.lr_d if phase == "disc" else o.lr_g)

    # Phases

    def build_phases(self) -> list[Phase]:
        """Encoders and decoders, then the discriminator of the codes they make now."""
        return [
            Phase("ae", self.averaged, self._of_varied(self.ae_terms)),
            Phase("disc", ("disc",), self._of_varied(self.disc_terms)),
        ]

    @abc.abstractmethod
    def ae_terms(self, batch: Batch, random: Random) -> dict[str, tf.Tensor]:
        """Weighted terms of encoders and decoders."""

    def _of_varied(self, terms: Terms) -> Terms:
        return lambda batch, random: terms(self.varied(batch, random), random)

    def varied(self, batch: Batch, random: Random) -> Batch:
        """The batch, with --flip half of its images mirrored."""
        if not self.options.flip:
            return batch
        return batch | {name: flipped(batch[name], random) for name in ("x1", "x2")}

    def disc_terms(self, batch: Batch, random: Random) -> dict[str, tf.Tensor]:
        """Cross-entropy in nats of telling the domains apart by their common codes."""
        code = tf.stop_gradient(self.nets["common"](both(batch), training=self.together))
        logits1, logits2 = tf.split(self.nets["disc"](code, training=True), 2)
        parts = losses.ADVERSARIAL["ce"].disc(real_logits=logits2, fake_logits=logits1)
        return {"adv1": parts["fake"], "adv2": parts["real"]}

    def hide(self, code: tf.Tensor, random: Random, swap: bool = False) -> dict[str, tf.Tensor]:
        """The term of codes [2B, ...] that are to look as if all were of domain 1.

        With `swap` those of each domain are to look like the other's, and the mean is over the
        images of both instead of a sum of two means. No term at weight 0.
        """
        o = self.options
        if not o.disc_weight:
            return {}
        logits1, logits2 = tf.split(self.nets["disc"](code, training=self.together), 2)
        if swap:
            nats = 0.5 * (tf.nn.softplus(-logits1) + tf.nn.softplus(logits2))
        else:
            nats = tf.nn.softplus(logits1) + tf.nn.softplus(logits2)
        risen = tf.cast(random.step + 1, tf.float32) / max(o.disc_ramp, 1)
        return {"hide": o.disc_weight * tf.minimum(risen, 1.0) * tf.reduce_mean(nats)}

    def distance(self, images: tf.Tensor, reals: tf.Tensor) -> tf.Tensor:
        """Mean of |difference|, or of its square, over all elements (--rec_norm)."""
        return penalties.distance(images, reals, self.options.rec_norm)
