"""G2G on images that are two numbers, content and style, by nets that a person can compute."""

import tensorflow as tf

from framework.engine.trainer import Trainer
from framework.options import config
from framework.trainers.registry import trainer_class

# Two images and what the toy nets give for them, as (content, style):
# x1 = (1, 2), x2 = (5, -4); m12 = G(1, -4) = (-3, -12), m21 = G(5, 2) = (7, 6);
# r1 = G(-3, 6) = (3, 18), r2 = G(7, -12) = (-5, -36); short G(1, 2) = (3, 6), G(5, -4) = (1, -12).
X1, X2 = (1, 2), (5, -4)


def images(*pairs) -> tf.Tensor:
    """Images [N, 1, 1, 2] of pairs (content, style)."""
    return tf.reshape(tf.constant(pairs, tf.float32), (-1, 1, 1, 2))


def numbers(rows: tf.Tensor) -> list[tuple]:
    """The pairs (content, style) of images."""
    return [tuple(pair) for pair in tf.reshape(rows, (-1, 2)).numpy().tolist()]


def batch(x1=X1, x2=X2) -> dict[str, tf.Tensor]:
    """A pair of classes 0 and 1."""
    labels = dict(y1=tf.constant([0]), y2=tf.constant([1]))
    return dict(x1=images(x1), x2=images(x2)) | labels


def content(x, training=None):
    return x[:, 0, 0, :1]


def style(x, training=None):
    return x[:, 0, 0, 1:]


def add(codes, training=None):
    """G(c, s) = (c + s, 3 s): encoders find neither code again."""
    c, s = codes
    return tf.concat([c + s, 3 * s], axis=-1)[:, None, None]


def put(codes, training=None):
    """G(c, s) = (c, s): encoders find both codes again."""
    return tf.concat(codes, axis=-1)[:, None, None]


def copy(codes, training=None):
    """G(x, s) = x, for a content code that is the whole image."""
    return codes[0]


def toy(variant: str, *argv: str, frozen=None, **nets) -> Trainer:
    """A trainer of a variant with toy nets, of which `nets` replaces some."""
    options = config.parse(["--gan_type", "g2g", "--g2g_variant", variant, *argv])
    kind = trainer_class(options)
    # Without __init__, which builds real nets.
    subject, system = object.__new__(kind), object.__new__(kind.system_class)
    subject.options = system.options = options
    subject.nets = system.nets = dict(content=content, style=style, gen=add) | nets
    subject.frozen = system.frozen = dict(frozen or {})
    subject.system, system.averages = system, {}
    subject.replicas, subject.step = 1, tf.constant(0)
    return subject


def floats(terms: dict[str, tf.Tensor]) -> dict[str, float]:
    return {name: float(value) for name, value in terms.items()}
