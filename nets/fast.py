"""Faster forms of some Keras layers on a CPU: same mathematics and weights, other operations.

`speed_up` replaces the method `call` of the layers of a finished network. The layers keep the
classes of Keras, so that a network is defined, saved and loaded without this file. Every form can
be differentiated twice, as gradient penalties require.
"""

import functools
from collections.abc import Callable

import keras
import tensorflow as tf

FEW_FILTERS = 4  # up to this number, a convolution of stride 1 is faster as shifted columns
WIDE_KERNEL = 5  # from this width on, the gradient of other ones is faster by columns
FEW_INPUTS = 4  # input channels up to which neither is faster
SMALL_MAP = 8  # input height up to which a kernel's gradient is faster as a matrix product


def speed_up(net: keras.Model, compute_dtype: str = "float32") -> None:
    """Replaces `call` of every layer of `net` that has a faster form on a CPU.

    Args:
        net: a built functional model; models inside it are searched too.
        compute_dtype: dtype of the matrix products in layers of few filters, such as the float32
            row that makes an image; their sums are float32.
    """
    for layer in net.layers:
        if isinstance(layer, keras.Model):
            speed_up(layer, compute_dtype)
        elif form := _form(layer, compute_dtype):
            layer.call = functools.partial(form, layer)


def _form(layer: keras.layers.Layer, compute_dtype: str) -> Callable | None:
    """Returns the faster `call(layer, x, ...)`; None where that of Keras is as fast or needed."""
    if type(layer) is keras.layers.Conv2DTranspose:
        return _transposed_form(layer, compute_dtype)
    if type(layer) is keras.layers.Conv2D:
        return _convolution_form(layer, compute_dtype)
    if type(layer) is keras.layers.PReLU:
        return prelu if len(layer.input.shape) == 4 else None
    if type(layer) is keras.layers.BatchNormalization:
        usual = layer.axis in (-1, 3) and layer.scale and layer.center and not layer.synchronized
        return batch_norm if usual and len(layer.input.shape) == 4 else None
    return None


def _is_usual(layer: keras.layers.Conv2D | keras.layers.Conv2DTranspose) -> bool:
    return layer.data_format == "channels_last" and set(layer.dilation_rate) == {1}


def _convolution_form(layer: keras.layers.Conv2D, compute_dtype: str) -> Callable | None:
    wide = layer.strides == (1, 1) and layer.kernel_size[1] >= WIDE_KERNEL
    _, _, width, channels = layer.input.shape
    if not (wide and _is_usual(layer)) or layer.groups > 1 or width is None:
        return None
    if channels <= FEW_INPUTS:
        return None
    if layer.filters <= FEW_FILTERS:
        return functools.partial(few_filters, compute_dtype=compute_dtype)
    return wide_kernel if compute_dtype == "float32" else None


def _transposed_form(layer: keras.layers.Conv2DTranspose, compute_dtype: str) -> Callable | None:
    if not _is_usual(layer) or layer.padding != "same" or layer.output_padding is not None:
        return None
    few = layer.filters <= FEW_FILTERS and layer.input.shape[2] is not None
    if layer.strides == (1, 1) and few:
        return functools.partial(shift_and_add, compute_dtype=compute_dtype)
    small = layer.input.shape[1] is not None and layer.input.shape[1] <= SMALL_MAP
    return small_transposed if layer.strides == (2, 2) and small else None


def batch_norm(
    layer: keras.layers.BatchNormalization,
    x: tf.Tensor,
    training: bool | None = None,
    mask: None = None,
) -> tf.Tensor:
    """Applies batch norm to [N, H, W, C] by one fused operation of TensorFlow.

    Keras computes moments, scale and shift one after the other. Statistics are float32.
    """
    gamma, beta, mean, variance = (
        tf.cast(v, tf.float32)
        for v in (layer.gamma, layer.beta, layer.moving_mean, layer.moving_variance)
    )
    learns = bool(training) and layer.trainable
    empty = tf.zeros([0])
    y, batch_mean, batch_variance, *_ = tf.raw_ops.FusedBatchNormV3(
        x=x,
        scale=gamma,
        offset=beta,
        mean=empty if learns else mean,
        variance=empty if learns else variance,
        epsilon=layer.epsilon,
        is_training=learns,
    )
    if learns:
        count = tf.cast(tf.size(x) // x.shape[-1], tf.float32)
        biased = batch_variance * ((count - 1.0) / count)  # Keras averages the biased variance
        kept = layer.momentum
        layer.moving_mean.assign(kept * mean + (1.0 - kept) * batch_mean)
        layer.moving_variance.assign(kept * variance + (1.0 - kept) * biased)
    return y


def prelu(layer: keras.layers.PReLU, x: tf.Tensor) -> tf.Tensor:
    """Applies PReLU to [N, H, W, C]; output and gradient take one pass over memory each."""
    return _prelu(x, tf.cast(layer.alpha, x.dtype))


@tf.custom_gradient
def _prelu(x: tf.Tensor, alpha: tf.Tensor) -> tuple[tf.Tensor, Callable]:
    return _prelu_forward(x, alpha), lambda upstream: _prelu_backward(x, alpha, upstream)


# XLA makes one loop of each. For a complete network it is slower than the kernels of TensorFlow.
@tf.function(jit_compile=True, autograph=False)
def _prelu_forward(x: tf.Tensor, alpha: tf.Tensor) -> tf.Tensor:
    return tf.where(x > 0, x, alpha * x)


@tf.function(jit_compile=True, autograph=False)
def _prelu_backward(x: tf.Tensor, alpha: tf.Tensor, upstream: tf.Tensor) -> tuple:
    negative = tf.cast(tf.minimum(x, 0), tf.float32) * tf.cast(upstream, tf.float32)
    shared = [0] + [axis + 1 for axis, size in enumerate(alpha.shape) if size == 1]
    slopes = tf.reshape(tf.reduce_sum(negative, shared), alpha.shape)
    return tf.where(x > 0, upstream, alpha * upstream), tf.cast(slopes, alpha.dtype)


def small_transposed(layer: keras.layers.Conv2DTranspose, x: tf.Tensor) -> tf.Tensor:
    """Applies a transposed convolution whose kernel gradient is one matrix product.

    The convolution library is slow at this gradient on small maps with many channels.
    """
    y = _transposed(x, tf.cast(layer.kernel, x.dtype), layer.strides[0])
    return _bias_and_activation(layer, y)


def _transposed(x: tf.Tensor, kernel: tf.Tensor, stride: int) -> tf.Tensor:
    size, inputs = kernel.shape[0], kernel.shape[3]

    @tf.custom_gradient
    def compute(x: tf.Tensor, kernel: tf.Tensor) -> tuple[tf.Tensor, Callable]:
        batch, height, width, _ = tf.unstack(tf.shape(x))
        shape = tf.stack([batch, height * stride, width * stride, kernel.shape[2]])

        def gradients(upstream: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            window = [1, size, size, 1]
            patches = tf.image.extract_patches(
                upstream, window, [1, stride, stride, 1], [1, 1, 1, 1], "SAME"
            )
            patches = tf.reshape(patches, [-1, size * size * kernel.shape[2]])
            product = tf.matmul(patches, tf.reshape(x, [-1, inputs]), transpose_a=True)
            return tf.nn.conv2d(upstream, kernel, stride, "SAME"), tf.reshape(product, kernel.shape)

        return tf.nn.conv2d_transpose(x, kernel, shape, stride, "SAME"), gradients

    return compute(x, kernel)


def shift_and_add(
    layer: keras.layers.Conv2DTranspose, x: tf.Tensor, compute_dtype: str = "float32"
) -> tf.Tensor:
    """Applies a transposed convolution of stride 1 to few channels, one kernel column at a time.

    A k x k kernel to c channels makes poor use of a matrix product. A k x 1 kernel to k * c
    channels makes better use of it, and the sums of k shifted parts, in float32, are cheap.
    """
    rows, columns, filters, inputs = layer.kernel.shape
    kernel = tf.reshape(tf.reverse(layer.kernel, [1]), (rows, 1, columns * filters, inputs))
    shape = tf.concat([tf.shape(x)[:3], [columns * filters]], axis=0)
    kernel, x = tf.cast(kernel, compute_dtype), tf.cast(x, compute_dtype)
    parts = tf.nn.conv2d_transpose(x, kernel, shape, 1, "SAME")
    return _sum_columns(layer, parts, columns, _margins(columns, "same")[::-1])


def few_filters(
    layer: keras.layers.Conv2D, x: tf.Tensor, compute_dtype: str = "float32"
) -> tf.Tensor:
    """Applies a convolution of a wide kernel to few channels in the way of `shift_and_add`."""
    rows, columns, inputs, filters = layer.kernel.shape
    kernel = tf.transpose(layer.kernel, [0, 2, 1, 3])
    kernel = tf.reshape(kernel, (rows, 1, inputs, columns * filters))
    kernel, x = tf.cast(kernel, compute_dtype), tf.cast(x, compute_dtype)
    parts = tf.nn.conv2d(x, kernel, 1, layer.padding.upper())
    return _sum_columns(layer, parts, columns, _margins(columns, layer.padding))


def _sum_columns(
    layer: keras.layers.Conv2D | keras.layers.Conv2DTranspose,
    parts: tf.Tensor,
    columns: int,
    margins: tuple[int, int],
) -> tf.Tensor:
    """Returns the output of the layer: sums of its columns in float32, bias and activation."""
    y = _shifted_sum(tf.cast(parts, tf.float32), columns, margins)
    return _bias_and_activation(layer, tf.cast(y, layer.compute_dtype))


def wide_kernel(layer: keras.layers.Conv2D, x: tf.Tensor) -> tf.Tensor:
    """Applies a convolution whose kernel gradient is computed with one column and more channels."""
    columns, padding = layer.kernel_size[1], layer.padding
    margins = _margins(columns, padding)

    @tf.custom_gradient
    def compute(x: tf.Tensor, kernel: tf.Tensor) -> tuple[tf.Tensor, Callable]:
        rows, _, inputs, filters = kernel.shape

        def gradients(upstream: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            options = dict(strides=[1, 1, 1, 1], padding=padding.upper())
            back = tf.raw_ops.Conv2DBackpropInput(
                input_sizes=tf.shape(x), filter=kernel, out_backprop=upstream, **options
            )
            column = tf.raw_ops.Conv2DBackpropFilter(
                input=x,
                filter_sizes=[rows, 1, inputs, columns * filters],
                out_backprop=_side_by_side(upstream, columns, margins),
                **options,
            )
            column = tf.reshape(column, (rows, inputs, columns, filters))
            return back, tf.transpose(column, [0, 2, 1, 3])

        return tf.nn.conv2d(x, kernel, 1, padding.upper()), gradients

    return _bias_and_activation(layer, compute(x, tf.cast(layer.kernel, x.dtype)))


def _margins(columns: int, padding: str) -> tuple[int, int]:
    """Returns how many zeros a convolution of stride 1 adds on the left and on the right."""
    left = (columns - 1) // 2 if padding == "same" else 0
    return left, columns - 1 - left if padding == "same" else 0


def _shifted_sum(parts: tf.Tensor, columns: int, margins: tuple[int, int]) -> tf.Tensor:
    """Returns columns j: the sums over k of part k in input column j + k - left margin."""
    filters = parts.shape[3] // columns
    width = parts.shape[2] + sum(margins) - columns + 1

    @tf.custom_gradient
    def compute(parts: tf.Tensor) -> tuple[tf.Tensor, Callable]:
        wide = tf.pad(parts, [[0, 0], [0, 0], margins, [0, 0]])
        ends = [(k, k * filters) for k in range(columns)]
        y = tf.add_n([wide[:, :, i : i + width, c : c + filters] for i, c in ends])
        return y, lambda upstream: _side_by_side(upstream, columns, margins)

    return compute(parts)


def _side_by_side(upstream: tf.Tensor, columns: int, margins: tuple[int, int]) -> tf.Tensor:
    """Returns the gradient of `_shifted_sum` by its parts."""
    left, right = (columns - 1 - margin for margin in margins)
    wide = tf.pad(upstream, [[0, 0], [0, 0], [left, right], [0, 0]])
    width = wide.shape[2] - columns + 1
    shifts = range(columns - 1, -1, -1)
    return tf.concat([wide[:, :, k : k + width] for k in shifts], axis=-1)


def _bias_and_activation(
    layer: keras.layers.Conv2D | keras.layers.Conv2DTranspose, y: tf.Tensor
) -> tf.Tensor:
    if layer.use_bias:
        y = tf.nn.bias_add(y, tf.cast(layer.bias, y.dtype))
    return layer.activation(y)
