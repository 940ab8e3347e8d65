"""Every faster form against the Keras layer whose `call` it replaces."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from nets import cogan, fast

IMAGE = dict(filters=3, kernel_size=6, activation="tanh")
LAYERS = {
    "batch norm": ("BatchNormalization", {"momentum": 0.9}, (6, 4, 4, 3)),
    "prelu per channel": ("PReLU", {"shared_axes": [1, 2]}, (3, 4, 5, 6)),
    "prelu per element": ("PReLU", {}, (3, 4, 5, 6)),
    "prelu per layer": ("PReLU", {"shared_axes": [1, 2, 3]}, (3, 4, 5, 6)),
    "up k3": ("Conv2DTranspose", dict(filters=5, kernel_size=3, strides=2), (2, 4, 4, 3)),
    "up k4, high": ("Conv2DTranspose", dict(filters=5, kernel_size=4, strides=2), (2, 4, 3, 3)),
    "up k5": ("Conv2DTranspose", dict(filters=5, kernel_size=5, strides=2), (2, 8, 8, 3)),
    "image k6": ("Conv2DTranspose", IMAGE, (2, 8, 7, 4)),
    "image k3": ("Conv2DTranspose", dict(filters=3, kernel_size=3), (2, 5, 7, 4)),
    "image 2x5": ("Conv2DTranspose", dict(filters=2, kernel_size=(2, 5)), (2, 5, 7, 4)),
    "wide k5": ("Conv2D", dict(filters=6, kernel_size=5, padding="same"), (2, 8, 7, 5)),
    "wide 4x6": ("Conv2D", dict(filters=6, kernel_size=(4, 6), padding="same"), (2, 8, 7, 5)),
    "wide k5, valid": ("Conv2D", dict(filters=6, kernel_size=5, activation="relu"), (2, 8, 7, 5)),
    "few filters": ("Conv2D", dict(filters=3, kernel_size=7, padding="same"), (2, 8, 9, 6)),
    "few filters, even": ("Conv2D", dict(filters=3, kernel_size=6, padding="same"), (2, 8, 9, 6)),
    "few filters, valid": ("Conv2D", dict(filters=2, kernel_size=5, use_bias=False), (2, 8, 9, 6)),
    "image k7 of a small map": ("Conv2DTranspose", dict(filters=1, kernel_size=7), (2, 4, 4, 3)),
}  # fmt: skip
MANY = dict(filters=5, kernel_size=3)
LEFT = {
    "batch norm of vectors": ("BatchNormalization", {}, (6, 5)),
    "batch norm without scale": ("BatchNormalization", {"scale": False}, (6, 4, 4, 3)),
    "batch norm over replicas": ("BatchNormalization", {"synchronized": True}, (6, 4, 4, 3)),
    "prelu of vectors": ("PReLU", {}, (3, 7)),
    "up of a large map": ("Conv2DTranspose", {"strides": 2} | MANY, (1, 9, 9, 3)),
    "many filters": ("Conv2DTranspose", MANY, (1, 9, 9, 3)),
    "narrow kernel": ("Conv2D", MANY, (1, 9, 9, 5)),
    "convolution of an image": ("Conv2D", dict(filters=6, kernel_size=7), (1, 9, 9, 3)),
    "dilated": ("Conv2D", dict(filters=6, kernel_size=5, dilation_rate=2), (1, 9, 9, 5)),
    "grouped": ("Conv2D", dict(filters=6, kernel_size=5, groups=2), (1, 9, 9, 6)),
    "dense": ("Dense", {"units": 3}, (2, 3)),
}  # fmt: skip
RTOL = {"float32": 1e-4, "bfloat16": 3e-2}


def pair(name: str, policy: str = "float32", compute_dtype: str = "float32") -> tuple:
    """A plain model of one layer, a sped up one with the same random weights, and an input."""
    kind, kw, shape = (LAYERS | LEFT)[name]
    kw = kw | {"dtype": policy} | ({"padding": "same"} if kind == "Conv2DTranspose" else {})
    models, random = [], np.random.default_rng(0)
    for _ in range(2):
        x = keras.Input(shape[1:])
        models.append(keras.Model(x, getattr(keras.layers, kind)(**kw)(x)))
    weights = [random.uniform(0.1, 1, v.shape).astype("f") for v in models[0].variables]
    for model in models:
        model.set_weights(weights)
    fast.speed_up(models[1], compute_dtype)
    return *models, tf.constant(random.normal(0.3, 1, shape).astype("f"))


def replaced(model: keras.Model) -> bool:
    return any("call" in vars(layer) for layer in model.layers)


def derivatives(model: keras.Model, x: tf.Tensor, training: bool) -> list[tf.Tensor]:
    """Output, its first gradients, the gradients of a function of those, and the weights after."""
    values = [x, *(v.value for v in model.trainable_variables)]
    with tf.GradientTape(persistent=True) as outer:
        outer.watch(values)
        with tf.GradientTape() as inner:
            inner.watch(values)
            y = tf.cast(model(x, training=training), "float32")
            loss = tf.reduce_sum(y**3)
        first = inner.gradient(loss, values)
        second_loss = tf.add_n([tf.reduce_sum(tf.cast(g, "float32") ** 2) for g in first])
    second = outer.gradient(second_loss, values)
    return [y, *first, *second, *(tf.identity(v.value) for v in model.variables)]


def assert_close(results, expected, rtol: float):
    """Equal up to `rtol` times the largest number of each tensor."""
    for a, b in zip(results, expected, strict=True):
        assert (a is None) == (b is None)
        if b is not None:
            a, b = (tf.cast(t, tf.float32).numpy() for t in (a, b))
            assert a.shape == b.shape
            assert np.abs(a - b).max() <= rtol * max(np.abs(b).max(), 1e-6)


@pytest.mark.parametrize("name", LEFT)
def test_what_keras_does_as_well_is_left_to_it(name):
    assert not replaced(pair(name)[1])


def test_maps_of_unknown_width_are_left_to_keras():
    x = keras.Input((None, None, 8))
    model = keras.Model(x, keras.layers.Conv2D(6, 5)(x))
    fast.speed_up(model)
    assert not replaced(model)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("name", LAYERS)
def test_equals_keras_with_two_derivatives(name, training):
    slow, quick, x = pair(name)
    assert replaced(quick) and not replaced(slow)
    assert_close(derivatives(quick, x, training), derivatives(slow, x, training), RTOL["float32"])


@pytest.mark.parametrize("name", LAYERS)
def test_equals_keras_in_bfloat16(name):
    slow, quick, x = pair(name, "mixed_bfloat16", "bfloat16")
    outputs = []
    for model in (quick, slow):
        values = [x, *(v.value for v in model.trainable_variables)]
        with tf.GradientTape() as tape:
            tape.watch(values)
            y = model(x, training=True)
            loss = tf.reduce_mean(tf.cast(y, tf.float32) ** 2)
        assert y.dtype == tf.bfloat16
        outputs.append([y, *tape.gradient(loss, values)])
    assert_close(*outputs, RTOL["bfloat16"])


@pytest.mark.parametrize("name", ["image k6", "few filters"])
def test_a_float32_image_row_multiplies_in_the_dtype_of_the_other_products(name):
    slow, quick, x = pair(name, "float32", "bfloat16")
    y = quick(x)
    assert y.dtype == tf.float32 and not np.array_equal(y, slow(x))
    assert_close([y], [slow(x)], RTOL["bfloat16"])


@pytest.mark.parametrize("jit", [False, True])
@pytest.mark.parametrize(
    "name",
    ["batch norm", "prelu per channel", "up k3", "image k6", "wide k5, valid", "few filters, even"],
)
def test_acts_in_a_graph_and_under_xla(name, jit):
    slow, quick, x = pair(name)

    def gradient(model):
        def run(x):
            with tf.GradientTape() as tape:
                tape.watch(x)
                loss = tf.reduce_sum(model(x) ** 2)
            return tape.gradient(loss, [x, *(v.value for v in model.trainable_variables)])

        return tf.function(run, jit_compile=jit, autograph=False)

    assert_close(gradient(quick)(x), gradient(slow)(x), RTOL["float32"])


@pytest.mark.parametrize("policy", RTOL)
def test_moving_statistics_after_two_steps(policy):
    slow, quick, x = pair("batch norm", "float32" if policy == "float32" else "mixed_bfloat16")
    for model in (slow, quick):
        model(x, training=True)
        model(2 * x + 1, training=True)
    assert_close(quick.variables, slow.variables, RTOL[policy])


def test_batch_norm_that_is_frozen_keeps_its_statistics():
    slow, quick, x = pair("batch norm")
    for model in (slow, quick):
        model.layers[1].trainable = False
    before = [v.numpy() for v in quick.variables]
    assert_close([quick(x, training=True)], [slow(x, training=True)], RTOL["float32"])
    assert_close(quick.variables, before, 0)


def test_replicas_on_two_devices():
    with tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"]).scope():
        slow, quick, x = pair("prelu per channel")
        strategy = tf.distribute.get_strategy()

    @tf.function(autograph=False)
    def step(x):
        return strategy.run(lambda x: tf.reduce_sum(quick(x)), args=(x,))

    for value in strategy.experimental_local_results(step(x)):
        assert float(value) == pytest.approx(float(tf.reduce_sum(slow(x))), rel=1e-5)


def nets(quick: bool):
    keras.utils.set_random_seed(1)
    gen, _ = cogan.digit_generators(noise_dim=4, width=0.02, shared_layers=1)
    # Without max pooling, where rounding can change which pixel is the largest.
    disc, _ = cogan.digit_discriminators(width=0.1, arch="strided", norm="batch", dropout=0.0)
    for net in (gen, disc) if quick else ():
        fast.speed_up(net)
        assert replaced(net)
    return gen, disc


def in_float64(gen: keras.Model) -> keras.Model:
    """A copy of a plain generator that computes in float64."""

    def precise(layer: keras.layers.Layer) -> keras.layers.Layer:
        return type(layer).from_config(layer.get_config() | {"dtype": "float64"})

    z = keras.Input((4,), dtype="float64")
    copy = keras.models.clone_model(gen, clone_function=precise, input_tensors=z)
    copy.set_weights(gen.get_weights())
    return copy


def test_generators_give_the_same_images_and_gradients_as_near_to_float64():
    """Batch norm over few numbers makes float32 gradients of either form good to 1e-2 only."""
    z = np.random.default_rng(0).normal(size=(8, 4)).astype("f")
    gens = {"fast": nets(True)[0], "plain": nets(False)[0]}
    gens["exact"] = in_float64(gens["plain"])
    outputs, gradients, statistics = {}, {}, {}
    for form, gen in gens.items():
        weights = [v.value for v in gen.trainable_variables]
        with tf.GradientTape() as tape:
            image, features = gen(tf.cast(z, gen.inputs[0].dtype), training=True)
            loss = tf.add_n([tf.reduce_mean(y**2) for y in (image, *features)])
        outputs[form] = [image, *features]
        gradients[form] = [np.asarray(g, "d") for g in tape.gradient(loss, weights)]
        statistics[form] = [v.value for v in gen.non_trainable_variables if "moving" in v.path]
    assert_close(outputs["fast"], outputs["plain"], RTOL["float32"])
    assert_close(statistics["fast"], statistics["plain"], RTOL["float32"])
    largest = max(np.abs(g).max() for g in gradients["exact"])
    for fast_one, plain_one, exact in zip(*gradients.values(), strict=True):
        allowed = 2 * np.abs(plain_one - exact).max() + 1e-4 * np.abs(exact).max()
        assert np.abs(fast_one - exact).max() <= allowed + 1e-5 * largest


def test_second_derivative_of_batch_norm_is_exact():
    """Keras' own is not: its moments hold the mean constant inside the variance."""
    random = np.random.default_rng(0)
    _, quick, _ = pair("batch norm")
    x, weight, direction = (random.normal(0.3, 1, (6, 4, 4, 3)) for _ in range(3))

    def product(norm, dtype: str) -> np.ndarray:
        point, u, v = (tf.constant(a, dtype) for a in (x, weight, direction))
        with tf.GradientTape() as outer:
            outer.watch(point)
            with tf.GradientTape() as inner:
                inner.watch(point)
                loss = tf.reduce_sum(u * norm(point) ** 2)
            along = tf.reduce_sum(inner.gradient(loss, point) * v)
        return outer.gradient(along, point).numpy()

    def exact(x: tf.Tensor) -> tf.Tensor:
        layer = quick.layers[1]
        centred = x - tf.reduce_mean(x, (0, 1, 2))
        normed = centred * tf.math.rsqrt(tf.reduce_mean(centred**2, (0, 1, 2)) + layer.epsilon)
        gamma, beta = (tf.cast(v.value, x.dtype) for v in (layer.gamma, layer.beta))
        return gamma * normed + beta

    expected = product(exact, "float64")
    result = product(lambda x: quick(x, training=True), "float32")
    assert np.abs(result - expected).max() <= 1e-5 * np.abs(expected).max()


def test_a_sped_up_net_is_saved_and_cloned_as_a_plain_one(tmp_path):
    gen, _ = nets(True)
    clone = keras.models.clone_model(gen)
    assert not replaced(clone)
    z = keras.Input((4,))
    model = keras.Model(z, gen(z)[0])
    model.save(tmp_path / "gen.keras")
    assert "nets" not in model.to_json()
    x = np.random.default_rng(0).normal(size=(3, 4)).astype("f")
    loaded = keras.models.load_model(tmp_path / "gen.keras")
    assert not replaced(loaded)
    assert_close([loaded(x)], [model(x)], RTOL["float32"])


def test_models_inside_a_model_are_searched():
    gen, _ = nets(False)
    z = keras.Input((4,))
    fast.speed_up(keras.Model(z, gen(z)[0]))
    assert replaced(gen)
