"""OST: translates a single image of domain 1, with an autoencoder learned on domain 2."""

import dataclasses

from framework.options import unit
from framework.options.base import inherited, option
from framework.options.stages import TwoStages
from framework.options.translation import Translation


@dataclasses.dataclass(frozen=True)
class Options(unit.Options, TwoStages):
    """Options of `--gan_type ost`."""

    selective: str = option(
        "unshared", "layers that images of domain 1 train: all unshared ones, those of domain 1 "
        "alone (a_only), or also the shared ones (off)", "one shot",
        choices=("unshared", "a_only", "off"), only_if=dict(stage=2),
    )  # fmt: skip
    one_way_cycle: bool = option(
        True, "cycle reconstruction of domain 1 alone, not of domain 2", "one shot",
        only_if=dict(stage=2),
    )  # fmt: skip
    augment: bool = option(
        True, "shift, rotate and scale training images at random in each iteration", "translation"
    )
    init_a: str = option(
        "clone", "initial weights of the unshared layers of domain 1: copies of domain 2's "
        "(clone), or new ones (fresh)", "one shot", choices=("clone", "fresh"),
        only_if=dict(stage=2),
    )  # fmt: skip
    max_items_A: int = option(
        1, "training images of domain 1, chosen at random; 0: all", "data", low=0,
        only_if=dict(stage=2),
    )  # fmt: skip
    cycle_weight: float = inherited(Translation, "cycle_weight", only_if=dict(stage=2))
    rec_weight: float = option(
        1.0, "weight of the reconstruction of an image from its own code, in stage 2",
        "translation", low=0, only_if=dict(stage=2),
    )  # fmt: skip
    stage1_rec_weight: float = option(
        1.0, "weight of the reconstruction of an image from its own code, in stage 1",
        "translation", low=0, aliases=("phase1_rec_weight",),
    )  # fmt: skip
    prior_weight: float = option(
        0.1, "weight of the mean squared code, which follows from a prior N(0, 1)", "translation",
        low=0,
    )  # fmt: skip
    code_noise: float = option(
        0.0, "standard deviation of the noise that training adds to codes of domain 2",
        "translation", low=0,
    )  # fmt: skip
