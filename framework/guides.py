"""Frozen nets that guide disentanglement: how alike two images look, whose identity they show."""

from collections.abc import Callable

import keras
import tensorflow as tf

from framework import identity as identities
from framework import penalties, perception
from framework.options import Options
from nets import classifier
from nets.identity import of_classifier

Maker = Callable[[], keras.Model]
SECOND = 1  # relu2_2 of VGG16, the paper's choice, and what corresponds to it in other trunks


def maps(options: Options, own: Callable[[], Maker]) -> Maker:
    """Maker of images -> all maps of --perceptual_net; `own` makes that of a classifier.

    That has one map, which Keras gives as it is and not as a list.

    Raises:
        MissingError, UserError: as `perception.ready`.
    """
    if options.perceptual_net != "classifier":
        return perception.ready(options)
    make = own()
    return lambda: _frozen(net := make(), classifier.middle(net))


def perceptual(options: Options, own: Callable[[], Maker]) -> Maker:
    """Maker of images -> the one of these maps by which the paper compares images."""
    make = maps(options, own)

    def second() -> keras.Model:
        trunk = make()
        return _frozen(trunk, trunk.outputs[min(SECOND, len(trunk.outputs) - 1)])

    return second


def identity(options: Options, own: Callable[[], Maker]) -> Maker:
    """Maker of images -> codes [N, D] of --identity_net; `own` makes that of a classifier.

    Raises:
        MissingError, UserError: as `identity.ready`.
    """
    o = options
    if o.identity_net == "classifier":
        make = own()
        return lambda: of_classifier(make())
    place = "random" if o.dry_run else o.identity_weights
    return identities.ready(o.identity_net, place, o.data_dir)


def identity_distance(see: keras.Model, images: tf.Tensor, known: tf.Tensor) -> tf.Tensor:
    """Mean L1 of the identities of images [N, S, S, C] and those, fixed, of known images."""
    there = tf.stop_gradient(see(known, training=False))
    return penalties.distance(see(images, training=False), there)


def _frozen(net: keras.Model, output: keras.KerasTensor) -> keras.Model:
    model = keras.Model(net.input, output)
    model.trainable = False
    return model


def ramp(options: Options, step: tf.Tensor) -> tf.Tensor:
    """--id_weight at an iteration: 0 until --id_start, full --id_ramp iterations later."""
    if not options.id_ramp and not options.id_start:
        return tf.constant(options.id_weight)
    risen = tf.cast(step - options.id_start + 1, tf.float32) / max(options.id_ramp, 1)
    return options.id_weight * tf.clip_by_value(risen, 0.0, 1.0)
