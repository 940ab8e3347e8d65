"""Small things that know no system: keyed randomness, latent vectors, pixel ranges."""

import copy
from collections.abc import Callable, Sequence

import numpy as np
import tensorflow as tf

DRAWS_PER_UPDATE = 10_000  # more than any update makes: no two updates share a draw


def to_float(images: tf.Tensor) -> tf.Tensor:
    """uint8 pixels [..., H, W, C] as float32 in [-1, 1]; what is float already is left alone."""
    images = tf.convert_to_tensor(images)
    if images.dtype.is_floating:
        return images
    return (tf.cast(images, tf.float32) - 127.5) / 127.5


def float_array(images: np.ndarray) -> np.ndarray:
    """`to_float` in the host's memory, which may hold what a GPU's does not."""
    if images.dtype != np.uint8:
        return images
    return (images.astype(np.float32) - np.float32(127.5)) / np.float32(127.5)


def shift(images: tf.Tensor, pixels: int, random: "Random") -> tf.Tensor:
    """Each image [N, H, W, C] moved by its own whole number of pixels, border pixels repeated.

    Both directions are uniform over -pixels..pixels. 0 returns the images as they are.
    """
    if not pixels:
        return images
    steps = tf.cast(random.uniform((images.shape[0], 2)) * (2 * pixels + 1), tf.int32) - pixels
    rows = tf.clip_by_value(tf.range(images.shape[1]) + steps[:, :1], 0, images.shape[1] - 1)
    columns = tf.clip_by_value(tf.range(images.shape[2]) + steps[:, 1:], 0, images.shape[2] - 1)
    moved = tf.gather(images, rows, axis=1, batch_dims=1)
    moved = tf.gather(tf.transpose(moved, (0, 2, 1, 3)), columns, axis=1, batch_dims=1)
    return tf.transpose(moved, (0, 2, 1, 3))


def jitter(
    images: tf.Tensor, random: "Random", pixels: float = 2, degrees: float = 7, zoom: float = 0.05
) -> tf.Tensor:
    """Each image [N, H, W, C] moved, turned and scaled by random numbers of its own; no flips.

    Shifts are uniform over -pixels..pixels in both directions, angles over -degrees..degrees,
    scales over 1 - zoom..1 + zoom. Bilinear; border pixels are repeated. TensorFlow's own
    projective transform cannot be compiled by XLA.
    """
    size = images.shape[1:3]
    draws = 2.0 * random.uniform((images.shape[0], 4)) - 1.0
    angle, scale = np.deg2rad(degrees) * draws[:, 0], 1.0 + zoom * draws[:, 1]
    # Where the middle of each pixel was, in rows (y) and columns (x) from the centre.
    y, x = (tf.range(n, dtype=tf.float32) - (n - 1) / 2 for n in size)
    y, x = tf.meshgrid(y, x, indexing="ij")
    cos, sin = (f(angle)[:, None, None] / scale[:, None, None] for f in (tf.cos, tf.sin))
    moved = pixels * draws[:, 2:, None, None]
    sources = cos * y + sin * x - moved[:, 0], cos * x - sin * y - moved[:, 1]
    places = [
        tf.clip_by_value(source + (n - 1) / 2, 0.0, n - 1.0)
        for source, n in zip(sources, size, strict=True)
    ]
    return _bilinear(images, *places)


def _bilinear(images: tf.Tensor, y: tf.Tensor, x: tf.Tensor) -> tf.Tensor:
    """Images [N, H, W, C] read at rows y and columns x, both [N, h, w] within the image."""
    rows, columns = (tf.floor(y), tf.math.ceil(y)), (tf.floor(x), tf.math.ceil(x))
    below, right = (y - rows[0])[..., None], (x - columns[0])[..., None]

    def read(i: int, j: int) -> tf.Tensor:
        place = tf.cast(tf.stack([rows[i], columns[j]], axis=-1), tf.int32)
        return tf.gather_nd(images, place, batch_dims=1)

    upper, lower = ((1 - right) * read(i, 0) + right * read(i, 1) for i in (0, 1))
    return (1 - below) * upper + below * lower


class Random:
    """Random numbers that are a pure function of (seed, step, turn, part) and the order of calls.

    One object serves one update on one replica. Leading rows belong to the batch: every part of it
    (a replica's share, or a micro-batch of that) draws the numbers of the whole batch and keeps its
    own rows, so the parts together draw what one would and never the same. Resuming needs no stored
    generator state.
    """

    def __init__(
        self,
        seed: int,
        step: tf.Tensor,
        turn: int = 0,
        part: tf.Tensor | int = 0,
        parts: int = 1,
    ) -> None:
        """Starts at the first draw of update `turn` of iteration `step` (an integer scalar)."""
        self.step = step
        self.key = tf.stack([tf.cast(seed, tf.int64), tf.cast(step, tf.int64)])
        self.turn, self.part, self._parts, self._draws = turn, part, parts, 0

    def moved(self, key: tf.Tensor, turn: tf.Tensor) -> "Random":
        """The same part of another update: `key` and `turn` are another object's."""
        there = copy.copy(self)
        there.key, there.step, there.turn = key, key[1], turn
        return there

    def split(self, count: int) -> list["Random"]:
        """One object for each of `count` micro-batches of this part's rows, in their order."""
        pieces = [copy.copy(self) for _ in range(count)]
        for i, piece in enumerate(pieces):
            piece.part, piece._parts = self.part * count + i, self._parts * count
        return pieces

    def uniform(self, shape: Sequence[int]) -> tf.Tensor:
        """Float32 numbers of U[0, 1) of the given shape, rows first."""
        return self._draw(tf.random.stateless_uniform, shape)

    def normal(self, shape: Sequence[int]) -> tf.Tensor:
        """Float32 numbers of N(0, 1) of the given shape, rows first."""
        return self._draw(tf.random.stateless_normal, shape)

    def latent(self, kind: str, rows: int, size: int) -> tf.Tensor:
        """Latent vectors [rows, size] of U(-1, 1) (`uniform`) or N(0, 1) (`normal`)."""
        if kind == "normal":
            return self.normal((rows, size))
        return 2.0 * self.uniform((rows, size)) - 1.0

    def _draw(self, law: Callable, shape: Sequence[int]) -> tf.Tensor:
        self._draws += 1
        number = self.turn * DRAWS_PER_UPDATE + self._draws
        seed = tf.random.experimental.stateless_fold_in(self.key, number)
        rows, *rest = tf.unstack(shape) if tf.is_tensor(shape) else shape
        numbers = law((rows * self._parts, *rest), seed)
        start = self.part * rows
        return numbers[start : start + rows]


def batched(function: Callable, *inputs: np.ndarray, size: int = 250) -> tuple[np.ndarray, ...]:
    """`function` over rows of all `inputs`, `size` at a time; its tuple of outputs, joined again.

    Of images above 32x32 pixels, the first of inputs, fewer at a time, so that their maps need no
    more memory.
    """
    first = inputs[0]
    if first.ndim >= 4:
        size = max(1, size * 32**2 // max(first.shape[-2] ** 2, 32**2))
    slices = [slice(i, i + size) for i in range(0, len(first), size)]
    # As arrays at once: all of them together may be more than a GPU's memory holds.
    parts = [tuple(map(np.asarray, function(*(each[i] for each in inputs)))) for i in slices]
    return tuple(map(np.concatenate, zip(*parts, strict=True)))


def sample_latent(kind: str, rows: int, size: int, seed: int) -> np.ndarray:
    """Latent vectors [rows, size] outside training: the same for the same arguments."""
    return Random(seed, tf.constant(-1, tf.int64)).latent(kind, rows, size).numpy()


def slerp(z0: np.ndarray, z1: np.ndarray, steps: int) -> np.ndarray:
    """Spherical path [steps, D] from z0 to z1, both [D] (Shoemake 1985); straight if parallel."""
    t = np.linspace(0.0, 1.0, steps)[:, None]
    cosine = np.dot(z0, z1) / max(np.linalg.norm(z0) * np.linalg.norm(z1), 1e-12)
    angle = np.arccos(np.clip(cosine, -1.0, 1.0))
    if np.sin(angle) < 1e-6:
        return (1.0 - t) * z0 + t * z1
    return (np.sin((1.0 - t) * angle) * z0 + np.sin(t * angle) * z1) / np.sin(angle)
