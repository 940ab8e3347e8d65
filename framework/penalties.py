"""Gradient penalties of critics, and distances that couple two generators.

All results are float32 and not weighted. Different shapes raise ValueError; TensorFlow would
broadcast them silently.
"""

from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf

Critic = Callable[[tf.Tensor], tf.Tensor]
Uniform = Callable[[tf.Tensor], tf.Tensor]


def squared_gradient(disc: Critic, x: tf.Tensor) -> tf.Tensor:
    """Returns |grad D(x)|^2 [N] of a critic at inputs [N, ...], summed over all other axes."""
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(x)
        # The sum over all samples: the gradient by one sample depends on its own logits only.
        total = tf.reduce_sum(_f32(disc(x)))
    gradient = _f32(tape.gradient(total, x))
    return tf.reduce_sum(tf.square(gradient), axis=range(1, x.shape.rank))


def gradient_penalty(disc: Critic, real: tf.Tensor, fake: tf.Tensor, uniform: Uniform) -> tf.Tensor:
    """Returns E (|grad D(x)| - 1)^2 for x between real and fake samples.

    Gulrajani et al., arXiv 1704.00028, eq. 3.

    Args:
        disc: inputs -> logits of any shape; the logits of one sample are summed.
        real: images or points [N, ...].
        fake: the same shape.
        uniform: shape -> float32 numbers in [0, 1).

    Raises:
        ValueError: `real` and `fake` differ in shape.
    """
    real, fake = _pair(real, fake)
    return _unit_norm_penalty(disc, real + _per_sample(real, uniform) * (fake - real))


def r1(disc: Critic, real: tf.Tensor, fake: tf.Tensor, uniform: Uniform) -> tf.Tensor:
    """Returns 1/2 E |grad D(x)|^2 for real x; Mescheder et al., arXiv 1801.04406, eq. 9.

    It includes the factor 1/2, so that the weight of the term is the gamma of the paper. `fake` and
    `uniform` are unused.
    """
    return 0.5 * tf.reduce_mean(squared_gradient(disc, _f32(real)))


def dragan(disc: Critic, real: tf.Tensor, fake: tf.Tensor, uniform: Uniform) -> tf.Tensor:
    """Returns E (|grad D(x)| - 1)^2 for x near real data.

    Kodali et al., arXiv 1705.07215, section 2.3, with the noise of the authors' code: U[0, 1)
    times half the standard deviation of the batch. `fake` is unused.
    """
    real = _f32(real)
    noise = 0.5 * tf.math.reduce_std(real) * uniform(tf.shape(real))
    return _unit_norm_penalty(disc, real + _per_sample(real, uniform) * noise)


PENALTIES: dict[str, Callable[[Critic, tf.Tensor, tf.Tensor, Uniform], tf.Tensor]] = {
    "wgan-gp": gradient_penalty,
    "r1": r1,
    "dragan": dragan,
}


def now_and_then(term: Callable[[], tf.Tensor], every: int, step: tf.Tensor) -> tf.Tensor:
    """Returns `every * term()` in each iteration that `every` divides, and 0 in all others.

    The mean over iterations is that of `term`, at less cost: lazy regularisation, Karras et al.,
    arXiv 1912.04958, appendix B.

    Args:
        term: computes a scalar.
        every: number of iterations.
        step: number of the iteration, an integer scalar.
    """
    if every == 1:
        return term()
    # A separate function, because TensorFlow 2.21 finds no second derivative of compiled layers
    # that are called directly in a branch ("Could not find external tensor capture").
    now = tf.function(lambda: float(every) * term(), autograph=False)
    return tf.cond(step % every == 0, now, lambda: tf.constant(0.0))


def distance(a: tf.Tensor, b: tf.Tensor, norm: str = "l1") -> tf.Tensor:
    """Returns the mean absolute ('l1') or squared ('l2') difference of all elements.

    Raises:
        ValueError: an unknown norm, or different shapes.
    """
    a, b = _pair(a, b)
    if norm not in ("l1", "l2"):
        raise ValueError(f"unknown norm {norm!r}")
    return tf.reduce_mean(tf.abs(a - b) if norm == "l1" else tf.math.squared_difference(a, b))


def feature_matching(real: Sequence[tf.Tensor], fake: Sequence[tf.Tensor]) -> tf.Tensor:
    """Returns the mean squared difference of the batch means of maps, summed over layers.

    Salimans et al., arXiv 1606.03498, eq. 1, as in the code of DiscoGAN (arXiv 1703.05192). There
    is no gradient through `real`.

    Args:
        real: maps of a critic [N, ...] for real images, one per layer.
        fake: those for generated images.

    Raises:
        ValueError: the lists differ in length, or two maps in shape.
    """
    means = [[tf.reduce_mean(_f32(layer), axis=0) for layer in maps] for maps in (real, fake)]
    pairs = zip(*means, strict=True)
    return tf.add_n([distance(tf.stop_gradient(a), b, "l2") for a, b in pairs])


def pair_distances(x: tf.Tensor) -> tf.Tensor:
    """Returns the mean absolute differences [N (N - 1) / 2] of all pairs i < j of x [N, ...]."""
    x = _f32(x)
    axes = range(1, x.shape.rank)
    rows = [tf.reduce_mean(tf.abs(x[i + 1 :] - x[i]), axis=axes) for i in range(x.shape[0] - 1)]
    return tf.concat(rows, axis=0)


def half_distances(x: tf.Tensor) -> tf.Tensor:
    """Returns the mean absolute differences [N] of the halves of x [N, H, W, C], top and bottom."""
    upper, lower = tf.split(_f32(x), 2, axis=1)
    return tf.reduce_mean(tf.abs(upper - lower), axis=(1, 2, 3))


SELF_DISTANCES: dict[str, Callable[[tf.Tensor], tf.Tensor]] = {
    "pairs": pair_distances,
    "halves": half_distances,
}


def distance_change(
    before: tf.Tensor, after: tf.Tensor, statistics: Sequence[tuple[float, float]]
) -> tf.Tensor:
    """Returns the mean absolute change of distances by a translation, which should keep them.

    The distances are normalised in each domain: Benaim and Wolf, "One-Sided Unsupervised Domain
    Mapping", arXiv 1706.00826, eq. 4 and 5.

    Args:
        before: distances [M] between images of domain 1, or within them.
        after: the distances [M] between their translations.
        statistics: (mean, standard deviation) of such distances in domain 1 and in domain 2.
    """
    (mean1, std1), (mean2, std2) = statistics
    return distance((_f32(before) - mean1) / std1, (_f32(after) - mean2) / std2)


def feature_distance(
    features1: Sequence[tf.Tensor],
    features2: Sequence[tf.Tensor],
    reduction: str = "sum",
) -> tf.Tensor:
    """Returns the mean squared difference of the maps of each layer, combined over layers.

    Args:
        features1: maps [N, h, w, C] of generator 1, one per layer.
        features2: those of generator 2.
        reduction: 'sum' or 'mean' over layers. The thesis prints the mean, but its weights (10 and
            100) were chosen for the sum.

    Raises:
        ValueError: the lists differ in length, two maps in shape, or an unknown reduction.
    """
    if reduction not in ("sum", "mean"):
        raise ValueError(f"unknown reduction {reduction!r}; choose from sum, mean")
    distances = [distance(a, b, "l2") for a, b in zip(features1, features2, strict=True)]
    total = tf.add_n(distances)
    return total if reduction == "sum" else total / len(distances)


def weight_distance(variables1: Sequence, variables2: Sequence) -> tf.Tensor:
    """Returns the mean squared difference of corresponding variables, summed over variables.

    Raises:
        ValueError: the lists differ in length, or two variables in shape.
    """
    if len(variables1) != len(variables2):
        raise ValueError(f"{len(variables1)} variables against {len(variables2)}")
    return tf.add_n([distance(a, b, "l2") for a, b in zip(variables1, variables2, strict=True)])


def semantic_distance(
    logits1: tf.Tensor, logits2: tf.Tensor, norm: str = "l2", multilabel: bool = False
) -> tf.Tensor:
    """Returns the distance of a classifier's probabilities for two images.

    Args:
        logits1: logits [N, classes] of images 1.
        logits2: logits [N, classes] of images 2.
        norm: 'l2' or 'l1': mean over batch and classes of the squared or absolute difference of
            softmax probabilities. 'ce': mean over the batch of the symmetric cross-entropy
            (H(p1, p2) + H(p2, p1)) / 2 in nats, which is not 0 for equal but uncertain predictions.
        multilabel: whether each column is an attribute with a sigmoid probability; then all norms
            are means over batch and attributes.

    Raises:
        ValueError: an unknown norm, or different shapes.
    """
    logits1, logits2 = _pair(logits1, logits2)
    probability = tf.nn.sigmoid if multilabel else tf.nn.softmax
    if norm == "ce":
        entropy = _binary_cross_entropy if multilabel else _cross_entropy
        return 0.5 * (entropy(logits1, logits2) + entropy(logits2, logits1))
    return distance(probability(logits1), probability(logits2), norm)


def class_imbalance(logits: tf.Tensor) -> tf.Tensor:
    """Returns ln K minus the entropy of the mean class probabilities of logits [N, K], in nats.

    It is 0 when the batch is spread evenly over the classes, and ln K when all images are in one
    class: the balance term of regularised information maximisation (Krause et al., NIPS 2010,
    eq. 3). It is not a mean over samples: with several replicas, each of which has a smaller batch,
    it is larger.
    """
    mean = tf.reduce_mean(tf.nn.softmax(_f32(logits)), axis=0)
    return tf.math.log(float(mean.shape[0])) + tf.reduce_sum(tf.math.xlogy(mean, mean))


def attribute_division(logits1: tf.Tensor, logits2: tf.Tensor) -> tf.Tensor:
    """Returns the mean of -ln(1 - p1) - ln p2 in nats: images 2 have an attribute, images 1 not.

    p1 and p2 are the sigmoids of logits [N]; 2 ln 2 when both are 1/2. It is the classification
    loss of auxiliary-classifier GANs, with a frozen classifier (Odena et al., ICML 2017, arXiv
    1610.09585, eq. 3).
    """
    logits1, logits2 = _pair(logits1, logits2)
    return tf.reduce_mean(tf.nn.softplus(logits1) + tf.nn.softplus(-logits2))


def style_distance(
    maps1: Sequence[tf.Tensor], maps2: Sequence[tf.Tensor], divisor: str = "hw"
) -> tf.Tensor:
    """Returns the mean squared difference of the Gram matrices of maps, averaged over layers.

    Sample i of one list is compared with sample i of the other. Gatys et al., arXiv 1508.06576,
    eq. 5, with equal weights per layer.

    Args:
        maps1: maps [N, h, w, C], one per layer.
        maps2: maps of the same shapes.
        divisor: see `gram`.

    Raises:
        ValueError: the lists differ in length, two maps in shape, or an unknown divisor.
    """
    distances = [
        distance(gram(a, divisor), gram(b, divisor), "l2")
        for a, b in zip(maps1, maps2, strict=True)
    ]
    return tf.reduce_mean(tf.stack(distances))


def gram(maps: tf.Tensor, divisor: str = "hw") -> tf.Tensor:
    """Returns the products of channels of maps [N, H, W, C], summed over pixels, as [N, C, C].

    The sums are divided by H W ('hw', as in the thesis' code) or by H W C ('hwc', as in its text).

    Raises:
        ValueError: an unknown divisor.
    """
    if divisor not in ("hw", "hwc"):
        raise ValueError(f"unknown divisor {divisor!r}; choose from hw, hwc")
    maps = _f32(maps)
    samples, height, width, channels = tf.unstack(tf.shape(maps))
    pixels = tf.reshape(maps, [samples, height * width, channels])
    size = height * width * (channels if divisor == "hwc" else 1)
    return tf.matmul(pixels, pixels, transpose_a=True) / tf.cast(size, tf.float32)


def _f32(x: Any) -> tf.Tensor:
    return tf.cast(tf.convert_to_tensor(x), tf.float32)


def _pair(a: Any, b: Any) -> tuple[tf.Tensor, tf.Tensor]:
    a, b = _f32(a), _f32(b)
    if not a.shape.is_compatible_with(b.shape):
        raise ValueError(f"shapes differ: {a.shape} and {b.shape}")
    return a, b


def _cross_entropy(target_logits: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
    target = tf.nn.softmax(target_logits)
    return -tf.reduce_mean(tf.reduce_sum(target * tf.nn.log_softmax(logits), axis=-1))


def _binary_cross_entropy(target_logits: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
    target = tf.nn.sigmoid(target_logits)
    return tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(target, logits))


def _per_sample(x: tf.Tensor, uniform: Uniform) -> tf.Tensor:
    """Returns one number per sample, with the axes of `x`: [N, 1, ...]."""
    return uniform(tf.stack([tf.shape(x)[0]] + [1] * (x.shape.rank - 1)))


def _unit_norm_penalty(disc: Critic, x: tf.Tensor) -> tf.Tensor:
    # The lower limit keeps the derivative of the root finite where the critic is constant.
    length = tf.sqrt(tf.maximum(squared_gradient(disc, x), 1e-12))
    return tf.reduce_mean(tf.square(length - 1))
