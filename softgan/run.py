"""A run that is open for use in a Python program."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np

from framework.commands import transformations
from framework.engine.capabilities import Adapts, Classifies, Encodes, Inverts, Samples
from framework.engine.system import System
from framework.errors import UsageError
from framework.options.base import Options
from framework.results import Run as RunFolder
from framework.results import files
from framework.trainers.opening import OpenedRun
from softgan import images as inputs


class Run:
    """A trained system and its results; `softgan.train` and `softgan.open_run` return it.

    Methods take images as uint8 arrays, or as floats in [-1, 1]: [N, H, W, 3], or one image
    [H, W, 3]. Grey images may have one channel. Images of another size than those of the training
    are cropped to their middle square and resized. Images that are returned are float32 in [-1, 1].

    Attributes:
        folder: the run folder, with `index.html`.
        options: the options of its training.
        step: iteration of the checkpoint whose weights it has.
        system: the networks (`system.net("gen1")` is a `keras.Model`) and the methods for what the
            system can do, see `framework.engine.capabilities`.
        history: "iteration" and the name of every term -> array [rows of history.csv]; nan where a
            row lacks a term.
        metrics: name of a metric -> "value", "ci95" (interval), "n" (number of samples) and
            "protocol"; empty if the run is not finished.
    """

    folder: Path
    options: Options
    step: int
    system: System
    history: dict[str, np.ndarray]
    metrics: dict[str, dict[str, Any]]

    def __init__(self, opened: OpenedRun) -> None:
        """Wraps an opened run."""
        self._opened = opened
        self.folder, self.options = opened.run.folder, opened.options
        self.step, self.system = opened.step, opened.system
        self.history, self.metrics = _history(opened.run), files.metrics(opened.run.folder)

    def __repr__(self) -> str:
        return f"<softgan.Run {self.folder}: {self.options.gan_type}, iteration {self.step}>"

    def sample(self, n: int = 8, seed: int = 0) -> np.ndarray | tuple[np.ndarray, ...]:
        """Generates samples, the same ones for the same seed.

        Returns:
            Images [n, S, S, C], or points [n, 2]; of a system of two domains a tuple of two such
            arrays, whose rows i are a pair.

        Raises:
            UsageError: the system does not generate samples, or `n` is not positive.
        """
        if n < 1:
            raise UsageError(f"n={n}: must be at least 1")
        system = self._capable(Samples, "generate samples")
        domains = system.sample(system.latent(n, seed))
        return domains if len(domains) > 1 else domains[0]

    def translate(
        self,
        images: Any,
        *,
        domain: int | None = None,
        guide: Any = None,
        remove: bool = False,
        reconstruct: bool = False,
        restarts: int = 4,
        steps: int = 300,
        seed: int = 0,
    ) -> np.ndarray:
        """Makes images from images, as the command `translate` does.

        Args:
            images: the images, see the class.
            domain: domain of the images, 1 or 2; None for 1, or for the only possible one.
            guide: image whose style, class or extra the results get (g2g, lord, factors, content);
                or several, each of which gives results of its own.
            remove: whether to remove what only images of domain 2 have (content).
            reconstruct: whether to reconstruct the images from their own codes.
            restarts: random starts per image of a search for latent vectors (coupled pairs).
            steps: updates per start.
            seed: seed of the starts.

        Returns:
            Images at the size of the training, as many as `images`; of several guides [G, ...].

        Raises:
            UsageError: the system cannot do it, a choice is missing, or the images have another
                form; the text names what can be done.
        """
        self._capable(transformations.USABLE, "make images from images")
        pixels, guides = self._images(images), None if guide is None else self._images(guide)
        choices = dict(domain=domain, remove=remove, reconstruct=reconstruct)
        search = dict(restarts=restarts, steps=steps, seed=seed)
        args = argparse.Namespace(run=self.folder, **choices, **search)
        transformation = transformations.choose(self._opened, args, guides)
        of_guides = [_like(images, results) for results in transformation.results(pixels)]
        return of_guides[0] if guide is None or np.ndim(guide) == 3 else np.stack(of_guides)

    def encode(
        self, images: Any, *, domain: int = 1, restarts: int = 4, steps: int = 300, seed: int = 0
    ) -> dict[str, np.ndarray]:
        """Returns the codes of images by name, arrays [N, ...].

        They are "content" and "style", which `decode` takes, with "content_log_variance" and
        "style_log_variance" where a code is a Gaussian distribution. Coupled pairs of generators
        have "z", the latent vectors that fit images of `domain` best, and "error", the mean squared
        pixel errors; `system.sample` takes z.

        Raises:
            UsageError: the system has no codes of given images.
        """
        system = self._capable((Encodes, Inverts), "encode images")
        pixels = self._images(images)
        if isinstance(system, Encodes):
            codes = system.encode(pixels)._asdict()
            return {name: array for name, array in codes.items() if array is not None}
        z, error = system.invert(pixels, domain, restarts=restarts, steps=steps, seed=seed)
        return {"z": z, "error": error}

    def decode(self, content: np.ndarray, style: np.ndarray) -> np.ndarray:
        """Generates image i from content code i and style code i, both as from `encode`.

        Raises:
            UsageError: the system has no such codes.
        """
        return self._capable(Encodes, "decode codes").decode(content, style)

    def classify(self, images: Any, *, domain: int = 1) -> np.ndarray:
        """Returns probabilities of the classes or attributes: [N, K], or [K] of one image.

        Raises:
            UsageError: the system does not classify.
        """
        system = self._capable((Classifies, Adapts), "classify images")
        return _like(images, system.classify(self._images(images), domain))

    def _images(self, images: Any) -> np.ndarray:
        """Returns images as the system takes them; UsageError for another form."""
        if self.system.facts.sound or self.system.facts.points:
            raise UsageError(f"{self.folder}: was not trained on images; use its `system`")
        return inputs.fitted(images, self.options.image_size)

    def _capable(self, capability: type | tuple[type, ...], what: str) -> Any:
        """Returns the system; UsageError if it lacks a capability."""
        if isinstance(self.system, capability):
            return self.system
        methods = {name: types for name, types in CAPABILITIES.items() if self._has(types)}
        usable = f"it has {', '.join(methods)}" if methods else "use its `system`"
        raise UsageError(f"{self.folder}: a {self.options.gan_type} cannot {what}; {usable}")

    def _has(self, capability: type | tuple[type, ...]) -> bool:
        return isinstance(self.system, capability)


CAPABILITIES: dict[str, Any] = {
    "sample": Samples,
    "translate": transformations.USABLE,
    "encode": (Encodes, Inverts),
    "classify": (Classifies, Adapts),
}
"""Method of `Run` -> what a system needs for it."""


def _like(images: Any, results: np.ndarray) -> np.ndarray:
    """Returns the only result if `images` is one image, else all results."""
    return results[0] if np.ndim(images) == 3 else results


def _history(run: RunFolder) -> dict[str, np.ndarray]:
    """Returns the columns of history.csv as arrays."""
    columns = {
        name: np.array([row.get(name, np.nan) for row in run.history], np.float64)
        for name in files.columns_of(run.history)
    }
    return columns | {"iteration": columns["iteration"].astype(np.int64)}
