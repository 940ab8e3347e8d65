"""Critic penalties and the distances that softly couple two generators.

Everything is computed in float32 and unweighted. A shape mismatch raises ValueError: TensorFlow
would broadcast it away without a word.
"""

from collections.abc import Callable, Sequence

import tensorflow as tf

Critic = Callable[[tf.Tensor], tf.Tensor]
Uniform = Callable[[tf.Tensor], tf.Tensor]


def squared_gradient(disc: Critic, x: tf.Tensor) -> tf.Tensor:
    """|grad D(x)|^2 of a critic of inputs [N, ...], over all axes but the first: [N]."""
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(x)
        # A sum over all logits: each sample's gradient is that of its own logits' sum.
        total = tf.reduce_sum(_f32(disc(x)))
    gradient = _f32(tape.gradient(total, x))
    return tf.reduce_sum(tf.square(gradient), axis=range(1, x.shape.rank))


def gradient_penalty(disc: Critic, real: tf.Tensor, fake: tf.Tensor, uniform: Uniform) -> tf.Tensor:
    """E (|grad D(x)| - 1)^2 between real and fake; Gulrajani et al., arXiv 1704.00028, eq. 3.

    Args:
        disc: inputs -> logits of any shape; the logits of one sample are summed.
        real: [N, ...], 2-D points as well as images.
        fake: same shape as `real`.
        uniform: shape -> U[0, 1) float32 numbers, one per sample.

    Raises:
        ValueError: when `real` and `fake` differ in shape.
    """
    real, fake = _pair(real, fake)
    return _unit_norm_penalty(disc, real + _per_sample(real, uniform) * (fake - real))


def r1(disc: Critic, real: tf.Tensor, fake: tf.Tensor, uniform: Uniform) -> tf.Tensor:
    """1/2 E |grad D(x)|^2 on real data; Mescheder et al., arXiv 1801.04406, eq. 9.

    The half is in, so the term's weight is the paper's gamma. `fake` and `uniform` are unused.
    """
    return 0.5 * tf.reduce_mean(squared_gradient(disc, _f32(real)))


def dragan(disc: Critic, real: tf.Tensor, fake: tf.Tensor, uniform: Uniform) -> tf.Tensor:
    """E (|grad D(x)| - 1)^2 around real data; Kodali et al., arXiv 1705.07215, section 2.3.

    The noise is the authors' published one: U[0, 1) times half the deviation of the batch.
    `fake` is unused.
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
    """`every * term()` in one iteration out of `every`, else 0: the same mean, fewer of them.

    Lazy regularisation, Karras et al., arXiv 1912.04958, appendix B.
    """
    if every == 1:
        return term()
    # As a function of its own: of compiled layers directly in a branch TensorFlow 2.21 finds no
    # second derivative ("Could not find external tensor capture").
    now = tf.function(lambda: float(every) * term(), autograph=False)
    return tf.cond(step % every == 0, now, lambda: tf.constant(0.0))


def distance(a: tf.Tensor, b: tf.Tensor, norm: str = "l1") -> tf.Tensor:
    """Mean absolute ('l1') or squared ('l2') difference of all elements.

    Raises:
        ValueError: for an unknown norm or unequal shapes.
    """
    a, b = _pair(a, b)
    if norm not in ("l1", "l2"):
        raise ValueError(f"unknown norm {norm!r}")
    return tf.reduce_mean(tf.abs(a - b) if norm == "l1" else tf.math.squared_difference(a, b))


def feature_matching(real: Sequence[tf.Tensor], fake: Sequence[tf.Tensor]) -> tf.Tensor:
    """Mean squared difference of the batch means of a critic's maps, summed over layers.

    Salimans et al., arXiv 1606.03498, eq. 1, as DiscoGAN's program has it (arXiv 1703.05192).
    Nothing flows back through `real`.

    Raises:
        ValueError: when the lists differ in length or a pair in shape.
    """
    means = [[tf.reduce_mean(_f32(each), axis=0) for each in maps] for maps in (real, fake)]
    pairs = zip(*means, strict=True)
    return tf.add_n([distance(tf.stop_gradient(a), b, "l2") for a, b in pairs])


def pair_distances(x: tf.Tensor) -> tf.Tensor:
    """Mean absolute difference of every two samples i < j of [N, ...]: [N (N - 1) / 2]."""
    x = _f32(x)
    axes = range(1, x.shape.rank)
    rows = [tf.reduce_mean(tf.abs(x[i + 1 :] - x[i]), axis=axes) for i in range(x.shape[0] - 1)]
    return tf.concat(rows, axis=0)


def half_distances(x: tf.Tensor) -> tf.Tensor:
    """Mean absolute difference of the upper and lower half of each image [N, H, W, C]: [N]."""
    upper, lower = tf.split(_f32(x), 2, axis=1)
    return tf.reduce_mean(tf.abs(upper - lower), axis=(1, 2, 3))


SELF_DISTANCES: dict[str, Callable[[tf.Tensor], tf.Tensor]] = {
    "pairs": pair_distances,
    "halves": half_distances,
}


def distance_change(
    before: tf.Tensor, after: tf.Tensor, laws: Sequence[tuple[float, float]]
) -> tf.Tensor:
    """Mean absolute difference of two lists of distances [M], each in units of its own domain.

    Benaim and Wolf, "One-Sided Unsupervised Domain Mapping", arXiv 1706.00826, eq. 4 and 5: what a
    mapping must keep.

    Args:
        before: distances in images.
        after: the same ones in their translations.
        laws: mean and standard deviation of such distances in either domain.
    """
    (mean1, std1), (mean2, std2) = laws
    return distance((_f32(before) - mean1) / std1, (_f32(after) - mean2) / std2)


def feature_distance(
    features1: Sequence[tf.Tensor],
    features2: Sequence[tf.Tensor],
    reduction: str = "sum",
) -> tf.Tensor:
    """Mean squared difference of each layer's maps, summed or averaged over layers.

    The thesis prints the mean over layers; its weights (10, 100) were tuned with the sum.

    Raises:
        ValueError: for lists of unequal length, an unknown reduction or unequal shapes.
    """
    if reduction not in ("sum", "mean"):
        raise ValueError(f"unknown reduction {reduction!r}; choose from sum, mean")
    distances = [distance(a, b, "l2") for a, b in zip(features1, features2, strict=True)]
    total = tf.add_n(distances)
    return total if reduction == "sum" else total / len(distances)


def weight_distance(variables1: Sequence, variables2: Sequence) -> tf.Tensor:
    """Sum over corresponding variables of the mean squared difference.

    Raises:
        ValueError: when the lists differ in length or a pair in shape.
    """
    if len(variables1) != len(variables2):
        raise ValueError(f"{len(variables1)} variables against {len(variables2)}")
    return tf.add_n([distance(a, b, "l2") for a, b in zip(variables1, variables2, strict=True)])


def semantic_distance(
    logits1: tf.Tensor, logits2: tf.Tensor, norm: str = "l2", multilabel: bool = False
) -> tf.Tensor:
    """How differently a classifier judges two images; logits are [N, classes].

    'l2' and 'l1' are means over batch and classes of the squared and absolute difference of the
    softmax probabilities. 'ce' is the mean over the batch of the symmetric cross-entropy
    (H(p1, p2) + H(p2, p1)) / 2: it is not 0 for equal but unsure judgements. With `multilabel` each
    column is an attribute with a sigmoid probability, and all are means over batch and attributes.

    Raises:
        ValueError: for an unknown norm or unequal shapes.
    """
    logits1, logits2 = _pair(logits1, logits2)
    probability = tf.nn.sigmoid if multilabel else tf.nn.softmax
    if norm == "ce":
        entropy = _binary_cross_entropy if multilabel else _cross_entropy
        return 0.5 * (entropy(logits1, logits2) + entropy(logits2, logits1))
    return distance(probability(logits1), probability(logits2), norm)


def class_imbalance(logits: tf.Tensor) -> tf.Tensor:
    """ln K minus the entropy of the mean class probabilities; logits are [N, K].

    In nats: 0 when the batch is spread evenly over the classes, ln K when all of it is in one. It
    depends on the batch as a whole, so several replicas, each with its share, see more of it. The
    balance term of regularised information maximisation (Krause et al., NIPS 2010, eq. 3).
    """
    mean = tf.reduce_mean(tf.nn.softmax(_f32(logits)), axis=0)
    return tf.math.log(float(mean.shape[0])) + tf.reduce_sum(tf.math.xlogy(mean, mean))


def attribute_division(logits1: tf.Tensor, logits2: tf.Tensor) -> tf.Tensor:
    """Mean of -ln(1 - p1) - ln p2: image 1 is to lack an attribute, image 2 to have it.

    In nats, of logits [N] whose sigmoids are p1 and p2: 2 ln 2 when nothing is known of either
    image. The classification loss of auxiliary-classifier GANs, by a frozen classifier (Odena et
    al., ICML 2017, arXiv 1610.09585, eq. 3).
    """
    logits1, logits2 = _pair(logits1, logits2)
    return tf.reduce_mean(tf.nn.softplus(logits1) + tf.nn.softplus(-logits2))


def style_distance(
    maps1: Sequence[tf.Tensor], maps2: Sequence[tf.Tensor], divisor: str = "hw"
) -> tf.Tensor:
    """Mean squared difference of the Gram matrices of each layer's maps, averaged over layers.

    Sample i is compared with sample i. Gatys et al., eq. 5, with equal weights per layer.

    Raises:
        ValueError: when the lists differ in length, a pair in shape, or for an unknown divisor.
    """
    distances = [
        distance(gram(a, divisor), gram(b, divisor), "l2")
        for a, b in zip(maps1, maps2, strict=True)
    ]
    return tf.reduce_mean(tf.stack(distances))


def gram(maps: tf.Tensor, divisor: str = "hw") -> tf.Tensor:
    """Products of the channels of maps [N, H, W, C], summed over all pixels: [N, C, C].

    Divided by H W ('hw', as the thesis ran) or by H W C ('hwc', as it prints).

    Raises:
        ValueError: for an unknown divisor.
    """
    if divisor not in ("hw", "hwc"):
        raise ValueError(f"unknown divisor {divisor!r}; choose from hw, hwc")
    maps = _f32(maps)
    samples, height, width, channels = tf.unstack(tf.shape(maps))
    pixels = tf.reshape(maps, [samples, height * width, channels])
    size = height * width * (channels if divisor == "hwc" else 1)
    return tf.matmul(pixels, pixels, transpose_a=True) / tf.cast(size, tf.float32)


def _f32(x) -> tf.Tensor:
    return tf.cast(tf.convert_to_tensor(x), tf.float32)


def _pair(a, b) -> tuple[tf.Tensor, tf.Tensor]:
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
    """One number per sample, shaped [N, 1, ...] to fit `x`."""
    return uniform(tf.stack([tf.shape(x)[0]] + [1] * (x.shape.rank - 1)))


def _unit_norm_penalty(disc: Critic, x: tf.Tensor) -> tf.Tensor:
    # The floor keeps the derivative of the root finite where the critic is flat.
    length = tf.sqrt(tf.maximum(squared_gradient(disc, x), 1e-12))
    return tf.reduce_mean(tf.square(length - 1))
