"""G2G: separates content and style by exchanging the codes of two images and exchanging back.

Interim report and paper on guided-to-guided cross-training, after FUNIT and LORD. Of two images the
encoders give contents c and styles s; the mixed images m12 = G(c1, s2) and m21 = G(c2, s1) are
encoded again, and their codes, exchanged a second time, are decoded to r1 and r2. The losses are
those of `--g2g_variant`, each a file of `framework.trainers.g2g`.
"""

import importlib
from typing import Any

import keras
import tensorflow as tf

from framework import penalties
from framework.engine import optimizers, trainer
from framework.options.g2g import Options
from framework.trainers.exchange import Coder, ExchangeSystem
from nets import funit, lord
from nets.blocks import Style, scaled


class System(ExchangeSystem):
    """Encoders of content and style, and the generator, of --g2g_nets."""

    options: Options

    def build_nets(self) -> dict[str, keras.Model]:
        """Builds `content`, `style` and `gen`."""
        return build_coder(self.options, self.options.style_dim)

    def coder(self, training: bool) -> Coder:
        """Returns encoders and generator; in training with --content_noise."""
        noise = self.options.content_noise if training else 0.0
        return super().coder(training)._replace(noise=noise)


class Trainer(trainer.Trainer):
    """Represents all variants: `choose` returns the class of --g2g_variant."""

    system_class = System

    @classmethod
    def choose(cls, options: Options) -> type[trainer.Trainer]:
        """Returns the class that trains --g2g_variant with these options."""
        module = importlib.import_module(f"framework.trainers.g2g.{options.g2g_variant}")
        return module.Trainer.choose(options)


def build_coder(options: Options, style_dim: int) -> dict[str, keras.Model]:
    """Builds `content`, `style` and `gen` of --g2g_nets, for style codes of length `style_dim`."""
    build = {"lord": _lord_nets, "funit": _funit_nets}[options.nets_used]
    return build(options, style_dim, Style("channel", "he", 0.0, options.weight_decay))


def _lord_nets(o: Options, style_dim: int, layers: Style) -> dict[str, keras.Model]:
    """Builds convolutional encoders, whose codes are vectors, and LORD's generator."""
    sizes: dict[str, Any] = dict(image_size=o.image_size, layers=layers)
    encoders = {
        name: lord.naive_encoder(name, width=scaled(32, o.width), code_dim=dim, **sizes)
        for name, dim in (("content", o.content_dim), ("style", style_dim))
    }
    factor = o.width * o.gen_width
    return encoders | {
        "gen": lord.generator(
            content_dim=o.content_dim, style_dim=style_dim, width=8 * scaled(32, factor),
            tail=scaled(64, factor), adain_layers=o.adain_layers, out=o.g2g_out, **sizes,
        )
    }  # fmt: skip


def _funit_nets(o: Options, style_dim: int, layers: Style) -> dict[str, keras.Model]:
    """Builds FUNIT's encoders, of a content map and of a style vector, and its decoder."""
    shared: dict[str, Any] = dict(image_size=o.image_size, nf=scaled(64, o.width), layers=layers)
    code: dict[str, Any] = dict(downs=o.content_downs, res_blocks=o.res_blocks)
    code |= dict(code_channels=o.content_channels or None)
    return {
        "content": funit.content_encoder(**shared, **code),
        "style": funit.class_encoder(**shared, downs=o.class_downs, style_dim=style_dim),
        "gen": funit.decoder(
            **shared, **code, style_dim=style_dim, mlp_width=o.mlp_width, unit_gain=o.unit_gain
        ),
    }


def gen_optimizer(options: Options) -> keras.optimizers.Optimizer:
    """Makes an optimiser of encoders and generator: --optim with --lr_g."""
    return optimizers.of_codes(options, options.lr_g)


def disc_optimizer(options: Options) -> keras.optimizers.Optimizer:
    """Makes an optimiser of a discriminator: --optim with --lr_d."""
    return optimizers.of_codes(options, options.lr_d)


def identity_distance(net: keras.Model, images: tf.Tensor, targets: tf.Tensor) -> tf.Tensor:
    """Computes the mean absolute difference of the identities of images and targets.

    Both are [N, S, S, C] and compared row by row. No gradient flows through the targets.
    """
    target_codes = tf.stop_gradient(net(targets, training=False))
    return penalties.distance(net(images, training=False), target_codes)


def identity_weight(options: Options, step: tf.Tensor) -> tf.Tensor:
    """Computes --id_weight at an iteration: 0 until --id_start, full --id_ramp iterations later."""
    if not options.id_ramp and not options.id_start:
        return tf.constant(options.id_weight)
    risen = tf.cast(step - options.id_start + 1, tf.float32) / max(options.id_ramp, 1)
    return options.id_weight * tf.clip_by_value(risen, 0.0, 1.0)
