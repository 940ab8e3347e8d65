"""The networks of a system that are used after training."""

import abc
from collections.abc import Mapping
from pathlib import Path

import keras

from framework.data import Facts
from framework.options.base import Options
from framework.results import complete_file
from nets import plain


class System(abc.ABC):
    """Base class of the networks of a system; the methods of a subclass are its capabilities.

    It needs neither data nor optimisers, so that a run can be used on a machine without its data.
    See `engine.capabilities` for the methods.

    Attributes:
        options: options of the run.
        facts: names, classes and sizes of the data, which need not be present.
        frozen: pretrained networks by name; they are never updated.
        nets: trained networks by name.
        averages: averages of their weights over time (`--ema`) by name; empty without --ema.
    """

    needs_facts = False
    """Whether its networks cannot be built without the facts of its data."""
    needs_frozen: tuple[str, ...] = ()
    """Names of the frozen networks that are used after training too; they are saved with it."""

    def __init__(
        self, options: Options, facts: Facts, frozen: Mapping[str, keras.Model] | None = None
    ) -> None:
        """Builds the networks with new weights.

        Args:
            options: options of the run.
            facts: facts of the data.
            frozen: pretrained networks by name; those of `needs_frozen` are required.
        """
        self.options, self.facts, self.frozen = options, facts, dict(frozen or {})
        self.nets = self.build_nets()
        self.averages: dict[str, keras.Model] = {}

    @abc.abstractmethod
    def build_nets(self) -> dict[str, keras.Model]:
        """Builds the networks; returns them by name."""

    def net(self, name: str) -> keras.Model:
        """Returns the network with averaged weights if there is one, else the trained one."""
        return self.averages.get(name, self.nets[name])

    def models(self) -> dict[str, keras.Model]:
        """Returns the models that are saved in `models/` after training, by file name."""
        nets = {name: self.net(name) for name in self.nets}
        return nets | {name: self.frozen[name] for name in self.needs_frozen}

    def exports(self) -> dict[str, keras.Model]:
        """Returns the networks that `export` writes, by file name.

        They are made of the layers of `net`, compute what the capabilities of the system compute,
        and have no lists of feature maps among their outputs.
        """
        return {name: plain.without_features(self.net(name)) for name in self.nets}


def save_models(models: Mapping[str, keras.Model], folder: Path) -> None:
    """Writes each model to `<folder>/<name>.keras`, which Keras reads without this project."""
    folder.mkdir(exist_ok=True)
    for name, model in models.items():
        with complete_file(folder / f"{name}.keras") as path:
            plain.to_keras(model).save(path)
