"""Domains in memory, and the contracts under which they are trained on."""

import zlib
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from framework.data import storage
from framework.data.audio import Clips
from framework.data.identity import DomainFiles
from framework.data.storage import Images
from framework.errors import UsageError

EVERY_97 = slice(None, None, 97)


@dataclass(frozen=True)
class Domain:
    """One image domain.

    Attributes:
        name: for messages, sheets and the page.
        images: training images, uint8 [N, S, S, 3], or float32 points [N, 2]; `StoredImages` where
            memory is too small for them.
        labels: int64 classes [N] or attributes 0/1 [N, K] of the training images, or None.
        test_images: held-out images, used by metrics only.
        test_labels: their labels, or None.
        known_as: the `fingerprint` of the domain when its run began; None if it is that of the
            present images.
        sampled_as: the same of the training images that `Data.sampled` chose when the run began.
    """

    name: str
    images: Images
    labels: np.ndarray | None
    test_images: Images
    test_labels: np.ndarray | None
    known_as: list | None = None
    sampled_as: list | None = None

    @property
    def is_as_known(self) -> bool:
        """Whether the domain has training images, and these are those of `known_as`."""
        known = self.known_as is None or _row(self)[1:] == self.known_as[1:]
        return known and len(self.images) > 0


@dataclass(frozen=True)
class Facts:
    """Facts about the data that a run folder keeps, so that a run can be used without its data.

    Attributes:
        name: name of the data set or pair.
        classes: as in `Data`.
        attributes: as in `Data`.
        divided_by: as in `Data`.
        domains: names of the domains.
        images: number of training images of each domain.
        held_out: number of held-out images of each domain.
        points: whether the data are points [N, 2] and not images.
        sound: whether the images are spectrograms.
    """

    name: str = ""
    classes: int = 0
    attributes: tuple[str, ...] = ()
    divided_by: str | None = None
    domains: tuple[str, ...] = ()
    images: tuple[int, ...] = ()
    held_out: tuple[int, ...] = ()
    points: bool = False
    sound: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Returns the facts by name, as values that JSON can hold."""
        return {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(self).items()}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "Facts":
        """Reads facts written by `to_dict`; missing ones get their defaults."""
        known: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in values.items()
            if name in cls.__dataclass_fields__
        }
        return cls(**known)


@dataclass(frozen=True)
class Data:
    """The domains of a run under a contract.

    Attributes:
        contract: says what a batch contains; a key of `batches.CONTRACTS`.
        domains: the domains.
        name: name of the data set or pair.
        classes: number of classes, or of attributes; 0 when a domain has no labels.
        attributes: names of the K columns of labels [N, K]; empty where every image has one class.
        divided_by: the attribute that all images of domain 2 have and none of domain 1 has.
        domains_are_classes: whether the label of every image is the index of its domain.
        clips: the sound behind the test images of domain 2, if the images are spectrograms.
        files: the files of each domain, if these are folders of images.
        may_lack_images: whether images that the run was trained on may be missing, because it is
            only evaluated.
    """

    contract: str
    domains: tuple[Domain, ...]
    name: str
    classes: int
    attributes: tuple[str, ...] = ()
    divided_by: str | None = None
    domains_are_classes: bool = False
    clips: Clips | None = None
    files: tuple[DomainFiles, ...] = ()
    may_lack_images: bool = False

    @property
    def facts(self) -> Facts:
        """The facts about this data that a run folder keeps."""
        return Facts(
            name=self.name,
            classes=self.classes,
            attributes=self.attributes,
            divided_by=self.divided_by,
            domains=tuple(domain.name for domain in self.domains),
            images=tuple(len(domain.images) for domain in self.domains),
            held_out=tuple(len(domain.test_images) for domain in self.domains),
            points=self.domains[0].images.ndim == 2,
            sound=self.clips is not None,
        )

    @property
    def has_classes(self) -> bool:
        """Whether every image has one class."""
        return not self.attributes and all(d.labels is not None for d in self.domains)

    @property
    def held_out(self) -> int:
        """Number of test images in the domain that has the fewest."""
        return min(len(domain.test_images) for domain in self.domains)

    def labelled(self) -> "Data":
        """Returns the same domains under the contract 'labelled'; UsageError without labels."""
        for domain in self.domains:
            if domain.labels is None:
                raise UsageError(
                    f"{domain.name} has no labels, which a classifier needs: use a labelled data "
                    "set, or a folder with one sub-folder per class"
                )
        return replace(self, contract="labelled")

    def classed(self, contract: str) -> "Data":
        """Returns the same domains under a contract that needs one class per image.

        Images with attributes get the index of their domain as their class.

        Raises:
            UsageError: a domain has no labels; there are attributes and only one domain; under
                'triple', a domain lacks a class that another domain has.
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
        """Returns the same domains under 'labelled'; the class is the index of the domain."""
        domains = tuple(_as_class(domain, i) for i, domain in enumerate(self.domains))
        return Data("labelled", domains, f"{self.name}-domains", len(domains), files=self.files)

    def labelled_source(self) -> "Data":
        """Returns the same pair under 'labelled_source': batches have the classes of domain 1.

        Raises UsageError when domain 1 has no classes.
        """
        source = self.domains[0]
        if source.labels is None or self.attributes:
            raise UsageError(
                f"{source.name} has no classes, which this system transfers to the other domain: "
                "use a labelled data set, or a folder with one sub-folder per class"
            )
        classes = self.classes or 1 + int(source.labels.max(initial=0))
        return replace(self, contract="labelled_source", classes=classes)

    def paired(self) -> "Data":
        """Returns the same pair under 'paired': image i of domain 1 belongs to i of domain 2.

        Raises UsageError when the domains differ in length.
        """
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
        """Returns a random subset of the training images of each domain.

        Args:
            counts: number of images for each domain, without repetition; 0 keeps all. With
                `may_lack_images`, fewer if there are fewer.
            seed: the same seed always chooses the same images.

        Raises:
            UsageError: a domain has fewer images.
        """
        parts = list(zip(self.domains, counts, strict=True))
        for domain, count in parts:
            if count > (size := len(domain.images)) and not self.may_lack_images:
                raise UsageError(f"{domain.name} has {size} training images, not {count}")
        return replace(self, domains=tuple(_sampled(*part, seed) for part in parts))


def _as_class(domain: Domain, label: int) -> Domain:
    """Returns the domain with one label for all its images."""
    labels, test_labels = (
        np.full(len(domain.images), label),
        np.full(len(domain.test_images), label),
    )
    known = domain.known_as
    if known is not None:
        name, shape, images, _ = known
        known = [name, shape, images, _checksum(np.full(shape[0], label))]
    return replace(domain, labels=labels, test_labels=test_labels, known_as=known)


def _check_classes(domains: tuple[Domain, ...]) -> None:
    """Refuses domains of which one lacks a class that another has; all domains have labels."""
    trained = [d for d in domains if d.labels is not None and len(d.images)]
    classes = [set(np.asarray(d.labels).tolist()) for d in trained]
    for domain, own in zip(trained, classes, strict=True):
        if missing := set().union(*classes) - own:
            raise UsageError(
                f"{domain.name} has no training image of class {min(missing)}, which another "
                "domain has: here every domain must have all classes"
            )


def _sampled(domain: Domain, count: int, seed: int) -> Domain:
    if not count:
        return domain
    kept = np.sort(np.random.default_rng(seed).permutation(len(domain.images))[:count])
    labels = None if domain.labels is None else domain.labels[kept]
    images = storage.select(domain.images, kept)
    return replace(domain, images=images, labels=labels, known_as=domain.sampled_as)


def fingerprint(domains: tuple[Domain, ...]) -> list[list]:
    """Returns values for JSON that differ between different training data.

    Per domain: name, shape of the images, checksum of every 97th image, checksum of the labels; or
    `Domain.known_as`.
    """
    return [_row(domain) if domain.known_as is None else domain.known_as for domain in domains]


def _row(domain: Domain) -> list:
    images = _checksum(storage.select(domain.images, EVERY_97))
    return [domain.name, list(domain.images.shape), images, _checksum(domain.labels)]


def _checksum(values: Images | None) -> int | None:
    if values is None:
        return None
    checksum = 0
    for chunk in storage.chunks(values):
        checksum = zlib.crc32(chunk.data, checksum)
    return checksum
