"""The endless stream of batches that training reads.

| contract | tensors |
|---|---|
| single | x1 |
| domains | x1 and x2 of domains 1 and 2 |
| paired | the same; x1 and x2 have the same index in their domains |
| labelled_source | x1, x2, and the labels y1 of x1 |
| labelled | x and labels y; row r of a batch comes from domain r mod n, so that domains of any
  size occur equally often |
| indexed | also i: index of the image when the training images of all domains are joined |
| halves | x1 and x2: independent draws from all domains; all combinations of two domains occur
  equally often |
| labelled_pair | also their labels y1 and y2 |
| triple | x1 and x2 of the same class y1; x3 and x4 of the same class y3, drawn
  independently of y1 |
"""

import re
from collections.abc import Callable

import numpy as np
import tensorflow as tf

from framework.data import keys
from framework.data.augmentation import Augmentation
from framework.data.domains import Data, Domain
from framework.data.storage import StoredImages
from framework.errors import MissingError, UsageError, UserError, out_of_memory_for_data

Batch = dict[str, tf.Tensor]
DRAW_NUMBERS = 1000  # more than there are domains, so that no two draws share a number
UNREAD = -1  # index of an image that is not needed
READING_ERRORS = {"MissingError": MissingError, "UsageError": UsageError}
UNREADABLE = re.compile(rf"\b({'|'.join(READING_ERRORS)}): (.*)")


def dataset(
    data: Data,
    batch_size: int,
    updates: int,
    seed: int,
    first_step: int = 0,
    replicas: int = 1,
    own: range | None = None,
    augmentation: Augmentation | None = None,
) -> tf.data.Dataset:
    """Returns an endless stream of batches, a pure function of (seed, step).

    There is one element per step and replica: a dict of "step", an int64 scalar, and the tensors
    of the contract with b = batch_size / replicas rows. Images are uint8 [updates, b, S, S, 3]
    (points: float32 [updates, b, 2]); labels are int64 [updates, b], attributes [updates, b, K].

    Args:
        data: the domains and their contract.
        batch_size: rows of a batch, over all replicas.
        updates: batches per step.
        seed: of the order of the images.
        first_step: number of the first step.
        replicas: devices that share a batch. Replica r gets the rows [r b, (r + 1) b) of the batch
            that a single replica would get.
        own: the replicas of this worker; None for all. Their elements follow each other.
        augmentation: how images are changed; None: not at all.

    Raises:
        UsageError: batch_size is no multiple of replicas.
    """
    if batch_size % replicas:
        raise UsageError(f"--batch_size {batch_size} must be a multiple of the {replicas} replicas")
    own = own or range(replicas)
    fetch = _fetch(data, batch_size, seed, augmentation or Augmentation())
    element = _element(fetch, batch_size, updates, replicas, own)
    counts = tf.data.Dataset.counter(start=first_step * len(own), dtype=tf.int64)
    ahead = 2 * len(own)
    stream = counts.map(element, num_parallel_calls=ahead, deterministic=True).prefetch(ahead)
    return stream.with_options(_without_tuning())


def _without_tuning() -> tf.data.Options:
    options = tf.data.Options()
    options.autotune.enabled = False  # nothing to tune, and its thread outlives the stream
    return options


def reading_error(error: tf.errors.UnknownError) -> UserError | None:
    """Returns the error that reading an image raised, which TensorFlow wraps; None for others."""
    match = UNREADABLE.search(str(error))
    return READING_ERRORS[match[1]](match[2]) if match else None


Fetch = Callable[[tf.Tensor, tf.Tensor], Batch]
"""Function from batches [updates, 1] and rows [1, b] to the tensors of the contract."""


def _element(
    fetch: Fetch, batch_size: int, updates: int, replicas: int, own: range
) -> Callable[[tf.Tensor], Batch]:
    """Returns the function from the number of an element to the element; arguments of `dataset`."""

    def element(count: tf.Tensor) -> Batch:
        step, replica = count // len(own), own.start + count % len(own)
        rows = replica * (batch_size // replicas) + tf.range(batch_size // replicas, dtype=tf.int64)
        batches = step * updates + tf.range(updates, dtype=tf.int64)
        return {"step": step} | fetch(batches[:, None], rows[None, :])

    return element


def _fetch(data: Data, batch_size: int, seed: int, augmentation: Augmentation) -> Fetch:
    """Returns the function that fetches images and labels, and changes the images."""
    streams = [_Stream(domain, seed, i) for i, domain in enumerate(data.domains)]
    contract = CONTRACTS[data.contract]

    def fetch(batches: tf.Tensor, rows: tf.Tensor) -> Batch:
        batch = contract(data, streams, batches, rows, batch_size)
        positions = batches * batch_size + rows
        for number, name in enumerate(sorted(key for key in batch if key.startswith("x"))):
            number = 0 if data.contract == "paired" else number
            batch[name] = augmentation.apply(batch[name], positions, number)
        return batch

    return fetch


def _separate(
    data: Data, streams: list["_Stream"], batches: tf.Tensor, rows: tf.Tensor, size: int
) -> Batch:
    """Fetches rows [1, b] of batches [updates, 1] from every domain on its own."""
    positions = batches * size + rows
    orders = [streams[0]] * len(streams) if data.contract == "paired" else streams
    indices = [stream.index(positions) for stream in orders]
    batch = {
        f"x{i}": stream.fetch(index)
        for i, (stream, index) in enumerate(zip(streams, indices, strict=True), start=1)
    }
    if data.contract == "labelled_source":
        batch["y1"] = tf.gather(streams[0].labels, indices[0])
    return batch


def _mixed(
    data: Data, streams: list["_Stream"], batches: tf.Tensor, rows: tf.Tensor, size: int
) -> Batch:
    """Fetches row r of a batch from domain r mod n."""
    n, before = len(streams), 0
    batch: Batch = {}
    for number, stream in enumerate(streams):
        share = len(range(number, size, n))  # rows of this domain in one batch
        index = stream.index(batches * share + rows // n)
        own = rows % n == number
        values = dict(x=stream.fetch(index, own), y=tf.gather(stream.labels, index))
        if data.contract == "indexed":
            values["i"] = before + index
        before += len(data.domains[number].images)
        batch = {k: tf.where(_expand(own, v), v, batch.get(k, v)) for k, v in values.items()}
    return batch


def _pairs(
    data: Data, streams: list["_Stream"], batches: tf.Tensor, rows: tf.Tensor, size: int
) -> Batch:
    """Fetches two independent draws."""
    positions = batches * size + rows
    return _draw(data, streams, positions, 1) | _draw(data, streams, positions, 2)


def _triple(
    data: Data, streams: list["_Stream"], batches: tf.Tensor, rows: tf.Tensor, size: int
) -> Batch:
    """Fetches two independent draws, each with a second image of the same class."""
    positions = batches * size + rows
    batch: Batch = {}
    for draw in (1, 3):
        batch |= _draw(data, streams, positions, draw)
        same = "domains" if data.domains_are_classes else "classes"
        second = _draw(data, streams, positions, draw + 1, **{same: batch[f"y{draw}"]})
        batch[f"x{draw + 1}"] = second[f"x{draw + 1}"]
    return batch


def _draw(
    data: Data,
    streams: list["_Stream"],
    positions: tf.Tensor,
    draw: int,
    *,
    domains: tf.Tensor | None = None,
    classes: tf.Tensor | None = None,
) -> Batch:
    """Fetches images x and, of labelled data, labels y; the names end in the number of the draw.

    Args:
        data: the domains and their contract.
        streams: one per domain.
        positions: int64 [updates, b], places in the endless streams.
        draw: number of the draw, from 1; every draw has an order of its own.
        domains: indices of the domains [updates, b]; None: the domains alternate, so that all
            draws together have all combinations of domains.
        classes: the classes [updates, b]; None: any.
    """
    n, x, y = len(streams), None, None
    domains = positions // n ** (draw - 1) % n if domains is None else domains
    for number, stream in enumerate(streams):
        if classes is None:
            index = stream.index(positions, draw)
        else:
            index = stream.index_of_class(positions, classes, draw)
        own = domains == number
        images = stream.fetch(index, own)
        x = images if x is None else tf.where(_expand(own, images), images, x)
        if stream.labels is not None and data.contract != "halves":
            labels = tf.gather(stream.labels, index)
            y = labels if y is None else tf.where(_expand(own, labels), labels, y)
    return {f"x{draw}": x} if y is None else {f"x{draw}": x, f"y{draw}": y}


CONTRACTS: dict[str, Callable[..., Batch]] = {
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


def _expand(mask: tf.Tensor, values: tf.Tensor) -> tf.Tensor:
    """Returns the mask [1 or updates, b] with as many axes as the values."""
    return tf.reshape(mask, [*mask.shape, *[1] * (values.shape.rank - 2)])


def _seeds(*numbers: tf.Tensor | int) -> tf.Tensor:
    """Returns three seeds [N, 3] that depend on all bits of several numbers, the last of them [N].

    For small sets, the kernel that shuffles uses only the last eight bits of each seed: without
    mixing, epochs 0 and 256 would have the same order.
    """
    bits = keys.mixed(*numbers)
    return tf.stack([keys.part(bits, first, 16) for first in (0, 16, 32)], axis=1)


class _Stream:
    """The images of one domain, and their order in the endless stream."""

    def __init__(self, domain: Domain, seed: int, number: int):
        self._size, self._seed, self._number = len(domain.images), seed, number
        self._images = domain.images
        # Eager tensors on the host are captured by reference; an array used inside the graph
        # would be copied into it as a constant, with a limit of 2 GB.
        with tf.device("CPU:0"):
            self._tensor = None if isinstance(domain.images, StoredImages) else _in_memory(domain)
            self.labels = None if domain.labels is None else tf.constant(domain.labels, tf.int64)

    def fetch(self, index: tf.Tensor, own: tf.Tensor | None = None) -> tf.Tensor:
        """Returns the images at the indices, int64 [updates, b].

        Args:
            index: indices of images.
            own: bool [1 or updates, b], which of them are needed; the others may be any image. None
                if all are needed.
        """
        if self._tensor is not None:
            return tf.gather(self._tensor, index)
        if own is not None:
            index = tf.where(own, index, tf.constant(UNREAD, tf.int64))
        images = tf.numpy_function(self._read, [index], self._images.dtype)
        return tf.ensure_shape(images, [*index.shape, *self._images.shape[1:]])

    def _read(self, index: np.ndarray) -> np.ndarray:
        """Reads images that are not in memory; those at UNREAD are black."""
        images = np.zeros((*index.shape, *self._images.shape[1:]), self._images.dtype)
        needed = index != UNREAD
        images[needed] = self._images[index[needed]]
        return images

    def index(self, positions: tf.Tensor, draw: int = 0) -> tf.Tensor:
        """Returns the indices of the images at int64 positions of any shape.

        Every draw is a stream with an order of its own.
        """
        return self._shuffled(positions, self._size, draw)

    def index_of_class(self, positions: tf.Tensor, classes: tf.Tensor, draw: int) -> tf.Tensor:
        """Returns indices of images of these classes, int64 of the shape of positions."""
        starts, counts, members = self._sorted_by_class()
        within = self._shuffled(positions, tf.gather(counts, classes), draw)
        return tf.gather(members, tf.gather(starts, classes) + within)

    def _sorted_by_class(self) -> tuple[tf.Tensor, ...]:
        """Returns per class its first place in `order` and its size, and `order`: the indices."""
        labels = np.asarray(self.labels)
        counts = np.bincount(labels)
        order = np.argsort(labels, kind="stable")
        return tuple(map(tf.constant, (np.cumsum(counts) - counts, counts, order)))

    def _shuffled(self, positions: tf.Tensor, size: tf.Tensor | int, draw: int) -> tf.Tensor:
        flat = tf.reshape(positions, [-1])
        sizes = tf.ones_like(flat) * tf.reshape(tf.cast(size, tf.int64), [-1])
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


def _in_memory(domain: Domain) -> tf.Tensor:
    """Copies the images of a domain into a tensor; UserError where memory is too small."""
    try:
        return tf.constant(domain.images)
    except (MemoryError, tf.errors.ResourceExhaustedError) as error:
        raise out_of_memory_for_data(
            domain.name, len(domain.images), domain.images.shape[1]
        ) from error
