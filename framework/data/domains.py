"""Domains in memory, and what the images of a run are trained as."""

from dataclasses import dataclass, replace

import numpy as np

from framework.data.audio import Clips
from framework.errors import UsageError


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
    """The domains of a run under a contract, one of `batches.CONTRACTS`.

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

    @property
    def held_out(self) -> int:
        """Test images of the domain that has fewest."""
        return min(len(domain.test_images) for domain in self.domains)

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


def _sampled(domain: Domain, count: int, seed: int) -> Domain:
    size = len(domain.images)
    if count > size:
        raise UsageError(f"{domain.name} has {size} training images, not {count}")
    if not count:
        return domain
    kept = np.sort(np.random.default_rng(seed).permutation(size)[:count])
    labels = None if domain.labels is None else domain.labels[kept]
    return replace(domain, images=domain.images[kept], labels=labels)
