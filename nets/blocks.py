"""Layers and rows from which every network here is put together.

A *block* is a list of layers applied in order; a *maker* builds one block under a given name
prefix. Two towers of a coupled network are made from one list of makers: a shared row is built
once and stands in both towers, any other row is built twice and so starts with other weights.
"""

import contextlib
import contextvars
from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import dataclass

import keras
import tensorflow as tf

Block = list[keras.layers.Layer]
Maker = Callable[[str], Block]
Uniform = Callable[[tf.Tensor], tf.Tensor]

INITIALIZERS: dict[str, Callable[[], keras.initializers.Initializer]] = {
    "normal": lambda: keras.initializers.RandomNormal(stddev=0.02),
    "xavier": keras.initializers.GlorotUniform,
    "he": keras.initializers.HeNormal,
}
PRELU_SLOPE = 0.25
DIGIT_WIDTHS = (1024, 512, 256, 128)  # channels at 4x4, 8x8, 16x16, 32x32 (thesis table 3.1)

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
    """A NEW initialiser: 'normal' (std 0.02), 'xavier' (Glorot uniform) or 'he' (He normal).

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
    """How the layers of one network are started, decayed and activated.

    `weight_decay` c adds c * sum(w^2) over kernels to `net.losses`, which the trainer must add.
    """

    prelu: str = "channel"
    weight_init: str = "xavier"
    bias_init: float = 0.1
    weight_decay: float = 0.0

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

    def up(
        self, filters: int, kernel: int, stride: int = 2, *, name: str, **kw
    ) -> keras.layers.Conv2DTranspose:
        """A transposed convolution ('same' padding) in this style."""
        return keras.layers.Conv2DTranspose(
            filters, kernel, stride, "same", name=name, **self.weights(), **kw
        )

    def dense(self, units: int, *, name: str, **kw) -> keras.layers.Dense:
        """A dense layer in this style."""
        return keras.layers.Dense(units, name=name, **self.weights(), **kw)


def chain(block: Block, x: keras.KerasTensor) -> keras.KerasTensor:
    """Apply the layers of `block` one after the other."""
    for layer in block:
        x = layer(x)
    return x


def towers(
    makers: Sequence[Maker], shared: Container[int], names: Sequence[str]
) -> list[list[Block]]:
    """One tower of blocks per name; the rows whose index is in `shared` are the same layers."""
    result: list[list[Block]] = [[] for _ in names]
    for row, make in enumerate(makers):
        common = make("shared") if row in shared else None
        for tower, name in zip(result, names, strict=True):
            tower.append(common or make(name))
    return result


def on(net: keras.Model, x: keras.KerasTensor) -> list[keras.KerasTensor]:
    """Outputs of the layers of `net`, the same ones, applied to another input.

    A model of several such nets is flat. As models inside a model, Keras would save what they share
    once and then fail to load it.
    """
    return keras.models.clone_model(
        net, input_tensors=x, clone_function=lambda layer: layer
    ).outputs


def generator(name: str, noise_dim: int, tower: Sequence[Block]) -> keras.Model:
    """z [N, noise_dim] -> (image, features): what all blocks but first and last put out."""
    z = keras.Input((noise_dim,), name="z")
    maps = [z]
    for block in tower:
        maps.append(chain(block, maps[-1]))
    return keras.Model(z, (maps[-1], tuple(maps[2:-1])), name=name)


def discriminator(name: str, shape: tuple[int, ...], tower: Sequence[Block]) -> keras.Model:
    """x [N, *shape] -> logits [N, 1]."""
    x = keras.Input(shape, name="x")
    return keras.Model(x, chain([layer for block in tower for layer in block], x), name=name)


def logit(style: Style, flatten: bool = True) -> Maker:
    """The last row of a critic: one logit per sample, float32 under any precision policy."""

    def make(prefix: str) -> Block:
        dense = style.dense(1, name=f"{prefix}_logit", dtype="float32")
        return [keras.layers.Flatten(name=f"{prefix}_flatten"), dense] if flatten else [dense]

    return make


def generator_rows(
    widths: Sequence[int],
    channels: int,
    style: Style,
    *,
    kernel: int = 3,
    last: tuple[int, int] = (6, 1),
    first_layer: bool = False,
) -> list[Maker]:
    """Rows of the thesis' generators: dense to 4x4, transposed convolutions, tanh image.

    Every hidden row is followed by batch norm and PReLU (thesis tables 3.1 and A.1).

    Args:
        widths: channels at 4x4, 8x8, 16x16, ... .
        channels: channels of the image, which is in [-1, 1].
        style: initialisers, decay, PReLU kind.
        kernel: kernel size of the upsampling rows.
        last: kernel size and stride of the output row.
        first_layer: add the row 4x4 -> 4x4 (k4, s1) after the dense one.
    """

    def tail(name: str) -> Block:
        return [batch_norm(name=f"{name}_norm"), prelu(style.prelu, name=f"{name}_prelu")]

    def dense(prefix: str) -> Block:
        name = f"{prefix}_dense"
        reshape = keras.layers.Reshape((4, 4, widths[0]), name=f"{name}_reshape")
        return [style.dense(16 * widths[0], name=name), reshape, *tail(name)]

    def up(filters: int, size: int, stride: int, label: str) -> Maker:
        def make(prefix: str) -> Block:
            name = f"{prefix}_{label}"
            return [style.up(filters, size, stride, name=name), *tail(name)]

        return make

    def image(prefix: str) -> Block:
        # float32 whatever the policy: the image is compared, saved and scored.
        return [
            style.up(channels, *last, name=f"{prefix}_image", activation="tanh", dtype="float32")
        ]

    first = [up(widths[0], 4, 1, "up4")] if first_layer else []
    ups = [up(w, kernel, 2, f"up{8 << row}") for row, w in enumerate(widths[1:])]
    return [dense, *first, *ups, image]


def lenet_rows(
    width: float, style: Style, norm_kind: str, dropout: float | None = None
) -> list[Maker]:
    """Rows of the digit discriminator (thesis table 3.2): conv, conv, dense 500, logit.

    `dropout` None is the thesis' 0.5.
    """
    rate = 0.5 if dropout is None else dropout

    def conv(filters: int, label: str) -> Maker:
        def make(prefix: str) -> Block:
            layer = style.conv(scaled(filters, width), 5, name=f"{prefix}_{label}")
            return [*normed(layer, norm_kind), keras.layers.MaxPooling2D(name=f"{layer.name}_pool")]

        return make

    def dense(prefix: str) -> Block:
        layer = style.dense(scaled(500, width), name=f"{prefix}_dense")
        drop = [Dropout(rate, name=f"{prefix}_dropout")] if rate else []
        flatten = keras.layers.Flatten(name=f"{prefix}_dense_flatten")
        return [flatten, layer, prelu(style.prelu, rank=2, name=f"{prefix}_prelu"), *drop]

    return [conv(20, "conv1"), conv(50, "conv2"), dense, logit(style, flatten=False)]


def strided_rows(
    widths: Sequence[int],
    style: Style,
    norm_kind: str,
    dropout: float,
    *,
    kernel: int = 4,
    first_stride: int = 2,
) -> list[Maker]:
    """Rows of a strided critic: convolution, norm, LeakyReLU(0.2) per width, then the logit."""

    def conv(row: int, filters: int) -> Maker:
        def make(prefix: str) -> Block:
            stride = first_stride if row == 0 else 2
            layer = style.conv(filters, kernel, stride, name=f"{prefix}_conv{row + 1}")
            leaky = keras.layers.LeakyReLU(negative_slope=0.2, name=f"{layer.name}_leaky")
            return [*normed(layer, norm_kind), leaky]

        return make

    def head(prefix: str) -> Block:
        drop = [Dropout(dropout, name=f"{prefix}_dropout")] if dropout else []
        return [*drop, *logit(style)(prefix)]

    return [*(conv(row, filters) for row, filters in enumerate(widths)), head]
