"""Weights and images by formula: this project and the official program can both make them."""

import zlib

import numpy as np

SHAPES = {"alex": 48, "vgg": 32, "squeeze": 33}  # net -> image size; 33 makes a pool overhang


def numbers(name: str, shape: tuple[int, ...]) -> np.ndarray:
    """Kernels of He's law, and biases, the same for a name at every call."""
    random = np.random.default_rng(zlib.crc32(name.encode()))
    spread = np.sqrt(2 / np.prod(shape[1:])) if len(shape) == 4 else 0.1
    return (spread * random.standard_normal(shape)).astype(np.float32)


def head(net: str, layer: int, channels: int) -> np.ndarray:
    """Non-negative weights [channels] of a layer."""
    return np.abs(numbers(f"{net} lin{layer}", (channels,)))


def images(size: int) -> tuple[np.ndarray, np.ndarray]:
    """Two batches [3, size, size, 3] in [-1, 1]."""
    random = np.random.default_rng(size)
    return tuple(random.uniform(-1, 1, (2, 3, size, size, 3)).astype(np.float32))
