"""SCoGAN: CoGAN whose generators are coupled by regularisers instead of shared weights.

Master thesis "Soft-coupled GANs", chapters 4 and 5: feature (eq. 4.1), semantic, latent cycle and
perceptual regularisers. Each is a weighted term of the generator loss.
"""

import functools

import keras
import tensorflow as tf

from framework import penalties
from framework.data import Data
from framework.engine.preparation import Frozen, Maker, Preparation
from framework.frozen import classifiers, perceptual
from framework.frozen.classifiers import ClassifierStore
from framework.options.scogan import Options
from framework.trainers import cogan_trainer
from framework.trainers.cogan_trainer import GENS, Fakes
from framework.trainers.semantic import Semantic, check_weights
from nets import cogan


class Trainer(cogan_trainer.Trainer):
    """Trains a CoGAN with regularisers; those that are switched off are not computed."""

    options: Options

    @classmethod
    def prepare(cls, options: Options, data: Data, preparation: Preparation) -> Frozen:
        """Prepares `trunk` for --perceptual_loss and `classifier` for --semantic_loss.

        Raises:
            MissingError, UserError: as `perceptual.ready` and `classifiers.check_given`.
            UsageError: as `semantic.check_weights` and `classifiers.check_given`.
        """
        makers = {}
        if options.perceptual_loss:
            makers["trunk"] = perceptual.ready(options)
        if options.semantic_loss:
            check_weights(options, data.facts, bool(data.attributes))
            makers["classifier"] = _classifier(options, data, preparation.classifiers)
        return Frozen(makers)

    def build_training_nets(self) -> dict[str, keras.Model]:
        """Builds the discriminators of CoGAN and, with --cycle_loss, `encoder`: images -> z.

        Raises:
            UsageError: as `semantic.Semantic`.
        """
        o, nets = self.options, super().build_training_nets()
        if o.semantic_loss:
            self.semantic = Semantic(o, self.frozen["classifier"], self.data.facts)
        if o.cycle_loss:
            nets["encoder"] = cogan.latent_encoder(
                noise_dim=o.noise_dim, image_size=o.image_size, width=o.width
            )
        return nets

    def generator_nets(self) -> tuple[str, ...]:
        """Returns the names of the generators and, with --cycle_loss, of the encoder.

        All three are updated together (thesis 4.2.2). The weight of the cycle term does not affect
        how fast the encoder learns: no other term depends on it, and Adam without clipping is
        invariant to the scale of the gradients.
        """
        return (*GENS, "encoder") if self.options.cycle_loss else GENS

    def regularisers(self, fakes: Fakes) -> dict[str, tf.Tensor]:
        """Computes the weighted regularisers; frozen networks process both domains as one batch."""
        o, terms = self.options, {}
        if o.semantic_loss:
            logits = self.frozen["classifier"](tf.concat(fakes.images, axis=0), training=False)
        if o.perceptual_loss:
            maps = perceptual.feature_maps(self.frozen["trunk"], fakes.images, fakes.reals)
        if o.feature_loss:
            terms["feature"] = o.feature_weight * self.feature(fakes)
        if o.weight_loss:
            pair = (self.nets[name].trainable_variables for name in GENS)
            terms["weight"] = o.weight_weight * penalties.weight_distance(*pair)
        if o.semantic_loss:
            terms |= self.semantic.terms(tuple(tf.split(logits, 2)))
        if o.cycle_loss:
            terms["cycle"] = o.cycle_weight * self.cycle(fakes)
        if o.perceptual_loss:
            terms |= self.perceptual(maps)
        return terms

    def feature(self, fakes: Fakes) -> tf.Tensor:
        """Computes the distance of the first --feature_layers maps of both generators (eq. 4.1)."""
        o = self.options
        maps1, maps2 = (features[: o.feature_layers] for features in fakes.features)
        if o.fr_include_image:
            maps1, maps2 = (*maps1, fakes.images[0]), (*maps2, fakes.images[1])
        return penalties.feature_distance(maps1, maps2, o.feature_reduction)

    def cycle(self, fakes: Fakes) -> tf.Tensor:
        """Computes the distance of z and the encoder's output, summed over both images (4.2.2)."""
        encoder, norm = self.nets["encoder"], self.options.cycle_norm
        return tf.add_n(
            [penalties.distance(fakes.z, encoder(image), norm) for image in fakes.images]
        )

    def perceptual(self, maps: perceptual.Maps) -> dict[str, tf.Tensor]:
        """Computes content and style terms, weighted, and their values without weight (4.2.3).

        Content: mean squared difference of the deepest maps of both images. Style: distance between
        the Gram matrices of a generated image and of a real image of its domain, summed over both
        domains. Gatys et al., arXiv 1508.06576, eq. 1 and 4.
        """
        o, terms = self.options, {}
        if o.content_weight:
            content = penalties.distance(maps.images[0][-1], maps.images[1][-1], "l2")
            terms["perceptual_content"] = o.content_weight * content
            terms["stat/perceptual_content"] = content
        if o.style_weight:
            style = tf.add_n(
                [
                    penalties.style_distance(fake[:-1], real[:-1], o.style_divisor)
                    for fake, real in zip(maps.images, maps.reals, strict=True)
                ]
            )
            terms["perceptual_style"] = o.style_weight * style
            terms["stat/perceptual_style"] = style
        return terms


def _classifier(options: Options, data: Data, store: ClassifierStore) -> Maker:
    """Returns the maker of the classifier of --semantic_loss, which is trained if there is none."""
    if not options.classifier_path:
        return store.teacher(options, data)
    path = classifiers.check_given(options.classifier_path, options.image_size, data)
    return functools.partial(keras.models.load_model, path)
