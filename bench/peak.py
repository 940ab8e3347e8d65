"""The matrix-multiply peak of the machine: one large product, the larger of both libraries."""

import time
from collections.abc import Callable

SIZE = 3072


def measure(dtype: str, repeats: int = 5) -> dict[str, float]:
    """Best operations per second by library; `dtype` is `float32` or `bfloat16`."""
    peaks = {"tensorflow": _best(_tensorflow(dtype), repeats)}
    try:
        peaks["torch"] = _best(_torch(dtype), repeats)
    except ImportError:
        pass  # the bench without PyTorch measures what is there
    return peaks


def _best(product: Callable[[], object], repeats: int) -> float:
    product()
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        product()
        seconds.append(time.perf_counter() - start)
    return 2 * SIZE**3 / min(seconds)


def _tensorflow(dtype: str) -> Callable[[], object]:
    import tensorflow as tf

    matrix = tf.cast(tf.random.normal([SIZE, SIZE]), dtype)
    return lambda: tf.linalg.matmul(matrix, matrix)[0, 0].numpy()


def _torch(dtype: str) -> Callable[[], object]:
    import torch

    matrix = torch.randn(SIZE, SIZE).to(getattr(torch, dtype))
    return lambda: (matrix @ matrix)[0, 0].item()
