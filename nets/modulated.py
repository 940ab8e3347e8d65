"""AdaIN, instance norm, reflect padding, and blocks of translation networks built from them.

AdaIN: Huang and Belongie, "Arbitrary Style Transfer in Real-time with Adaptive Instance
Normalization", arXiv 1703.06868, eq. 8. Epsilons are those of the published PyTorch nets.
"""

from collections.abc import Callable

import keras
import tensorflow as tf

from nets.blocks import PACKAGE, Block, OwnLayer, Residual, Style

EPSILON = 1e-5
Modulation = Callable[[keras.KerasTensor], keras.KerasTensor]


@keras.saving.register_keras_serializable(PACKAGE)
class AdaIN(OwnLayer):
    """Sets mean and standard deviation of every channel of a map to given numbers.

    Statistics are float32 under any precision policy.
    """

    def build(self, input_shape: list[tuple]) -> None:
        """Checks the two shapes.

        Raises:
            ValueError: the modulation does not have two numbers per channel.
        """
        maps, modulation = input_shape
        if modulation[-1] != 2 * maps[-1]:
            raise ValueError(
                f"{self.name}: {maps[-1]} channels need {2 * maps[-1]} numbers, not "
                f"{modulation[-1]}"
            )

    def call(self, inputs: list[tf.Tensor]) -> tf.Tensor:
        """Normalises x and applies the modulation.

        Args:
            inputs: x [N, H, W, C], and the modulation [N, 2 * C]: first the biases (the new means),
                then the gains (the new standard deviations).

        Returns:
            [N, H, W, C].
        """
        x, modulation = (tf.cast(tensor, tf.float32) for tensor in inputs)
        bias, gain = tf.split(modulation[:, None, None], 2, axis=-1)
        mean, variance = tf.nn.moments(x, [1, 2], keepdims=True)
        scale = gain * tf.math.rsqrt(variance + EPSILON)
        return tf.cast(x * scale + (bias - mean * scale), self.compute_dtype)

    def plain(self) -> Modulation:
        """Returns an instance norm and layers that multiply by the gain and add the bias.

        There are as many layers between x and the sum as between the modulation and the sum: Keras
        sorts the layers of a network, and so its weights, by their distance from the output.
        """
        name, layers, float32 = self.name, keras.layers, dict(dtype="float32")
        to_float32 = layers.Identity(name=f"{name}_float32", **float32)
        norm = instance_norm(f"{name}_norm", **float32)
        rows = layers.Reshape((2, 1, -1), name=f"{name}_rows", **float32)
        take_gain = layers.Cropping2D(((1, 0), (0, 0)), name=f"{name}_gain", **float32)
        take_bias = layers.Cropping2D(((0, 1), (0, 0)), name=f"{name}_bias", **float32)
        multiply = layers.Multiply(name=f"{name}_multiply", **float32)
        add = layers.Add(name=name, **float32)

        def apply(inputs: list[keras.KerasTensor]) -> keras.KerasTensor:
            x, modulation = inputs
            numbers = rows(modulation)
            return add([multiply([norm(to_float32(x)), take_gain(numbers)]), take_bias(numbers)])

        return apply

    def compute_output_shape(self, input_shape: list[tuple]) -> tuple:
        """Returns the shape of the output: that of the map."""
        return tuple(input_shape[0])


@keras.saving.register_keras_serializable(PACKAGE)
class UnitGain(keras.initializers.Initializer):
    """Initial bias of the layer before `AdaIN`: 0 for the biases of AdaIN, 1 for its gains."""

    def __call__(self, shape: tuple[int], dtype: str | None = None) -> tf.Tensor:
        """Returns C zeros, then C ones, for the shape [2 * C]."""
        half = [shape[0] // 2]
        return tf.concat([tf.zeros(half, dtype), tf.ones(half, dtype)], axis=0)


@keras.saving.register_keras_serializable(PACKAGE)
class ReflectPad(OwnLayer):
    """Mirrors `size` pixels of [N, H, W, C] at each border; the border itself is not repeated."""

    def __init__(self, size: int, **kwargs) -> None:
        super().__init__(**kwargs)
        self.size = size

    def call(self, x: tf.Tensor) -> tf.Tensor:
        """Pads [N, H, W, C] to [N, H + 2 * size, W + 2 * size, C]; H and W must exceed `size`."""
        border = (self.size, self.size)
        return tf.pad(x, [(0, 0), border, border, (0, 0)], mode="REFLECT")

    def plain(self) -> Callable[[keras.KerasTensor], keras.KerasTensor]:
        """Returns the padding of `keras.ops`."""
        border = (self.size, self.size)
        return lambda x: keras.ops.pad(x, ((0, 0), border, border, (0, 0)), mode="reflect")

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        """Returns the shape of the output."""
        count, *sides, channels = input_shape
        return (count, *(side and side + 2 * self.size for side in sides), channels)

    def get_config(self) -> dict:
        """Returns the arguments of the layer, for files."""
        return {**super().get_config(), "size": self.size}


def instance_norm(name: str, **kw) -> keras.layers.GroupNormalization:
    """Returns an instance norm without gain and bias."""
    return keras.layers.GroupNormalization(
        groups=-1, epsilon=EPSILON, center=False, scale=False, name=name, **kw
    )


def leaky(slope: float, name: str) -> keras.layers.LeakyReLU:
    """Returns a LeakyReLU; the slope must be given, because the papers use different ones."""
    return keras.layers.LeakyReLU(negative_slope=slope, name=name)


def normed_relu(name: str) -> Block:
    """Returns instance norm and ReLU, which follow the layer `name`."""
    return [instance_norm(f"{name}_norm"), keras.layers.ReLU(name=f"{name}_relu")]


def reflect_conv(
    layers: Style, filters: int, kernel: int, stride: int = 1, *, name: str, **kw
) -> Block:
    """Returns reflect padding and a convolution.

    An odd kernel with stride 1 keeps the size of the map, kernel 4 with stride 2 halves it.
    """
    conv = layers.conv(filters, kernel, stride, name=name, padding="valid", **kw)
    return [ReflectPad((kernel - 1) // 2, name=f"{name}_pad"), conv]


def residual(
    layers: Style, filters: int, *, name: str, norm: Callable[[str], Modulation] = instance_norm
) -> Residual:
    """Returns a residual block: convolution k3, norm, ReLU, convolution k3, norm.

    `norm(name)` returns a norm: instance norm, or AdaIN with its modulation.
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
    """Returns an AdaIN whose modulation is a linear function of a code [N, D].

    With `unit_gain` the initial gains are around 1, as in an instance norm; without it, around 0.
    """
    start = {"bias_initializer": UnitGain()} if unit_gain else {}
    linear = layers.dense(2 * channels, name=f"{name}_modulation", **start)
    adain = AdaIN(name=name)
    return lambda x: adain([x, linear(code)])


def halvings(layers: Style, nf: int, levels: range, name: str) -> Block:
    """Returns convolutions k3 s2: the map of level i has nf * 2^i channels, i in `levels`."""
    block: Block = []
    for level in levels:
        down = f"{name}_down{level}"
        block += [layers.conv(nf << level, 3, 2, name=down), *normed_relu(down)]
    return block


def doublings(layers: Style, nf: int, levels: range, name: str) -> Block:
    """Returns transposed convolutions k3 s2: the map of level i has nf * 2^i channels."""
    block: Block = []
    for level in levels:
        up = f"{name}_up{level}"
        block += [*layers.up(nf << level, 3, name=up), *normed_relu(up)]
    return block


def residuals(layers: Style, units: int, count: int, name: str) -> Block:
    """Returns `count` residual blocks."""
    return [residual(layers, units, name=f"{name}_res{row}") for row in range(1, count + 1)]


def image_row(channels: int, kernel: int, activation: str, *, layers: Style, name: str) -> Block:
    """Returns the last row of a generator: reflect padding, convolution, `activation`.

    float32 under any policy, for losses and metrics of the image.
    """
    return reflect_conv(layers, channels, kernel, name=name, activation=activation, dtype="float32")
