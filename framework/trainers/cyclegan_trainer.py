"""CycleGAN and its relatives: a translator for each direction, trained with a cycle reconstruction.

Zhu et al., arXiv 1703.10593. By options also DiscoGAN (1703.05192), DualGAN (1704.02510),
DistanceGAN (1706.00826) and, on pairs, pix2pix (1611.07004); their settings are presets.
"""

from typing import Any

import keras
import numpy as np
import tensorflow as tf
from scipy.spatial.distance import pdist

from framework import penalties
from framework.data import Data, Images
from framework.engine import cluster, devices, trainer
from framework.engine.capabilities import Direction
from framework.engine.image_pool import ImagePool
from framework.engine.phase import Batch, Phase, Terms
from framework.engine.randomness import Random
from framework.errors import UsageError
from framework.options.cyclegan import Options
from framework.trainers import adversarial, translation
from framework.utils import batched, float_array
from nets import cyclegan, digits
from nets.blocks import scaled

DISTANCE_IMAGES = 100  # images per domain whose distances are averaged: 4,950 pairs


class System(translation.AnySize):
    """The translators `gen12` and `gen21`, or one of them."""

    options: Options

    def directions(self) -> tuple[Direction, ...]:
        """The directions of --direction."""
        return tuple(Direction(*domains) for domains in self.options.directions)

    def build_nets(self) -> dict[str, keras.Model]:
        """A translator for each direction."""
        o, width = self.options, scaled(64, self.options.width)
        sizes: dict[str, Any] = dict(image_size=o.image_size, layers=translation.layers(o))
        names = [f"gen{direction}" for direction in self.directions()]
        if o.of_digits:
            return {name: digits.generator(name, width=width, **sizes) for name in names}
        sizes |= dict(nf=width, res_blocks=o.res_blocks or (9 if o.image_size >= 256 else 6))
        return {name: cyclegan.generator(name, **sizes) for name in names}

    def translate(self, images: np.ndarray, direction: Direction) -> np.ndarray:
        """Translations of images [N, H, W, C] of `direction.source`, both in [-1, 1]."""
        net = self.sized(f"gen{direction}", images)
        return batched(lambda rows: (net(rows, training=False),), images)[0]

    def exports(self) -> dict[str, keras.Model]:
        """Returns `translator12` and `translator21`, or one of them: images -> translations."""
        return {f"translator{each}": self.net(f"gen{each}") for each in self.directions()}


class Trainer(trainer.Trainer):
    """The translators, then the discriminators of the domains into which they translate."""

    system_class = System
    system: System
    options: Options

    @classmethod
    def choose(cls, options: Options) -> type["Trainer"]:
        """The class of pairs with --paired."""
        return Paired if options.paired else cls

    @classmethod
    def training_data(cls, options: Options, data: Data) -> Data:
        """As `translation.training_data`.

        Raises:
            UsageError: domain 1 has fewer images than --max_items_A, or --distance_weight needs
                more images in a domain, or in the part of a batch on one device.
        """
        chosen = translation.training_data(options, data, pairs=cls.contract == "paired")
        replicas = cluster.workers() * len(devices.names(options.devices))
        options.check_rows(options.batch_size // replicas)
        # A standard deviation takes two distances.
        least = 3 if options.distance_of == "pairs" else 2
        if options.distance_weight and min(chosen.facts.images) < least:
            raise UsageError(f"--distance_weight: needs at least {least} images of each domain")
        return chosen

    def build_training_nets(self) -> dict[str, keras.Model]:
        """A discriminator for each domain into which images are translated."""
        o = self.options
        channels = 6 if o.paired else 3
        self.discriminators = translation.Discriminators(o, self.system.directions(), channels)
        nets = self.discriminators.nets
        self.hidden_maps = {name: _hidden_maps(net) for name, net in nets.items()}
        if o.distance_weight:
            self.distance_moments = [
                _distance_moments(o.distance_of, domain.images) for domain in self.data.domains
            ]
        return nets

    def build_pools(self) -> dict[str, ImagePool]:
        """A pool for each direction."""
        return self.discriminators.build_pools(self.strategy)

    def build_phases(self) -> list[Phase]:
        """Translators first, as in the authors' program."""
        o, nets = self.options, tuple(self.system.nets)
        optimizer = adversarial.gen_optimizer(o, o.gen_iters)
        return [
            Phase("gen", nets, self.gen_terms, optimizer, o.gen_iters),
            self.discriminators.phase(self.disc_terms),
        ]

    def translate(self, x: tf.Tensor, direction: Direction) -> tf.Tensor:
        """Translations of images [N, H, W, C] by a translator in training mode."""
        return self.nets[f"gen{direction}"](x, training=True)

    def disc_input(self, images: tf.Tensor, source: tf.Tensor) -> tf.Tensor:
        """Input of a discriminator: the real images or translations [N, H, W, C] themselves.

        With --paired the images from which they are translated stand before them [N, H, W, 2C].
        """
        return tf.concat([source, images], axis=-1) if self.options.paired else images

    def disc_terms(self, batch: Batch, random: Random) -> Terms:
        """Adversarial loss and penalty of each discriminator."""
        images, terms = translation.training_images(self.options, batch, random), Terms()
        for direction in self.system.directions():
            x, real = images[direction.source], images[direction.target]
            fake = self.translate(x, direction)
            pair = self.disc_input(real, x), self.disc_input(fake, x)
            terms |= self.discriminators.terms(*pair, direction, random)
        return terms

    def gen_terms(self, batch: Batch, random: Random) -> Terms:
        """All weighted terms of each translator."""
        images, terms = translation.training_images(self.options, batch, random), Terms()
        for direction in self.system.directions():
            x, real = images[direction.source], images[direction.target]
            parts = self.translator_terms(x, real, direction, random.step)
            terms |= {f"{name}{direction}": value for name, value in parts.items()}
        return terms

    def translator_terms(
        self, x: tf.Tensor, real: tf.Tensor, direction: Direction, step: tf.Tensor
    ) -> Terms:
        """Weighted terms of one translator.

        Args:
            x: images [N, H, W, C] of the source domain.
            real: images [N, H, W, C] of the target domain.
            direction: of the translator.
            step: iterations done.
        """
        o, target = self.options, direction.target
        fake = self.translate(x, direction)
        inputs = self.disc_input(real, x), self.disc_input(fake, x)
        terms = {"adv": self.discriminators.gen_loss(*inputs, target)}
        if o.fm_weight:
            maps = [self.hidden_maps[f"disc{target}"](rows, training=True) for rows in inputs]
            terms["fm"] = o.fm_weight * penalties.feature_matching(*maps)
        if o.identity_weight:
            same = self.translate(real, direction)
            terms["identity"] = o.identity_weight * penalties.distance(same, real)
        if o.distance_weight:
            terms["distance"] = o.distance_weight * self.distance_change(x, fake, direction)
        if o.paired:
            terms["pixel"] = o.paired_weight * penalties.distance(fake, real)
        rate = tf.where(step < o.rate_change, o.rate, o.rate_later)
        terms = {name: (1 - rate) * value for name, value in terms.items()} if o.rate else terms
        if o.cycle_weight:
            cycle = self.translate(fake, direction.reverse)
            weight = o.cycle_weight * (rate if o.rate else 1.0)
            terms["cycle"] = weight * penalties.distance(cycle, x, o.cycle_norm)
        return terms

    def distance_change(self, x: tf.Tensor, fake: tf.Tensor, direction: Direction) -> tf.Tensor:
        """How much the distances of --distance_of change from images to their translations."""
        distances = penalties.SELF_DISTANCES[self.options.distance_of]
        moments = tuple(self.distance_moments[domain - 1] for domain in direction)
        return penalties.distance_change(distances(x), distances(fake), moments)


class Paired(Trainer):
    """pix2pix: images of the same index are a pair; discriminators are given both images."""

    contract = "paired"


def _hidden_maps(disc: keras.Model) -> keras.Model:
    """A discriminator's hidden maps; the first one, which has no normalisation, is left out."""
    activations = (keras.layers.LeakyReLU,)
    maps = [layer.output for layer in disc.layers if isinstance(layer, activations)]
    return keras.Model(disc.input, maps[1:])


def _distance_moments(kind: str, images: Images) -> tuple[float, float]:
    """Mean and standard deviation of the distances of --distance_of in uint8 images."""
    pixels = float_array(images[:DISTANCE_IMAGES])
    if kind == "pairs":
        rows = pixels.reshape(len(pixels), -1)
        distances = pdist(rows, "cityblock") / rows.shape[1]
    else:
        distances = penalties.half_distances(pixels).numpy()
    return float(distances.mean()), max(float(distances.std()), 1e-6)
