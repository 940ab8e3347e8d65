"""Options of systems that translate images of one domain into the other (cyclegan, unit, ost)."""

import dataclasses

from framework.errors import UsageError
from framework.options.adversarial import LOSSES, Adversarial
from framework.options.base import option
from framework.options.conditions import Allowed

# Images below 64x64 have the networks of `nets.digits`, larger ones those of photographs.
OF_PHOTOGRAPHS = dict(of_digits=Allowed((False,), "--image_size 64 or larger"))


@dataclasses.dataclass(frozen=True)
class Translation(Adversarial):
    """Options of every system that translates images between two domains."""

    cogan_data: str = option("mini2street", "pair of domains that the command `list` shows", "data")
    max_items_A: int = option(
        0, "training images of domain 1, chosen at random; 0: all", "data", low=0
    )
    batch_size: int = option(16, "images per domain and update, all devices", "training", low=1)
    loss: str = option("lsgan", "adversarial loss", "adversary", choices=LOSSES, aliases=("adv",))
    adv_weight: float = option(
        2.0, "weight of the adversarial loss; 2 cancels the factor 1/2 of lsgan, as published",
        "translation", low=0,
    )  # fmt: skip
    cycle_weight: float = option(
        10.0, "weight of the cycle reconstruction: images translated to the other domain and back",
        "translation", low=0,
    )  # fmt: skip
    augment: bool = option(
        False, "shift, rotate and scale training images at random in each iteration", "translation"
    )
    pool: int = option(
        0, "earlier translations per domain that are kept and shown to the discriminators again",
        "adversary", low=0,
    )  # fmt: skip
    d_width: float = option(
        1.0, "factor on discriminator widths, multiplied by --width", "nets", low=0.001
    )
    d_layers: int = option(
        3, "strided layers of the patch discriminators for photographs", "nets", low=1, high=6,
        only_if=OF_PHOTOGRAPHS,
    )  # fmt: skip
    res_blocks: int = option(
        0, "residual blocks of the networks for photographs; 0: as many as published", "nets",
        low=0, only_if=OF_PHOTOGRAPHS,
    )  # fmt: skip

    @property
    def of_digits(self) -> bool:
        """Whether the networks are those for digits."""
        return self.image_size < 64

    @property
    def directions(self) -> tuple[tuple[int, int], ...]:
        """Source and target domain of each translation that is learned."""
        return (1, 2), (2, 1)

    @property
    def norm(self) -> str:
        """Normalisation of the discriminators.

        With batch norm, real images and translations must not share a batch.
        """
        return "batch" if self.of_digits else "instance"

    def check(self) -> None:
        """Refuses image sizes that the networks cannot halve as often as they do."""
        super().check()
        size, halvings = self.image_size, 3 if self.of_digits else max(self.d_layers, 2)
        if size % 8:
            raise UsageError(f"--image_size {size}: must be a multiple of 8")
        if not self.of_digits and size >> halvings < 4:
            raise UsageError(f"--d_layers {self.d_layers}: too many for images of {size}x{size}")
