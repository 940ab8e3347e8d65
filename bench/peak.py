"""Measures the matrix-multiply peak of the machine with TensorFlow and PyTorch."""

import importlib
import time
from collections.abc import Callable

SIZES = 512, 3072
SLOW = 0.02  # seconds of a small product; a large one takes 200 times as long


def measure(dtype: str, repeats: int = 5) -> dict[str, float]:
    """Returns library -> best operations per second; `dtype` is `float32` or `bfloat16`."""
    peaks = {"tensorflow": _best(_tensorflow, dtype, repeats)}
    try:
        peaks["torch"] = _best(_torch, dtype, repeats)
    except ImportError:
        pass  # PyTorch is optional
    return peaks


def _best(make: Callable[[str, int], Callable], dtype: str, repeats: int) -> float:
    """Returns the best operations per second; skips large products where the dtype is emulated."""
    best = 0.0
    for size in SIZES:
        product = make(dtype, size)
        product()
        seconds = min(_seconds(product) for _ in range(repeats))
        best = max(best, 2 * size**3 / seconds)
        if seconds > SLOW:
            break
    return best


def _seconds(product: Callable[[], object]) -> float:
    start = time.perf_counter()
    product()
    return time.perf_counter() - start


def _tensorflow(dtype: str, size: int) -> Callable[[], object]:
    importlib.import_module(
        "framework"
    )  # sets environment variables that TensorFlow reads when it is imported
    import tensorflow as tf

    matrix = tf.cast(tf.random.normal([size, size]), dtype)
    return lambda: tf.linalg.matmul(matrix, matrix)[0, 0].numpy()


def _torch(dtype: str, size: int) -> Callable[[], object]:
    import torch

    matrix = torch.randn(size, size).to(getattr(torch, dtype))
    return lambda: (matrix @ matrix)[0, 0].item()
