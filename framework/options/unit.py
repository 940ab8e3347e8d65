"""UNIT: two autoencoders that share their inner layers, so that codes have no domain."""

import dataclasses

from framework.errors import UsageError
from framework.options.base import option
from framework.options.translation import OF_PHOTOGRAPHS, Translation


@dataclasses.dataclass(frozen=True)
class Options(Translation):
    """Options of `--gan_type unit`."""

    rec_weight: float = option(
        10.0, "weight of the reconstruction of an image from its own code", "translation", low=0
    )
    prior_weight: float = option(
        0.01, "weight of the mean squared code, which follows from a prior N(0, 1)", "translation",
        low=0,
    )  # fmt: skip
    code_noise: float = option(
        1.0, "standard deviation of the noise that training adds to codes", "translation", low=0
    )
    downs: int = option(
        2, "strided layers of the encoders for photographs, each of which halves the size", "nets",
        low=1, high=4, only_if=OF_PHOTOGRAPHS,
    )  # fmt: skip
    unshared: int = option(
        1, "how many of the --downs layers each domain has for itself; 0: its first convolution "
        "only", "nets", low=0, high=4, only_if=OF_PHOTOGRAPHS,
    )  # fmt: skip

    def check(self) -> None:
        """Refuses more unshared halvings than there are."""
        super().check()
        if self.unshared > self.downs:
            raise UsageError(f"--unshared {self.unshared}: at most --downs {self.downs}")
        if not self.of_digits and self.image_size % 2**self.downs:
            raise UsageError(
                f"--image_size {self.image_size}: must be a multiple of {2**self.downs} (--downs)"
            )
