"""Options of systems with a discriminator (`Adversarial`) and of those with a prior (`Generative`).

Thesis, section 2.6 and chapter 6.
"""

import dataclasses
from collections.abc import Mapping
from typing import Any

from framework.errors import UsageError
from framework.options import continuation
from framework.options.base import LPIPS_NETS, Options, option
from framework.options.conditions import ON

LOSSES = ("ce", "lsgan", "hinge", "wgan", "minimax")  # keys of `losses.ADVERSARIAL`


@dataclasses.dataclass(frozen=True)
class Adversarial(Options):
    """Options of every system with a discriminator."""

    loss: str = option("ce", "adversarial loss", "adversary", choices=LOSSES)
    disc_penalty: str = option(
        "none", "gradient penalty of the discriminators", "adversary",
        choices=("none", "wgan-gp", "r1", "dragan"),
    )  # fmt: skip
    penalty_weight_d: float = option(
        10.0, "weight of the gradient penalty", "adversary", low=0, only_if=dict(disc_penalty=ON)
    )
    penalty_every: int = option(
        1, "iterations between gradient penalties; each is multiplied by this number", "adversary",
        low=1, only_if=dict(disc_penalty=ON),
    )  # fmt: skip
    disc_iters: int = option(1, "discriminator updates per iteration", "adversary", low=1)
    clip: float = option(
        0.01, "largest absolute weight of a critic that has no gradient penalty", "adversary",
        low=1e-6, only_if=dict(loss="wgan"),
    )  # fmt: skip
    lr_d: float = option(2e-4, "learning rate of the discriminators", "optimisers", low=0)
    lr_g: float = option(2e-4, "learning rate of the generators", "optimisers", low=0)
    lr_schedule: str = option(
        "constant", "change of the learning rates: they fall to 0 (linear, cosine), or they are "
        "halved again and again, gradually (exponential) or at once (step)",
        "optimisers", choices=("constant", "linear", "cosine", "exponential", "step"),
    )  # fmt: skip
    lr_decay_start: int = option(
        0, "iteration at which the learning rates begin to fall", "optimisers", low=0,
        only_if=dict(lr_schedule=ON),
    )  # fmt: skip
    lr_decay_length: int = option(
        5000, "iterations until the learning rates are 0, or between halvings", "optimisers",
        low=1, only_if=dict(lr_schedule=ON),
    )  # fmt: skip
    b1: float = option(0.5, "Adam's beta 1", "optimisers", low=0, high=0.9999)
    b2: float = option(0.999, "Adam's beta 2", "optimisers", low=0, high=0.999999)
    optim_d: str = option(
        "adam", "optimiser of the discriminators", "optimisers", choices=("adam", "sgd", "rms")
    )
    optim_g: str = option(
        "adam", "optimiser of the generators", "optimisers", choices=("adam", "sgd", "rms")
    )
    ema: float = option(
        0.0, "decay of the moving average of the generators' weights, which is used for samples; "
        "0: no average", "optimisers", low=0, high=0.99999,
    )  # fmt: skip
    kid_features: str = option(
        "digit", "features for KID and FID: those of the evaluator (digit), or of Inception v3 for "
        "photographs (downloaded once)", "output", choices=("none", "digit", "inception"),
        inert=True,
    )  # fmt: skip
    lpips_net: str = option(
        "none", "network of the metrics lpips_*: distances within pairs, and from samples to data",
        "output", choices=("none", *LPIPS_NETS), inert=True,
    )  # fmt: skip
    lpips_weights: str | None = option(
        None, "folder with the weights of --lpips_net (default: <data_dir>/lpips)", "output",
        inert=True, only_if=dict(lpips_net=ON),
    )  # fmt: skip
    width: float = option(
        1.0, "factor on the widths of hidden layers; 1: as in the thesis", "nets", low=0.001
    )
    upsample: str = option(
        "transpose", "how generators enlarge feature maps: by transposed convolutions, or by "
        "repeated pixels and a convolution, which avoids checkerboard patterns", "nets",
        choices=("transpose", "nearest"),
    )  # fmt: skip
    weight_init: str = option(
        "xavier", "distribution of the initial kernels", "nets", choices=("normal", "xavier", "he")
    )
    weight_decay: float = option(
        0.0, "c in c * sum(kernel^2), which is added to each loss", "nets", low=0
    )

    @property
    def rates_end(self) -> int | None:
        """As in `Options`: where a linear or cosine schedule ends."""
        falls_to_zero = self.lr_schedule in ("linear", "cosine")
        return self.lr_decay_start + self.lr_decay_length if falls_to_zero else None

    def check_given(self, given: Mapping[str, Any]) -> None:
        """Also refuses learning rates of 0 before the end, and penalties that mix images."""
        super().check_given(given)
        end = self.rates_end
        if end is not None and end < self.iterations and not continuation.done_already(self):
            half = self.iterations // 2
            raise UsageError(
                f"--iterations {self.iterations}: learning rates are 0 from {end} on "
                f"(--lr_decay_start, --lr_decay_length); add --lr_decay_start {half} "
                f"--lr_decay_length {self.iterations - half}"
            )
        if self.disc_penalty != "none" and getattr(self, "norm", "none") == "batch":
            raise UsageError(
                f"--disc_penalty {self.disc_penalty}: these discriminators have batch norm, so "
                "that no image has a gradient of its own"
            )


@dataclasses.dataclass(frozen=True)
class Generative(Adversarial):
    """Options of every system that generates images from a latent vector."""

    noise_dim: int = option(100, "length of the latent vector z", "nets", low=1)
    noise_type: str = option("uniform", "distribution of z", "nets", choices=("uniform", "normal"))
    prelu: str = option(
        "channel", "PReLU has one slope per channel, per element or per layer", "nets",
        choices=("channel", "element", "layer"),
    )  # fmt: skip
    bias_init: float = option(0.1, "initial value of the biases", "nets")
