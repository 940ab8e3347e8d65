"""One whole update with fast layers is that of the plain ones: same terms, same gradients."""

import collections
import functools

import keras
import numpy as np
import pytest
import tensorflow as tf
from systems import FULL, NO_DROPOUT, save_classifier, trainable, trainer, update

from nets import fast

# With plain gradient descent at rate 1, an update changes the weights by the gradient itself.
DESCENT = "--optim_d sgd --optim_g sgd --lr_d 1 --lr_g 1 --width 0.2 --batch_size 12".split()
# The gradient of an L1 distance jumps where rounding changes the sign of a difference.
SMOOTH = ["--cycle_norm", "l2"]
LIMIT = 1.15  # error of the fast form in bfloat16 over that of the plain one
SAMPLES = 8
FLOAT32 = 1e-5  # relative errors below this are those of float32 sums in another order


@pytest.fixture(scope="module")
def system(tmp_path_factory):
    """Return a function that builds a trainer, once, and copies its first weights."""
    path = save_classifier(tmp_path_factory.mktemp("fast_step") / "classifier.keras")

    @functools.cache
    def build(fast_layers, precision):
        flags = ["--classifier_path", path, *SMOOTH]
        flags += ["--fast_layers", fast_layers, "--mixed_precision", precision]
        built = trainer("scogan", *NO_DROPOUT, *FULL, *DESCENT, *flags)
        return built, {name: net.get_weights() for name, net in built.nets.items()}

    return build


@pytest.fixture(scope="module")
def bfloat16():
    """Skip the test where no convolution runs in bfloat16.

    That is so under ONEDNN_MAX_CPU_ISA=AVX2 on a newer processor: TensorFlow, which looks at the
    processor, leaves bfloat16 to oneDNN, which then has no such kernel. On a processor that really
    has nothing newer, TensorFlow uses kernels of its own.
    """
    try:
        tf.nn.conv2d(*(tf.ones([4] * 4, tf.bfloat16) for _ in range(2)), 1, "SAME")
    except tf.errors.OpError as error:
        pytest.skip(f"no convolution in bfloat16: {error.message[:200]}")


def step(system, phase, sample=0):
    """Return the terms of one update and each net's gradient as one vector.

    Each sample has a batch, latent vectors and weights of its own. Its weights are the first ones
    in a random order within each variable, which are as likely as the first ones.
    """
    built, start = system
    random = np.random.default_rng(sample)
    for name, net in built.nets.items():
        net.set_weights([random.permutation(w.ravel()).reshape(w.shape) for w in start[name]])
    before = trainable(built)
    terms = update(built, phase, sample)
    after = trainable(built)
    pairs = {name: zip(before[name], after[name], strict=True) for name in built.nets}
    gradients = {n: np.concatenate([(b - a).ravel() for b, a in each]) for n, each in pairs.items()}
    return terms, {name: each for name, each in gradients.items() if each.any()}


def apart(one, other):
    return {name: np.linalg.norm(one[name] - g) / np.linalg.norm(g) for name, g in other.items()}


@pytest.mark.parametrize("phase", ["disc", "gen"])
def test_the_fast_step_is_the_plain_step(system, phase):
    fast_terms, quick = step(system("true", "no"), phase)
    plain_terms, plain = step(system("false", "no"), phase)
    assert fast_terms == pytest.approx(plain_terms, rel=1e-4)
    assert quick.keys() == plain.keys() != set()
    assert max(apart(quick, plain).values()) < 1e-4


@pytest.mark.parametrize("phase", ["disc", "gen"])
def test_in_bfloat16_the_fast_step_is_as_near_to_float32_as_the_plain_one(system, bfloat16, phase):
    # The error of one sample is a random draw: the ratio of the two forms' errors is as often below
    # 1 as above it. Its logarithm was measured over 12 samples of each network with the kernels of
    # four generations of processors: means from -0.04 to 0.03, standard deviations from 0.02 to
    # 0.09. The mean of 8 samples then has a standard error of at most 0.033. The limit on it,
    # log(1.15) = 0.14, is more than three of these above every measured mean, so a step as exact as
    # today's does not fail by chance; one with errors 1.27 times the plain ones is three of them
    # above the limit and does not pass by chance. Narrow networks would need far more samples: at a
    # quarter of this width the standard deviation is 0.19, and every third ratio is above 1.15.
    logs = collections.defaultdict(list)
    for sample in range(SAMPLES):
        exact_terms, exact = step(system("false", "no"), phase, sample)
        terms, quick = step(system("true", "bfloat16"), phase, sample)
        _, plain = step(system("false", "bfloat16"), phase, sample)
        assert terms == pytest.approx(exact_terms, rel=3e-2)
        errors, usual = apart(quick, exact), apart(plain, exact)
        assert min(errors.values()) > 1e-4  # it does compute in bfloat16
        for name in exact:
            logs[name].append(np.log(errors[name] / usual[name]))
    ratios = {name: float(np.exp(np.mean(each))) for name, each in logs.items()}
    assert max(ratios.values()) < LIMIT, ratios


# Each layer with a form for bfloat16: class, arguments, input shape, dtype in the networks.
LAYERS = {
    "batch norm": ("BatchNormalization", {}, (8, 8, 8, 32), "mixed_bfloat16"),
    "prelu": ("PReLU", {"shared_axes": [1, 2]}, (8, 8, 8, 32), "mixed_bfloat16"),
    "up": (
        "Conv2DTranspose", dict(filters=24, kernel_size=3, strides=2, padding="same"),
        (8, 4, 4, 32), "mixed_bfloat16",
    ),
    "image": (
        "Conv2DTranspose", dict(filters=3, kernel_size=6, padding="same"),
        (4, 16, 16, 32), "float32",
    ),
    "few filters": (
        "Conv2D", dict(filters=3, kernel_size=7, padding="same"), (4, 16, 16, 32), "float32",
    ),
}  # fmt: skip


def layer(name, policy, compute_dtype=None):
    """A model of one layer, in its fast form if there is a dtype for the products."""
    kind, options, shape, _ = LAYERS[name]
    x = keras.Input(shape[1:])
    model = keras.Model(x, getattr(keras.layers, kind)(dtype=policy, **options)(x))
    if compute_dtype:
        fast.speed_up(model, compute_dtype)
        assert "call" in vars(model.layers[-1])
    return model


def results(model, weights, x, upstream):
    """Output, gradients and state of a layer in training, as float32."""
    model.set_weights(weights)
    values = [x, *(v.value for v in model.trainable_variables)]
    with tf.GradientTape() as tape:
        tape.watch(values)
        y = tf.cast(model(x, training=True), tf.float32)
        loss = tf.reduce_sum(y * upstream)
    names = ["output", "input", *(v.name for v in model.trainable_variables)]
    state = {v.name: v.numpy() for v in model.non_trainable_variables}
    return dict(zip(names, [y, *tape.gradient(loss, values)], strict=True)) | state


def in_bfloat16(numbers):
    """These numbers, rounded to bfloat16, as float32."""
    return tf.cast(tf.cast(numbers, tf.bfloat16), tf.float32)


@pytest.mark.parametrize("name", LAYERS)
def test_in_bfloat16_a_fast_layer_rounds_no_worse_than_the_plain_one(bfloat16, name):
    # In a whole step the errors of the other layers hide those of one. Alone, with the same input,
    # the layer makes hundreds to thousands of errors of its own, and the ratio of the two forms is
    # not left to chance: it is 1.00 where both round alike and 0.8 where the fast form rounds less.
    # The plain layer multiplies in bfloat16 here even where the networks' own is float32 for its
    # sums: the fast form does so by design, which the test of the whole step judges.
    *_, shape, policy = LAYERS[name]
    quick, plain = layer(name, policy, "bfloat16"), layer(name, "mixed_bfloat16")
    exact, random = layer(name, "float32"), np.random.default_rng(0)
    squares = collections.defaultdict(list)
    for _ in range(SAMPLES):
        weights = [random.uniform(0.1, 1, w.shape).astype("f") for w in exact.get_weights()]
        weights = [w - 0.55 if w.ndim == 4 else w for w in weights]
        x = in_bfloat16(random.normal(size=shape))
        upstream = tf.constant(random.normal(size=exact(x).shape), tf.float32)
        inputs = weights, x, upstream
        expected = results(exact, *inputs)
        errors, usual = (apart(results(net, *inputs), expected) for net in (quick, plain))
        for key in expected:
            squares[key].append((errors[key] ** 2, usual[key] ** 2))
    errors = {key: np.sqrt(np.mean(each, axis=0)) for key, each in squares.items()}
    assert all(ours < max(LIMIT * usual, FLOAT32) for ours, usual in errors.values()), errors
