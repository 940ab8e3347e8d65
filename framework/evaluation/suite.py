"""All evaluations of a system: chosen by what it can do, and by its data."""

from framework.data import Data, Facts
from framework.engine.capabilities import (
    Adapts,
    Classifies,
    EditsExtras,
    Embeds,
    Encodes,
    EncodesClasses,
    EncodesDistributions,
    Reconstructs,
    Samples,
    Transfers,
    Translates,
)
from framework.engine.preparation import Maker
from framework.engine.system import System
from framework.evaluation.class_exchange import ClassExchange, EmbeddedExchange
from framework.evaluation.classification import Adaptation, Classification
from framework.evaluation.distribution import Distribution
from framework.evaluation.evaluation import Evaluation, Metrics, Subject
from framework.evaluation.exchange import Exchange
from framework.evaluation.factors import Factors
from framework.evaluation.pairs import Pairs
from framework.evaluation.removal import Extras, Removal
from framework.evaluation.ring import Ring
from framework.evaluation.separation import Separation
from framework.evaluation.translation import Reconstruction, Translation
from framework.frozen.classifiers import ClassifierStore
from framework.options.base import Options


def evaluations(system: type[System], data: Data) -> list[type[Evaluation]]:
    """The evaluations of a class of systems on these data."""
    found: list[type[Evaluation]] = []
    if issubclass(system, Adapts):
        found.append(Adaptation)
    elif issubclass(system, Classifies):
        found.append(Classification)
    if issubclass(system, Samples):
        found.append(_of_samples(data.facts))
    if issubclass(system, Translates):
        found.append(Translation)
    elif issubclass(system, Reconstructs):
        found.append(Reconstruction)
    found += _of_codes(system, data)
    if issubclass(system, Transfers):
        found.append(Extras if issubclass(system, EditsExtras) else Removal)
        if data.clips:
            found.append(Separation)
    return found


def _of_codes(system: type[System], data: Data) -> list[type[Evaluation]]:
    if issubclass(system, EncodesDistributions):
        return [Factors] if data.has_classes else []
    if issubclass(system, EncodesClasses):
        return [ClassExchange]
    if issubclass(system, Embeds):
        return [EmbeddedExchange]
    return [Exchange] if issubclass(system, Encodes) else []


def _of_samples(facts: Facts) -> type[Evaluation]:
    if facts.points:
        return Ring
    return Pairs if len(facts.domains) == 2 else Distribution


def prepare(
    system: type[System], options: Options, data: Data, classifiers: ClassifierStore
) -> dict[str, Maker]:
    """Makers of the evaluators that are needed while a system trains, by name."""
    makers: dict[str, Maker] = {}
    for evaluation in evaluations(system, data):
        makers |= evaluation.prepare(options, data, classifiers)
    return makers


class Suite:
    """The evaluations of one system, as one."""

    def __init__(self, subject: Subject):
        """Chooses them; nothing is measured yet."""
        chosen = evaluations(type(subject.system), subject.data)
        self.parts = [evaluation(subject) for evaluation in chosen]

    def statistics(self) -> dict[str, float]:
        """Figures to log while training, by column (`stat/...`)."""
        return {name: x for part in self.parts for name, x in part.statistics().items()}

    def metrics(self) -> Metrics:
        """Metrics of the trained system by name."""
        return {name: metric for part in self.parts for name, metric in part.metrics().items()}

    def sheet(self, step: int = 0) -> None:
        """Writes the sheets of the iterations done."""
        for part in self.parts:
            part.sheet()

    def figures(self) -> None:
        """Writes the sheets that only a trained system has."""
        for part in self.parts:
            part.figures()
