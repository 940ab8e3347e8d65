"""LORD: the class of an image is its label's code, its content a code of its own, both learned.

Gabbay and Hoshen, "Demystifying Inter-Class Disentanglement", arXiv 1906.11796. Phase 1 learns a
generator and tables of codes, of each training image (content) and of each label (class); noise on
contents and their decay keep the class out of them. Phase 2 learns encoders that find these codes
in any image. The published program has images in [0, 1] by a sigmoid, which is this tanh moved;
distances of pixels are in its units. Its VGG16 is compared behind relu3_2 and pool5 where ours is
behind relu3_3 and relu5_3.
"""

import dataclasses
import functools
from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

from framework import averages, config, first_phase, g2g_views, guides, optimizers, penalties
from framework.config import option
from framework.data import Data
from framework.errors import UsageError
from framework.g2g_trainer import NETS
from framework.lord_views import Viewed
from framework.phase import Batch, Phase
from framework.results import Run
from framework.utils import Random, to_float
from nets import lord
from nets.blocks import Style, scaled

TABLES = ("content_codes", "class_codes")


@dataclasses.dataclass(frozen=True)
class Options(config.Exchange, config.TwoPhases):
    """Options of `--gan_type lord`."""

    NEEDS = config.Exchange.NEEDS | dict(perceptual_weight=("perceptual_net", "perceptual_weights"))
    LATER = ("lr_phase2", "code_weight", "lpips_net", "identity_metric")
    OF_PHASE_2 = (*config.TwoPhases.OF_PHASE_2, *LATER)
    ONLY = config.Exchange.ONLY | {("phase", (2,)): OF_PHASE_2}

    iterations: int = option(
        5000, "updates; the learning rates fall to --lr_end over them", "training", low=1,
        aliases=("epochs",),
    )  # fmt: skip
    batch_size: int = option(128, "images per update, all devices", "training", low=1)
    content_dim: int = option(128, "length of a content code", "nets", low=1)
    style_dim: int = option(256, "length of a class code", "nets", low=1)
    content_noise: float = option(
        1.0, "deviation of the noise added to contents in phase 1", "exchange", low=0
    )
    content_decay: float = option(
        1e-4, "weight of the squared length of contents in phase 1", "exchange", low=0
    )
    perceptual_weight: float = option(
        1.0, "weight of images as V sees them, besides that of pixels, 1", "exchange", low=0
    )
    code_weight: float = option(
        10.0, "weight of mean squared differences of codes in phase 2", "exchange", low=0
    )
    lr_g: float = option(3e-4, "learning rate of the generator in phase 1", "optimisers", low=0)
    lr_codes: float = option(3e-3, "learning rate of the codes in phase 1", "optimisers", low=0)
    lr_phase2: float = option(1e-4, "learning rate of all nets in phase 2", "optimisers", low=0)
    lr_end: float = option(1e-5, "what all of them are in the last iteration", "optimisers", low=0)

    def check(self) -> None:
        """Refuses images that the generator cannot make by doubling a map."""
        super().check()
        if self.image_size % 2**self.adain_layers:
            raise UsageError(
                f"--image_size {self.image_size}: must be a multiple of {2**self.adain_layers}, or "
                "choose fewer --adain_layers"
            )


class Base(Viewed):
    """What both phases share."""

    contract = "indexed"
    options: Options

    @classmethod
    def of(cls, options: Options) -> type["Base"]:
        """The class of --phase."""
        return Embedded if options.phase == 1 else Trainer

    def prepare(self) -> dict[str, Callable[[], keras.Model]]:
        """The evaluator and, with --perceptual_weight, the perceptual net V."""
        makers = super().prepare()
        if self.options.perceptual_weight:
            makers["perceptual"] = guides.maps(self.options, self.own_classifier)
        return makers

    @property
    def sizes(self) -> dict:
        """Of all nets of images."""
        o = self.options
        return dict(image_size=o.image_size, layers=Style("channel", "he", 0.0, o.weight_decay))

    def tables(self) -> dict[str, Callable[[], keras.Model]]:
        """Makers of the tables of codes, by number of a training image and by label."""
        o, images = self.options, sum(len(d.images) for d in self.data.domains)
        rows = ((images, o.content_dim), (self.data.classes, o.style_dim))
        return {k: functools.partial(lord.table, k, *v) for k, v in zip(TABLES, rows, strict=True)}

    def generator(self) -> keras.Model:
        """Images of codes."""
        o, factor = self.options, self.options.width * self.options.gen_width
        return lord.generator(
            content_dim=o.content_dim, style_dim=o.style_dim, width=8 * scaled(32, factor),
            tail=scaled(64, factor), adain_layers=o.adain_layers, **self.sizes,
        )  # fmt: skip

    def optimizer(self, rate: float) -> keras.optimizers.Optimizer:
        """Of --optim, whose rate falls to --lr_end along a cosine."""
        o = self.options
        end = o.lr_end / rate if rate else 0.0
        falling = keras.optimizers.schedules.CosineDecay(rate, o.iterations, alpha=end)
        return optimizers.of_codes(o, falling)

    def distances(self, drawn: tf.Tensor, x: tf.Tensor) -> dict[str, tf.Tensor]:
        """Mean absolute differences of pixels in units of [0, 1] and, summed, of V's maps."""
        terms = {"pixel": penalties.distance(drawn, x) / 2.0}
        weight = self.options.perceptual_weight
        if weight:
            see = self.frozen["perceptual"]
            mine, real = (tf.nest.flatten(see(images, training=False)) for images in (drawn, x))
            pairs = zip(mine, map(tf.stop_gradient, real), strict=True)
            terms["perceptual"] = weight * tf.add_n([penalties.distance(*pair) for pair in pairs])
        return terms


class Embedded(Base):
    """Phase 1: generator and codes; what is measured is measured on training images."""

    averaged = (*TABLES, "gen")
    on_training_images = True

    def build_nets(self) -> dict[str, keras.Model]:
        """`content_codes`, `class_codes` and `gen`."""
        return {name: make() for name, make in self.tables().items()} | {"gen": self.generator()}

    def build_phases(self) -> list[Phase]:
        """One update of all."""
        return [Phase("gen", self.averaged, self.gen_terms)]

    def build_optimizer(self, phase: str) -> optimizers.Joint:
        """--lr_codes for the codes, --lr_g for the generator."""
        o, nets = self.options, self.nets
        tables = [v for name in TABLES for v in nets[name].trainable_variables]
        rates = ((o.lr_codes, tables), (o.lr_g, nets["gen"].trainable_variables))
        return optimizers.Joint([(self.optimizer(rate), moved) for rate, moved in rates])

    def gen_terms(self, batch: Batch, random: Random, training: bool = True) -> dict:
        """Distance of what is drawn of noisy contents, and the decay of contents."""
        o = self.options
        content = self.nets["content_codes"](batch["i"])
        noisy = content + o.content_noise * random.normal(content.shape)
        drawn = self.draw(noisy, self.nets["class_codes"](batch["y"]), training)
        decay = tf.reduce_mean(tf.reduce_sum(tf.square(content), axis=1))
        return self.distances(drawn, batch["x"]) | {"content_decay": o.content_decay * decay}

    def codes(self, rows: np.ndarray) -> tuple[tf.Tensor, tf.Tensor]:
        """Of the tables."""
        content, style = (self.sampling_net(name) for name in TABLES)
        return content(rows), style(self.pool[1][rows])

    def statistics(self) -> dict[str, float]:
        """Some of the metrics, to be watched."""
        found = self.seen(g2g_views.VALIDATED, self.options.seed + 1)
        kept = {"swap_acc_seen", "copy_rate_seen", "short_l1_seen"} & found.keys()
        return {f"stat/{name}": found[name]["value"] for name in sorted(kept)}

    def metrics(self) -> dict[str, dict]:
        """Of --eval_pairs pairs of training images: codes exchanged, images of their own codes."""
        o = self.options
        return self.seen(o.eval_pairs, o.seed + 2) if o.eval_pairs else {}


FIRST = first_phase.First(Embedded, nets=(*TABLES, "gen"), later=Options.OF_PHASE_2)


class Trainer(Base):
    """Phase 2: encoders of content and class, and the generator of phase 1."""

    averaged = NETS

    def __init__(self, options: Options, data: Data, run: Run | None = None):
        """As every system, from the codes of phase 1; not needed where a run has a checkpoint.

        Raises:
            MissingError: --pretrained has no such codes.
            UserError: they have other shapes.
            Stopped: a signal ended phase 1.
        """
        folder = first_phase.start(FIRST, options, data, run)
        super().__init__(options, data, run)
        self.checkpoint.codes = {name: self.frozen[name] for name in TABLES}
        if folder:
            first_phase.give(FIRST, folder, self)
        averages.restart(self.ema_nets, self.nets)

    def prepare(self) -> dict[str, Callable[[], keras.Model]]:
        """The codes of phase 1 too: what encoders are to find does not move."""
        return super().prepare() | self.tables()

    def build_nets(self) -> dict[str, keras.Model]:
        """`content`, `style` and `gen`."""
        o = self.options
        sizes = self.sizes | dict(
            widths=tuple(scaled(each, o.width) for each in lord.ENCODER_WIDTHS),
            dense=scaled(256, o.width),
        )
        dims = dict(content=o.content_dim, style=o.style_dim)
        nets = {name: lord.encoder(name, code_dim=dim, **sizes) for name, dim in dims.items()}
        return nets | {"gen": self.generator()}

    def build_optimizer(self, phase: str) -> keras.optimizers.Optimizer:
        """At --lr_phase2."""
        return self.optimizer(self.options.lr_phase2)

    def encode(self, x: tf.Tensor, training: bool) -> tuple[tf.Tensor, tf.Tensor]:
        """Content and class codes of images; here there is no noise on them."""
        nets = self.now(training)
        return nets["content"](x, training=training), nets["style"](x, training=training)

    def gen_terms(self, batch: Batch, random: Random, training: bool = True) -> dict:
        """Distance of what is drawn of an image's codes, and of these from the tables'."""
        found, weight = self.encode(batch["x"], training), self.options.code_weight
        terms = self.distances(self.draw(*found, training), batch["x"])
        for name, key, code in zip(TABLES, "iy", found, strict=True):
            wanted = self.frozen[name](batch[key])
            terms[name] = weight * penalties.distance(code, wanted, "l2")
        return terms

    def held_out_terms(self, x: tf.Tensor, y: np.ndarray | None) -> dict[str, tf.Tensor]:
        """Distance of what is drawn of the images' codes: they stand in no table."""
        return self.distances(self.draw(*self.encode(x, False), training=False), x)

    def codes(self, rows: np.ndarray) -> tuple[tf.Tensor, tf.Tensor]:
        """Of the encoders."""
        return self.encode(to_float(self.pool[0][rows]), training=False)

    def figures(self) -> None:
        """Triplets of held-out images, as G2G shows them."""
        if self.run and all(len(each.test_images) for each in self.data.domains):
            self.run.triplets(self.triplets(), "triplets")
