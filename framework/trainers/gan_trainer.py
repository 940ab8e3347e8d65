"""GAN: one generator and one discriminator for images of one domain, or for points of a ring.

Goodfellow et al., arXiv 1406.2661; Wasserstein critic with penalty: Gulrajani et al., 1704.00028.
"""

import functools

import keras
import tensorflow as tf

from framework.engine import trainer
from framework.engine.phase import Batch, Phase
from framework.engine.randomness import Random
from framework.options.gan import Options
from framework.trainers import adversarial
from framework.trainers.generative import Generators
from nets import gan


class System(Generators):
    """The generator of a GAN."""

    options: Options
    generators = ("gen",)

    def build_nets(self) -> dict[str, keras.Model]:
        """Builds `gen`, the generator of --arch."""
        o = self.options
        style = adversarial.style(o)
        return {"gen": gan.generator(o.arch, noise_dim=o.noise_dim, width=o.width, style=style)}


class Trainer(trainer.Trainer):
    """Trains a generator and a discriminator."""

    system_class = System
    contract = "single"
    options: Options

    def build_training_nets(self) -> dict[str, keras.Model]:
        """Builds `disc`, the discriminator of --arch."""
        o = self.options
        return {"disc": gan.discriminator(o.arch, width=o.width, style=adversarial.style(o))}

    def build_phases(self) -> list[Phase]:
        """Returns the update of the discriminator and that of the generator."""
        return [
            adversarial.disc_phase(self.options, ("disc",), self.disc_terms),
            Phase("gen", ("gen",), self.gen_terms, adversarial.gen_optimizer(self.options)),
        ]

    def fake(self, batch: Batch, random: Random) -> tf.Tensor:
        """Generates as many images [B, H, W, C] as the batch has, in training mode."""
        o = self.options
        z = random.latent(o.noise_type, batch["x1"].shape[0], o.noise_dim)
        return self.nets["gen"](z, training=True)[0]

    def disc_terms(self, batch: Batch, random: Random) -> dict[str, tf.Tensor]:
        """Computes adversarial loss and penalty of the discriminator."""
        fake = self.fake(batch, random)
        disc = functools.partial(self.nets["disc"], training=True)
        return adversarial.disc_terms(self.options, disc, batch["x1"], fake, random)

    def gen_terms(self, batch: Batch, random: Random) -> dict[str, tf.Tensor]:
        """Computes the adversarial loss of the generator."""
        disc = functools.partial(self.nets["disc"], training=True)
        fake = self.fake(batch, random)
        return {"adv": adversarial.gen_loss(self.options, disc, batch["x1"], fake)}
