"""Content transfer: removes what only images of domain 2 have, or adds it to those of domain 1."""

import dataclasses
from typing import ClassVar

from framework.errors import UsageError
from framework.options.base import option
from framework.options.conditions import ON
from framework.options.encoding import Encoding


@dataclasses.dataclass(frozen=True)
class Options(Encoding):
    """Options of `--gan_type content`."""

    flips_itself: ClassVar[bool] = True

    content_variant: str = option(
        "press", "variant: two encoders and a decoder (press), also a decoder of masks (mask), or "
        "Fader Networks (fader)", "content", choices=("press", "mask", "fader"),
    )  # fmt: skip
    cogan_data: str = option(
        "mini2accessory", "pair of domains that the command `list` shows", "data"
    )
    batch_size: int = option(32, "images per domain and update, all devices", "training", low=1)
    sep: int = option(
        25, "channels of the code of what only domain 2 has", "content", low=1,
        only_if=dict(content_variant=("press", "mask")),
    )  # fmt: skip
    disc_weight: float = option(
        0.001, "weight of the adversarial loss that hides the domain in common codes; published: "
        "0.001, mask 0.005, fader 0.0001", "content", low=0,
    )  # fmt: skip
    disc_ramp: int = option(
        0, "iterations in which the weight of the adversarial loss rises from 0 to --disc_weight",
        "content", low=0, only_if=dict(disc_weight=ON),
    )  # fmt: skip
    rec_norm: str = option(
        "l1", "distance between images and their reconstructions", "content", choices=("l1", "l2")
    )
    flip: bool = option(False, "mirror training images with probability 1/2", "content")
    mask_threshold: float = option(
        0.1, "mask value above which removal replaces a pixel", "content", low=0, high=1,
        only_if=dict(content_variant="mask"),
    )  # fmt: skip
    norm: str = option(
        "auto", "normalisation of the networks; auto: batch for images below 128 pixels and for "
        "fader, else instance", "nets", choices=("auto", "batch", "instance"),
    )  # fmt: skip
    upsample: str = option(
        "transpose", "how decoders enlarge feature maps: by transposed convolutions, or by "
        "repeated pixels and a convolution", "nets", choices=("transpose", "nearest"),
    )  # fmt: skip
    lr_d: float = option(2e-4, "learning rate of the discriminators", "optimisers", low=0)
    clip_norm: float = option(
        5.0, "largest norm of the gradient of a phase, over all its weights; 0: no limit",
        "optimisers", low=0,
    )  # fmt: skip

    def check(self) -> None:
        """Refuses image sizes that cannot be halved to 2x2."""
        super().check()
        if self.image_size < 16 or self.image_size & (self.image_size - 1):
            raise UsageError(f"--image_size {self.image_size}: must be a power of two, at least 16")
