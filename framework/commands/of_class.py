"""Chooses samples of one class by a classifier."""

import argparse
from pathlib import Path
from typing import Any, cast

import keras
import numpy as np

from framework.commands import outputs
from framework.engine.capabilities import Adapts, Classifies
from framework.errors import MissingError, UsageError, UserError
from framework.frozen import classifiers
from framework.options.base import LARGEST_SEED
from framework.trainers.opening import OpenedRun

AT_ONCE = 500  # samples that are generated and classified together
MOST_DRAWS = 100  # per sample that is wanted, besides the first ones
FIRST_DRAWS = 10_000


class Chooser:
    """Draws latent vectors until enough samples are of a class in every domain.

    Raises:
        MissingError: there is no file --classifier.
        UsageError: neither the run nor the user has a classifier, or it lacks the class or takes
            other images.
        UserError: --classifier is no Keras model.
    """

    def __init__(self, opened: OpenedRun, args: argparse.Namespace) -> None:
        self.system = system = cast(Any, opened.system)
        self.label, self.threshold = args.label, args.threshold
        self.net = _load(args.classifier) if args.classifier else None
        if self.net is None and not isinstance(system, Adapts | Classifies):
            raise UsageError(
                f"--class: the {opened.options.gan_type} of {args.run} has no classifier: give one "
                "with --classifier FILE, such as models/clf.keras of a run of the system classifier"
            )
        first = self._probabilities(self.system.latent(1, args.seed))[0]
        self.index = _index(args.label, len(first), opened.system.facts.attributes)

    def latent(self, count: int, seed: int) -> np.ndarray:
        """Returns latent vectors [count, D], the first suitable ones, and prints how many it drew.

        Raises:
            UserError: too few samples are of the class.
        """
        chosen: list[np.ndarray] = []
        found, drawn, most = 0, 0, FIRST_DRAWS + MOST_DRAWS * count
        seeds = np.random.default_rng(seed)  # neighbouring seeds share no samples
        with outputs.progress(count, "samples of the class") as bar:
            while found < count and drawn < most:
                z = self.system.latent(AT_ONCE, int(seeds.integers(LARGEST_SEED + 1)))
                kept = z[self._probabilities(z)[:, self.index] >= self.threshold]
                chosen.append(kept)
                found, drawn = found + len(kept), drawn + AT_ONCE
                bar.update(min(len(kept), count - bar.n))
        if found < count:
            raise UserError(
                f"--class {self.label}: only {found} of {drawn:,} samples have this class with a "
                f"probability of at least {self.threshold}: use fewer, or a lower --threshold"
            )
        print(f"{found} of {drawn:,} samples are of class {self.label}; the first {count} are kept")
        return np.concatenate(chosen)[:count]

    def _probabilities(self, z: np.ndarray) -> np.ndarray:
        """Returns for each class the least of its probabilities in all domains, [N, K]."""
        domains = self.system.sample(z)
        if self.net is None:
            of_domains = [self.system.classify(x, i) for i, x in enumerate(domains, start=1)]
        else:
            if domains[0].shape[1:] != self.net.input_shape[1:]:
                raise UsageError(
                    f"--classifier: takes images {self.net.input_shape[1:]}, the samples are "
                    f"{domains[0].shape[1:]}"
                )
            of_domains = [classifiers.probabilities(self.net, images) for images in domains]
        return np.min(of_domains, axis=0)


def _load(path: Path) -> keras.Model:
    if not path.is_file():
        raise MissingError(f"--classifier {path}: no such file")
    try:
        return keras.models.load_model(path)
    except (OSError, ValueError, TypeError) as error:
        raise UserError(f"--classifier {path}: not a readable .keras model") from error


def _index(label: str, count: int, attributes: tuple[str, ...]) -> int:
    """Returns the index of a class or attribute, which is a number or the name of an attribute."""
    if label in attributes[:count]:
        return attributes.index(label)
    if label.isdecimal() and int(label) < count:
        return int(label)
    names = f" or one of {', '.join(attributes[:count])}" if attributes else ""
    raise UsageError(f"--class {label}: must be a number from 0 to {count - 1}{names}")
