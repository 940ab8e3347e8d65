"""Layers of which every network here is put together; `rows` makes whole rows of them.

A *block* is a list of layers, or of branches of layers, applied in order.
"""

import contextlib
import contextvars
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import keras
import tensorflow as tf

Block = list[Callable[[keras.KerasTensor], keras.KerasTensor]]
Uniform = Callable[[tf.Tensor], tf.Tensor]

INITIALIZERS: dict[str, Callable[[], keras.initializers.Initializer]] = {
    "normal": lambda: keras.initializers.RandomNormal(stddev=0.02),
    "xavier": keras.initializers.GlorotUniform,
    "he": keras.initializers.HeNormal,
    "wide": lambda: keras.initializers.RandomNormal(stddev=0.05),
}
PRELU_SLOPE = 0.25
UPSAMPLINGS = ("transpose", "nearest")

# A context variable, not a global: the replicas of a MirroredStrategy run in threads of their own
# and take turns in the middle of a network call (synchronised batch norm).
_random_source: contextvars.ContextVar[Uniform | None] = contextvars.ContextVar(
    "random_source", default=None
)


@contextlib.contextmanager
def randomness(uniform_source: Uniform) -> Iterator[None]:
    """Let every `Dropout` called inside draw from `uniform_source(shape) -> [0, 1) float32`.

    Enter it in the thread that calls the networks: with a strategy, inside the replica function.
    The source must give other numbers at every call.
    """
    token = _random_source.set(uniform_source)
    try:
        yield
    finally:
        _random_source.reset(token)


def uniform(shape: tf.Tensor) -> tf.Tensor:
    """Uniform [0, 1) float32 numbers from the source in force, else from `tf.random`."""
    source = _random_source.get()
    return tf.random.uniform(shape) if source is None else source(shape)


@keras.saving.register_keras_serializable("softgan")
class Dropout(keras.layers.Layer):
    """Dropout without a state of its own; its mask comes from `uniform`.

    Keras' own layer gives every replica the same mask and hides its seed from checkpoints.
    """

    def __init__(self, rate: float, **kwargs) -> None:
        super().__init__(**kwargs)
        if not 0 <= rate < 1:
            raise ValueError(f"dropout rate must be in [0, 1), not {rate}")
        self.rate = rate

    def call(self, x: tf.Tensor, training: bool | None = None) -> tf.Tensor:
        """Zero a share `rate` of `x` and scale up the rest; the identity outside training."""
        if not training or self.rate == 0:
            return x
        kept = uniform(tf.shape(x)) >= self.rate
        return tf.where(kept, x / (1 - self.rate), tf.zeros_like(x))

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        """Shape of the output: that of the input."""
        return input_shape

    def get_config(self) -> dict:
        """Arguments from which the layer can be made again."""
        return {**super().get_config(), "rate": self.rate}


def pick(table: dict, key: str, what: str):
    """`table[key]`, or a ValueError that names the choices."""
    if key not in table:
        raise ValueError(f"unknown {what} {key!r}; choose from {', '.join(table)}")
    return table[key]


def initializer(name: str) -> keras.initializers.Initializer:
    """A NEW initialiser of `INITIALIZERS`: 'normal' has std 0.02, 'wide' 0.05, 'xavier' is uniform.

    In Keras 3 one object used for two layers of a shape gives both the same weights.
    """
    return pick(INITIALIZERS, name, "initialiser")()


def prelu(kind: str, rank: int = 4, name: str | None = None) -> keras.layers.PReLU:
    """PReLU of slope 0.25 for tensors of `rank` axes, with a slope per channel|element|layer."""
    shared = {"channel": range(1, rank - 1), "element": (), "layer": range(1, rank)}
    return keras.layers.PReLU(
        alpha_initializer=keras.initializers.Constant(PRELU_SLOPE),
        shared_axes=list(pick(shared, kind, "PReLU kind")),
        name=name,
    )


def batch_norm(
    momentum: float = 0.99, epsilon: float = 1e-3, name: str | None = None
) -> keras.layers.BatchNormalization:
    """Batch norm, over the batch of all replicas where there is more than one."""
    replicas = tf.distribute.get_strategy().num_replicas_in_sync
    return keras.layers.BatchNormalization(
        momentum=momentum, epsilon=epsilon, synchronized=replicas > 1, name=name
    )


NORMS: dict[str, Callable[[str | None], Block]] = {
    "none": lambda name: [],
    "batch": lambda name: [batch_norm(name=name)],
    # Over H, W and C with an affine per channel (Ba et al. as Gulrajani et al. use it).
    "layer": lambda name: [keras.layers.GroupNormalization(groups=1, name=name)],
    # Over the channels of each pixel: what Keras' own default does.
    "channel": lambda name: [keras.layers.LayerNormalization(axis=-1, name=name)],
    "instance": lambda name: [keras.layers.GroupNormalization(groups=-1, name=name)],
}


def norm(kind: str, name: str | None = None) -> Block:
    """The norm that follows a critic's convolution, as zero or one layers.

    none|batch|layer (over H, W, C)|channel (per pixel)|instance.
    """
    return pick(NORMS, kind, "norm")(name)


def normed(layer: keras.layers.Layer, kind: str) -> Block:
    """A convolution and the norm that follows it."""
    return [layer, *norm(kind, f"{layer.name}_norm")]


def scaled(units: int, width: float) -> int:
    """`units` times `width`, rounded, at least 1."""
    if width <= 0:
        raise ValueError(f"width must be above 0, not {width}")
    return max(1, round(units * width))


@dataclass(frozen=True)
class Style:
    """How the layers of one network are started, decayed, activated and made to grow maps.

    `weight_decay` c adds c * sum(w^2) over kernels to `net.losses`, which the trainer must add.
    `upsample` is 'transpose' or 'nearest' and acts on rows that enlarge the map.
    """

    prelu: str = "channel"
    weight_init: str = "xavier"
    bias_init: float = 0.1
    weight_decay: float = 0.0
    upsample: str = "transpose"

    def weights(self) -> dict:
        """Fresh keyword arguments for one layer with a kernel."""
        decay = keras.regularizers.L2(self.weight_decay) if self.weight_decay > 0 else None
        return {
            "kernel_initializer": initializer(self.weight_init),
            "bias_initializer": keras.initializers.Constant(self.bias_init),
            "kernel_regularizer": decay,
        }

    def conv(
        self, filters: int, kernel: int, stride: int = 1, *, name: str, padding: str = "same", **kw
    ) -> keras.layers.Conv2D:
        """A convolution in this style."""
        return keras.layers.Conv2D(
            filters, kernel, stride, padding, name=name, **self.weights(), **kw
        )

    def up(self, filters: int, kernel: int, stride: int = 2, *, name: str, **kw) -> Block:
        """A transposed convolution ('same' padding) in this style.

        For `upsample` 'nearest' and a stride above 1: pixels repeated, then a convolution with as
        many weights, which leaves no checkerboard (Odena et al., Distill 2016).
        """
        if self.upsample not in UPSAMPLINGS:
            raise ValueError(f"unknown upsample {self.upsample!r}; choose from {UPSAMPLINGS}")
        if self.upsample == "nearest" and stride > 1:
            repeat = keras.layers.UpSampling2D(stride, name=f"{name}_nearest")
            return [repeat, self.conv(filters, kernel, name=name, **kw)]
        options = self.weights() | kw
        return [keras.layers.Conv2DTranspose(filters, kernel, stride, "same", name=name, **options)]

    def dense(self, units: int, *, name: str, **kw) -> keras.layers.Dense:
        """A dense layer in this style."""
        return keras.layers.Dense(units, name=name, **self.weights() | kw)


STYLE = Style()  # the thesis' own


@dataclass(frozen=True)
class Residual:
    """Two branches that see one input; what they put out is added (He et al., arXiv 1512.03385)."""

    main: Block
    skip: Block
    add: keras.layers.Add

    def __call__(self, x: keras.KerasTensor) -> keras.KerasTensor:
        """Both branches of `x`, added."""
        return self.add([chain(self.main, x), chain(self.skip, x)])


def chain(block: Block, x: keras.KerasTensor) -> keras.KerasTensor:
    """Apply the layers of `block` one after the other."""
    for layer in block:
        x = layer(x)
    return x


def on(net: keras.Model, x: keras.KerasTensor) -> list[keras.KerasTensor]:
    """Outputs of the layers of `net`, the same ones, applied to another input.

    A model of several such nets is flat. As models inside a model, Keras would save what they share
    once and then fail to load it.
    """
    return keras.models.clone_model(
        net, input_tensors=x, clone_function=lambda layer: layer
    ).outputs
