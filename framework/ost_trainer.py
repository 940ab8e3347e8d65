"""OST: translation of a single image of domain 1, with an autoencoder learned on domain 2.

Benaim and Wolf, "One-Shot Unsupervised Cross Domain Translation", arXiv 1806.06029. Phase 1 learns
domain 2 alone. Phase 2 starts from its nets; images of domain 1 (--max_items_A 1) move the unshared
layers alone (selective backpropagation), while the shared ones go on learning from domain 2.
"""

import dataclasses
import json
import zlib
from pathlib import Path

import tensorflow as tf

from framework import cluster, config, penalties, unit_trainer, weights
from framework.config import option
from framework.data import Data
from framework.errors import Stopped, UsageError
from framework.phase import Batch, Phase
from framework.results import Run, locked
from framework.unit_trainer import SHARED, own, size
from framework.utils import Random, jitter

OF_PHASE1 = (*own(2), *SHARED, "disc2")  # nets
# What phase 1 does not depend on: these have their defaults there. Its rates do not fall, as the
# same nets go on learning in phase 2.
OF_PHASE2 = (
    "pretrained", "phase1_iterations", "selective", "one_way_cycle", "init_a", "max_items_A",
    "cycle_weight", "lr_schedule", "lr_decay_start", "lr_decay_length",
)  # fmt: skip
OF_DOMAIN1 = ("cogan_data", "domain1")  # nor on these


@dataclasses.dataclass(frozen=True)
class Options(unit_trainer.Options):
    """Options of `--gan_type ost`."""

    phase: int = option(
        2, "1: the autoencoder of domain 2 alone; 2: translation, after it", "one shot",
        low=1, high=2,
    )  # fmt: skip
    pretrained: str | None = option(
        None, "run folder of phase 1 (default: trained now and kept)", "one shot"
    )
    phase1_iterations: int = option(10_000, "updates of a phase 1 trained now", "one shot", low=1)
    selective: str = option(
        "unshared", "parts that images of domain 1 move: all unshared ones, those of domain 1, or "
        "(off) the shared ones too", "one shot", choices=("unshared", "a_only", "off"),
    )  # fmt: skip
    one_way_cycle: bool = option(True, "cycles start in domain 1 alone", "one shot")
    augment: bool = option(True, "shift, turn and scale images anew in each iteration", "one shot")
    init_a: str = option(
        "clone", "unshared nets of domain 1: copies of domain 2's, or new", "one shot",
        choices=("clone", "fresh"),
    )  # fmt: skip
    rec_weight: float = option(
        1.0, "weight of an image drawn of its own code", "translation", low=0
    )
    prior_weight: float = option(
        0.1, "weight of the mean squared code, for a prior N(0, 1)", "translation", low=0
    )
    code_noise: float = option(
        0.0, "deviation of noise added to codes in training", "translation", low=0
    )


class Base(unit_trainer.Trainer):
    """What both phases do with domain 2."""

    options: Options
    judged = (2,)
    told = ("22",)

    def image(self, batch: Batch, i: int, random: Random) -> tf.Tensor:
        """Images of domain i, with --augment each time others."""
        x = batch[f"x{i}"]
        return jitter(x, random) if self.options.augment else x

    def auto_terms(self, batch: Batch, random: Random) -> dict[str, tf.Tensor]:
        """Reconstruction, prior and adversary of domain 2."""
        o, x, learning = self.options, self.image(batch, 2, random), (*own(2), *SHARED)
        code = self.code(x, 2, learning)
        drawn = self.draw(self.noisy(code, random), 2, learning)
        return {
            "rec22": o.rec_weight * penalties.distance(drawn, x),
            "prior2": o.prior_weight * size(code),
            "adv22": self.fooled(drawn, 2),
        }

    def disc_terms(self, batch: Batch, random: Random) -> dict[str, tf.Tensor]:
        """Images of domain 2 against what the autoencoder draws of them."""
        x, learning = self.image(batch, 2, random), (*own(2), *SHARED)
        drawn = self.draw(self.code(x, 2, learning), 2, learning)
        return self.told_apart(x, drawn, "22", random)


class OneDomain(Base):
    """Phase 1."""

    sides, ways = (2,), ()

    def build_phases(self) -> list[Phase]:
        """Discriminator, then autoencoder."""
        return [self.judges(), Phase("auto", self.autoencoder, self.auto_terms)]


class Trainer(Base):
    """Phase 2: discriminator, what domain 1 may move, autoencoder of domain 2."""

    told = ("22", "12")

    def __init__(self, options: Options, data: Data, run: Run | None = None):
        """As every system, from the nets of phase 1; not needed where a run has a checkpoint.

        Raises:
            MissingError: --pretrained has no such nets.
            UserError: they have other shapes.
            Stopped: a signal ended phase 1.
        """
        fresh = run is None or not run.checkpoints.is_dir()
        start = options.pretrained
        if fresh and not start and not options.dry_run:
            start = obtain(options, data)
        super().__init__(options, data, run)
        if fresh and start:
            for name in OF_PHASE1:
                weights.copy_from_run(self.nets[name], start, name)
        if options.init_a == "clone":
            for mine, other in zip(own(1), own(2), strict=True):
                self.nets[mine].set_weights(self.nets[other].get_weights())
        for name, slow in self.ema_nets.items():
            slow.set_weights(self.nets[name].get_weights())

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


def obtain(options: Options, data: Data) -> Path:
    """Run folder of phase 1 for these options and data; trained first if it is not finished.

    It is a run as any other: a stopped one goes on. Raises Stopped when a signal ends it.
    """
    if cluster.workers() > 1:
        raise UsageError("--pretrained: several workers need one; train --phase 1 first")
    settings = for_phase1(options, data)
    folder = Path(settings.results_dir) / settings.name
    if all((folder / "models" / f"{name}.keras").is_file() for name in OF_PHASE1):
        return folder
    print(f"phase 1 on {data.domains[1].name}: {folder}")
    with locked(folder):
        phase1 = OneDomain(settings, data)
        command = f"phase 1 of {options.name}"
        inert = config.inert_options("ost") | {*OF_DOMAIN1}
        phase1.run = Run.open(folder, settings.to_dict(), command, inert=inert)
        if code := phase1.fit():
            raise Stopped("phase 1 was not finished; the same command goes on with it", code)
        phase1.save_models()
        phase1.run.report()
    return folder


def for_phase1(options: Options, data: Data) -> Options:
    """Options of the phase 1 that these need, named after all that matters to it."""
    defaults = {f.name: f.default for f in dataclasses.fields(options)}
    same = {name: defaults[name] for name in OF_PHASE2}
    settings = dataclasses.replace(
        options,
        **same,
        phase=1,
        iterations=options.phase1_iterations,
        overwrite=False,
        eval_pairs=0,
    )
    values, domain = settings.to_dict(), data.domains[1]
    inert = config.inert_options("ost") - {"iterations"}
    matters = {k: v for k, v in values.items() if k not in (*inert, *OF_DOMAIN1)}
    matters["data"] = domain.name, domain.images.shape, int(domain.images[::97].sum())
    key = zlib.crc32(json.dumps(matters, sort_keys=True).encode())
    name = f"ost-phase1-{domain.name}-{key:08x}".replace(":", "_")
    return dataclasses.replace(settings, name=name)
