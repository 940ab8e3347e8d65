"""CoGAN: two GANs on two domains; the first generator and last discriminator layers are shared.

Liu and Tuzel, Coupled Generative Adversarial Networks, arXiv 1606.07536. Images are 32x32 digits or
photographs of 64x64, 128x128 and 256x256 pixels, each size with networks of its own.
"""

import dataclasses
import functools
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

from framework import adversarial, config, evaluate, losses, penalties
from framework.config import option
from framework.errors import UsageError
from framework.phase import Batch, Phase
from framework.utils import Random
from nets import blocks, cogan, faces

GENS = ("gen1", "gen2")
DISCS = ("disc1", "disc2")


@dataclasses.dataclass(frozen=True)
class Options(config.Generative):
    """Options of `--gan_type cogan`."""

    # By image size, blocks of a (generator, discriminator): that can be shared, that CoGAN shares.
    BLOCKS = {32: (4, 4), 64: (5, 7), 128: (6, 8), 256: (7, 8)}
    THESIS = {32: (4, 3), 64: (4, 6), 128: (5, 7), 256: (6, 7)}

    cogan_data: str = option("mnist2edge", "pair of image domains; see `main.py list`", "data")
    g_shared_layers: int = option(
        -1, "generator blocks shared, from the latent vector on (Dense counts); -1: as the "
        "thesis' CoGAN (4; at 128 pixels 5, at 256 6)", "coupling", low=-1, high=7,
    )  # fmt: skip
    d_shared_layers: int = option(
        -1, "discriminator blocks shared, counted from the output; -1: all but the first",
        "coupling", low=-1, high=8,
    )  # fmt: skip
    use_firstlayer: bool = option(False, "extra 4x4 layer of the thesis' Table 3.1", "nets")
    residual: bool = option(
        False, "generators of residual blocks (proposed in the thesis' chapter 7)", "nets"
    )
    d_arch: str = option(
        "lenet", "discriminators of 32x32 images: lenet is the thesis'", "nets",
        choices=("lenet", "strided"),
    )  # fmt: skip
    d_width: float = option(1.0, "factor on discriminator widths, times --width", "nets", low=0.001)
    norm: str = option(
        "none", "normalisation in the discriminators", "nets",
        choices=("none", "batch", "layer", "channel", "instance"),
    )  # fmt: skip

    @property
    def shared(self) -> tuple[int, int]:
        """How many blocks the generators share, how many the discriminators."""
        asked, thesis = (self.g_shared_layers, self.d_shared_layers), self.THESIS[self.image_size]
        return tuple(n if n >= 0 else usual for n, usual in zip(asked, thesis, strict=True))

    @property
    def maps(self) -> int:
        """How many feature maps a generator emits: of all hidden blocks but the first."""
        return self.BLOCKS[self.image_size][0] - 1 + self.use_firstlayer

    def check(self) -> None:
        """Refuses an image size without nets and what the nets of a size do not have."""
        super().check()
        size = self.image_size
        if size not in self.BLOCKS:
            known = ", ".join(map(str, self.BLOCKS))
            raise UsageError(f"--image_size {size}: there are nets for {known}")
        if size != 32 and self.use_firstlayer:
            raise UsageError(f"--use_firstlayer: only for 32x32 images, not for {size}x{size}")
        if self.residual and self.use_firstlayer:
            raise UsageError("--use_firstlayer: generators of --residual blocks have no such layer")
        if size != 32 and self.d_arch != "lenet":
            raise UsageError(
                f"--d_arch {self.d_arch}: only for 32x32 images; {size}x{size} ones have one net"
            )
        for i, team in enumerate(("generator", "discriminator")):
            asked, most = self.shared[i], self.BLOCKS[size][i]
            if asked > most:
                flag = f"--{team[0]}_shared_layers {asked}"
                raise UsageError(f"{flag}: a {team} of {size}x{size} images has {most} blocks")


class Fakes(NamedTuple):
    """One generator pass over both domains; every field but z is a pair.

    `logits` are a frozen classifier's for the images, where a system has one. `seen` are a frozen
    trunk's maps, several for each of image 1, image 2, real 1, real 2.
    """

    z: tf.Tensor
    images: tuple[tf.Tensor, tf.Tensor]
    features: tuple[tuple[tf.Tensor, ...], tuple[tf.Tensor, ...]]
    reals: tuple[tf.Tensor, tf.Tensor]
    logits: tuple[tf.Tensor, ...] = ()
    seen: tuple[tuple[tf.Tensor, ...], ...] = ()


def digit_nets(o: Options) -> tuple[keras.Model, ...]:
    """Both generators and both discriminators of 32x32 images."""
    style = adversarial.style(o)
    gens = cogan.digit_generators(
        noise_dim=o.noise_dim, width=o.width, shared_layers=o.shared[0],
        use_firstlayer=o.use_firstlayer, residual=o.residual, style=style,
    )  # fmt: skip
    discs = cogan.digit_discriminators(
        image_size=o.image_size, width=o.width * o.d_width, shared_layers=o.shared[1],
        arch=o.d_arch, norm=o.norm, style=style,
    )  # fmt: skip
    return gens + discs


def face_nets(o: Options) -> tuple[keras.Model, ...]:
    """Both generators and both discriminators of larger images."""
    style = adversarial.style(o)
    gens = faces.generators(
        o.image_size, noise_dim=o.noise_dim, width=o.width, shared_layers=o.shared[0],
        residual=o.residual, style=style,
    )  # fmt: skip
    discs = faces.discriminators(
        o.image_size, width=o.width * o.d_width, shared_layers=o.shared[1], norm=o.norm,
        style=style,
    )  # fmt: skip
    return gens + discs


NETS = {32: digit_nets, 64: face_nets, 128: face_nets, 256: face_nets}


class Trainer(adversarial.Trainer):
    """Two generators that see the same z, two discriminators; each team has one optimiser."""

    contract = "domains"
    averaged = GENS
    options: Options

    def build_nets(self) -> dict[str, keras.Model]:
        """`gen1`, `gen2`, `disc1`, `disc2`; sharing is decided inside the nets."""
        o = self.options
        return dict(zip(GENS + DISCS, NETS[o.image_size](o), strict=True))

    def build_phases(self) -> list[Phase]:
        """Both discriminators, then both generators, each pair as one joint step."""
        return [
            self.disc_phase(DISCS, self.disc_terms),
            Phase("gen", self.team(), self.gen_terms),
        ]

    def team(self) -> tuple[str, ...]:
        """Names of the nets that learn with the generators' update."""
        return GENS

    def fakes(self, batch: Batch, random: Random) -> Fakes:
        """Both generators in training mode on the same new z."""
        reals = (batch["x1"], batch["x2"])
        z = self.latent(reals[0].shape[0], random)
        (fake1, features1), (fake2, features2) = (self.nets[g](z, training=True) for g in GENS)
        return Fakes(z, (fake1, fake2), (features1, features2), reals)

    def disc_terms(self, batch: Batch, random: Random) -> dict[str, tf.Tensor]:
        """Adversarial loss and penalty of each discriminator on its own domain."""
        fakes, terms = self.fakes(batch, random), {}
        for i, name in enumerate(DISCS):
            disc = functools.partial(self.nets[name], training=True)
            real, fake = fakes.reals[i], fakes.images[i]
            parts = adversarial.disc_terms(self.options, disc, real, fake, random)
            terms |= {f"{key}{i + 1}": value for key, value in parts.items()}
        return terms

    def gen_terms(self, batch: Batch, random: Random) -> dict[str, tf.Tensor]:
        """Adversarial loss of each generator and every regulariser, weighted."""
        fakes = self.fakes(batch, random)
        loss = losses.ADVERSARIAL[self.options.loss].gen
        terms = {
            f"adv{i + 1}": loss(self.nets[name](fakes.images[i], training=True))
            for i, name in enumerate(DISCS)
        }
        return terms | self.regularisers(fakes)

    def regularisers(self, fakes: Fakes) -> dict[str, tf.Tensor]:
        """Further weighted terms of the generators; none here."""
        return {}

    def sample(self, z: np.ndarray) -> tuple[np.ndarray, ...]:
        """Pairs of images, each [N, H, W, C], of latent vectors [N, noise_dim]."""
        return self.generate(GENS, z)

    def measure_samples(
        self, fakes: tuple, reals: list, classify: evaluate.Classify, protocol: str
    ) -> dict[str, dict]:
        """Metrics of pairs: do both images of a pair show the same class?"""
        return evaluate.pairs(*fakes, classify, real1=reals[0], real2=reals[1], protocol=protocol)

    def models(self) -> dict[str, keras.Model]:
        """Each team as one model: saved apart, what they share would be saved twice."""
        z = keras.Input((self.options.noise_dim,), name="z")
        x = [keras.Input(self.nets[name].input_shape[1:], name=f"x{name[-1]}") for name in DISCS]
        images = [blocks.on(self.sampling_net(name), z)[0] for name in GENS]
        logits = [blocks.on(self.nets[name], x[i])[0] for i, name in enumerate(DISCS)]
        pairs = {
            "generators": keras.Model(z, images, name="generators"),
            "discriminators": keras.Model(x, logits, name="discriminators"),
        }
        return pairs | {name: net for name, net in self.nets.items() if name not in GENS + DISCS}

    def statistics(self) -> dict[str, float]:
        """How far the generators' weights have moved apart (thesis figure 4.1)."""
        pair = [self.nets[name].trainable_variables for name in GENS]
        return {"stat/weight_diff": float(penalties.weight_distance(*pair))}
