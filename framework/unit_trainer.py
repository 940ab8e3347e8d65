"""UNIT: two autoencoders whose inner layers are the same, so that codes have no domain.

Liu et al., arXiv 1703.00848. Nets are those of one-shot translation (`nets.digits`, `nets.ost`):
domain i is encoded by `enc{i}` and `shared_enc` and drawn by `shared_dec` and `dec{i}`.
"""

import dataclasses
from collections.abc import Collection

import keras
import tensorflow as tf

from framework import config, penalties, translation
from framework.config import option
from framework.errors import UsageError
from framework.phase import Batch, Phase
from framework.utils import Random
from nets import digits, ost
from nets.blocks import scaled

SHARED = ("shared_enc", "shared_dec")


@dataclasses.dataclass(frozen=True)
class Options(config.Translation):
    """Options of `--gan_type unit`."""

    OF_PHOTOGRAPHS = (*config.Translation.OF_PHOTOGRAPHS, "downs", "unshared")

    rec_weight: float = option(
        10.0, "weight of an image drawn of its own code", "translation", low=0
    )
    prior_weight: float = option(
        0.01, "weight of the mean squared code, for a prior N(0, 1)", "translation", low=0
    )
    code_noise: float = option(
        1.0, "deviation of noise added to codes in training", "translation", low=0
    )
    downs: int = option(2, "halvings of photographs' encoders", "nets", low=1, high=4)
    unshared: int = option(
        1, "these of each domain alone; 0: its first convolution only", "nets", low=0, high=4
    )

    def check(self) -> None:
        """Refuses more halvings of one domain than there are."""
        super().check()
        if self.unshared > self.downs:
            raise UsageError(f"--unshared {self.unshared}: at most --downs {self.downs}")
        if not self.of_digits and self.image_size % 2**self.downs:
            raise UsageError(
                f"--image_size {self.image_size}: must be a multiple of {2**self.downs} (--downs)"
            )


def own(domain: int) -> tuple[str, str]:
    """Names of the nets of one domain alone."""
    return f"enc{domain}", f"dec{domain}"


class Trainer(translation.Translator):
    """All autoencoder parts together, and the discriminators."""

    options: Options

    @property
    def autoencoder(self) -> tuple[str, ...]:
        """Names of all parts."""
        return (*(name for i in self.sides for name in own(i)), *SHARED)

    @property
    def averaged(self) -> tuple[str, ...]:
        """All parts of the autoencoders."""
        return self.autoencoder

    def build_nets(self) -> dict[str, keras.Model]:
        """The parts of the autoencoders and `disc1`, `disc2`."""
        o = self.options
        common = dict(image_size=o.image_size, layers=translation.layers(o))
        kind, width = digits, scaled(64, o.width)
        outer = inner = dict(width=width)
        if not o.of_digits:
            kind, outer = ost, dict(nf=width, unshared=o.unshared)
            inner = outer | dict(downs=o.downs, res_blocks=o.res_blocks or 6)
        nets = {}
        for i in self.sides:
            nets[f"enc{i}"] = kind.unshared_encoder(f"enc{i}", **outer, **common)
            nets[f"dec{i}"] = kind.unshared_decoder(f"dec{i}", **outer, **common)
        nets["shared_enc"] = kind.shared_encoder("shared_enc", **inner, **common)
        nets["shared_dec"] = kind.shared_decoder("shared_dec", **inner, **common)
        return nets | {f"disc{j}": translation.discriminator(o, f"disc{j}") for j in self.judged}

    def build_phases(self) -> list[Phase]:
        """Discriminators, then autoencoders."""
        return [self.judges(), Phase("gen", self.autoencoder, self.gen_terms)]

    # Parts named in `learning` are in training mode; with none, all are those of samples.

    def code(self, x: tf.Tensor, i: int, learning: Collection[str] = ()) -> tf.Tensor:
        """Code of images [N, H, W, C] of domain i."""
        return self._part("shared_enc", self._part(f"enc{i}", x, learning), learning)

    def draw(self, code: tf.Tensor, i: int, learning: Collection[str] = ()) -> tf.Tensor:
        """Images [N, H, W, C] of codes in domain i."""
        return self._part(f"dec{i}", self._part("shared_dec", code, learning), learning)

    def _part(self, name: str, x: tf.Tensor, learning: Collection[str]) -> tf.Tensor:
        net = self.nets[name] if learning else self.sampling_net(name)
        return net(x, training=name in learning)

    def noisy(self, code: tf.Tensor, random: Random) -> tf.Tensor:
        """The code with --code_noise."""
        noise = self.options.code_noise
        return code + tf.cast(noise * random.normal(code.shape), code.dtype) if noise else code

    def translate(self, x: tf.Tensor, source: int, training: bool = False) -> tf.Tensor:
        """Images of domain `source` drawn in the other one."""
        learning = self.autoencoder if training else ()
        return self.draw(self.code(x, source, learning), 3 - source, learning)

    def drawn(self, x: tf.Tensor, source: int, random: Random) -> tf.Tensor:
        """Translations of noisy codes, as the autoencoders are trained on."""
        code = self.noisy(self.code(x, source, self.autoencoder), random)
        return self.draw(code, 3 - source, self.autoencoder)

    def routes(self, x: tf.Tensor, source: int) -> dict[str, tf.Tensor]:
        """Reconstruction, translation, and back."""
        return {f"{source}{source}": self.draw(self.code(x, source), source)} | super().routes(
            x, source
        )

    def gen_terms(self, batch: Batch, random: Random) -> dict[str, tf.Tensor]:
        """Reconstruction, prior, adversary and cycle of both domains."""
        terms, images = {}, self.both(batch, random)
        for i, j in self.ways:
            parts = self._way(images[i], i, j, random)
            terms |= {f"{name}{i}{j}": value for name, value in parts.items()}
        return terms

    def _way(self, x: tf.Tensor, i: int, j: int, random: Random) -> dict[str, tf.Tensor]:
        o, learning = self.options, self.autoencoder
        code = self.code(x, i, learning)
        noisy = self.noisy(code, random)
        there = self.draw(noisy, j, learning)
        code_there = self.code(there, j, learning)
        terms = {
            "rec": o.rec_weight * penalties.distance(self.draw(noisy, i, learning), x),
            "prior": o.prior_weight * (size(code) + size(code_there)),
            "adv": self.fooled(there, j),
        }
        if o.cycle_weight:
            back = self.draw(self.noisy(code_there, random), i, learning)
            terms["cycle"] = o.cycle_weight * penalties.distance(back, x)
        return terms


def size(code: tf.Tensor) -> tf.Tensor:
    """Mean square in float32."""
    return tf.reduce_mean(tf.square(tf.cast(code, tf.float32)))
