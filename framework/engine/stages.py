"""Systems that learn in two stages. The first stage is a separate run that later runs reuse."""

import dataclasses
import json
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from framework.data import Data, fingerprint
from framework.engine import checkpoints, cluster
from framework.engine.trainer import Trainer
from framework.errors import UsageError
from framework.frozen import weights
from framework.options import config
from framework.options.base import Options
from framework.options.stages import TwoStages
from framework.results import once

Train = Callable[["FirstStage", TwoStages, Data, Path, str], None]
"""Function of (class, options, data, run folder, title) that trains a run and saves its models."""


@dataclasses.dataclass(frozen=True)
class FirstStage:
    """The first stage of a system.

    Attributes:
        trainer: class that trains it.
        nets: names of the networks whose weights the second stage starts from.
        independent: names of options that do not affect it. It is trained with their defaults, so
            that runs with other values of them reuse it.
        first_domain: index of the first domain that it uses; it uses that one and all later ones.
        data_options: names of options that select the data. The data themselves are compared
            instead, so that the same data under another name reuse it.
    """

    trainer: type[Trainer]
    nets: tuple[str, ...]
    independent: tuple[str, ...]
    first_domain: int = 0
    data_options: tuple[str, ...] = ()


def is_begun(options: Options) -> bool:
    """Returns whether the run of these options has a checkpoint to resume from."""
    folder = config.run_folder(options) / "checkpoints"
    return not options.overwrite and checkpoints.exist(folder)


def check_pretrained(options: Options, nets: tuple[str, ...]) -> None:
    """Raises MissingError if --pretrained, where a run begins with it, lacks a network."""
    pretrained = getattr(options, "pretrained", None)
    if pretrained and not is_begun(options):
        weights.expect_run(pretrained, nets)


def start(stage: FirstStage, options: TwoStages, data: Data, train: Train) -> Path | None:
    """Finds the run whose weights the second stage starts from.

    It is --pretrained or, without this option, the run of the first stage, which is trained now
    unless it is finished.

    Args:
        stage: the first stage.
        options: options of the second stage.
        data: data of the second stage.
        train: trains the first stage.

    Returns:
        The run folder; None for a run that resumes from its own checkpoint, and for a dry run
        without --pretrained.

    Raises:
        Stopped: a signal stopped the first stage.
        UsageError: there are several workers and no --pretrained.
    """
    if is_begun(options):
        return None
    if options.pretrained:
        return Path(options.pretrained)
    return None if options.dry_run else obtain(stage, options, data, train)


def obtain(stage: FirstStage, options: TwoStages, data: Data, train: Train) -> Path:
    """Returns the run folder of the first stage, which is trained now unless it is finished.

    Arguments as for `start`.

    Raises:
        Stopped: a signal stopped it; the same command resumes it.
        UsageError: there are several workers.
    """
    if cluster.workers() > 1:
        raise UsageError(
            "--pretrained: is required with several workers; train --stage 1 on one machine first"
        )
    settings = options_of(stage, options, data)
    folder = config.run_folder(settings)

    def is_finished() -> bool:
        return all((folder / "models" / f"{name}.keras").is_file() for name in stage.nets)

    def train_now() -> None:
        print(f"stage 1 on {_data_name(data, data.domains[stage.first_domain :])}: {folder}")
        train(stage, settings, data, folder, f"stage 1 of {options.name}")

    once(folder, is_finished, train_now)
    return folder


def options_of(stage: FirstStage, options: TwoStages, data: Data) -> TwoStages:
    """Returns the options of the first stage that a second stage with these options needs.

    The name of its run contains a checksum of everything that affects it. Words and option names in
    it are those of version 0.1, so that its runs are found.
    """
    fields = {f.name: f.default for f in dataclasses.fields(options)}
    defaults: dict[str, Any] = {name: fields[name] for name in stage.independent}
    changes: dict[str, Any] = dict(stage=1, iterations=options.stage1_iterations, overwrite=False)
    changes |= dict(init_from=None, evaluate_every=0, keep_best=None)  # of the second stage
    settings = dataclasses.replace(options, **defaults | changes)
    domains = data.domains[stage.first_domain :]
    relevant = config.identity(settings) | dict(iterations=settings.iterations)
    for name in stage.data_options:
        relevant.pop(config.OLD_NAMES.get(name, name), None)
    relevant["data"] = fingerprint(domains)
    checksum = zlib.crc32(json.dumps(relevant, sort_keys=True).encode())
    name = f"{options.gan_type}-phase1-{_data_name(data, domains)}-{checksum:08x}"
    return dataclasses.replace(settings, name=name.replace(":", "_"))


def _data_name(data: Data, domains: tuple) -> str:
    return data.name if domains == data.domains else domains[0].name
