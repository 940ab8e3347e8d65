"""LORD: the style of an image is the code of its class, its content a code of its own.

Gabbay and Hoshen, "Demystifying Inter-Class Disentanglement", arXiv 1906.11796. Stage 1 learns a
generator and two tables of codes, one per training image (content) and one per label (class); noise
on contents and their decay keep the class out of them. Stage 2 learns encoders that predict these
codes from an image. The published program has images in [0, 1] by a sigmoid, which is our tanh,
scaled; distances of pixels are in its units. Its VGG16 is compared after relu3_2 and pool5, ours
after relu3_3 and relu5_3.
"""

import functools
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from framework import penalties
from framework.data import Data, Facts
from framework.engine import optimizers, stages, system, trainer
from framework.engine.capabilities import Codes
from framework.engine.phase import Batch, Phase, Terms
from framework.engine.preparation import Frozen, Preparation
from framework.engine.randomness import Random
from framework.frozen import perceptual
from framework.frozen.weights import Maker
from framework.options.base import fields_only_if
from framework.options.lord import Options
from framework.trainers.exchange import NETS, ExchangeSystem, pair
from framework.utils import batched
from nets import lord
from nets.blocks import Style, scaled

TABLES = ("content_codes", "class_codes")


class EmbeddingSystem(system.System):
    """Stage 1: tables of codes of the training images and of the classes, and the generator."""

    needs_facts = True  # the numbers of images and classes
    options: Options

    def build_nets(self) -> dict[str, keras.Model]:
        """Builds `content_codes`, `class_codes` and `gen`."""
        tables = {name: make() for name, make in table_makers(self.options, self.facts).items()}
        return tables | {"gen": build_generator(self.options)}

    def embedded(self, rows: np.ndarray, labels: np.ndarray) -> Codes:
        """Looks up codes of training images by their numbers and labels, both [N].

        The images of all domains are numbered one after another.
        """
        content, style = (self.net(name) for name in TABLES)
        return Codes(np.asarray(content(rows)), np.asarray(style(labels)))

    def decode(self, content: np.ndarray, style: np.ndarray) -> np.ndarray:
        """Computes images [N, S, S, C] in [-1, 1] from content and class codes, row by row."""
        gen = self.net("gen")
        return batched(lambda *codes: (gen(list(codes), training=False),), content, style)[0]

    def exports(self) -> dict[str, keras.Model]:
        """Returns `decoder`: [content code, class code] -> image."""
        return {"decoder": self.net("gen")}


class System(ExchangeSystem):
    """Stage 2: encoders of content and class, and the generator."""

    options: Options

    def build_nets(self) -> dict[str, keras.Model]:
        """Builds `content`, `style` and `gen`."""
        o = self.options
        sizes = image_sizes(o) | dict(
            widths=tuple(scaled(each, o.width) for each in lord.ENCODER_WIDTHS),
            dense=scaled(256, o.width),
        )
        dims = dict(content=o.content_dim, style=o.style_dim)
        nets = {name: lord.encoder(name, code_dim=dim, **sizes) for name, dim in dims.items()}
        return nets | {"gen": build_generator(o)}

    def encode_class(self, images: np.ndarray) -> np.ndarray:
        """Computes class codes [N, D] of images [N, S, S, C], their styles."""
        return self.encode(images).style


class EmbeddingTrainer(trainer.Trainer):
    """Stage 1: one update of the generator and both tables."""

    system_class = EmbeddingSystem
    system: EmbeddingSystem
    contract = "indexed"
    options: Options

    @classmethod
    def prepare(cls, options: Options, data: Data, preparation: Preparation) -> Frozen:
        """Prepares the perceptual network V; raises as `perceptual.all_maps`."""
        return Frozen(perceptual_maker(options, data, preparation))

    def build_phases(self) -> list[Phase]:
        """Builds one update of everything: tables with --lr_codes, the generator with --lr_g."""
        o = self.options
        codes = [v for name in TABLES for v in self.nets[name].trainable_variables]
        rates = ((o.lr_codes, codes), (o.lr_g, self.nets["gen"].trainable_variables))
        parts = [(falling_optimizer(o, rate), variables) for rate, variables in rates]
        return [Phase("gen", (*TABLES, "gen"), self.gen_terms, optimizers.Joint(parts))]

    def gen_terms(self, batch: Batch, random: Random) -> Terms:
        """Computes reconstruction from noisy contents, and the decay of contents."""
        o = self.options
        content = self.nets["content_codes"](batch["i"])
        noisy = content + o.content_noise * random.normal(content.shape)
        images = self.nets["gen"]([noisy, self.nets["class_codes"](batch["y"])], training=True)
        decay = tf.reduce_mean(tf.reduce_sum(tf.square(content), axis=1))
        terms = reconstruction_terms(o, self.frozen, images, batch["x"])
        return terms | {"content_decay": o.content_decay * decay}


FIRST = stages.FirstStage(
    EmbeddingTrainer, nets=(*TABLES, "gen"), independent=fields_only_if(Options, stage=2)
)


class Trainer(trainer.Trainer):
    """Stage 2: one update of both encoders and the generator of stage 1."""

    system_class = System
    system: System
    contract = "indexed"
    options: Options

    @classmethod
    def choose(cls, options: Options) -> type[trainer.Trainer]:
        """Returns the class that trains --stage."""
        return EmbeddingTrainer if options.stage == 1 else cls

    @classmethod
    def check(cls, options: Options) -> None:
        """Raises MissingError if --pretrained lacks a network with which stage 2 begins."""
        stages.check_pretrained(options, FIRST.nets)

    @classmethod
    def prepare(cls, options: Options, data: Data, preparation: Preparation) -> Frozen:
        """Prepares the perceptual network V, stage 1, and its tables, which stay as they are.

        Raises:
            MissingError: --pretrained lacks a network, or weights of V are not there.
            Stopped: a signal ended stage 1.
            UsageError: several workers need --pretrained.
        """
        start = stages.start(FIRST, options, data, preparation.train_stage)
        makers = perceptual_maker(options, data, preparation)
        return Frozen(makers | table_makers(options, data.facts), start, FIRST.nets)

    def build_phases(self) -> list[Phase]:
        """Builds one update of all networks, with --lr_stage2."""
        optimizer = falling_optimizer(self.options, self.options.lr_stage2)
        return [Phase("gen", NETS, self.gen_terms, optimizer)]

    def gen_terms(self, batch: Batch, random: Random) -> Terms:
        """Computes reconstruction, and the distances of codes from those of stage 1."""
        coder, weight = self.system.coder(training=True), self.options.code_weight
        codes = coder.encode(batch["x"])
        terms = reconstruction_terms(self.options, self.frozen, coder.decode(*codes), batch["x"])
        for name, key, code in zip(TABLES, "iy", codes, strict=True):
            target = self.frozen[name](batch[key])
            terms[name] = weight * penalties.distance(code, target, "l2")
        return terms

    def held_out_terms(self, batch: Batch, random: Random) -> Terms:
        """Computes the reconstruction of held-out pairs, whose codes are in no table."""
        coder, x = self.system.coder(training=False), pair(batch)
        images = coder.decode(*coder.encode(x))
        return reconstruction_terms(self.options, self.frozen, images, x)

    def extra_state(self) -> dict[str, dict]:
        """Returns the tables of stage 1, so that a resumed run does not need that stage."""
        return {"codes": {name: self.frozen[name] for name in TABLES}}


def image_sizes(options: Options) -> dict[str, Any]:
    """Returns the arguments of all networks with images."""
    return dict(
        image_size=options.image_size, layers=Style("channel", "he", 0.0, options.weight_decay)
    )


def build_generator(options: Options) -> keras.Model:
    """Builds the generator: [content codes, class codes] -> images [N, S, S, C]."""
    o, factor = options, options.width * options.gen_width
    return lord.generator(
        content_dim=o.content_dim, style_dim=o.style_dim, width=8 * scaled(32, factor),
        tail=scaled(64, factor), adain_layers=o.adain_layers, **image_sizes(o),
    )  # fmt: skip


def table_makers(options: Options, facts: Facts) -> dict[str, Maker]:
    """Returns makers of the tables: codes by number of a training image, and by label."""
    sizes = ((sum(facts.images), options.content_dim), (facts.classes, options.style_dim))
    tables = zip(TABLES, sizes, strict=True)
    return {name: functools.partial(lord.table, name, *size) for name, size in tables}


def perceptual_maker(options: Options, data: Data, preparation: Preparation) -> dict[str, Maker]:
    """Returns the maker of `perceptual`, if it has a weight; raises as `perceptual.all_maps`."""
    if not options.perceptual_weight:
        return {}
    classifier = functools.partial(preparation.classifiers.teacher, options, data)
    return {"perceptual": perceptual.all_maps(options, classifier)}


def falling_optimizer(options: Options, rate: float) -> keras.optimizers.Optimizer:
    """Makes an optimiser of --optim, whose rate falls to --lr_end along a cosine."""
    end = options.lr_end / rate if rate else 0.0
    falling = keras.optimizers.schedules.CosineDecay(rate, options.iterations, alpha=end)
    return optimizers.of_codes(options, falling)


def reconstruction_terms(
    options: Options, frozen: Mapping[str, keras.Model], images: tf.Tensor, x: tf.Tensor
) -> Terms:
    """Computes distances of reconstructions from real images x, both [N, S, S, C] in [-1, 1].

    `pixel` is the mean absolute difference of pixels in units of [0, 1], `perceptual` the weighted
    sum of those of the feature maps of V.

    Args:
        options: with the weight.
        frozen: has V as `perceptual`, if it has a weight.
        images: reconstructions.
        x: real images.
    """
    terms = {"pixel": penalties.distance(images, x) / 2.0}
    if options.perceptual_weight:
        net = frozen["perceptual"]
        maps, targets = (tf.nest.flatten(net(each, training=False)) for each in (images, x))
        pairs = zip(maps, map(tf.stop_gradient, targets), strict=True)
        distances = [penalties.distance(*both) for both in pairs]
        terms["perceptual"] = options.perceptual_weight * tf.add_n(distances)
    return terms
