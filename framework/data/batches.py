"""The endless stream of batches that training reads."""

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from framework.data.domains import Data, Domain
from framework.errors import UsageError

DRAW_NUMBERS = 1000  # more than there are domains: every draw of every domain has its own number


def dataset(
    data: Data,
    batch_size: int,
    updates: int,
    seed: int,
    first_step: int = 0,
    replicas: int = 1,
    own: range | None = None,
) -> tf.data.Dataset:
    """Endless batches, a pure function of (seed, step); one element per step and replica.

    An element is a dict: "step" (int64 scalar) and uint8 images with a leading axis of
    `updates`, one fresh batch for each. 'single' has x1, 'domains' x1 and x2, all
    [updates, b, S, S, 3], or float32 points [updates, b, 2]; 'paired' the same, where x1 and x2
    stand at one place of their domains; 'labelled_source' also y1, the labels of x1, int64
    [updates, b]; 'labelled' has x of the shape of images and y, int64
    [updates, b] or, for attributes, [updates, b, K], where row r of a batch comes from domain
    r mod n, so that domains of any size are balanced; 'indexed' also i, int64 [updates, b], the
    image's number among the training images of all domains, one domain after the other.
    'halves' has x1 and x2, independent draws from all domains, of every combination of domains
    as often; 'labelled_pair' also y1 and y2; 'triple' has x1 and x2 of one class y1, and x3 and
    x4 of another draw's class y3, which may be the same.
    b is batch_size / replicas: replica r has rows [r b, (r + 1) b) of the batch that one
    replica would get. Consecutive elements are the replicas of one step: all of them, or
    those of this worker, `own`. Raises UsageError when batch_size is no multiple of replicas.
    """
    if batch_size % replicas:
        raise UsageError(f"--batch_size {batch_size} must be a multiple of the {replicas} replicas")
    own = own or range(replicas)
    streams = [_Stream(domain, seed, i) for i, domain in enumerate(data.domains)]
    fetch = CONTRACTS[data.contract]

    def element(count: tf.Tensor) -> dict[str, tf.Tensor]:
        step, replica = count // len(own), own.start + count % len(own)
        rows = replica * (batch_size // replicas) + tf.range(batch_size // replicas, dtype=tf.int64)
        batches = step * updates + tf.range(updates, dtype=tf.int64)
        place = batches[:, None], rows[None, :], batch_size
        return {"step": step} | fetch(data, streams, *place)

    counts = tf.data.Dataset.counter(start=first_step * len(own), dtype=tf.int64)
    ahead = 2 * len(own)
    stream = counts.map(element, num_parallel_calls=ahead, deterministic=True).prefetch(ahead)
    options = tf.data.Options()
    options.autotune.enabled = False  # nothing to tune, and its thread ends late
    return stream.with_options(options)


def _separate(
    data: Data, streams: list["_Stream"], batches: tf.Tensor, rows: tf.Tensor, size: int
) -> dict[str, tf.Tensor]:
    positions = batches * size + rows
    orders = [streams[0]] * len(streams) if data.contract == "paired" else streams
    indices = [stream.index(positions) for stream in orders]
    batch = {
        f"x{i}": tf.gather(stream.images, index)
        for i, (stream, index) in enumerate(zip(streams, indices, strict=True), start=1)
    }
    if data.contract == "labelled_source":
        batch["y1"] = tf.gather(streams[0].labels, indices[0])
    return batch


def _mixed(
    data: Data, streams: list["_Stream"], batches: tf.Tensor, rows: tf.Tensor, size: int
) -> dict[str, tf.Tensor]:
    n, batch, before = len(streams), {}, 0
    for number, stream in enumerate(streams):
        share = len(range(number, size, n))  # rows of this domain in one batch
        index = stream.index(batches * share + rows // n)
        own = dict(x=tf.gather(stream.images, index), y=tf.gather(stream.labels, index))
        if data.contract == "indexed":
            own["i"] = before + index
        before += len(data.domains[number].images)
        mine = rows % n == number
        batch = {k: tf.where(_like(mine, v), v, batch.get(k, v)) for k, v in own.items()}
    return batch


def _pairs(
    data: Data, streams: list["_Stream"], batches: tf.Tensor, rows: tf.Tensor, size: int
) -> dict[str, tf.Tensor]:
    positions, batch = batches * size + rows, {}
    for draw in (1, 2):
        batch |= _drawn(data, streams, positions, draw)
    return batch


def _triple(
    data: Data, streams: list["_Stream"], batches: tf.Tensor, rows: tf.Tensor, size: int
) -> dict[str, tf.Tensor]:
    positions, batch = batches * size + rows, {}
    for draw in (1, 3):
        batch |= _drawn(data, streams, positions, draw)
        same = "turn" if data.domains_are_classes else "like"
        found = _drawn(data, streams, positions, draw + 1, **{same: batch[f"y{draw}"]})
        batch[f"x{draw + 1}"] = found[f"x{draw + 1}"]
    return batch


def _drawn(
    data: Data,
    streams: list["_Stream"],
    positions: tf.Tensor,
    draw: int,
    *,
    turn: tf.Tensor | None = None,
    like: tf.Tensor | None = None,
) -> dict[str, tf.Tensor]:
    """x and, of labelled data, y of a draw of its own; names end in its number.

    The images are of the domains numbered `turn`, else in turn so that all draws combine all
    domains, and of the classes `like`, if given.
    """
    n, x, y = len(streams), None, None
    turn = positions // n ** (draw - 1) % n if turn is None else turn
    for number, stream in enumerate(streams):
        same = like is not None
        index = stream.member(positions, like, draw) if same else stream.index(positions, draw)
        images = tf.gather(stream.images, index)
        mine = turn == number
        x = images if x is None else tf.where(_like(mine, images), images, x)
        if stream.labels is not None and data.contract != "halves":
            labels = tf.gather(stream.labels, index)
            y = labels if y is None else tf.where(_like(mine, labels), labels, y)
    return {f"x{draw}": x} if y is None else {f"x{draw}": x, f"y{draw}": y}


CONTRACTS: dict[str, Callable] = {
    "single": _separate,
    "domains": _separate,
    "paired": _separate,
    "labelled_source": _separate,
    "labelled": _mixed,
    "indexed": _mixed,
    "halves": _pairs,
    "labelled_pair": _pairs,
    "triple": _triple,
}


def _like(mask: tf.Tensor, values: tf.Tensor) -> tf.Tensor:
    """The mask [1 or updates, b] with as many axes as the values."""
    return tf.reshape(mask, [*mask.shape, *[1] * (values.shape.rank - 2)])


def _seeds(*numbers: tf.Tensor | int) -> tf.Tensor:
    """Three seeds [N, 3] that depend on all bits of several numbers, the last of them [N].

    The kernel that shuffles takes no more than the last eight bits of each of its seeds where a set
    is small: epochs 0 and 256 would have one order. The bits are mixed as by SplitMix64 (Steele et
    al., OOPSLA 2014, figure 16).
    """
    key = tf.constant(0, tf.uint64)
    for number in numbers:
        key += tf.cast(number, tf.uint64) + tf.constant(0x9E3779B97F4A7C15, tf.uint64)
        for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
            key = (key ^ _right(key, shift)) * tf.constant(factor, tf.uint64)
        key ^= _right(key, 31)
    parts = tf.stack([_right(key, shift) for shift in (0, 16, 32)], axis=1)
    return tf.cast(parts & tf.constant(0xFFFF, tf.uint64), tf.int64)


def _right(bits: tf.Tensor, shift: int) -> tf.Tensor:
    return tf.bitwise.right_shift(bits, tf.constant(shift, tf.uint64))


class _Stream:
    """One domain's images as tensors, and the order in which they are visited."""

    def __init__(self, domain: Domain, seed: int, number: int):
        self._size, self._seed, self._number = len(domain.images), seed, number
        # Eager tensors on the host are captured by reference; an array used inside the graph
        # would be copied into it as a constant, with a limit of 2 GB.
        with tf.device("CPU:0"):
            self.images = tf.constant(domain.images)
            self.labels = None if domain.labels is None else tf.constant(domain.labels, tf.int64)

    def index(self, positions: tf.Tensor, draw: int = 0) -> tf.Tensor:
        """Which images stand at these positions of an endless stream, any shape of int64.

        Every draw is a stream with an order of its own.
        """
        return self._shuffled(positions, self._size, draw)

    def member(self, positions: tf.Tensor, classes: tf.Tensor, draw: int) -> tf.Tensor:
        """The same for images of these classes, int64 of the shape of positions."""
        starts, counts, members = self._members()
        within = self._shuffled(positions, tf.gather(counts, classes), draw)
        return tf.gather(members, tf.gather(starts, classes) + within)

    def _members(self) -> tuple[tf.Tensor, ...]:
        """First place and number of each class's images in the last, which images these are."""
        counts = np.bincount(self.labels)
        order = np.argsort(self.labels, kind="stable")
        return tuple(map(tf.constant, (np.cumsum(counts) - counts, counts, order)))

    def _shuffled(self, positions: tf.Tensor, size: tf.Tensor | int, draw: int) -> tf.Tensor:
        flat = tf.reshape(positions, [-1])
        same = tf.ones_like(flat)
        sizes = same * tf.reshape(tf.cast(size, tf.int64), [-1])
        number = self._number + DRAW_NUMBERS * draw
        # The raw op, because tf.random.experimental.index_shuffle pads its seed in a way that
        # the kernel refuses for vectors (TF 2.21).
        shuffled = tf.raw_ops.RandomIndexShuffle(
            index=flat % sizes,
            seed=_seeds(self._seed, number, flat // sizes),
            max_index=sizes - 1,
            rounds=8,  # with the usual 4, orders of 60,000 images resemble each other (r = 0.9)
        )
        return tf.reshape(shuffled, tf.shape(positions))
