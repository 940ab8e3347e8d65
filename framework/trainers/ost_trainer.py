"""OST: translation of a single image of domain 1, by an autoencoder that is learned on domain 2.

Benaim and Wolf, "One-Shot Unsupervised Cross Domain Translation", arXiv 1806.06029. Stage 1 trains
an autoencoder of domain 2. Stage 2 begins with its weights; images of domain 1 (--max_items_A 1)
train the unshared layers alone (selective backpropagation), while domain 2 still trains the others.
"""

import keras

from framework import penalties
from framework.data import Data
from framework.engine import averages, initial, stages, trainer
from framework.engine.capabilities import Direction
from framework.engine.image_pool import ImagePool
from framework.engine.phase import Batch, Phase, Terms
from framework.engine.preparation import Frozen, Preparation
from framework.engine.randomness import Random
from framework.options.base import fields_only_if
from framework.options.ost import Options
from framework.trainers import adversarial, translation, unit_trainer
from framework.trainers.unit_trainer import SHARED, add_noise, mean_square, private

RECONSTRUCTIONS = Direction(2, 2)
TRANSLATIONS = Direction(1, 2)


class Autoencoder(unit_trainer.Autoencoders):
    """The autoencoder of domain 2."""

    numbers = (2,)


class OneDomain(trainer.Trainer):
    """Stage 1: the discriminator and the autoencoder of domain 2."""

    system_class: type[unit_trainer.Autoencoders] = Autoencoder
    system: unit_trainer.Autoencoders
    options: Options
    directions: tuple[Direction, ...] = (RECONSTRUCTIONS,)
    """Of the images that the discriminator compares with real images of domain 2."""
    autoencoder = (*private(2), *SHARED)
    """Names of the networks that images of domain 2 train."""

    @classmethod
    def training_data(cls, options: Options, data: Data) -> Data:
        """As `translation.training_data`."""
        return translation.training_data(options, data)

    def build_training_nets(self) -> dict[str, keras.Model]:
        """`disc2`."""
        self.discriminators = translation.Discriminators(self.options, self.directions)
        return self.discriminators.nets

    def build_pools(self) -> dict[str, ImagePool]:
        """A pool for each kind of images that the discriminator is given."""
        return self.discriminators.build_pools(self.strategy)

    def build_phases(self) -> list[Phase]:
        """Discriminator, then autoencoder."""
        return [self.discriminators.phase(self.disc_terms), self.autoencoder_phase()]

    def autoencoder_phase(self) -> Phase:
        """The update of the autoencoder of domain 2."""
        optimizer = adversarial.gen_optimizer(self.options)
        return Phase("auto", self.autoencoder, self.auto_terms, optimizer)

    def rec_weight(self) -> float:
        """Weight of the reconstruction of images of domain 2."""
        return self.options.stage1_rec_weight

    def auto_terms(self, batch: Batch, random: Random) -> Terms:
        """Reconstruction, prior and adversarial terms of domain 2, weighted."""
        o, x = self.options, translation.training_image(self.options, batch, 2, random)
        code = self.system.code(x, 2, self.autoencoder)
        x22 = self.system.draw(add_noise(code, o.code_noise, random), 2, self.autoencoder)
        return {
            "rec22": self.rec_weight() * penalties.distance(x22, x),
            "prior2": o.prior_weight * mean_square(code),
            "adv22": self.discriminators.gen_loss(x, x22, 2),
        }

    def disc_terms(self, batch: Batch, random: Random) -> Terms:
        """Terms of the discriminator for images of domain 2 and their reconstructions."""
        o, x = self.options, translation.training_image(self.options, batch, 2, random)
        code = self.system.code(x, 2, self.autoencoder)
        x22 = self.system.draw(add_noise(code, o.code_noise, random), 2, self.autoencoder)
        return self.discriminators.terms(x, x22, RECONSTRUCTIONS, random)


FIRST = stages.FirstStage(
    OneDomain,
    nets=(*OneDomain.autoencoder, "disc2"),
    # The learning rate of stage 1 is constant: stage 2 trains the same networks further.
    independent=(
        *fields_only_if(Options, stage=2), "lr_schedule", "lr_decay_start", "lr_decay_length",
    ),
    first_domain=1,
    data_options=("cogan_data", "folder", "domain1"),
)  # fmt: skip


class Trainer(OneDomain):
    """Stage 2: also the networks that images of domain 1 may train."""

    system_class = unit_trainer.System
    directions = (RECONSTRUCTIONS, TRANSLATIONS)

    def __init__(self, options: Options, data: Data, frozen: Frozen | None = None):
        """As `trainer.Trainer`; with --init_a clone the networks of domain 1 are copied from 2."""
        super().__init__(options, data, frozen)
        if options.init_a == "clone":
            for new, learned in zip(private(1), private(2), strict=True):
                self.nets[new].set_weights(self.nets[learned].get_weights())
            averages.restart(self.system.averages, self.nets)

    @classmethod
    def choose(cls, options: Options) -> type[OneDomain]:
        """The class of --stage."""
        return OneDomain if options.stage == 1 else cls

    @classmethod
    def check(cls, options: Options) -> None:
        """Raises MissingError if --pretrained lacks a network with which stage 2 begins."""
        stages.check_pretrained(options, FIRST.nets)

    @classmethod
    def prepare(cls, options: Options, data: Data, preparation: Preparation) -> Frozen:
        """The networks of stage 1, which is trained now if needed; not if --init_from has them.

        Raises as `stages.start`.
        """
        if initial.has_nets(options, FIRST.nets):
            return Frozen()
        folder = stages.start(FIRST, options, data, preparation.train_stage)
        return Frozen(start=folder, start_nets=FIRST.nets)

    def build_phases(self) -> list[Phase]:
        """Discriminator, unshared networks, and autoencoder of domain 2.

        Selective backpropagation: the second update leaves the shared networks out.
        """
        optimizer = adversarial.gen_optimizer(self.options)
        return [
            self.discriminators.phase(self.disc_terms),
            Phase("unshared", self.selected(), self.unshared_terms, optimizer),
            self.autoencoder_phase(),
        ]

    def selected(self) -> tuple[str, ...]:
        """Names of the networks that images of domain 1 train (--selective).

        The others are in inference mode for these images.
        """
        others = {"unshared": private(2), "a_only": (), "off": self.autoencoder}
        return (*private(1), *others[self.options.selective])

    def rec_weight(self) -> float:
        """Weight of the reconstruction of images of either domain."""
        return self.options.rec_weight

    def unshared_terms(self, batch: Batch, random: Random) -> Terms:
        """Reconstruction, adversarial and cycle terms of domain 1, weighted."""
        o, parts, learning = self.options, self.system, self.selected()
        x1, x2 = translation.training_images(o, batch, random).values()
        code1 = parts.code(x1, 1, learning)
        x12 = parts.draw(code1, 2, learning)
        x121 = parts.draw(parts.code(x12, 2, learning), 1, learning)
        x11 = parts.draw(code1, 1, learning)
        terms = {
            "rec11": o.rec_weight * penalties.distance(x11, x1),
            "adv12": self.discriminators.gen_loss(x2, x12, 2),
            "cycle121": o.cycle_weight * penalties.distance(x121, x1),
        }
        if not o.one_way_cycle:
            x21 = parts.draw(parts.code(x2, 2, learning), 1, learning)
            x212 = parts.draw(parts.code(x21, 1, learning), 2, learning)
            terms["cycle212"] = o.cycle_weight * penalties.distance(x212, x2)
        return terms

    def disc_terms(self, batch: Batch, random: Random) -> Terms:
        """Also the terms for images of domain 2 and translations of domain 1."""
        terms, learning = super().disc_terms(batch, random), self.selected()
        x1, x2 = translation.training_images(self.options, batch, random).values()
        x12 = self.system.draw(self.system.code(x1, 1, learning), 2, learning)
        return terms | self.discriminators.terms(x2, x12, TRANSLATIONS, random)
