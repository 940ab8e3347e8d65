"""Base class of all evaluations, and the subject that they are given."""

import dataclasses
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from framework.data import Data, Images
from framework.engine.preparation import Maker
from framework.engine.randomness import Random
from framework.engine.system import System
from framework.evaluation import features
from framework.frozen import lpips
from framework.frozen.classifiers import ClassifierStore
from framework.options.base import Options
from framework.results import Run

Metrics = dict[str, dict]
"""Name -> {"value", "ci95", "n", "protocol"}, see `metrics.metric`."""

HeldOutTerms = Callable[[dict[str, tf.Tensor], Random], dict[str, tf.Tensor] | None]


@dataclasses.dataclass
class Subject:
    """A system that is evaluated, the data it is measured on, and who measures it.

    Attributes:
        system: the networks and what they can do.
        data: what it was trained on, and the held-out images.
        classifiers: trains or finds evaluators that are needed at the end alone.
        evaluators: networks by name that were prepared before training (`Evaluation.prepare`).
        step: iterations done.
        run: the folder that sheets are written to; None to write none.
        held_out_terms: the terms of the loss on a held-out batch, while the system is in training.
        draw: added to --seed to draw the samples of metrics from a prior.
        quiet: whether to print no notes, during training.
    """

    system: System
    data: Data
    classifiers: ClassifierStore
    evaluators: dict[str, keras.Model] = dataclasses.field(default_factory=dict)
    step: Callable[[], int] = lambda: 0
    run: Run | None = None
    held_out_terms: HeldOutTerms | None = None
    draw: int = 2
    quiet: bool = False


class Evaluation:
    """Measures one capability of a system and draws its sheets; all of it may be left out.

    Attributes:
        system: a subclass declares the capability that it needs.
        options: of the run; a subclass declares the class of options that it needs.
    """

    system: Any
    options: Any

    def __init__(self, subject: Subject):
        """Keeps the subject; nothing is measured yet."""
        self.subject, self.system, self.data = subject, subject.system, subject.data
        self.options, self.run = subject.system.options, subject.run

    @classmethod
    def prepare(
        cls, options: Options, data: Data, classifiers: ClassifierStore
    ) -> dict[str, Maker]:
        """Returns evaluators that training needs, none by default; checks the weights of metrics.

        Raises:
            MissingError: weights that the metrics need at the end are not there.
        """
        features.expect(options)
        lpips.expect(options)
        return {}

    def statistics(self) -> dict[str, float]:
        """Returns a few figures to log while training, by column (`stat/...`)."""
        return {}

    def metrics(self) -> Metrics:
        """Returns the metrics of the trained system by name."""
        return {}

    def sheet(self) -> None:
        """Writes a sheet of the iterations done."""

    def figures(self) -> None:
        """Writes the sheets that only a trained system has."""

    @property
    def step(self) -> int:
        """Iterations done."""
        return self.subject.step()

    @property
    def domain_names(self) -> tuple[str, ...]:
        """Names of the domains, for captions."""
        return self.data.facts.domains

    @property
    def lpips_net(self) -> str:
        """`--lpips_net`; `none` where a system has no such option."""
        return getattr(self.options, "lpips_net", "none")

    @property
    def can_measure(self) -> bool:
        """Whether there is enough to measure: --eval_pairs, and two held-out images per domain."""
        return bool(self.options.eval_pairs) and self.data.held_out >= 2

    def note(self, text: str) -> None:
        """Prints a line, and writes it to log.txt if there is a run."""
        if not self.subject.quiet:
            self.run.note(text) if self.run else print(text)


def chosen_rows(
    images: Images, labels: np.ndarray | None, count: int, seed: int
) -> tuple[np.ndarray, np.ndarray | None]:
    """At most `count` of these images at random, each once, and their labels."""
    rows = np.random.default_rng(seed).permutation(len(images))[:count]
    return images[rows], None if labels is None else labels[rows]
