"""Small functions for all systems: pixel ranges, batches of rows, paths between vectors."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any, Protocol

import keras
import numpy as np
import tensorflow as tf
from scipy.interpolate import CubicSpline


class Rows(Protocol):
    """An array, or rows outside the memory that are read like one."""

    @property
    def ndim(self) -> int:
        """Number of axes."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Length of each axis."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: Any, /) -> Any: ...


def to_float(images: tf.Tensor) -> tf.Tensor:
    """Returns uint8 pixels [..., H, W, C] as float32 in [-1, 1], and floats unchanged."""
    images = tf.convert_to_tensor(images)
    if images.dtype.is_floating:
        return images
    return (tf.cast(images, tf.float32) - 127.5) / 127.5


def float_array(images: np.ndarray) -> np.ndarray:
    """Returns the same as `to_float` as an array, in the memory of the host instead of a GPU."""
    if images.dtype != np.uint8:
        return images
    return (images.astype(np.float32) - np.float32(127.5)) / np.float32(127.5)


def batched(function: Callable, *inputs: Rows, size: int = 250) -> tuple[np.ndarray, ...]:
    """Applies a function to batches of rows of its inputs and joins the outputs.

    Args:
        function: arrays of at most `size` rows -> tuple of arrays or tensors.
        *inputs: arrays of N rows each.
        size: rows per batch. There are fewer if the first input is images larger than 32x32, so
            that their maps need no more memory than those of 32x32.

    Returns:
        Tuple of arrays of N rows.
    """
    first = inputs[0]
    if first.ndim >= 4:
        size = max(1, size * 32**2 // max(first.shape[-2] ** 2, 32**2))
    slices = [slice(i, i + size) for i in range(0, len(first), size)]
    # Arrays instead of tensors, because all outputs together may exceed the memory of a GPU.
    parts = [tuple(map(np.asarray, function(*(rows[i] for rows in inputs)))) for i in slices]
    return tuple(map(np.concatenate, zip(*parts, strict=True)))


def slerp(z0: np.ndarray, z1: np.ndarray, steps: int) -> np.ndarray:
    """Returns a spherical path [steps, D] from z0 [D] to z1 [D]; straight if they are parallel.

    Shoemake, "Animating rotation with quaternion curves", SIGGRAPH 1985.
    """
    t = np.linspace(0.0, 1.0, steps)[:, None]
    cosine = np.dot(z0, z1) / max(np.linalg.norm(z0) * np.linalg.norm(z1), 1e-12)
    angle = np.arccos(np.clip(cosine, -1.0, 1.0))
    if np.sin(angle) < 1e-6:
        return (1.0 - t) * z0 + t * z1
    return (np.sin((1.0 - t) * angle) * z0 + np.sin(t * angle) * z1) / np.sin(angle)


def closed_path(points: np.ndarray, steps: int) -> np.ndarray:
    """Returns a smooth closed path through points and back to the first one.

    It is a periodic cubic spline whose vectors are scaled to norms that change evenly from point to
    point: between random vectors, those of a spline alone would be too short. No number is outside
    the range of the numbers of the points.

    Args:
        points: float32 [N, D], at least two.
        steps: vectors from one point to the next, without the next.

    Returns:
        float32 [N * steps, D]; vector i * steps is point i.
    """
    count = len(points)
    times, knots = np.arange(count * steps) / steps, np.arange(count + 1)
    closed = np.concatenate([points, points[:1]]).astype(np.float64)
    path = CubicSpline(knots, closed, bc_type="periodic")(times)
    norms = np.interp(times, knots, np.linalg.norm(closed, axis=1))
    path *= (norms / np.maximum(np.linalg.norm(path, axis=1), 1e-12))[:, None]
    limit = np.abs(points).max()
    return np.clip(path, -limit, limit).astype(np.float32)


@contextlib.contextmanager
def dtype_policy(name: str) -> Iterator[None]:
    """Sets the dtype policy of all layers that are built inside the block.

    Args:
        name: dtype of computations, 'float16' or 'bfloat16'; 'no' is float32. Variables are
            float32.
    """
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("float32" if name == "no" else f"mixed_{name}")
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)
