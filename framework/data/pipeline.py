"""Domains in memory and the endless stream of batches that training reads."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import tensorflow as tf

from framework.data.audio import Clips
from framework.errors import UsageError

DRAW_NUMBERS = 1000  # more than there are domains: every draw of every domain has its own number


@dataclass(frozen=True)
class Domain:
    """One image domain: uint8 images [N, S, S, 3]; int64 classes [N], attributes [N, K] or None.

    Points are float32 [N, 2]. Nothing is trained on test images: they are there for metrics.
    """

    name: str
    images: np.ndarray
    labels: np.ndarray | None
    test_images: np.ndarray
    test_labels: np.ndarray | None


@dataclass(frozen=True)
class Data:
    """The domains of a run under a contract, one of `FETCHES`.

    classes: how many labels occur; 0 when a domain has none.
    attributes: names of the columns of labels [N, K] of zeros and ones, of which `classes` is K;
        empty where an image has one class.
    divided_by: the attribute that the images of domain 2 have and those of domain 1 have not.
    domains_are_classes: every image of domain i has the label i.
    clips: where the images are spectrograms.
    """

    contract: str
    domains: tuple[Domain, ...]
    name: str
    classes: int
    attributes: tuple[str, ...] = ()
    divided_by: str | None = None
    domains_are_classes: bool = False
    clips: Clips | None = None

    @property
    def has_classes(self) -> bool:
        """Whether every image has one class."""
        return not self.attributes and all(d.labels is not None for d in self.domains)

    def dataset(
        self,
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
            raise UsageError(
                f"--batch_size {batch_size} must be a multiple of the {replicas} replicas"
            )
        own = own or range(replicas)
        streams = [_Stream(domain, seed, i) for i, domain in enumerate(self.domains)]
        fetch = FETCHES[self.contract]

        def element(count: tf.Tensor) -> dict[str, tf.Tensor]:
            step, replica = count // len(own), own.start + count % len(own)
            rows = replica * (batch_size // replicas) + tf.range(
                batch_size // replicas, dtype=tf.int64
            )
            batches = step * updates + tf.range(updates, dtype=tf.int64)
            place = batches[:, None], rows[None, :], batch_size
            return {"step": step} | fetch(self, streams, *place)

        counts = tf.data.Dataset.counter(start=first_step * len(own), dtype=tf.int64)
        ahead = 2 * len(own)
        stream = counts.map(element, num_parallel_calls=ahead, deterministic=True).prefetch(ahead)
        options = tf.data.Options()
        options.autotune.enabled = False  # nothing to tune, and its thread ends late
        return stream.with_options(options)

    def labelled(self) -> "Data":
        """The same domains mixed under the 'labelled' contract; UsageError without labels."""
        for domain in self.domains:
            if domain.labels is None:
                raise UsageError(
                    f"{domain.name} has no labels, which a classifier needs: use a labelled data "
                    "set, or a folder with one sub-folder per class"
                )
        return replace(self, contract="labelled")

    def classed(self, contract: str) -> "Data":
        """The same domains under a contract of classes, of which attributes have one per domain.

        Raises:
            UsageError: a domain has no labels; attributes of one domain alone; for 'triple', a
                domain has no class that others do not have too.
        """
        if self.attributes:
            if len(self.domains) < 2:
                raise UsageError(
                    f"{self.name} has attributes and no classes: use a pair that one of them "
                    "divides, such as celeba_glasses"
                )
            domains = tuple(_as_class(domain, i) for i, domain in enumerate(self.domains))
            return Data(contract, domains, self.name, len(domains), domains_are_classes=True)
        data = replace(self.labelled(), contract=contract)
        if contract == "triple":
            _check_classes(data.domains)
        return data

    def by_domain(self) -> "Data":
        """The same domains mixed under the 'labelled' contract; the domain is the class."""
        domains = tuple(_as_class(domain, i) for i, domain in enumerate(self.domains))
        return Data("labelled", domains, f"{self.name}-domains", len(domains))

    def labelled_source(self) -> "Data":
        """The same pair with the labels of domain 1 in its batches; UsageError without them."""
        source = self.domains[0]
        if source.labels is None or self.attributes:
            raise UsageError(
                f"{source.name} has no classes, which are to be carried over to the other domain: "
                "use a labelled data set, or a folder with one sub-folder per class"
            )
        classes = self.classes or 1 + int(source.labels.max())
        return replace(self, contract="labelled_source", classes=classes)

    def paired(self) -> "Data":
        """The same pair, image by image; UsageError where the domains differ in length."""
        for part in ("images", "test_images"):
            counts = [len(getattr(domain, part)) for domain in self.domains]
            if len(set(counts)) > 1:
                raise UsageError(
                    f"{self.name} has {counts[0]} and {counts[1]} {part.replace('_', ' ')}, which "
                    "are no pairs: leave --paired out, or use views of one data set or two folders "
                    "with files of the same names"
                )
        return replace(self, contract="paired")

    def sampled(self, counts: tuple[int, ...], seed: int) -> "Data":
        """So many training images of each domain, drawn at random without repetition; 0: all.

        Raises UsageError when a domain has fewer.
        """
        parts = zip(self.domains, counts, strict=True)
        return replace(self, domains=tuple(_sampled(*part, seed) for part in parts))

    def _separate(
        self, streams: list["_Stream"], batches: tf.Tensor, rows: tf.Tensor, size: int
    ) -> dict[str, tf.Tensor]:
        positions = batches * size + rows
        orders = [streams[0]] * len(streams) if self.contract == "paired" else streams
        indices = [stream.index(positions) for stream in orders]
        batch = {
            f"x{i}": tf.gather(stream.images, index)
            for i, (stream, index) in enumerate(zip(streams, indices, strict=True), start=1)
        }
        if self.contract == "labelled_source":
            batch["y1"] = tf.gather(streams[0].labels, indices[0])
        return batch

    def _mixed(
        self, streams: list["_Stream"], batches: tf.Tensor, rows: tf.Tensor, size: int
    ) -> dict[str, tf.Tensor]:
        n, batch, before = len(streams), {}, 0
        for number, stream in enumerate(streams):
            share = len(range(number, size, n))  # rows of this domain in one batch
            index = stream.index(batches * share + rows // n)
            own = dict(x=tf.gather(stream.images, index), y=tf.gather(stream.labels, index))
            if self.contract == "indexed":
                own["i"] = before + index
            before += len(self.domains[number].images)
            mine = rows % n == number
            batch = {k: tf.where(_like(mine, v), v, batch.get(k, v)) for k, v in own.items()}
        return batch

    def _pairs(
        self, streams: list["_Stream"], batches: tf.Tensor, rows: tf.Tensor, size: int
    ) -> dict[str, tf.Tensor]:
        positions, batch = batches * size + rows, {}
        for draw in (1, 2):
            batch |= self._drawn(streams, positions, draw, self._turn(positions, draw))
        return batch

    def _triple(
        self, streams: list["_Stream"], batches: tf.Tensor, rows: tf.Tensor, size: int
    ) -> dict[str, tf.Tensor]:
        positions, batch = batches * size + rows, {}
        for draw in (1, 3):
            batch |= self._drawn(streams, positions, draw, self._turn(positions, draw))
            y, other = batch[f"y{draw}"], draw + 1
            if self.domains_are_classes:
                same = self._drawn(streams, positions, other, y)
            else:
                same = self._drawn(streams, positions, other, self._turn(positions, other), like=y)
            batch[f"x{other}"] = same[f"x{other}"]
        return batch

    def _turn(self, positions: tf.Tensor, draw: int) -> tf.Tensor:
        """Numbers of the domains that a draw's rows come from: all draws combine all domains."""
        n = len(self.domains)
        return positions // n ** (draw - 1) % n

    def _drawn(
        self,
        streams: list["_Stream"],
        positions: tf.Tensor,
        draw: int,
        turn: tf.Tensor,
        *,
        like: tf.Tensor | None = None,
    ) -> dict[str, tf.Tensor]:
        """x and, of labelled data, y of a draw of its own, from the domains of these numbers.

        Names end in the draw's number. The images are of the classes `like`, if given.
        """
        x = y = None
        for number, stream in enumerate(streams):
            same = like is not None
            index = stream.member(positions, like, draw) if same else stream.index(positions, draw)
            images = tf.gather(stream.images, index)
            mine = turn == number
            x = images if x is None else tf.where(_like(mine, images), images, x)
            if stream.labels is not None and self.contract != "halves":
                labels = tf.gather(stream.labels, index)
                y = labels if y is None else tf.where(_like(mine, labels), labels, y)
        return {f"x{draw}": x} if y is None else {f"x{draw}": x, f"y{draw}": y}


FETCHES: dict[str, Callable] = {
    "single": Data._separate,
    "domains": Data._separate,
    "paired": Data._separate,
    "labelled_source": Data._separate,
    "labelled": Data._mixed,
    "indexed": Data._mixed,
    "halves": Data._pairs,
    "labelled_pair": Data._pairs,
    "triple": Data._triple,
}


def _as_class(domain: Domain, label: int) -> Domain:
    """The domain with one label for all its images."""
    train, test = (np.full(len(each), label) for each in (domain.images, domain.test_images))
    return replace(domain, labels=train, test_labels=test)


def _check_classes(domains: tuple[Domain, ...]) -> None:
    held = [set(domain.labels.tolist()) for domain in domains]
    for domain, mine in zip(domains, held, strict=True):
        if lacking := set().union(*held) - mine:
            raise UsageError(
                f"{domain.name} has no training image of class {min(lacking)}, which another "
                "domain has: here every domain must have all classes"
            )


def _like(mask: tf.Tensor, values: tf.Tensor) -> tf.Tensor:
    """The mask [1 or updates, b] with as many axes as the values."""
    return tf.reshape(mask, [*mask.shape, *[1] * (values.shape.rank - 2)])


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
            seed=tf.stack([same * self._seed, same * number, flat // sizes], axis=1),
            max_index=sizes - 1,
            rounds=8,  # with the usual 4, orders of 60,000 images resemble each other (r = 0.9)
        )
        return tf.reshape(shuffled, tf.shape(positions))


def _sampled(domain: Domain, count: int, seed: int) -> Domain:
    size = len(domain.images)
    if count > size:
        raise UsageError(f"{domain.name} has {size} training images, not {count}")
    if not count:
        return domain
    kept = np.sort(np.random.default_rng(seed).permutation(size)[:count])
    labels = None if domain.labels is None else domain.labels[kept]
    return replace(domain, images=domain.images[kept], labels=labels)
