"""Losses: pairs of adversarial losses (discriminator, generator), cross-entropy, KL divergence.

Logits may have any shape (one per image or per patch); losses are means over all of them in
float32. A discriminator loss returns its real and its fake part, whose sum is minimised. Both
functions of a pair take the logits of real and of generated images; most generator losses ignore
the real ones.
"""

from collections.abc import Callable
from typing import NamedTuple

import tensorflow as tf

Parts = dict[str, tf.Tensor]


class Pair(NamedTuple):
    """An adversarial loss.

    Attributes:
        disc: `disc(real_logits=, fake_logits=)` -> parts of the discriminator loss, to be summed.
        gen: `gen(real_logits=, fake_logits=)` -> the generator loss, a scalar.
        needs_real: whether `gen` uses the real logits; if not, they may be None.
    """

    disc: Callable[..., Parts]
    gen: Callable[..., tf.Tensor]
    needs_real: bool = False


def _mean(values: tf.Tensor) -> tf.Tensor:
    return tf.reduce_mean(values)


def _f32(logits: tf.Tensor) -> tf.Tensor:
    return tf.cast(logits, tf.float32)


def ce_disc(*, real_logits: tf.Tensor, fake_logits: tf.Tensor) -> Parts:
    """Returns -E log D(x) and -E log(1 - D(G(z))); Goodfellow et al., arXiv 1406.2661, eq. 1."""
    return {
        "real": _mean(tf.nn.softplus(-_f32(real_logits))),
        "fake": _mean(tf.nn.softplus(_f32(fake_logits))),
    }


def ce_gen(*, fake_logits: tf.Tensor, real_logits: tf.Tensor | None = None) -> tf.Tensor:
    """Returns -E log D(G(z)), the non-saturating loss of the same paper (section 3)."""
    return _mean(tf.nn.softplus(-_f32(fake_logits)))


def minimax_gen(*, fake_logits: tf.Tensor, real_logits: tf.Tensor | None = None) -> tf.Tensor:
    """Returns E log(1 - D(G(z))), at most 0: the generator's side of eq. 1, which saturates."""
    return -_mean(tf.nn.softplus(_f32(fake_logits)))


def lsgan_disc(*, real_logits: tf.Tensor, fake_logits: tf.Tensor) -> Parts:
    """Returns half squared distances to 1 and 0; Mao et al., arXiv 1611.04076, eq. 9."""
    return {
        "real": 0.5 * _mean(tf.square(_f32(real_logits) - 1)),
        "fake": 0.5 * _mean(tf.square(_f32(fake_logits))),
    }


def lsgan_gen(*, fake_logits: tf.Tensor, real_logits: tf.Tensor | None = None) -> tf.Tensor:
    """Returns the half squared distance to 1; Mao et al., eq. 9."""
    return 0.5 * _mean(tf.square(_f32(fake_logits) - 1))


def hinge_disc(*, real_logits: tf.Tensor, fake_logits: tf.Tensor) -> Parts:
    """Returns E max(0, 1 - D(x)) and E max(0, 1 + D(G(z))); Lim and Ye, arXiv 1705.02894."""
    return {
        "real": _mean(tf.nn.relu(1 - _f32(real_logits))),
        "fake": _mean(tf.nn.relu(1 + _f32(fake_logits))),
    }


def wgan_disc(*, real_logits: tf.Tensor, fake_logits: tf.Tensor) -> Parts:
    """Returns -E D(x) and E D(G(z)) of a critic D; Arjovsky et al., arXiv 1701.07875."""
    return {"real": -_mean(_f32(real_logits)), "fake": _mean(_f32(fake_logits))}


def wgan_gen(*, fake_logits: tf.Tensor, real_logits: tf.Tensor | None = None) -> tf.Tensor:
    """Returns -E D(G(z)), the generator's side of `wgan_disc` and of `hinge_disc`."""
    return -_mean(_f32(fake_logits))


def gaussian_kl(mean: tf.Tensor, log_variance: tf.Tensor) -> tf.Tensor:
    """Returns the KL divergence of N(mean, exp(log_variance)) from N(0, I) in nats.

    Sum over the D dimensions, mean over the N rows; the inputs are [N, D].
    Kingma and Welling, arXiv 1312.6114, appendix B.
    """
    parts = tf.square(mean) + tf.exp(log_variance) - log_variance - 1.0
    return 0.5 * _mean(tf.reduce_sum(parts, axis=-1))


ADVERSARIAL: dict[str, Pair] = {
    "ce": Pair(ce_disc, ce_gen),
    "minimax": Pair(ce_disc, minimax_gen),
    "lsgan": Pair(lsgan_disc, lsgan_gen),
    "hinge": Pair(hinge_disc, wgan_gen),
    "wgan": Pair(wgan_disc, wgan_gen),
}


def cross_entropy(labels: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
    """Returns the mean cross-entropy in nats of labels [N] and logits [N, K]."""
    return _mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, _f32(logits)))
