"""Counts floating-point operations of convolutions and matrix products in a TensorFlow graph.

Forward and backward pass, two operations per multiply-add. The count gives the share of the
machine's matrix-multiply peak.
"""

import math

import tensorflow as tf


def count(graph: tf.Graph) -> int:
    """Returns the operations of one run of a graph with known shapes, without called functions."""
    return sum(COUNTS[op.type](op) for op in graph.get_operations() if op.type in COUNTS)


def _shape(op: tf.Operation, number: int) -> list[int]:
    return op.inputs[number].shape.as_list()


def _matmul(op: tf.Operation) -> int:
    inner = _shape(op, 0)[0 if op.get_attr("transpose_a") else 1]
    return 2 * inner * math.prod(op.outputs[0].shape.as_list())


def _batch_matmul(op: tf.Operation) -> int:
    inner = _shape(op, 0)[-2 if op.get_attr("adj_x") else -1]
    return 2 * inner * math.prod(op.outputs[0].shape.as_list())


def _convolution(op: tf.Operation) -> int:
    height, width, channels, _ = _shape(op, 1)
    return 2 * height * width * channels * math.prod(op.outputs[0].shape.as_list())


def _input_gradient(op: tf.Operation) -> int:
    """Counts the gradient of the input; also the forward pass of a transposed convolution."""
    height, width, channels, _ = _shape(op, 1)
    return 2 * height * width * channels * math.prod(_shape(op, 2))


def _filter_gradient(op: tf.Operation) -> int:
    return 2 * math.prod(op.outputs[0].shape.as_list()) * math.prod(_shape(op, 2)[:3])


COUNTS = {
    "MatMul": _matmul,
    "BatchMatMulV2": _batch_matmul,
    "Conv2D": _convolution,
    "Conv2DBackpropInput": _input_gradient,
    "Conv2DBackpropFilter": _filter_gradient,
}
