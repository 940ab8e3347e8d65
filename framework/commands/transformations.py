"""What a system makes of given images, chosen by its capabilities and by the flags of `translate`.

Images are float32 [N, H, W, C] in [-1, 1].
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from framework.engine.capabilities import (
    Direction,
    EditsExtras,
    Encodes,
    Inverts,
    Reconstructs,
    TakesAnySize,
    Transfers,
    Translates,
)
from framework.errors import UsageError
from framework.evaluation import captions

if TYPE_CHECKING:
    from framework.trainers.opening import OpenedRun

USABLE = (Translates, Inverts, Encodes, Transfers, Reconstructs)
"""Capabilities of which a system must have one."""


class Transformation:
    """One use of a system for given images.

    Attributes:
        name: for folders and sheets.
        caption: of the sheet.
        guides: guide images [G, S, S, C], each of which gives results of its own; None if none are
            used.
        errors: errors of all images so far; None if they are not measured.
    """

    guides: np.ndarray | None = None
    errors: list[float] | None = None

    def __init__(self, opened: OpenedRun, name: str, caption: str) -> None:
        self.system: Any = opened.system
        self.name, self.caption = name, caption

    def size_multiple(self) -> int | None:
        """Returns the number that must divide the sides of images; None for those of training."""
        return None

    def results(self, images: np.ndarray) -> Iterator[np.ndarray]:
        """Yields the results of all images, once, or once for each guide."""
        raise NotImplementedError

    def middle(self, results: np.ndarray) -> np.ndarray | None:
        """Returns images for the sheet between the images and their newest results, if any."""
        return None


class Translation(Transformation):
    """Translates by a translator; the sheet shows the translations back, if there are any."""

    def __init__(self, opened: OpenedRun, domain: int) -> None:
        self.direction = Direction(domain, 3 - domain)
        directions = opened.system.directions()  # type: ignore[attr-defined]
        self.translates_back = self.direction.reverse in directions
        middle = "cycle" if self.translates_back else None
        caption = captions.given_images(domain, opened.run.domain_names, middle)
        super().__init__(opened, f"domain{domain}", caption)

    def size_multiple(self) -> int | None:
        """As `Transformation.size_multiple`."""
        return self.system.size_multiple() if isinstance(self.system, TakesAnySize) else None

    def results(self, images: np.ndarray) -> Iterator[np.ndarray]:
        """Yields the translations."""
        yield self.system.translate(images, self.direction)

    def middle(self, results: np.ndarray) -> np.ndarray | None:
        """Returns the results, translated back."""
        if not self.translates_back:
            return None
        return self.system.translate(results, self.direction.reverse)


class Inversion(Transformation):
    """Searches for the latent vector of each image and generates the other domain from it."""

    def __init__(self, opened: OpenedRun, domain: int, settings: dict[str, int]) -> None:
        caption = captions.given_images(domain, opened.run.domain_names, "inverted")
        super().__init__(opened, f"domain{domain}", caption)
        self.domain, self.settings, self.errors = domain, settings, []

    def results(self, images: np.ndarray) -> Iterator[np.ndarray]:
        """Yields the images of the other domain, and keeps the errors of those of this domain."""
        z, errors = self.system.invert(images, self.domain, **self.settings)
        domains = self.system.sample(z)
        self._generated = domains[self.domain - 1]
        self.errors = [*(self.errors or []), *errors.tolist()]
        yield domains[2 - self.domain]

    def middle(self, results: np.ndarray) -> np.ndarray:
        """Returns the images of the same domain from the same latent vectors."""
        return self._generated


class Reconstruction(Transformation):
    """Reconstructs images of a domain."""

    def __init__(self, opened: OpenedRun, domain: int) -> None:
        caption = captions.given_reconstructions(domain, opened.run.domain_names)
        super().__init__(opened, f"reconstructed{domain}", caption)
        self.domain = domain

    def size_multiple(self) -> int | None:
        """As `Transformation.size_multiple`."""
        return self.system.size_multiple() if isinstance(self.system, TakesAnySize) else None

    def results(self, images: np.ndarray) -> Iterator[np.ndarray]:
        """Yields the reconstructions."""
        yield self.system.reconstruct(images, self.domain)


class Decoding(Transformation):
    """Reconstructs images of any domain from their content and style codes."""

    def __init__(self, opened: OpenedRun) -> None:
        super().__init__(opened, "reconstructed", captions.GIVEN_DECODED)

    def results(self, images: np.ndarray) -> Iterator[np.ndarray]:
        """Yields the reconstructions."""
        codes = self.system.encode(images)
        yield self.system.decode(codes.content, codes.style)


class Removal(Transformation):
    """Removes from images of domain 2 what only they have."""

    def __init__(self, opened: OpenedRun) -> None:
        super().__init__(opened, "removed", captions.GIVEN_REMOVAL)

    def results(self, images: np.ndarray) -> Iterator[np.ndarray]:
        """Yields the images without it."""
        yield self.system.remove(images)


class Addition(Transformation):
    """Adds to images of domain 1 what each guide, an image of domain 2, has."""

    def __init__(self, opened: OpenedRun, guides: np.ndarray) -> None:
        super().__init__(opened, "guided", captions.GIVEN_ADDITION)
        self.guides = guides

    def results(self, images: np.ndarray) -> Iterator[np.ndarray]:
        """Yields the images with what a guide has, guide by guide."""
        for guide in self.guides if self.guides is not None else ():
            yield self.system.add(images, np.broadcast_to(guide, images.shape))


class Exchange(Transformation):
    """Gives each image the style of each guide and keeps its content."""

    def __init__(self, opened: OpenedRun, guides: np.ndarray) -> None:
        super().__init__(opened, "guided", captions.GIVEN_EXCHANGE)
        self.guides = guides

    def results(self, images: np.ndarray) -> Iterator[np.ndarray]:
        """Yields the images with the style of a guide, guide by guide."""
        content = self.system.encode(images).content
        for style in self.system.encode(self.guides).style:
            yield self.system.decode(content, np.repeat(style[None], len(content), axis=0))


def choose(
    opened: OpenedRun, args: argparse.Namespace, guides: np.ndarray | None
) -> Transformation:
    """Chooses what the flags of `translate` ask for.

    Args:
        opened: the run.
        args: arguments of the command.
        guides: guide images [G, S, S, C]; None without --guide.

    Raises:
        UsageError: the system cannot do it, or a choice is missing.
    """
    system: Any = opened.system
    if opened.system.facts.sound:
        raise UsageError(f"{args.run}: was trained on sound: see `separate`")
    if args.remove:
        _require(opened, args, Transfers, "--remove")
        _domain(args, (2,))
        return Removal(opened)
    if guides is not None:
        return _guided(opened, args, guides)
    if args.reconstruct or not isinstance(system, Translates | Inverts | Encodes | Transfers):
        return _reconstruction(opened, args)
    if isinstance(system, Translates):
        return Translation(opened, _domain(args, [each.source for each in system.directions()]))
    if isinstance(system, Inverts):
        settings = dict(restarts=args.restarts, steps=args.steps, seed=args.seed)
        return Inversion(opened, _domain(args, (1, 2)), settings)
    choices = "--guide IMAGE|DIR adds what images of domain 2 have, --remove removes it"
    if isinstance(system, Encodes):
        choices = "--guide IMAGE|DIR gives images another style, --reconstruct keeps their own"
    raise UsageError(f"{args.run}: say what to do: {choices}")


def _guided(opened: OpenedRun, args: argparse.Namespace, guides: np.ndarray) -> Transformation:
    """Returns the addition or exchange of --guide."""
    _require(opened, args, (Transfers, Encodes), "--guide")
    if isinstance(opened.system, Encodes):
        _no_domain(args)
        return Exchange(opened, guides)
    _domain(args, (1,))
    # The results of all guides would be the same.
    if isinstance(opened.system, EditsExtras) and not opened.system.uses_guides():
        guides = guides[:1]
    return Addition(opened, guides)


def _reconstruction(opened: OpenedRun, args: argparse.Namespace) -> Transformation:
    """Returns the reconstruction of --reconstruct."""
    _require(opened, args, (Reconstructs, Encodes), "--reconstruct")
    if isinstance(opened.system, Encodes):
        _no_domain(args)
        return Decoding(opened)
    return Reconstruction(opened, _domain(args, opened.system.domains()))  # type: ignore[attr-defined]


def _require(
    opened: OpenedRun, args: argparse.Namespace, capability: type | tuple[type, ...], flag: str
) -> None:
    """Raises UsageError if the system lacks a capability that a flag needs."""
    if not isinstance(opened.system, capability):
        raise UsageError(f"{flag}: not for the {opened.options.gan_type} of {args.run}")


def _domain(args: argparse.Namespace, possible: Any) -> int:
    """Returns the domain of the images: --domain, else the first possible one."""
    domain = args.domain or min(possible)
    if domain not in possible:
        domains = " and ".join(str(each) for each in sorted(possible))
        raise UsageError(f"--domain {domain}: {args.run} takes images of domain {domains} only")
    return domain


def _no_domain(args: argparse.Namespace) -> None:
    """Raises UsageError if --domain is given although images of any domain are treated alike."""
    if args.domain:
        raise UsageError(f"--domain: {args.run} makes no difference between domains: leave it out")
