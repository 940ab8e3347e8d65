"""LORD: learns a code per class and one per image, then encoders that predict these codes."""

import dataclasses

from framework.errors import UsageError
from framework.options.base import inherited, option
from framework.options.conditions import ON
from framework.options.exchange import Exchange
from framework.options.stages import TwoStages

PERCEPTUAL = dict(perceptual_weight=ON)


@dataclasses.dataclass(frozen=True)
class Options(Exchange, TwoStages):
    """Options of `--gan_type lord`."""

    iterations: int = option(
        5000, "training updates, over which the learning rates fall to --lr_end", "training",
        low=1, aliases=("epochs",),
    )  # fmt: skip
    batch_size: int = option(128, "images per update, all devices", "training", low=1)
    perceptual_net: str = inherited(Exchange, "perceptual_net", only_if=PERCEPTUAL)
    perceptual_weights: str | None = inherited(Exchange, "perceptual_weights", only_if=PERCEPTUAL)
    content_dim: int = option(128, "length of a content code", "nets", low=1)
    style_dim: int = option(256, "length of a class code", "nets", low=1)
    content_noise: float = option(
        1.0, "standard deviation of the noise that stage 1 adds to content codes", "exchange", low=0
    )
    content_decay: float = option(
        1e-4, "weight of the squared length of content codes in stage 1", "exchange", low=0
    )
    perceptual_weight: float = option(
        1.0, "weight of the perceptual distance between images; the distance between pixels has "
        "weight 1", "exchange", low=0,
    )  # fmt: skip
    code_weight: float = option(
        10.0, "weight of the mean squared difference of codes in stage 2", "exchange", low=0,
        only_if=dict(stage=2),
    )  # fmt: skip
    identity_metric: str = inherited(Exchange, "identity_metric", only_if=dict(stage=2))
    lpips_net: str = inherited(Exchange, "lpips_net", only_if=dict(stage=2))
    lr_g: float = option(3e-4, "learning rate of the generator in stage 1", "optimisers", low=0)
    lr_codes: float = option(3e-3, "learning rate of the codes in stage 1", "optimisers", low=0)
    lr_stage2: float = option(
        1e-4, "learning rate of all networks in stage 2", "optimisers", low=0,
        aliases=("lr_phase2",), only_if=dict(stage=2),
    )  # fmt: skip
    lr_end: float = option(
        1e-5, "value of all learning rates in the last iteration", "optimisers", low=0
    )

    def check(self) -> None:
        """Refuses image sizes that the generator cannot reach by doubling."""
        super().check()
        if self.image_size % 2**self.adain_layers:
            raise UsageError(
                f"--image_size {self.image_size}: must be a multiple of {2**self.adain_layers}, "
                "or set --adain_layers lower"
            )
