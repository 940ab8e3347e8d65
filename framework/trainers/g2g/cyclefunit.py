"""CycleFUNIT: FUNIT's nets, a patch discriminator, perceptual reconstruction; no labels.

Paper, eq. 2-8. `--id_mode loss` compares identities of a mixed image and the image with its style
(eq. 8), `replace` takes the codes of the frozen identity network as styles.
"""

import functools
from collections.abc import Callable

import keras
import tensorflow as tf

from framework import losses, penalties
from framework.data import Data
from framework.engine import trainer
from framework.engine.phase import Batch, Phase, Terms
from framework.engine.preparation import Frozen, Preparation
from framework.engine.randomness import Random
from framework.frozen import identity, perceptual
from framework.options.g2g import Options
from framework.trainers import g2g_trainer
from framework.trainers.exchange import exchange, pair
from framework.trainers.g2g.naive import code_cycle
from nets import cyclegan
from nets.blocks import Style, scaled


class IdentitySystem(g2g_trainer.System):
    """System without a style encoder: the style of an image is its code of net `identity`."""

    needs_frozen = ("identity",)

    def build_nets(self) -> dict[str, keras.Model]:
        """Builds `content` and `gen`."""
        nets = g2g_trainer.build_coder(self.options, self.frozen["identity"].output_shape[-1])
        del nets["style"]
        return nets

    def network(self, name: str, training: bool) -> Callable:
        """Returns a network as for all of G2G, but the identity network for `style`."""
        if name == "style":
            return functools.partial(self.frozen["identity"], training=False)
        return super().network(name, training)

    def net(self, name: str) -> keras.Model:
        """Returns `System.net`; for `style`, the identity network."""
        return self.frozen["identity"] if name == "style" else super().net(name)

    def exports(self) -> dict[str, keras.Model]:
        """Returns `System.exports`; the style encoder takes images of the size of the others."""
        x = keras.Input(self.nets["content"].input_shape[1:], name="x")
        code = self.net("style")(x, training=False)
        return super().exports() | {"style_encoder": keras.Model(x, code, name="identity")}


class Trainer(trainer.Trainer):
    """Encoders and generator, then the discriminator, each on its own pairs."""

    system_class: type[g2g_trainer.System] = g2g_trainer.System
    system: g2g_trainer.System
    contract = "halves"
    options: Options

    @classmethod
    def choose(cls, options: Options) -> type[trainer.Trainer]:
        """Returns the class of --id_mode."""
        return IdentityTrainer if options.id_mode == "replace" else cls

    @classmethod
    def prepare(cls, options: Options, data: Data, preparation: Preparation) -> Frozen:
        """Prepares the perceptual network V and, with --id_mode, the identity network F.

        Raises:
            MissingError, UserError: weights are not there, or of another network.
        """
        classifier = functools.partial(preparation.classifiers.teacher, options, data)
        makers = {"perceptual": perceptual.second_map(options, classifier)}
        if options.id_mode != "none":
            makers["identity"] = identity.teacher(options, classifier)
        return Frozen(makers)

    def build_training_nets(self) -> dict[str, keras.Model]:
        """Builds `disc`, if the adversarial loss is used."""
        o = self.options
        if not self.is_adversarial:
            return {}
        disc = cyclegan.patch_discriminator(
            image_size=o.image_size, nf=scaled(64, o.width * o.d_width), strided=o.d_layers,
            layers=Style(weight_init="normal", bias_init=0.0, weight_decay=o.weight_decay),
        )  # fmt: skip
        return {"disc": disc}

    @property
    def is_adversarial(self) -> bool:
        """Whether the adversarial loss is used."""
        return not self.options.sanity and self.options.adv_weight > 0

    def build_phases(self) -> list[Phase]:
        """Builds the updates of encoders and generator, then of the discriminator."""
        o, names = self.options, tuple(self.system.nets)
        phases = [Phase("gen", names, self.gen_terms, g2g_trainer.gen_optimizer(o))]
        if self.is_adversarial:
            optimizer = g2g_trainer.disc_optimizer(o)
            phases.append(Phase("disc", ("disc",), self.disc_terms, optimizer))
        return phases

    def gen_terms(self, batch: Batch, random: Random, training: bool = True) -> Terms:
        """Computes perceptual reconstructions, code cycles, adversarial and identity loss."""
        o, coder = self.options, self.system.coder(training)
        swap = coder.swap(self.images(batch))
        terms = {"rec": o.rec_weight * self.perceptual_distance(swap.back, swap.x)}
        if o.rec_short_weight:
            short = coder.decode(swap.content, swap.style)
            terms["rec_short"] = o.rec_short_weight * self.perceptual_distance(short, swap.x)
        if o.sanity:
            return terms
        terms |= code_cycle(swap, o.gamma)
        if self.is_adversarial:
            logits = self.nets["disc"](swap.mixed, training=training)
            terms["adv"] = o.adv_weight * 2 * losses.ADVERSARIAL["lsgan"].gen(fake_logits=logits)
        if o.id_mode == "loss":
            net, targets = self.frozen["identity"], exchange(swap.x)
            # Summed over the pair (eq. 8).
            distance = 2 * g2g_trainer.identity_distance(net, swap.mixed, targets)
            terms["identity"] = g2g_trainer.identity_weight(o, random.step) * distance
        return terms

    def held_out_terms(self, batch: Batch, random: Random) -> Terms:
        """Computes the same terms of held-out pairs."""
        return self.gen_terms(batch, random, training=False)

    def images(self, batch: Batch) -> tf.Tensor:
        """Returns both images of the pairs, rows [2B, S, S, C]; with --sanity image 1 twice."""
        return pair({"x1": batch["x1"], "x2": batch["x1"]} if self.options.sanity else batch)

    def perceptual_distance(self, images: tf.Tensor, reals: tf.Tensor) -> tf.Tensor:
        """Computes the mean absolute difference of the maps of V, summed over the pair (eq. 5)."""
        net = self.frozen["perceptual"]
        return 2 * penalties.distance(
            net(images, training=False), tf.stop_gradient(net(reals, training=False))
        )

    def disc_terms(self, batch: Batch, random: Random) -> Terms:
        """Computes the least-squares loss of real and mixed images (eq. 7)."""
        disc, swap = self.nets["disc"], self.system.coder(training=True).mix(self.images(batch))
        real, fake = disc(swap.x, training=True), disc(tf.stop_gradient(swap.mixed), training=True)
        parts = losses.ADVERSARIAL["lsgan"].disc(real_logits=real, fake_logits=fake)
        return {"adv": parts["real"] + parts["fake"]}


class IdentityTrainer(Trainer):
    """The same updates with identities as styles (--id_mode replace)."""

    system_class = IdentitySystem
