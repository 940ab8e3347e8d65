"""The workloads: networks and updates of one training iteration, the same for all contenders."""

from dataclasses import dataclass

import numpy as np

LEARNING_RATE, BETAS = 2e-4, (0.5, 0.999)
PENALTY = FEATURE = SEMANTIC = CYCLE = 10.0
CONTENT, STYLE = 1e-3, 1e-11
FEATURE_MAPS = 3
NOISE_DIM, CLASSES = 100, 10


@dataclass(frozen=True)
class Workload:
    """One iteration: `critic_steps` updates of both critics, then one of all other networks.

    Attributes:
        help: one line for the table.
        loss: `wgan`, which has the gradient penalty, or `ce`, which has none.
        critic_steps: updates of both critics, on different batches.
        image_size: 32 (digit nets) or 128 (face nets).
        batch_size: images per domain and update.
        perceptual: whether VGG19 terms replace the feature, semantic and latent-cycle terms.
        width: factor on all hidden widths; 1 is the thesis.
        gib: memory that a contender may need; limits how many are in memory together.
    """

    help: str
    loss: str = "wgan"
    critic_steps: int = 5
    image_size: int = 32
    batch_size: int = 128
    perceptual: bool = False
    width: float = 1.0
    gib: float = 6.0

    def units(self, count: int) -> int:
        """Returns the width of a layer of `count` units in the thesis."""
        return max(1, round(count * self.width))


WORKLOADS = {
    "W1": Workload("digits, WGAN-GP, five critic steps, feature + semantic + latent cycle"),
    "W2": Workload("as W1 with `ce` and one critic step", loss="ce", critic_steps=1),
    "W3": Workload("faces 128x128, batch 16, terms of W1", image_size=128, batch_size=16),
    "W4": Workload("W1 with the perceptual terms instead", perceptual=True, gib=10.0),
    "tiny": Workload("W2 with tiny nets, to try the bench", "ce", 1, batch_size=8, width=0.02),
}


def images(workload: Workload, domain: int) -> np.ndarray:
    """Returns random uint8 images [N, S, S, 3] of a domain, sixteen batches."""
    shape = (16 * workload.batch_size, workload.image_size, workload.image_size, 3)
    return np.random.default_rng(domain).integers(0, 256, shape, np.uint8)
