"""CoGAN: two GANs that share the first layers of generators and the last ones of discriminators.

Liu and Tuzel, Coupled Generative Adversarial Networks, arXiv 1606.07536. There are networks for
digits of 32x32 pixels and for photographs of 64x64, 128x128 and 256x256 pixels.
"""

import functools
from typing import Any, NamedTuple

import keras
import tensorflow as tf

from framework import penalties
from framework.engine import trainer
from framework.engine.phase import Batch, Phase
from framework.engine.randomness import Random
from framework.options.cogan import Options
from framework.trainers import adversarial
from framework.trainers.generative import CoupledGenerators
from nets import blocks, cogan, faces

GENS = ("gen1", "gen2")
DISCS = ("disc1", "disc2")


class System(CoupledGenerators):
    """Two generators that map the same latent vector z to a pair of images."""

    options: Options
    generators = GENS

    def build_nets(self) -> dict[str, keras.Model]:
        """Builds the generators `gen1` and `gen2`, which share layers."""
        o, style = self.options, adversarial.style(self.options)
        sizes: dict[str, Any] = dict(
            noise_dim=o.noise_dim, width=o.width, shared_layers=o.shared[0], residual=o.residual,
            style=style,
        )  # fmt: skip
        if o.image_size == 32:
            gens = cogan.digit_generators(use_firstlayer=o.use_firstlayer, **sizes)
        else:
            gens = faces.generators(o.image_size, **sizes)
        return dict(zip(GENS, gens, strict=True))

    def models(self) -> dict[str, keras.Model]:
        """Returns `generators`, one model z -> both images, which saves shared layers once."""
        z = keras.Input((self.options.noise_dim,), name="z")
        images = [blocks.on(self.net(name), z)[0] for name in GENS]
        return {"generators": keras.Model(z, images, name="generators")}


class Fakes(NamedTuple):
    """Results of one pass of both generators; every field except z has one item per domain.

    Attributes:
        z: latent vectors [B, noise_dim].
        images: generated images [B, H, W, C] in [-1, 1].
        features: feature maps [B, h, w, C] of the generators, in the order of the layers.
        reals: real images [B, H, W, C] in [-1, 1].
    """

    z: tf.Tensor
    images: tuple[tf.Tensor, tf.Tensor]
    features: tuple[tuple[tf.Tensor, ...], tuple[tf.Tensor, ...]]
    reals: tuple[tf.Tensor, tf.Tensor]


class Trainer(trainer.Trainer):
    """Trains two generators from the same z, and two discriminators; each pair jointly."""

    system_class = System
    options: Options

    def build_training_nets(self) -> dict[str, keras.Model]:
        """Builds the discriminators `disc1` and `disc2`, which share layers."""
        return build_discriminators(self.options)

    def build_phases(self) -> list[Phase]:
        """Returns the update of both discriminators and that of both generators."""
        o = self.options
        return [
            adversarial.disc_phase(o, DISCS, self.disc_terms),
            Phase("gen", self.generator_nets(), self.gen_terms, adversarial.gen_optimizer(o)),
        ]

    def generator_nets(self) -> tuple[str, ...]:
        """Returns the names of the networks that the update of the generators trains."""
        return GENS

    def fakes(self, batch: Batch, random: Random) -> Fakes:
        """Generates a batch of pairs from new latent vectors, in training mode."""
        o, reals = self.options, (batch["x1"], batch["x2"])
        z = random.latent(o.noise_type, reals[0].shape[0], o.noise_dim)
        (fake1, features1), (fake2, features2) = (self.nets[g](z, training=True) for g in GENS)
        return Fakes(z, (fake1, fake2), (features1, features2), reals)

    def disc_terms(self, batch: Batch, random: Random) -> dict[str, tf.Tensor]:
        """Computes adversarial loss and penalty of each discriminator for its domain."""
        fakes, terms = self.fakes(batch, random), dict[str, tf.Tensor]()
        for i, name in enumerate(DISCS):
            disc = functools.partial(self.nets[name], training=True)
            real, fake = fakes.reals[i], fakes.images[i]
            domain_terms = adversarial.disc_terms(self.options, disc, real, fake, random)
            terms |= {f"{key}{i + 1}": value for key, value in domain_terms.items()}
        return terms

    def gen_terms(self, batch: Batch, random: Random) -> dict[str, tf.Tensor]:
        """Computes the adversarial loss of each generator, and the regularisers."""
        fakes, terms = self.fakes(batch, random), {}
        for i, name in enumerate(DISCS):
            disc = functools.partial(self.nets[name], training=True)
            real, fake = fakes.reals[i], fakes.images[i]
            terms[f"adv{i + 1}"] = adversarial.gen_loss(self.options, disc, real, fake)
        return terms | self.regularisers(fakes)

    def regularisers(self, fakes: Fakes) -> dict[str, tf.Tensor]:
        """Computes further weighted terms of the generators, by name; CoGAN has none."""
        return {}

    def statistics(self) -> dict[str, float]:
        """Computes the distance between the weights of both generators (thesis figure 4.1)."""
        pair = [self.nets[name].trainable_variables for name in GENS]
        return {"stat/weight_diff": float(penalties.weight_distance(*pair))}

    def models(self) -> dict[str, keras.Model]:
        """Returns both generators as one model, both discriminators as one, and other networks."""
        x = [keras.Input(self.nets[name].input_shape[1:], name=f"x{name[-1]}") for name in DISCS]
        logits = [blocks.on(self.nets[name], x[i])[0] for i, name in enumerate(DISCS)]
        discs = {"discriminators": keras.Model(x, logits, name="discriminators")}
        others = {name: net for name, net in self.nets.items() if name not in GENS + DISCS}
        return self.system.models() | discs | others


def build_discriminators(options: Options) -> dict[str, keras.Model]:
    """Builds the discriminators `disc1` and `disc2`, which share layers."""
    o, style = options, adversarial.style(options)
    sizes: dict[str, Any] = dict(
        width=o.width * o.d_width, shared_layers=o.shared[1], norm=o.norm, style=style
    )
    if o.image_size == 32:
        discs = cogan.digit_discriminators(image_size=o.image_size, arch=o.d_arch, **sizes)
    else:
        discs = faces.discriminators(o.image_size, **sizes)
    return dict(zip(DISCS, discs, strict=True))
