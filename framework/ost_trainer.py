"""OST: translation of a single image of domain 1, with an autoencoder learned on domain 2.

Benaim and Wolf, "One-Shot Unsupervised Cross Domain Translation", arXiv 1806.06029. Phase 1 learns
domain 2 alone. Phase 2 starts from its nets; images of domain 1 (--max_items_A 1) move the unshared
layers alone (selective backpropagation), while the shared ones go on learning from domain 2.
"""

import dataclasses

import tensorflow as tf

from framework import averages, config, first_phase, penalties, unit_trainer
from framework.config import option
from framework.data import Data
from framework.phase import Batch, Phase
from framework.results import Run
from framework.unit_trainer import SHARED, own, size
from framework.utils import Random


@dataclasses.dataclass(frozen=True)
class Options(unit_trainer.Options, config.TwoPhases):
    """Options of `--gan_type ost`."""

    OF_PHASE_2 = (
        *config.TwoPhases.OF_PHASE_2, "selective", "one_way_cycle", "init_a", "max_items_A",
        "rec_weight", "cycle_weight",
    )  # fmt: skip
    ONLY = unit_trainer.Options.ONLY | {("phase", (2,)): OF_PHASE_2}

    selective: str = option(
        "unshared", "parts that images of domain 1 move: all unshared ones, those of domain 1, or "
        "(off) the shared ones too", "one shot", choices=("unshared", "a_only", "off"),
    )  # fmt: skip
    one_way_cycle: bool = option(True, "cycles start in domain 1 alone", "one shot")
    augment: bool = option(
        True, "shift, turn and scale training images anew in each iteration", "translation"
    )
    init_a: str = option(
        "clone", "unshared nets of domain 1: copies of domain 2's, or new", "one shot",
        choices=("clone", "fresh"),
    )  # fmt: skip
    max_items_A: int = option(
        1, "training images of domain 1, drawn at random; 0: all", "data", low=0
    )
    rec_weight: float = option(
        1.0, "weight of an image drawn of its own code", "translation", low=0
    )
    phase1_rec_weight: float = option(
        1.0, "weight in phase 1 of an image drawn of its own code", "translation", low=0
    )
    prior_weight: float = option(
        0.1, "weight of the mean squared code, for a prior N(0, 1)", "translation", low=0
    )
    code_noise: float = option(
        0.0, "deviation of noise added to codes of domain 2 in training", "translation", low=0
    )


class Base(unit_trainer.Trainer):
    """What both phases do with domain 2."""

    options: Options
    judged = (2,)
    told = ("22",)

    @property
    def rec_weight(self) -> float:
        """Of domain 2's images."""
        return self.options.rec_weight

    def auto_terms(self, batch: Batch, random: Random) -> dict[str, tf.Tensor]:
        """Reconstruction, prior and adversary of domain 2."""
        o, x, learning = self.options, self.image(batch, 2, random), (*own(2), *SHARED)
        code = self.code(x, 2, learning)
        drawn = self.draw(self.noisy(code, random), 2, learning)
        return {
            "rec22": self.rec_weight * penalties.distance(drawn, x),
            "prior2": o.prior_weight * size(code),
            "adv22": self.fooled(drawn, 2),
        }

    def disc_terms(self, batch: Batch, random: Random) -> dict[str, tf.Tensor]:
        """Images of domain 2 against what the autoencoder draws of them."""
        x, learning = self.image(batch, 2, random), (*own(2), *SHARED)
        drawn = self.draw(self.noisy(self.code(x, 2, learning), random), 2, learning)
        return self.told_apart(x, drawn, "22", random)


class OneDomain(Base):
    """Phase 1."""

    sides, ways = (2,), ()

    @property
    def rec_weight(self) -> float:
        """Of domain 2's images."""
        return self.options.phase1_rec_weight

    def build_phases(self) -> list[Phase]:
        """Discriminator, then autoencoder."""
        return [self.judges(), Phase("auto", self.autoencoder, self.auto_terms)]


FIRST = first_phase.First(
    OneDomain,
    nets=(*own(2), *SHARED, "disc2"),
    # Its rates do not fall, as the same nets go on learning in phase 2.
    later=(*Options.OF_PHASE_2, "lr_schedule", "lr_decay_start", "lr_decay_length"),
    domains_from=1,
    names=("cogan_data", "domain1"),
)  # fmt: skip


class Trainer(Base):
    """Phase 2: discriminator, what domain 1 may move, autoencoder of domain 2."""

    told = ("22", "12")

    def __init__(self, options: Options, data: Data, run: Run | None = None):
        """As every system, from the nets of phase 1; not needed where a run has a checkpoint.

        Raises:
            MissingError: --pretrained has no such nets.
            UsageError: domain 1 has less images than --max_items_A.
            UserError: they have other shapes.
            Stopped: a signal ended phase 1.
        """
        data.sampled((options.max_items_A, 0), options.seed)  # too many? not after phase 1
        folder = first_phase.start(FIRST, options, data, run)
        super().__init__(options, data, run)
        if folder:
            first_phase.give(FIRST, folder, self)
        if options.init_a == "clone":
            for mine, other in zip(own(1), own(2), strict=True):
                self.nets[mine].set_weights(self.nets[other].get_weights())
        averages.restart(self.ema_nets, self.nets)

    @classmethod
    def of(cls, options: Options) -> type[Base]:
        """The class of --phase."""
        return OneDomain if options.phase == 1 else cls

    @property
    def moved(self) -> tuple[str, ...]:
        """What images of domain 1 move; all other parts stand still and have their statistics."""
        more = {"unshared": own(2), "a_only": (), "off": (*own(2), *SHARED)}
        return (*own(1), *more[self.options.selective])

    def build_phases(self) -> list[Phase]:
        """Leaving the shared nets out of the second one is selective backpropagation."""
        return [
            self.judges(),
            Phase("unshared", self.moved, self.unshared_terms),
            Phase("auto", (*own(2), *SHARED), self.auto_terms),
        ]

    def unshared_terms(self, batch: Batch, random: Random) -> dict[str, tf.Tensor]:
        """Reconstruction, adversary and cycle of domain 1."""
        o, x, learning = self.options, self.image(batch, 1, random), self.moved
        code = self.code(x, 1, learning)
        x12 = self.draw(code, 2, learning)
        x121 = self.draw(self.code(x12, 2, learning), 1, learning)
        terms = {
            "rec11": o.rec_weight * penalties.distance(self.draw(code, 1, learning), x),
            "adv12": self.fooled(x12, 2),
            "cycle121": o.cycle_weight * penalties.distance(x121, x),
        }
        if not o.one_way_cycle:
            x2 = self.image(batch, 2, random)
            x21 = self.draw(self.code(x2, 2, learning), 1, learning)
            x212 = self.draw(self.code(x21, 1, learning), 2, learning)
            terms["cycle212"] = o.cycle_weight * penalties.distance(x212, x2)
        return terms

    def disc_terms(self, batch: Batch, random: Random) -> dict[str, tf.Tensor]:
        """Images of domain 2 against reconstructions and against translations."""
        terms, learning = super().disc_terms(batch, random), self.moved
        x1, x2 = (self.image(batch, i, random) for i in (1, 2))
        x12 = self.draw(self.code(x1, 1, learning), 2, learning)
        return terms | self.told_apart(x2, x12, "12", random)
