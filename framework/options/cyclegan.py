"""CycleGAN and its relatives: two translators with a cycle reconstruction."""

import dataclasses
from typing import ClassVar

from framework.errors import UsageError
from framework.options.base import option
from framework.options.conditions import ON
from framework.options.translation import Translation


@dataclasses.dataclass(frozen=True)
class Options(Translation):
    """Options of `--gan_type cyclegan`."""

    # Value of --direction -> source and target domains of the translators.
    WAYS: ClassVar = {"both": ((1, 2), (2, 1)), "12": ((1, 2),), "21": ((2, 1),)}

    direction: str = option(
        "both", "directions of translation: both, with a cycle, or one alone, without",
        "translation", choices=tuple(WAYS),
    )  # fmt: skip
    paired: bool = option(
        False, "train on aligned pairs of images, with conditional discriminators (pix2pix)",
        "translation",
    )  # fmt: skip
    paired_weight: float = option(
        100.0, "weight of the L1 distance between a translation and the other image of its pair",
        "translation", low=0, only_if=dict(paired=ON),
    )  # fmt: skip
    cycle_norm: str = option(
        "l1", "distance between an image and its cycle reconstruction", "translation",
        choices=("l1", "l2"), only_if=dict(cycle_weight=ON),
    )  # fmt: skip
    identity_weight: float = option(
        5.0, "weight of the identity loss: an image that is in the target domain already must not "
        "change", "translation", low=0,
    )  # fmt: skip
    fm_weight: float = option(
        0.0, "weight of feature matching: the mean features of discriminators must be equal for "
        "real images and translations (DiscoGAN)", "translation", low=0,
    )  # fmt: skip
    rate: float = option(
        0.0, "factor r on the cycle reconstruction, while all other terms are multiplied by 1 - r "
        "(DiscoGAN); 0: no such factors", "translation", low=0, high=1,
    )  # fmt: skip
    rate_later: float = option(
        0.5, "value of r from iteration --rate_change on", "translation", low=0, high=1,
        only_if=dict(rate=ON),
    )  # fmt: skip
    rate_change: int = option(
        10_000, "iteration from which on r is --rate_later", "translation", low=0,
        only_if=dict(rate=ON),
    )  # fmt: skip
    distance_weight: float = option(
        0.0, "weight of the loss that makes translation preserve distances (DistanceGAN)",
        "translation", low=0,
    )  # fmt: skip
    distance_of: str = option(
        "pairs", "distances to preserve: between the images of a batch, or between the upper and "
        "lower half of an image", "translation", choices=("pairs", "halves"),
        only_if=dict(distance_weight=ON),
    )  # fmt: skip
    gen_iters: int = option(1, "generator updates per iteration", "training", low=1)
    pool: int = option(
        50, "earlier translations per domain that are kept and shown to the discriminators again",
        "adversary", low=0,
    )  # fmt: skip

    @property
    def directions(self) -> tuple[tuple[int, int], ...]:
        """Source and target domain of each translator, by --direction."""
        return self.WAYS[self.direction]

    def check(self) -> None:
        """Refuses a cycle in one direction, and augmented pairs."""
        super().check()
        if self.direction != "both" and self.cycle_weight:
            raise UsageError(
                f"--direction {self.direction}: a cycle needs both directions; add --cycle_weight 0"
            )
        if self.paired and self.augment:
            raise UsageError("--augment: not with --paired, whose images belong together")
        self.check_rows(self.batch_size)

    def check_rows(self, rows: int) -> None:
        """Refuses distances within a batch of fewer than two images. Raises UsageError."""
        if self.distance_weight and self.distance_of == "pairs" and rows < 2:
            raise UsageError(
                "--distance_of pairs: needs at least two images per device; larger --batch_size, "
                "or --distance_of halves"
            )
