"""GAN: one generator and one discriminator on one image domain, or on points of a ring."""

import dataclasses

from framework.errors import UsageError
from framework.options.adversarial import Adversarial, Generative
from framework.options.base import inherited, option

IMAGES = dict(arch=("digit", "32", "64"))


@dataclasses.dataclass(frozen=True)
class Options(Generative):
    """Options of `--gan_type gan`."""

    dataset: str = option("mnist", "data set that the command `list` shows", "data")
    arch: str = option(
        "digit", "architecture: for digits, for images of 32x32 or 64x64 pixels, or for points of "
        "the plane (toy)", "nets", choices=("digit", "32", "64", "toy"),
    )  # fmt: skip
    kid_features: str = inherited(Adversarial, "kid_features", only_if=IMAGES)
    lpips_net: str = inherited(Adversarial, "lpips_net", only_if=IMAGES)

    def check(self) -> None:
        """Refuses image sizes that the networks do not have, and networks of images for points."""
        super().check()
        if (self.arch == "toy") != (self.dataset == "ring"):
            raise UsageError(
                f"--arch {self.arch}: not for --dataset {self.dataset}; the points of ring need "
                "--arch toy, and images another one"
            )
        if self.arch == "toy":
            return
        size = 64 if self.arch == "64" else 32
        if self.image_size != size:
            raise UsageError(f"--image_size {self.image_size}: --arch {self.arch} needs {size}")
