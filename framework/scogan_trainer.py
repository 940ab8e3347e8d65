"""SCoGAN: CoGAN without shared weights; regularisers make the two generators agree instead.

Master thesis "Soft-coupled GANs", chapters 4 and 5: feature (eq. 4.1), semantic, latent-cycle and
perceptual regularisers, each a weighted term of the loss of the generators.
"""

import dataclasses
import functools
from collections.abc import Callable

import keras
import tensorflow as tf

from framework import classifier_trainer, cogan_trainer, config, penalties, perception, semantic
from framework.cogan_trainer import GENS, Fakes
from framework.config import option
from framework.errors import UsageError
from framework.phase import Batch, Phase
from framework.utils import Random
from nets import cogan


@dataclasses.dataclass(frozen=True)
class Options(cogan_trainer.Options):
    """Options of `--gan_type scogan`."""

    NEEDS = cogan_trainer.Options.NEEDS | dict(
        feature_loss=("feature_weight", "feature_layers", "feature_reduction", "fr_include_image"),
        weight_loss=("weight_weight",),
        semantic_loss=(
            "semantic_weight", "semantic_norm", "semantic_divider", "balance_weight",
            "divider_weight", "classifier_arch", "classifier_iterations", "classifier_width",
        ),
        cycle_loss=("cycle_weight", "cycle_norm"),
        perceptual_loss=("content_weight", "style_weight", "style_divisor", "perceptual_net"),
    )  # fmt: skip

    g_shared_layers: int = option(
        0, "generator blocks shared, from the latent vector on (Dense counts)", "coupling",
        low=-1, high=7,
    )  # fmt: skip
    d_shared_layers: int = option(
        0, "discriminator blocks shared, counted from the output", "coupling", low=-1, high=8
    )
    feature_loss: bool = option(False, "equal feature maps in both generators", "coupling")
    feature_weight: float = option(
        10.0, "weight of --feature_loss", "coupling", low=0, aliases=("penalty_weight_g",)
    )
    feature_layers: int = option(
        3, "feature maps compared, from the first one emitted", "coupling", low=1, high=6,
        aliases=("shared_layers",),
    )  # fmt: skip
    feature_reduction: str = option(
        "sum", "over the compared layers", "coupling", choices=("sum", "mean")
    )
    fr_include_image: bool = option(False, "compare the images too (as run in 2020)", "coupling")
    weight_loss: bool = option(False, "equal weights in both generators", "coupling")
    weight_weight: float = option(10.0, "weight of --weight_loss", "coupling", low=0)
    semantic_loss: bool = option(False, "equal classifier output for both images", "coupling")
    semantic_weight: float = option(10.0, "weight of --semantic_loss", "coupling", low=0)
    semantic_norm: str = option(
        "l2", "distance of the class probabilities", "coupling", choices=("l2", "l1", "ce")
    )
    semantic_divider: bool = option(
        False, "with --semantic_loss: compare also the attribute that divides a pair of faces (as "
        "the thesis did)", "coupling",
    )  # fmt: skip
    balance_weight: float = option(
        0.0, "with --semantic_loss: weight of unevenly used classes (nats)", "coupling", low=0
    )
    divider_weight: float = option(
        0.0, "with --semantic_loss: weight of the attribute that divides a pair of faces, which is "
        "to be absent from image 1 and present in image 2 (nats)", "coupling", low=0,
    )  # fmt: skip
    classifier_path: str | None = option(
        None, "classifier (.keras) of --semantic_loss; if not given, trained and kept", "coupling"
    )
    classifier_arch: str = option(
        "thesis", "net of a classifier, also of the semantic loss", "nets",
        choices=config.CLASSIFIERS,
    )  # fmt: skip
    classifier_iterations: int = option(
        2000, "updates of the classifier of --semantic_loss", "coupling", low=1
    )
    classifier_width: float = option(
        1.0, "factor on hidden widths of that classifier", "coupling", low=0.001
    )
    cycle_loss: bool = option(
        False, "an encoder recovers z from both images", "coupling", aliases=("use_cycle",)
    )
    cycle_weight: float = option(10.0, "weight of --cycle_loss", "coupling", low=0)
    cycle_norm: str = option("l1", "distance of --cycle_loss", "coupling", choices=("l1", "l2"))
    perceptual_loss: bool = option(
        False, "a frozen network sees one content and each domain's style", "coupling"
    )
    content_weight: float = option(1e-3, "content in --perceptual_loss", "coupling", low=0)
    style_weight: float = option(1e-11, "style in --perceptual_loss", "coupling", low=0)
    style_divisor: str = option(
        "hw", "of the Gram matrices: pixels, or pixels times channels", "coupling",
        choices=("hw", "hwc"),
    )  # fmt: skip
    perceptual_net: str = option(
        "vgg19", "network of --perceptual_loss: the thesis' VGG19, whose maps are far larger, or "
        "torchvision's; each wants weights of its own", "coupling",
        choices=("vgg19", "vgg16", "squeeze", "alex"),
    )  # fmt: skip
    perceptual_weights: str | None = option(
        None, "file or folder of its weights: of keras.applications (.h5) for vgg19, else of "
        "torchvision (.pth, .npz; default: <data_dir>/lpips); downloaded once if it is not there; "
        "`random` (untrained) is for tests and timing", "coupling", aliases=("vgg_weights",),
    )  # fmt: skip

    def check(self) -> None:
        """Refuses too many feature maps, opposites and a classifier that would judge itself."""
        super().check()
        if self.feature_layers > self.maps:
            raise UsageError(f"--feature_layers {self.feature_layers}: there are {self.maps} maps")
        if self.classifier_path and not self.semantic_loss:
            raise UsageError("--classifier_path: needs --semantic_loss")
        if self.perceptual_weights and not self.perceptual_loss:
            raise UsageError("--perceptual_weights: needs --perceptual_loss")
        if self.divider_weight and self.semantic_divider:
            raise UsageError("--divider_weight: --semantic_divider asks for the opposite")
        own = self.semantic_loss and not self.classifier_path
        if own and self.classifier_arch == self.evaluator_arch:
            raise UsageError(
                f"--evaluator_arch {self.evaluator_arch}: the semantic loss uses that net; an "
                "evaluator must be another one than --classifier_arch"
            )


class Trainer(cogan_trainer.Trainer):
    """CoGAN plus a list of regularisers; a term that is switched off costs nothing."""

    options: Options

    def prepare(self) -> dict[str, Callable[[], keras.Model]]:
        """Trunk of --perceptual_loss, classifier of --semantic_loss; raises as `semantic.check`."""
        o, makers = self.options, super().prepare()
        if o.perceptual_loss:
            makers["trunk"] = perception.ready(o)
        if o.semantic_loss:
            semantic.check(o, self.data, bool(self.data.attributes))
            makers["classifier"] = self._classifier()
        return makers

    def _classifier(self) -> Callable[[], keras.Model]:
        o = self.options
        if o.classifier_path:
            path = classifier_trainer.given(o.classifier_path, o.image_size, self.data)
            return functools.partial(keras.models.load_model, path)
        return classifier_trainer.teacher(o, self.data)

    def build_nets(self) -> dict[str, keras.Model]:
        """The four nets of CoGAN and, with --cycle_loss, the `encoder`.

        Raises UsageError as `semantic.Semantic`.
        """
        o, nets = self.options, super().build_nets()
        if o.semantic_loss:
            self.semantic = semantic.Semantic(o, self.frozen["classifier"], self.data)
        if o.cycle_loss:
            nets["encoder"] = cogan.latent_encoder(
                noise_dim=o.noise_dim, image_size=o.image_size, width=o.width
            )
        return nets

    def team(self) -> tuple[str, ...]:
        """The generators and the encoder, which learns from the same pass (thesis 4.2.2).

        No other term depends on the encoder, and Adam, unclipped, is blind to this one's weight.
        """
        return (*GENS, "encoder") if self.options.cycle_loss else GENS

    @functools.cached_property
    def terms(self) -> dict[str, tuple[float, Callable[[Fakes], tf.Tensor]]]:
        """Weight and function of the regularisers that are switched on, by name."""
        o = self.options
        every = {
            "feature": (o.feature_loss, o.feature_weight, self.feature),
            "weight": (o.weight_loss, o.weight_weight, self.weight),
        }
        if o.semantic_loss:
            for name, weight, term in (
                ("semantic", o.semantic_weight, self.semantic.distance),
                ("balance", o.balance_weight, self.semantic.imbalance),
                ("divider", o.divider_weight, self.semantic.division),
            ):
                every[name] = (weight > 0, weight, lambda fakes, term=term: term(fakes.logits))
        every["cycle"] = (o.cycle_loss, o.cycle_weight, self.cycle)
        if o.perceptual_loss:
            every["perceptual_content"] = (o.content_weight > 0, o.content_weight, self.content)
            every["perceptual_style"] = (o.style_weight > 0, o.style_weight, self.style)
        return {name: (weight, fn) for name, (on, weight, fn) in every.items() if on}

    def regularisers(self, fakes: Fakes) -> dict[str, tf.Tensor]:
        """Weighted value of every term; a frozen net sees both domains as one batch."""
        if "classifier" in self.frozen:
            logits = self.frozen["classifier"](tf.concat(fakes.images, axis=0), training=False)
            fakes = fakes._replace(logits=tuple(tf.split(logits, 2)))
        if "trunk" in self.frozen:
            fakes = fakes._replace(
                seen=perception.see(self.frozen["trunk"], fakes.images, fakes.reals)
            )
        return {name: weight * fn(fakes) for name, (weight, fn) in self.terms.items()}

    def update(self, phase: Phase, batch: Batch, random: Random) -> dict[str, tf.Tensor]:
        """As in every system; the perceptual distances are logged without their weights too."""
        logged = super().update(phase, batch, random)
        if phase.name == "gen":
            for name, (weight, _) in self.terms.items():
                if name.startswith("perceptual"):
                    logged[f"stat/{name}"] = logged[f"gen/{name}"] / weight
        return logged

    def feature(self, fakes: Fakes) -> tf.Tensor:
        """Distance of the first --feature_layers feature maps of both generators (eq. 4.1)."""
        o = self.options
        maps = [features[: o.feature_layers] for features in fakes.features]
        if o.fr_include_image:
            maps = [(*each, image) for each, image in zip(maps, fakes.images, strict=True)]
        return penalties.feature_distance(*maps, o.feature_reduction)

    def weight(self, fakes: Fakes) -> tf.Tensor:
        """Distance of the two generators' trainable weights."""
        return penalties.weight_distance(*(self.nets[name].trainable_variables for name in GENS))

    def cycle(self, fakes: Fakes) -> tf.Tensor:
        """Distance between z and what the encoder recovers from each image, summed over both."""
        encoder, norm = self.nets["encoder"], self.options.cycle_norm
        return tf.add_n(
            [penalties.distance(fakes.z, encoder(image), norm) for image in fakes.images]
        )

    def content(self, fakes: Fakes) -> tf.Tensor:
        """Mean squared difference of the deepest maps of both images (Gatys et al., eq. 1)."""
        return penalties.distance(fakes.seen[0][-1], fakes.seen[1][-1], "l2")

    def style(self, fakes: Fakes) -> tf.Tensor:
        """Distance in style between each image and a real one of its domain, summed over both."""
        pairs = zip(fakes.seen[:2], fakes.seen[2:], strict=True)
        divisor = self.options.style_divisor
        return tf.add_n(
            [penalties.style_distance(fake[:-1], real[:-1], divisor) for fake, real in pairs]
        )
