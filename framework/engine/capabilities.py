"""Capabilities: what a trained system can do, as protocols.

Commands and `framework.evaluation` ask for these protocols and never for the name of a system. A
class has a capability if it has its methods. All images, given and returned, are float32
[N, H, W, C] in [-1, 1]; N may be any number, the methods pass them to the networks in batches.
Domains are numbered from 1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol, runtime_checkable

import numpy as np

if TYPE_CHECKING:
    from framework.utils import Rows  # imports TensorFlow


class Direction(NamedTuple):
    """A translation from domain `source` to domain `target`; as text, `12` is 1 to 2."""

    source: int
    target: int

    def __str__(self) -> str:
        return f"{self.source}{self.target}"

    @property
    def reverse(self) -> Direction:
        """The opposite direction."""
        return Direction(self.target, self.source)


class Codes(NamedTuple):
    """Codes of N images, arrays [N, ...].

    Attributes:
        content: content codes, or their means if they are Gaussian distributions.
        style: style codes, or their means.
        content_log_variance: log variances of the content; None if it is no distribution.
        style_log_variance: log variances of the style; None if it is no distribution.
    """

    content: np.ndarray
    style: np.ndarray
    content_log_variance: np.ndarray | None = None
    style_log_variance: np.ndarray | None = None


@runtime_checkable
class Samples(Protocol):
    """Generates images from latent vectors."""

    def latent(self, rows: int, seed: int) -> np.ndarray:
        """Draws random latent vectors [rows, D], the same for the same seed."""
        ...

    def sample(self, z: np.ndarray) -> tuple[np.ndarray, ...]:
        """Generates images from z [N, D], one array per domain; or points [N, 2] of one domain."""
        ...


@runtime_checkable
class Translates(Protocol):
    """Translates images of one domain to another."""

    def directions(self) -> tuple[Direction, ...]:
        """Returns the directions in which the system translates."""
        ...

    def translate(self, images: np.ndarray, direction: Direction) -> np.ndarray:
        """Translates images of domain `direction.source`."""
        ...


@runtime_checkable
class TakesAnySize(Protocol):
    """Translates or reconstructs images of any size, because its networks are convolutions."""

    def size_multiple(self) -> int:
        """Returns the number that must divide the height and the width of the images."""
        ...


@runtime_checkable
class Reconstructs(Protocol):
    """Reconstructs images from their own codes."""

    def domains(self) -> tuple[int, ...]:
        """Returns the numbers of the domains whose images it reconstructs."""
        ...

    def reconstruct(self, images: np.ndarray, domain: int) -> np.ndarray:
        """Returns reconstructions of images of a domain."""
        ...


@runtime_checkable
class Inverts(Protocol):
    """Finds latent vectors that generate given images, and so their partners in other domains."""

    def invert(
        self, images: np.ndarray, domain: int, *, restarts: int, steps: int, seed: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Finds latent vectors by optimisation.

        Args:
            images: images of one domain.
            domain: number of this domain.
            restarts: random starts per image.
            steps: updates per start.
            seed: seed of the starts.

        Returns:
            Latent vectors [N, D], and the mean squared pixel error [N] of their images.
        """
        ...


@runtime_checkable
class Encodes(Protocol):
    """Separates images into content and style codes, and generates images from both."""

    def encode(self, images: np.ndarray) -> Codes:
        """Returns the codes of images of any domain."""
        ...

    def decode(self, content: np.ndarray, style: np.ndarray) -> np.ndarray:
        """Generates image i from content code i and style code i."""
        ...


@runtime_checkable
class EncodesDistributions(Encodes, Protocol):
    """Encodes images as codes of which at least one is a Gaussian distribution.

    `style` is the code that is exchanged and carries the class of an image, `content` that of what
    else varies; `encode` gives their means, and the log variances of those that are distributions.
    """

    def has_prior(self) -> bool:
        """Whether contents are distributed as N(0, I), so that random ones can be decoded."""
        ...


@runtime_checkable
class EncodesClasses(Encodes, Protocol):
    """Encodes images whose style is that of their class: images of one class share it."""

    def encode_class(self, images: np.ndarray) -> np.ndarray:
        """Returns class codes [N, D] of images: the styles that `encode` returns."""
        ...


@runtime_checkable
class Embeds(Protocol):
    """Has codes of its training images only, and decodes images from content and class codes."""

    def embedded(self, rows: np.ndarray, labels: np.ndarray) -> Codes:
        """Returns codes of training images by their numbers and labels, both [N].

        The images of all domains are numbered one after another.
        """
        ...

    def decode(self, content: np.ndarray, style: np.ndarray) -> np.ndarray:
        """Returns images with the content and class code of each row."""
        ...


@runtime_checkable
class Transfers(Protocol):
    """Removes what only images of domain 2 have, and adds it to images of domain 1."""

    def remove(self, images: np.ndarray) -> np.ndarray:
        """Returns images of domain 2 without it."""
        ...

    def add(self, images: np.ndarray, guides: np.ndarray) -> np.ndarray:
        """Adds to image i of domain 1 what guide i, an image of domain 2, has."""
        ...


@runtime_checkable
class EditsExtras(Protocol):
    """Has codes of what only images of domain 2 have, their extra, and draws images with them.

    Codes are arrays with rows first, which can be exchanged and interpolated.
    """

    def extra(self, guides: np.ndarray) -> np.ndarray:
        """Codes of the extra of images of domain 2."""
        ...

    def no_extra(self, extra: np.ndarray) -> np.ndarray:
        """As many codes of no extra."""
        ...

    def put(self, images: np.ndarray, extra: np.ndarray) -> np.ndarray:
        """Images of domain 1 with the extra of these codes; row by row."""
        ...

    def replace(self, images: np.ndarray, extra: np.ndarray) -> np.ndarray:
        """Images of domain 2 with the extra of these codes in place of their own; row by row."""
        ...

    def rebuild(self, images1: np.ndarray, images2: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Reconstructions of N images of domain 1, and of N of domain 2, from their own codes."""
        ...

    def uses_guides(self) -> bool:
        """Whether the code of an extra depends on the image it comes from."""
        ...


@runtime_checkable
class Adapts(Protocol):
    """Classifies images of domain 2, whose labels were not used in training."""

    def classify(self, images: Rows, domain: int = 1) -> np.ndarray:
        """Returns probabilities [N, K] of the classes of images of a domain."""
        ...

    def classify_by_source(self, images: Rows) -> np.ndarray | None:
        """Returns the same from a classifier of domain 1 alone; None if there is none."""
        ...


@runtime_checkable
class Classifies(Protocol):
    """Classifies images."""

    def classify(self, images: Rows, domain: int = 1) -> np.ndarray:
        """Returns probabilities [N, K] of the classes or attributes of images of a domain."""
        ...
