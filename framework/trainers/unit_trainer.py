"""UNIT: two autoencoders that share their inner layers, so that codes have no domain.

Liu et al., arXiv 1703.00848. Images of domain i are encoded by `enc{i}` and `shared_enc`, and codes
are decoded to domain i by `shared_dec` and `dec{i}`. The networks are those of one-shot translation
(`nets.digits`, `nets.ost`).
"""

from collections.abc import Collection
from types import ModuleType
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from framework import penalties
from framework.data import Data
from framework.engine import trainer
from framework.engine.capabilities import Direction
from framework.engine.image_pool import ImagePool
from framework.engine.phase import Batch, Phase, Terms
from framework.engine.randomness import Random
from framework.options.unit import Options
from framework.trainers import adversarial, translation
from framework.utils import batched
from nets import digits, ost
from nets.blocks import scaled

SHARED = ("shared_enc", "shared_dec")


def private(domain: int) -> tuple[str, str]:
    """Names of the networks of one domain alone."""
    return f"enc{domain}", f"dec{domain}"


class Autoencoders(translation.AnySize):
    """An encoder and a decoder for each domain, with shared inner networks.

    Methods on tensors are for training: networks named in `learning` are in training mode. With an
    empty `learning` all are in inference mode, and averaged if there are averages.
    """

    options: Options
    numbers: tuple[int, ...] = (1, 2)

    def domains(self) -> tuple[int, ...]:
        """Numbers of the domains whose images it reconstructs."""
        return self.numbers

    def build_nets(self) -> dict[str, keras.Model]:
        """The networks of each domain, then the shared ones."""
        o = self.options
        common: dict[str, Any] = dict(image_size=o.image_size, layers=translation.layers(o))
        width = scaled(64, o.width)
        module: ModuleType = digits
        outer: dict[str, Any] = dict(width=width)
        inner = outer
        if not o.of_digits:
            module, outer = ost, dict(nf=width, unshared=o.unshared)
            inner = outer | dict(downs=o.downs, res_blocks=o.res_blocks or 6)
        nets = {}
        for i in self.numbers:
            nets[f"enc{i}"] = module.unshared_encoder(f"enc{i}", **outer, **common)
            nets[f"dec{i}"] = module.unshared_decoder(f"dec{i}", **outer, **common)
        nets["shared_enc"] = module.shared_encoder("shared_enc", **inner, **common)
        nets["shared_dec"] = module.shared_decoder("shared_dec", **inner, **common)
        return nets

    def size_multiple(self) -> int:
        """The number by which the encoders divide height and width."""
        return self.options.image_size // self.nets["shared_enc"].output_shape[1]

    def code(self, x: tf.Tensor, domain: int, learning: Collection[str] = ()) -> tf.Tensor:
        """Codes [N, h, w, D] of images [N, H, W, C] of a domain."""
        return self._apply("shared_enc", self._apply(f"enc{domain}", x, learning), learning)

    def draw(self, code: tf.Tensor, domain: int, learning: Collection[str] = ()) -> tf.Tensor:
        """Images [N, H, W, C] of a domain, decoded from codes [N, h, w, D]."""
        return self._apply(f"dec{domain}", self._apply("shared_dec", code, learning), learning)

    def _apply(self, name: str, x: tf.Tensor, learning: Collection[str]) -> tf.Tensor:
        net = self.nets[name] if learning else self.sized(name, x)
        return net(x, training=name in learning)

    def reconstruct(self, images: np.ndarray, domain: int) -> np.ndarray:
        """Reconstructions of images [N, H, W, C] of a domain from their own codes."""
        return self._pass(images, Direction(domain, domain))

    def exports(self) -> dict[str, keras.Model]:
        """Returns `autoencoder1` and `autoencoder2`, or one of them: images -> reconstructions."""
        return {f"autoencoder{i}": self._joined(Direction(i, i)) for i in self.numbers}

    def _joined(self, direction: Direction) -> keras.Model:
        """Returns a model of the networks by which images of `source` become those of `target`."""
        source, target = direction
        names = (f"enc{source}", *SHARED, f"dec{target}")
        x = y = keras.Input(self.nets[names[0]].input_shape[1:], name="x")
        for name in names:
            y = self.net(name)(y, training=False)
        return keras.Model(x, y, name=f"translator{direction}")

    def _pass(self, images: np.ndarray, direction: Direction) -> np.ndarray:
        """Images of `source`, encoded and decoded to `target`, in batches."""
        source, target = direction
        return batched(lambda rows: (self.draw(self.code(rows, source), target),), images)[0]


class System(Autoencoders):
    """Two autoencoders, which translate by decoding codes to the other domain."""

    def directions(self) -> tuple[Direction, ...]:
        """Both directions."""
        return tuple(Direction(*domains) for domains in self.options.directions)

    def translate(self, images: np.ndarray, direction: Direction) -> np.ndarray:
        """Translations of images [N, H, W, C] of `direction.source`, both in [-1, 1]."""
        return self._pass(images, direction)

    def exports(self) -> dict[str, keras.Model]:
        """Returns `translator12` and `translator21`: images -> translations."""
        return {f"translator{each}": self._joined(each) for each in self.directions()}


class Trainer(trainer.Trainer):
    """The discriminators, then all parts of both autoencoders."""

    system_class = System
    system: System
    options: Options

    @classmethod
    def training_data(cls, options: Options, data: Data) -> Data:
        """As `translation.training_data`."""
        return translation.training_data(options, data)

    def build_training_nets(self) -> dict[str, keras.Model]:
        """`disc1` and `disc2`."""
        directions = self.system.directions()
        self.discriminators = translation.Discriminators(self.options, directions)
        return self.discriminators.nets

    def build_pools(self) -> dict[str, ImagePool]:
        """A pool for each direction."""
        return self.discriminators.build_pools(self.strategy)

    def build_phases(self) -> list[Phase]:
        """Discriminators, then autoencoders."""
        self.learning = tuple(self.system.nets)
        optimizer = adversarial.gen_optimizer(self.options)
        return [
            self.discriminators.phase(self.disc_terms),
            Phase("gen", self.learning, self.gen_terms, optimizer),
        ]

    def disc_terms(self, batch: Batch, random: Random) -> Terms:
        """Adversarial loss and penalty of each discriminator."""
        images, terms = translation.training_images(self.options, batch, random), Terms()
        for direction in self.system.directions():
            source, target = direction
            code = self.system.code(images[source], source, self.learning)
            noisy = add_noise(code, self.options.code_noise, random)
            fake = self.system.draw(noisy, target, self.learning)
            terms |= self.discriminators.terms(images[target], fake, direction, random)
        return terms

    def gen_terms(self, batch: Batch, random: Random) -> Terms:
        """Reconstruction, prior, adversarial and cycle terms of both domains, weighted."""
        images, terms = translation.training_images(self.options, batch, random), Terms()
        for direction in self.system.directions():
            x, real = images[direction.source], images[direction.target]
            parts = self.translation_terms(x, real, direction, random)
            terms |= {f"{name}{direction}": value for name, value in parts.items()}
        return terms

    def translation_terms(
        self, x: tf.Tensor, real: tf.Tensor, direction: Direction, random: Random
    ) -> Terms:
        """Weighted terms of one direction.

        Args:
            x: images [N, H, W, C] of the source domain.
            real: images [N, H, W, C] of the target domain.
            direction: of the translation.
            random: of the update.
        """
        o, parts, (source, target) = self.options, self.system, direction
        code = parts.code(x, source, self.learning)
        noisy = add_noise(code, o.code_noise, random)
        fake = parts.draw(noisy, target, self.learning)
        fake_code = parts.code(fake, target, self.learning)
        reconstruction = parts.draw(noisy, source, self.learning)
        terms = {
            "rec": o.rec_weight * penalties.distance(reconstruction, x),
            "prior": o.prior_weight * (mean_square(code) + mean_square(fake_code)),
            "adv": self.discriminators.gen_loss(real, fake, target),
        }
        if o.cycle_weight:
            noisy = add_noise(fake_code, o.code_noise, random)
            cycle = parts.draw(noisy, source, self.learning)
            terms["cycle"] = o.cycle_weight * penalties.distance(cycle, x)
        return terms


def add_noise(code: tf.Tensor, deviation: float, random: Random) -> tf.Tensor:
    """A code plus normal noise of this standard deviation."""
    return code + tf.cast(deviation * random.normal(code.shape), code.dtype) if deviation else code


def mean_square(code: tf.Tensor) -> tf.Tensor:
    """Mean square of all elements, in float32: the KL divergence from N(0, 1) up to constants."""
    return tf.reduce_mean(tf.square(tf.cast(code, tf.float32)))
