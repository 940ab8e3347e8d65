"""Options of systems that exchange codes, translate images, or learn in two phases."""

import dataclasses
from typing import ClassVar

from framework.errors import UsageError
from framework.options import (
    CLASSIFIERS,
    LOSSES,
    LPIPS_NETS,
    Adversarial,
    Encoding,
    Options,
    option,
)


@dataclasses.dataclass(frozen=True)
class Exchange(Encoding):
    """What every system that exchanges content and style of two images can be told."""

    NEEDS = Encoding.NEEDS | dict(lpips_net=("lpips_weights",))

    dataset: str = option(
        "mini2street", "data set, several joined by +, or both domains of a pair", "data"
    )
    perceptual_net: str = option(
        "vgg16", "network V that compares images (cyclefunit, lord); classifier: one trained here",
        "exchange", choices=("vgg16", "vgg19", "squeeze", "alex", "classifier"),
    )  # fmt: skip
    perceptual_weights: str | None = option(
        None, "file or folder of weights of --perceptual_net", "exchange"
    )
    classifier_arch: str = option(
        "strided", "net of a classifier trained here", "nets", choices=CLASSIFIERS
    )
    classifier_iterations: int = option(
        2000, "updates of a classifier trained here", "exchange", low=1
    )
    classifier_width: float = option(
        1.0, "factor on hidden widths of a classifier trained here", "nets", low=0.001
    )
    evaluator_arch: str = option(
        "pooled", "net of the evaluator", "output", choices=CLASSIFIERS, inert=True
    )
    gen_width: float = option(
        1.0, "factor on widths of LORD's generator, times --width", "nets", low=0.001
    )
    content_dim: int = option(256, "length of a content code (naive, lord)", "nets", low=1)
    style_dim: int = option(64, "length of a style code", "nets", low=1)
    adain_layers: int = option(4, "AdaIN layers of LORD's generator", "nets", low=1)
    identity_metric: str = option(
        "none", "network of faces for the metrics identity_*", "output",
        choices=("none", "face128", "resnet50"), inert=True,
    )  # fmt: skip
    identity_weights: str | None = option(
        None, "file or folder of weights of networks of faces", "exchange"
    )
    lpips_net: str = option(
        "none", "network of the metrics lpips_*", "output",
        choices=("none", *LPIPS_NETS), inert=True,
    )  # fmt: skip
    lpips_weights: str | None = option(
        None, "folder of its weights (default: <data_dir>/lpips)", "output", inert=True
    )

    def check(self) -> None:
        """Refuses a judge of itself."""
        super().check()
        if self.classifier_arch == self.evaluator_arch:
            raise UsageError(
                f"--evaluator_arch {self.evaluator_arch}: must be another one than "
                "--classifier_arch, which may have taught the nets"
            )


@dataclasses.dataclass(frozen=True)
class TwoPhases(Options):
    """What every system can be told that learns one thing first and the rest after it."""

    OF_PHASE_2 = ("phase1_iterations", "pretrained")
    ONLY = {("phase", (2,)): OF_PHASE_2}

    phase: int = option(
        2, "1: what is learned first alone (ost: an autoencoder of domain 2; lord: a code of each "
        "training image); 2: what follows", "phases", low=1, high=2,
    )  # fmt: skip
    pretrained: str | None = option(
        None, "run folder of phase 1 (default: trained now and kept)", "phases"
    )
    phase1_iterations: int = option(10_000, "updates of a phase 1 trained now", "phases", low=1)


@dataclasses.dataclass(frozen=True)
class Translation(Adversarial):
    """What every system that translates images of one domain into the other can be told.

    Images below 64x64 have nets of digits (`nets.digits`), larger ones those of photographs.
    """

    OF_PHOTOGRAPHS: ClassVar[tuple[str, ...]] = ("d_layers", "res_blocks")

    cogan_data: str = option("mini2street", "pair of image domains; see `main.py list`", "data")
    max_items_A: int = option(
        0, "training images of domain 1, drawn at random; 0: all", "data", low=0
    )
    batch_size: int = option(16, "images per domain and update, all devices", "training", low=1)
    loss: str = option("lsgan", "adversarial loss", "adversary", choices=LOSSES, aliases=("adv",))
    adv_weight: float = option(
        2.0, "weight of the adversarial loss; 2 takes the half out of lsgan, as published",
        "translation", low=0,
    )  # fmt: skip
    cycle_weight: float = option(
        10.0, "weight of images that went to the other domain and back", "translation", low=0
    )
    augment: bool = option(
        False, "shift, turn and scale training images anew in each iteration", "translation"
    )
    pool: int = option(
        0, "earlier translations per domain that discriminators are shown again", "adversary", low=0
    )
    d_width: float = option(1.0, "factor on discriminator widths, times --width", "nets", low=0.001)
    d_layers: int = option(
        3, "strided rows of the patch discriminators of photographs", "nets", low=1, high=6
    )
    res_blocks: int = option(
        0, "residual blocks of photographs' nets; 0: as many as published", "nets", low=0
    )

    @property
    def of_digits(self) -> bool:
        """Whether the nets are those of digits."""
        return self.image_size < 64

    @property
    def norm(self) -> str:
        """Norm of the discriminators: batch norm must not mix real images and translations."""
        return "batch" if self.of_digits else "instance"

    def check(self) -> None:
        """Refuses sizes that the nets cannot halve as often as they do."""
        super().check()
        size, halvings = self.image_size, 3 if self.of_digits else max(self.d_layers, 2)
        if size % 8:
            raise UsageError(f"--image_size {size}: must be a multiple of 8")
        if not self.of_digits and size >> halvings < 4:
            raise UsageError(f"--d_layers {self.d_layers}: too many for images of {size}x{size}")

    def check_asked(self, asked: dict[str, object]) -> None:
        """Also refuses sizes of nets of photographs where those of digits are used."""
        super().check_asked(asked)
        for name in self.OF_PHOTOGRAPHS:
            if self.of_digits and name in asked:
                raise UsageError(f"--{name}: for --image_size 64 and larger")
