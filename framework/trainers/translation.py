"""What systems that translate images between two domains share: discriminators and their data.

Domains are 1 (A in the papers) and 2 (B). Images and terms are named after the domains that they
pass through: `x12` is an image of domain 1 translated to domain 2, `x121` its cycle reconstruction,
`x11` the reconstruction of an image of domain 1 from its own code.
"""

import functools
from collections.abc import Callable, Sequence
from typing import Any

import keras
import tensorflow as tf

from framework.data import Data
from framework.engine import system
from framework.engine.augmentation import jitter
from framework.engine.capabilities import Direction
from framework.engine.image_pool import ImagePool
from framework.engine.phase import Batch, Phase, Terms
from framework.engine.randomness import Random
from framework.options.translation import Translation
from framework.trainers import adversarial
from nets import blocks, cyclegan, digits
from nets.blocks import Style, scaled


class AnySize(system.System):
    """Networks that are applied to images of any size (`capabilities.TakesAnySize`)."""

    def size_multiple(self) -> int:
        """The number that must divide height and width; the networks halve both twice."""
        return 4

    def sized(self, name: str, x: tf.Tensor) -> keras.Model:
        """Returns `net(name)` for maps of the height and width of x [N, H, W, C]."""
        net = self.net(name)
        if tuple(x.shape[1:]) == net.input_shape[1:]:
            return net
        if name not in self._any_size:
            free = keras.Input((None, None, net.input_shape[-1]))
            self._any_size[name] = keras.Model(free, blocks.on(net, free)[0])
        return self._any_size[name]

    @functools.cached_property
    def _any_size(self) -> dict[str, keras.Model]:
        """Models of the same layers whose height and width are free, by name."""
        return {}


class Discriminators:
    """One discriminator for each domain into which images are translated.

    Attributes:
        nets: the networks by name, such as `disc2`.
        pools: earlier translations by direction, such as `12`; empty without --pool.
    """

    def __init__(self, options: Translation, directions: Sequence[Direction], channels: int = 3):
        """Builds the networks with new weights.

        Args:
            options: loss, penalty, pool and sizes.
            directions: of the images that are compared with real images of their target domain;
                `Direction(2, 2)` stands for reconstructions of domain 2.
            channels: of the images that the networks are given.
        """
        self._options, self._directions = options, tuple(directions)
        targets = sorted({direction.target for direction in directions})
        self.nets = {f"disc{i}": _discriminator(options, f"disc{i}", channels) for i in targets}
        self.pools: dict[str, ImagePool] = {}

    def build_pools(self, strategy: tf.distribute.Strategy) -> dict[str, ImagePool]:
        """Makes the pools; call it outside the scope of the strategy."""
        o, rows = self._options, self._options.batch_size // strategy.num_replicas_in_sync
        for direction in self._directions if o.pool else ():
            shape = self.nets[f"disc{direction.target}"].input_shape[1:]
            pool = ImagePool(o.pool, rows, o.accumulate, o.disc_iters, shape, strategy)
            self.pools[str(direction)] = pool
        return self.pools

    def phase(self, terms: Callable[[Batch, Random], Terms]) -> Phase:
        """The update of all discriminators by these terms."""
        return adversarial.disc_phase(self._options, tuple(self.nets), terms)

    def terms(
        self, real: tf.Tensor, fake: tf.Tensor, direction: Direction, random: Random
    ) -> Terms:
        """Adversarial loss and penalty of the discriminator of the target domain.

        Args:
            real: images [N, H, W, C] of the target domain.
            fake: translations [N, H, W, C]; half of them are exchanged with those of the pool.
            direction: of the translations, for the names of the terms and the pool.
            random: of the update.
        """
        fake = tf.stop_gradient(fake)
        if self.pools:
            fake = self.pools[str(direction)].query(fake, random)
        disc = self._network(direction.target)
        terms = adversarial.disc_terms(self._options, disc, real, fake, random)
        return {f"{name}{direction}": value for name, value in terms.items()}

    def gen_loss(self, real: tf.Tensor, fake: tf.Tensor, domain: int) -> tf.Tensor:
        """Weighted adversarial loss of a generator.

        Args:
            real: images [N, H, W, C] of a domain, for losses that compare with them.
            fake: translations [N, H, W, C] to this domain.
            domain: its number.
        """
        o = self._options
        return o.adv_weight * adversarial.gen_loss(o, self._network(domain), real, fake)

    def _network(self, domain: int) -> Callable[[tf.Tensor], tf.Tensor]:
        return functools.partial(self.nets[f"disc{domain}"], training=True)


def _discriminator(options: Translation, name: str, channels: int) -> keras.Model:
    """A discriminator of digits, or of patches of photographs."""
    o, width = options, scaled(64, options.width * options.d_width)
    sizes: dict[str, Any] = dict(image_size=o.image_size, channels=channels, layers=layers(o))
    if o.of_digits:
        return digits.discriminator(name, width=width, **sizes)
    return cyclegan.patch_discriminator(name, nf=width, strided=o.d_layers, **sizes)


def layers(options: Translation) -> Style:
    """How the layers of these options are built."""
    o = options
    return Style("channel", o.weight_init, 0.0, o.weight_decay, o.upsample)


def training_data(options: Translation, data: Data, pairs: bool = False) -> Data:
    """--max_items_A training images of domain 1, chosen at random, and all of domain 2.

    Args:
        options: of the run.
        data: two domains.
        pairs: whether images of the same index are a pair: then the same ones of domain 2.

    Raises:
        UsageError: domain 1 has fewer images.
    """
    count = options.max_items_A
    return data.sampled((count, count if pairs else 0), options.seed)


def training_image(options: Translation, batch: Batch, domain: int, random: Random) -> tf.Tensor:
    """Images [B, H, W, C] of a domain; with --augment changed at random."""
    x = batch[f"x{domain}"]
    return jitter(x, random) if options.augment else x


def training_images(options: Translation, batch: Batch, random: Random) -> dict[int, tf.Tensor]:
    """`training_image` of both domains, by domain."""
    return {domain: training_image(options, batch, domain, random) for domain in (1, 2)}
