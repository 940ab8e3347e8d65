"""AdaIN, instance norm, reflect padding, and the blocks of translation nets made of them.

AdaIN: Huang and Belongie, "Arbitrary Style Transfer in Real-time with Adaptive Instance
Normalization", arXiv 1703.06868, eq. 8. Epsilons are those of the published PyTorch nets.
"""

from collections.abc import Callable

import keras
import tensorflow as tf

from nets.blocks import Block, Residual, Style

EPSILON = 1e-5
Modulation = Callable[[keras.KerasTensor], keras.KerasTensor]


@keras.saving.register_keras_serializable("softgan")
class AdaIN(keras.layers.Layer):
    """Gives every channel of a map the mean and standard deviation it is told.

    Statistics are float32 under any precision policy.
    """

    def build(self, input_shape: list[tuple]) -> None:
        """Checks the two shapes.

        Raises:
            ValueError: the modulation has not two numbers per channel.
        """
        maps, modulation = input_shape
        if modulation[-1] != 2 * maps[-1]:
            raise ValueError(
                f"{self.name}: {maps[-1]} channels need {2 * maps[-1]} numbers, not "
                f"{modulation[-1]}"
            )

    def call(self, inputs: list[tf.Tensor]) -> tf.Tensor:
        """[x [N, H, W, C], modulation [N, 2 * C]] -> [N, H, W, C].

        The first half of the modulation is the bias (new mean), the second the gain (new standard
        deviation, used as it is: 1 changes nothing).
        """
        x, modulation = (tf.cast(each, tf.float32) for each in inputs)
        bias, gain = tf.split(modulation[:, None, None], 2, axis=-1)
        mean, variance = tf.nn.moments(x, [1, 2], keepdims=True)
        scale = gain * tf.math.rsqrt(variance + EPSILON)
        return tf.cast(x * scale + (bias - mean * scale), self.compute_dtype)

    def compute_output_shape(self, input_shape: list[tuple]) -> tuple:
        """Shape of the output: that of the map."""
        return tuple(input_shape[0])


@keras.saving.register_keras_serializable("softgan")
class UnitGain(keras.initializers.Initializer):
    """Bias of a layer that makes the modulation of `AdaIN`: 0 for its biases, 1 for its gains."""

    def __call__(self, shape: tuple[int], dtype: str | None = None) -> tf.Tensor:
        """[2 * C]: C zeros, then C ones."""
        half = [shape[0] // 2]
        return tf.concat([tf.zeros(half, dtype), tf.ones(half, dtype)], axis=0)


@keras.saving.register_keras_serializable("softgan")
class ReflectPad(keras.layers.Layer):
    """Mirrors `size` pixels of [N, H, W, C] at each border; the border itself is not repeated."""

    def __init__(self, size: int, **kwargs) -> None:
        super().__init__(**kwargs)
        self.size = size

    def call(self, x: tf.Tensor) -> tf.Tensor:
        """[N, H, W, C] -> [N, H + 2 * size, W + 2 * size, C]; H and W must be above `size`."""
        both = (self.size, self.size)
        return tf.pad(x, [(0, 0), both, both, (0, 0)], mode="REFLECT")

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        """Shape of the output."""
        count, *sides, channels = input_shape
        return (count, *(side and side + 2 * self.size for side in sides), channels)

    def get_config(self) -> dict:
        """Arguments from which the layer can be made again."""
        return {**super().get_config(), "size": self.size}


def instance_norm(name: str) -> keras.layers.GroupNormalization:
    """Instance norm without an affine."""
    return keras.layers.GroupNormalization(
        groups=-1, epsilon=EPSILON, center=False, scale=False, name=name
    )


def leaky(slope: float, name: str) -> keras.layers.LeakyReLU:
    """LeakyReLU with its slope said: the papers' differ, and Keras' default is none of them."""
    return keras.layers.LeakyReLU(negative_slope=slope, name=name)


def normed_relu(name: str) -> Block:
    """Instance norm and ReLU behind the layer `name`."""
    return [instance_norm(f"{name}_norm"), keras.layers.ReLU(name=f"{name}_relu")]


def reflect_conv(
    layers: Style, filters: int, kernel: int, stride: int = 1, *, name: str, **kw
) -> Block:
    """Convolution behind reflect padding: keeps the size; kernel 4 with stride 2 halves it."""
    conv = layers.conv(filters, kernel, stride, name=name, padding="valid", **kw)
    return [ReflectPad((kernel - 1) // 2, name=f"{name}_pad"), conv]


def residual(
    layers: Style, filters: int, *, name: str, norm: Callable[[str], Modulation] = instance_norm
) -> Residual:
    """Convolution k3, norm, ReLU, convolution k3, norm, added to the input.

    `norm(name)` makes a norm: instance norm, or AdaIN with its modulation.
    """
    main = [
        *reflect_conv(layers, filters, 3, name=f"{name}_conv1"),
        norm(f"{name}_norm1"),
        keras.layers.ReLU(name=f"{name}_relu"),
        *reflect_conv(layers, filters, 3, name=f"{name}_conv2"),
        norm(f"{name}_norm2"),
    ]
    return Residual(main, [], keras.layers.Add(name=f"{name}_add"))


def modulated(
    layers: Style, code: keras.KerasTensor, channels: int, *, unit_gain: bool, name: str
) -> Modulation:
    """AdaIN of `channels` that reads its modulation from `code` [N, D] by a dense layer of its own.

    With `unit_gain` it starts near plain instance norm; without, at random gains around 0.
    """
    start = {"bias_initializer": UnitGain()} if unit_gain else {}
    linear = layers.dense(2 * channels, name=f"{name}_modulation", **start)
    adain = AdaIN(name=name)
    return lambda x: adain([x, linear(code)])


def halvings(layers: Style, nf: int, levels: range, name: str) -> Block:
    """Convolutions k3 s2 that lead to each of `levels`."""
    block: Block = []
    for level in levels:
        down = f"{name}_down{level}"
        block += [layers.conv(nf << level, 3, 2, name=down), *normed_relu(down)]
    return block


def doublings(layers: Style, nf: int, levels: range, name: str) -> Block:
    """Transposed convolutions k3 s2 that lead back to each of `levels`."""
    block: Block = []
    for level in levels:
        up = f"{name}_up{level}"
        block += [*layers.up(nf << level, 3, name=up), *normed_relu(up)]
    return block


def residuals(layers: Style, units: int, count: int, name: str) -> Block:
    """So many residual blocks."""
    return [residual(layers, units, name=f"{name}_res{row}") for row in range(1, count + 1)]


def image_row(channels: int, kernel: int, activation: str, *, layers: Style, name: str) -> Block:
    """The last row of a generator: reflect padding, convolution, `activation`.

    float32 under any policy: the image is compared, saved and scored.
    """
    return reflect_conv(layers, channels, kernel, name=name, activation=activation, dtype="float32")
