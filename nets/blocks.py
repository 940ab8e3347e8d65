"""Layers from which all networks are built; `rows` builds rows of layers from them.

A *block* is a list of layers, or of branches of layers, applied in order.
"""

import contextlib
import contextvars
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

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

# A context variable instead of a global: the replicas of a MirroredStrategy run in threads, and a
# network call of one may be interrupted by another (synchronised batch norm).
_random_source: contextvars.ContextVar[Uniform | None] = contextvars.ContextVar(
    "random_source", default=None
)


@contextlib.contextmanager
def randomness(uniform_source: Uniform) -> Iterator[None]:
    """Makes every `Dropout` that is called inside the block use the numbers of a source.

    Enter the block in the thread that calls the networks; with a strategy, inside the replica
    function.

    Args:
        uniform_source: shape -> float32 numbers in [0, 1), different ones at every call.
    """
    token = _random_source.set(uniform_source)
    try:
        yield
    finally:
        _random_source.reset(token)


def uniform(shape: tf.Tensor) -> tf.Tensor:
    """Returns float32 numbers in [0, 1) from the source of `randomness`, else from `tf.random`."""
    source = _random_source.get()
    return tf.random.uniform(shape) if source is None else source(shape)


PACKAGE = "softgan"  # under which layers and initialisers of this project are registered


class OwnLayer(keras.layers.Layer):
    """Base class of the layers of this project: says how a file without them computes the same."""

    def plain(self) -> Callable[[Any], keras.KerasTensor]:
        """Returns a layer of Keras, or a function that applies some, that computes the same."""
        raise NotImplementedError


@keras.saving.register_keras_serializable(PACKAGE)
class Dropout(OwnLayer):
    """Dropout without state; its mask comes from `uniform`.

    The layer of Keras gives all replicas the same mask, and checkpoints do not save its seed.

    Args:
        rate: share of the values that become 0, in [0, 1).

    Raises:
        ValueError: the rate is outside this range.
    """

    def __init__(self, rate: float, **kwargs) -> None:
        super().__init__(**kwargs)
        if not 0 <= rate < 1:
            raise ValueError(f"dropout rate must be in [0, 1), not {rate}")
        self.rate = rate

    def call(self, x: tf.Tensor, training: bool | None = None) -> tf.Tensor:
        """Returns `x` with a share `rate` set to 0, the rest scaled up; `x` outside of training."""
        if not training or self.rate == 0:
            return x
        kept = uniform(tf.shape(x)) >= self.rate
        return tf.where(kept, x / (1 - self.rate), tf.zeros_like(x))

    def plain(self) -> keras.layers.Dropout:
        """Returns the dropout of Keras. With a fixed seed, as otherwise one would be drawn."""
        return keras.layers.Dropout(self.rate, seed=0, name=self.name, dtype=self.dtype_policy)

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        """Returns the shape of the output: that of the input."""
        return input_shape

    def get_config(self) -> dict:
        """Returns the arguments of the layer, for files."""
        return {**super().get_config(), "rate": self.rate}


def pick(table: dict[str, Any], key: str, what: str) -> Any:
    """Returns `table[key]`. Raises a ValueError that lists the choices where there is none."""
    if key not in table:
        raise ValueError(f"unknown {what} {key!r}; choose from {', '.join(table)}")
    return table[key]


def initializer(name: str) -> keras.initializers.Initializer:
    """Returns a new initialiser of `INITIALIZERS`.

    'normal' has standard deviation 0.02, 'wide' 0.05; 'xavier' is uniform. It is a new object at
    every call: in Keras 3, two layers of one shape that share an initialiser get the same weights.
    Raises ValueError for an unknown name.
    """
    return pick(INITIALIZERS, name, "initialiser")()


def prelu(kind: str, rank: int = 4, name: str | None = None) -> keras.layers.PReLU:
    """Returns a PReLU with initial slope 0.25.

    Args:
        kind: 'channel', 'element' or 'layer': each of these has its own slope.
        rank: number of axes of its input, with the batch.
        name: of the layer.

    Raises:
        ValueError: an unknown kind.
    """
    shared = {"channel": range(1, rank - 1), "element": (), "layer": range(1, rank)}
    return keras.layers.PReLU(
        alpha_initializer=keras.initializers.Constant(PRELU_SLOPE),
        shared_axes=list(pick(shared, kind, "PReLU kind")),
        name=name,
    )


def batch_norm(
    momentum: float = 0.99, epsilon: float = 1e-3, name: str | None = None
) -> keras.layers.BatchNormalization:
    """Returns a batch norm, whose statistics are those of the batch of all replicas together."""
    replicas = tf.distribute.get_strategy().num_replicas_in_sync
    return keras.layers.BatchNormalization(
        momentum=momentum, epsilon=epsilon, synchronized=replicas > 1, name=name
    )


NORMS: dict[str, Callable[[str | None], Block]] = {
    "none": lambda name: [],
    "batch": lambda name: [batch_norm(name=name)],
    # Over H, W and C, with one gain and bias per channel, as Gulrajani et al. use it.
    "layer": lambda name: [keras.layers.GroupNormalization(groups=1, name=name)],
    # Over the channels of each pixel: the default of Keras.
    "channel": lambda name: [keras.layers.LayerNormalization(axis=-1, name=name)],
    "instance": lambda name: [keras.layers.GroupNormalization(groups=-1, name=name)],
}


def norm(kind: str, name: str | None = None) -> Block:
    """Returns the norm that follows a convolution of a critic, as a list of at most one layer.

    Args:
        kind: 'none', 'batch', 'layer' (over H, W and C), 'channel' (per pixel) or 'instance'.
        name: of the layer.

    Raises:
        ValueError: an unknown kind.
    """
    return pick(NORMS, kind, "norm")(name)


def normed(layer: keras.layers.Layer, kind: str) -> Block:
    """Returns a convolution and the norm that follows it, see `norm`."""
    return [layer, *norm(kind, f"{layer.name}_norm")]


def scaled(units: int, width: float) -> int:
    """Returns `units` times `width`, rounded, at least 1. Raises ValueError for a width up to 0."""
    if width <= 0:
        raise ValueError(f"width must be above 0, not {width}")
    return max(1, round(units * width))


@dataclass(frozen=True)
class Style:
    """Initialisers, weight decay, activation and upsampling of the layers of one network.

    Attributes:
        prelu: kind of PReLU, see `prelu`.
        weight_init: initialiser of the kernels, see `initializer`.
        bias_init: initial value of the biases.
        weight_decay: c adds c * sum(w^2) over all kernels to `net.losses`; the trainer must add
            these to its loss.
        upsample: how rows enlarge their map: 'transpose' or 'nearest', see `up`.
    """

    prelu: str = "channel"
    weight_init: str = "xavier"
    bias_init: float = 0.1
    weight_decay: float = 0.0
    upsample: str = "transpose"

    def weights(self) -> dict:
        """Returns new keyword arguments for one layer with a kernel."""
        decay = keras.regularizers.L2(self.weight_decay) if self.weight_decay > 0 else None
        return {
            "kernel_initializer": initializer(self.weight_init),
            "bias_initializer": keras.initializers.Constant(self.bias_init),
            "kernel_regularizer": decay,
        }

    def conv(
        self, filters: int, kernel: int, stride: int = 1, *, name: str, padding: str = "same", **kw
    ) -> keras.layers.Conv2D:
        """Returns a convolution in this style."""
        return keras.layers.Conv2D(
            filters, kernel, stride, padding, name=name, **self.weights(), **kw
        )

    def up(self, filters: int, kernel: int, stride: int = 2, *, name: str, **kw) -> Block:
        """Returns a transposed convolution with 'same' padding in this style.

        With `upsample` 'nearest' and a stride above 1, it repeats pixels and applies a convolution
        with as many weights, which avoids checkerboard patterns (Odena et al., Distill 2016).
        Raises ValueError for an unknown `upsample`.
        """
        if self.upsample not in UPSAMPLINGS:
            raise ValueError(f"unknown upsample {self.upsample!r}; choose from {UPSAMPLINGS}")
        if self.upsample == "nearest" and stride > 1:
            repeat = keras.layers.UpSampling2D(stride, name=f"{name}_nearest")
            return [repeat, self.conv(filters, kernel, name=name, **kw)]
        options = self.weights() | kw
        return [keras.layers.Conv2DTranspose(filters, kernel, stride, "same", name=name, **options)]

    def dense(self, units: int, *, name: str, **kw) -> keras.layers.Dense:
        """Returns a dense layer in this style."""
        return keras.layers.Dense(units, name=name, **self.weights() | kw)


STYLE = Style()  # that of the thesis


@dataclass(frozen=True)
class Residual:
    """Two branches with the same input, whose outputs are added (He et al., arXiv 1512.03385).

    Attributes:
        main: layers of the main branch.
        skip: layers of the other branch; empty for the identity.
        add: adds the outputs.
    """

    main: Block
    skip: Block
    add: keras.layers.Add

    def __call__(self, x: keras.KerasTensor) -> keras.KerasTensor:
        """Returns the sum of the outputs of both branches."""
        return self.add([chain(self.main, x), chain(self.skip, x)])


def chain(block: Block, x: keras.KerasTensor) -> keras.KerasTensor:
    """Applies the layers of a block one after the other."""
    for layer in block:
        x = layer(x)
    return x


def on(net: keras.Model, x: keras.KerasTensor) -> list[keras.KerasTensor]:
    """Applies the layers of a net (the same layers, not copies) to another input; returns outputs.

    In this way a model of several nets has no models inside it: Keras would save layers that these
    share only once, and then fail to load them.
    """
    return keras.models.clone_model(
        net, input_tensors=x, clone_function=lambda layer: layer
    ).outputs
