"""CycleFUNIT: FUNIT's nets, a patch discriminator, perceptual reconstruction; no labels.

Paper, eq. 2-8. `--id_mode loss` compares identities of images and of the mixed image with their
style (eq. 8), `replace` takes the frozen net's code as style.
"""

from collections.abc import Callable

import keras
import tensorflow as tf

from framework import g2g_trainer, guides, losses, penalties
from framework.exchange import exchange, pair
from framework.g2g import networks
from framework.g2g.naive import code_cycle
from framework.g2g_trainer import NETS
from framework.phase import Batch, Phase
from framework.utils import Random
from nets import cyclegan
from nets.blocks import Style, scaled


class Trainer(g2g_trainer.Trainer):
    """Encoders and generator, then the discriminator, on pairs of its own."""

    @property
    def averaged(self) -> tuple[str, ...]:
        """Encoders and generator, as far as they learn."""
        return tuple(name for name in NETS if name in self.nets)

    def prepare(self) -> dict[str, Callable[[], keras.Model]]:
        """The perceptual net V and, with --id_mode, the net of identities F."""
        o, makers = self.options, super().prepare()
        makers["perceptual"] = guides.perceptual(o, self.own_classifier)
        if o.id_mode != "none":
            makers["identity"] = guides.identity(o, self.own_classifier)
        return makers

    def build_nets(self) -> dict[str, keras.Model]:
        """`content`, `gen`; `style` unless identities replace it; `disc` if it is asked."""
        o = self.options
        nets = networks.build(o, self.style_dim)
        if o.id_mode == "replace":
            del nets["style"]
        if self._judged:
            nets["disc"] = cyclegan.patch_discriminator(
                image_size=o.image_size, nf=scaled(64, o.width * o.d_width), strided=o.d_layers,
                layers=Style(weight_init="normal", bias_init=0.0, weight_decay=o.weight_decay),
            )  # fmt: skip
        return nets

    @property
    def _judged(self) -> bool:
        return not self.options.sanity and self.options.adv_weight > 0

    @property
    def style_dim(self) -> int:
        """Length of a style code: that of identities, where they are the style."""
        if self.options.id_mode != "replace":
            return self.options.style_dim
        return self.frozen["identity"].output_shape[-1]

    def build_phases(self) -> list[Phase]:
        """Encoders and generator, then the discriminator."""
        judging = [Phase("disc", ("disc",), self.disc_terms)] if self._judged else []
        return [Phase("gen", self.averaged, self.gen_terms), *judging]

    def encode(self, x: tf.Tensor, training: bool) -> tuple[tf.Tensor, tf.Tensor]:
        """Content and style codes; the identity is the style with --id_mode replace."""
        if self.options.id_mode != "replace":
            return super().encode(x, training)
        return self.content(x, training), self.frozen["identity"](x, training=False)

    def gen_terms(self, batch: Batch, random: Random, training: bool = True) -> dict:
        """Long and short perceptual reconstruction, code cycles, identity, adversary."""
        o, swap = self.options, self.swap(self._images(batch), training)
        terms = {"rec": o.rec_weight * self._seen_distance(swap.back, swap.x)}
        if o.rec_short_weight:
            short = self.draw(swap.content, swap.style, training)
            terms["rec_short"] = o.rec_short_weight * self._seen_distance(short, swap.x)
        if o.sanity:
            return terms
        terms |= code_cycle(swap, o.gamma)
        if self._judged:
            logits = self.nets["disc"](swap.mixed, training=training)
            terms["adv"] = o.adv_weight * 2 * losses.ADVERSARIAL["lsgan"].gen(logits)
        if o.id_mode == "loss":
            see, like = self.frozen["identity"], exchange(swap.x)
            distance = 2 * guides.identity_distance(see, swap.mixed, like)  # of the pair (eq. 8)
            terms["identity"] = guides.ramp(o, random.step) * distance
        return terms

    def _images(self, batch: Batch) -> tf.Tensor:
        """Both images of the pairs; with --sanity image 1 twice."""
        return pair({"x1": batch["x1"], "x2": batch["x1"]} if self.options.sanity else batch)

    def _seen_distance(self, images: tf.Tensor, reals: tf.Tensor) -> tf.Tensor:
        """Mean L1 of V's maps, summed over the pair (eq. 5)."""
        see = self.frozen["perceptual"]
        return 2 * penalties.distance(
            see(images, training=False), tf.stop_gradient(see(reals, training=False))
        )

    def disc_terms(self, batch: Batch, random: Random) -> dict[str, tf.Tensor]:
        """Least squares of all images against the mixed ones (eq. 7)."""
        x, disc = self._images(batch), self.nets["disc"]
        content, style = self.encode(x, training=True)
        mixed = tf.stop_gradient(self.draw(content, exchange(style), training=True))
        real, fake = disc(x, training=True), disc(mixed, training=True)
        parts = losses.ADVERSARIAL["lsgan"].disc(real_logits=real, fake_logits=fake)
        return {"adv": parts["real"] + parts["fake"]}
