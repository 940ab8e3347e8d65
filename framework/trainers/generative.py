"""Capabilities of systems that generate images from latent vectors."""

import keras
import numpy as np

from framework.engine import inversion
from framework.engine.randomness import sample_latent
from framework.engine.system import System
from framework.options.adversarial import Generative
from framework.utils import batched
from nets import plain


class Generators(System):
    """Generators that map a latent vector to one image each (`capabilities.Samples`)."""

    options: Generative
    generators: tuple[str, ...]
    """Names of the networks z [N, D] -> (image [N, H, W, C], features), one per domain."""

    def latent(self, rows: int, seed: int) -> np.ndarray:
        """Draws random latent vectors [rows, noise_dim], the same for the same seed."""
        return sample_latent(self.options.noise_type, rows, self.options.noise_dim, seed)

    def sample(self, z: np.ndarray) -> tuple[np.ndarray, ...]:
        """Generates images [N, H, W, C] in [-1, 1], or points [N, 2], one array per domain."""
        nets = [self.net(name) for name in self.generators]
        return batched(lambda rows: tuple(net(rows, training=False)[0] for net in nets), z)

    def exports(self) -> dict[str, keras.Model]:
        """Returns `generator`, or `generator1` and `generator2`: z [N, D] -> image."""
        numbers = [""] if len(self.generators) == 1 else range(1, len(self.generators) + 1)
        return {
            f"generator{number}": plain.without_features(self.net(name))
            for number, name in zip(numbers, self.generators, strict=True)
        }


class CoupledGenerators(Generators):
    """Generators of several domains: an image of one has a partner in each other domain."""

    def invert(
        self,
        images: np.ndarray,
        domain: int,
        *,
        restarts: int = 4,
        steps: int = 300,
        seed: int = 0,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Finds latent vectors of images: Liu and Tuzel, arXiv 1606.07536, section 4.

        Args:
            images: images [N, H, W, C] in [-1, 1] of one domain.
            domain: number of this domain, from 1.
            restarts: random starts per image.
            steps: updates per start.
            seed: seed of the starts.

        Returns:
            Latent vectors [N, noise_dim], and the mean squared pixel error [N] of each image.
        """
        return inversion.invert(
            self.net(self.generators[domain - 1]), images, self.options.noise_type,
            restarts=restarts, steps=steps, seed=seed,
        )  # fmt: skip
