"""GAN: one generator against one discriminator on one image domain, or on the points of a ring.

Goodfellow et al., arXiv 1406.2661; Wasserstein critic with penalty: Gulrajani et al., 1704.00028.
"""

import dataclasses
import functools

import keras
import numpy as np
import tensorflow as tf

from framework import adversarial, config, evaluate, losses
from framework.config import option
from framework.data import ring
from framework.errors import UsageError
from framework.phase import Batch, Phase
from framework.utils import Random
from nets import gan

POINTS = 2000  # of a sheet and of `stat/modes`: a density needs more than a sheet of images


@dataclasses.dataclass(frozen=True)
class Options(config.Generative):
    """Options of `--gan_type gan`."""

    dataset: str = option("mnist", "data set of a single GAN or classifier; see `list`", "data")
    arch: str = option(
        "digit", "nets of a single GAN", "nets", choices=("digit", "32", "64", "toy")
    )

    def check(self) -> None:
        """Refuses images of another size than the nets make, and points for nets of images."""
        super().check()
        if (self.arch == "toy") != (self.dataset == "ring"):
            raise UsageError(
                f"--arch {self.arch}: --dataset {self.dataset} does not go with it; the points of "
                "ring are for toy, and for no other"
            )
        if self.arch == "toy":
            return
        size = 64 if self.arch == "64" else 32
        if self.image_size != size:
            raise UsageError(f"--image_size {self.image_size}: --arch {self.arch} makes {size}")

    def check_asked(self, asked: dict[str, object]) -> None:
        """Also refuses metrics of images for points."""
        super().check_asked(asked)
        for name in ("lpips_net", "kid_features"):
            if name in asked and self.arch == "toy":
                raise UsageError(f"--{name}: for images, not for the points of --arch toy")


class Trainer(adversarial.Trainer):
    """One generator, one discriminator."""

    contract = "single"
    averaged = ("gen",)
    options: Options

    def build_nets(self) -> dict[str, keras.Model]:
        """`gen` and `disc` of --arch."""
        o = self.options
        shared = dict(width=o.width, style=adversarial.style(o))
        return {
            "gen": gan.generator(o.arch, noise_dim=o.noise_dim, **shared),
            "disc": gan.discriminator(o.arch, **shared),
        }

    def build_phases(self) -> list[Phase]:
        """Discriminator, then generator."""
        return [
            self.disc_phase(("disc",), self.disc_terms),
            Phase("gen", ("gen",), self.gen_terms),
        ]

    def disc_terms(self, batch: Batch, random: Random) -> dict[str, tf.Tensor]:
        """Adversarial loss and penalty of the discriminator."""
        real = batch["x1"]
        fake, _ = self.nets["gen"](self.latent(real.shape[0], random), training=True)
        disc = functools.partial(self.nets["disc"], training=True)
        return adversarial.disc_terms(self.options, disc, real, fake, random)

    def gen_terms(self, batch: Batch, random: Random) -> dict[str, tf.Tensor]:
        """Adversarial loss of the generator."""
        z = self.latent(batch["x1"].shape[0], random)
        fake, _ = self.nets["gen"](z, training=True)
        logits = self.nets["disc"](fake, training=True)
        return {"adv": losses.ADVERSARIAL[self.options.loss].gen(logits)}

    def sample(self, z: np.ndarray) -> tuple[np.ndarray, ...]:
        """Images [N, H, W, C], or points [N, 2], of latent vectors [N, noise_dim]."""
        return self.generate(("gen",), z)

    # The ring: its modes are known, so no evaluator is needed

    @property
    def on_ring(self) -> bool:
        """Whether the samples are points of the ring and not images."""
        return self.options.arch == "toy"

    def sheet(self) -> None:
        """On the ring, the density of samples beside that of real points."""
        if not self.on_ring:
            super().sheet()
        elif self.run:
            real = self.data.domains[0].images[:POINTS]
            fake = self.sample(self.fixed_latent(POINTS))
            self.run.sheet((*fake, real), f"{int(self.step):06d}")

    def statistics(self) -> dict[str, float]:
        """On the ring, how many modes are covered and how many points are close to one."""
        if not self.on_ring:
            return super().statistics()
        found = self._modes(self.sample(self.fixed_latent(POINTS))[0], "")
        return {
            "stat/modes": float(found["modes_covered"]["value"]),
            "stat/high_quality": found["high_quality"]["value"],
        }

    def metrics(self) -> dict[str, dict]:
        """On the ring, the modes covered by --eval_pairs samples; real points beside them."""
        o = self.options
        if not self.on_ring or not o.eval_pairs:
            return super().metrics()
        source = f"z seed {o.seed + 2}, iteration {int(self.step)}"
        found = self._modes(self.sample(self.fixed_latent(o.eval_pairs, o.seed + 2))[0], source)
        real = self._modes(self.data.domains[0].test_images, "real points")
        return found | {"real_high_quality": real["high_quality"]}

    def _modes(self, points: np.ndarray, protocol: str) -> dict[str, dict]:
        return evaluate.modes(points, ring.centres(), ring.SIGMA, protocol)
