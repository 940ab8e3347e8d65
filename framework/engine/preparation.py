"""What is prepared before a trainer is built: pretrained networks and first stages."""

import dataclasses
from collections.abc import Callable, Mapping
from pathlib import Path

from framework.frozen.classifiers import ClassifierStore
from framework.frozen.weights import Maker


@dataclasses.dataclass(frozen=True)
class Frozen:
    """Pretrained networks that a trainer gets.

    Attributes:
        makers: functions by name that build the frozen networks. The trainer calls them in this
            order inside `strategy.scope()`, after it has set the seed.
        start: folder of the run from which `start_nets` get their first weights; None for random
            weights.
        start_nets: names of these networks.
    """

    makers: Mapping[str, Maker] = dataclasses.field(default_factory=dict)
    start: Path | None = None
    start_nets: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class Preparation:
    """Functions that train what a system needs first.

    Attributes:
        classifiers: finds stored classifiers and trains missing ones.
        train_stage: trains the first stage of a system, see `stages.Train`.
    """

    classifiers: ClassifierStore
    train_stage: Callable[..., None]
