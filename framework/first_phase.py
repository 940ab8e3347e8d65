"""Systems that learn in two phases: the second trains the first by itself, once, and keeps it."""

import dataclasses
import json
import zlib
from pathlib import Path

from framework import checkpoints, cluster, config, loop, trainer, weights
from framework.data import Data, fingerprint
from framework.errors import UsageError
from framework.results import Run, once


@dataclasses.dataclass(frozen=True)
class First:
    """What the first phase of a system is.

    Attributes:
        trainer: its class.
        nets: those with which the second phase begins.
        later: options that it does not depend on: they have their defaults there.
        domains_from: place of the first of the domains that it reads.
        names: options that only name domains, of which others than these may be read.
    """

    trainer: type[trainer.Trainer]
    nets: tuple[str, ...]
    later: tuple[str, ...]
    domains_from: int = 0
    names: tuple[str, ...] = ()


def start(
    first: First, options: config.TwoPhases, data: Data, run: Run | None
) -> str | Path | None:
    """Folder of the first phase's run: --pretrained, or what `obtain` gives unless it is a dry run.

    None too where a checkpoint has all of it. Raises MissingError if --pretrained lacks a net.
    """
    if begun(options, run):
        return None
    if options.pretrained:
        weights.expect_run(options.pretrained, first.nets)
    if options.pretrained or options.dry_run:
        return options.pretrained
    return obtain(first, options, data)


def begun(options: config.Options, run: Run | None) -> bool:
    """Whether a run goes on from a checkpoint or, where it is not opened yet, will do so."""
    if run:
        return checkpoints.exist(run.checkpoints)
    folder = Path(options.results_dir) / options.name / "checkpoints"
    return not options.overwrite and checkpoints.exist(folder)


def give(first: First, folder: str | Path, subject: trainer.Trainer) -> None:
    """Copies the first phase's weights into the nets of these names, frozen ones too.

    Raises:
        MissingError: the run has no such nets.
        UserError: they have other shapes.
    """
    nets = subject.nets | subject.frozen
    for name in first.nets:
        weights.copy_from_run(nets[name], folder, name)


def obtain(first: First, options: config.TwoPhases, data: Data) -> Path:
    """Run folder of the first phase for these options and data; trained if it is not finished.

    It is a run as any other: a stopped one goes on. Raises Stopped when a signal ends it.
    """
    if cluster.workers() > 1:
        raise UsageError("--pretrained: several workers need one; train --phase 1 first")
    settings = options_of(first, options, data)
    folder = Path(settings.results_dir) / settings.name
    once(
        folder,
        lambda: _is_finished(first, folder),
        lambda: _train(first, settings, data, folder, options.name),
    )
    return folder


def _is_finished(first: First, folder: Path) -> bool:
    return all((folder / "models" / f"{name}.keras").is_file() for name in first.nets)


def _train(
    first: First, settings: config.TwoPhases, data: Data, folder: Path, wanted_by: str
) -> None:
    print(f"phase 1 on {_name(data, data.domains[first.domains_from :])}: {folder}")
    phase1 = first.trainer(settings, data)
    inert = config.inert_options(settings.gan_type) | {*first.names}
    loop.train_first(phase1, folder, f"phase 1 of {wanted_by}", inert)
    phase1.save_models()
    if metrics := phase1.metrics():
        phase1.run.save_metrics(metrics)
    phase1.run.report()


def options_of(first: First, options: config.TwoPhases, data: Data) -> config.TwoPhases:
    """Options of the first phase that these need, named after all that matters to it."""
    defaults = {f.name: f.default for f in dataclasses.fields(options)}
    same = {name: defaults[name] for name in first.later}
    own = dict(phase=1, iterations=options.phase1_iterations, overwrite=False)
    settings = dataclasses.replace(options, **same | own)
    domains, inert = data.domains[first.domains_from :], config.inert_options(options.gan_type)
    inert -= {"iterations"}
    values = settings.to_dict()
    matters = {k: v for k, v in values.items() if k not in (*inert, *first.names)}
    matters["data"] = fingerprint(domains)
    key = zlib.crc32(json.dumps(matters, sort_keys=True).encode())
    name = f"{options.gan_type}-phase1-{_name(data, domains)}-{key:08x}".replace(":", "_")
    return dataclasses.replace(settings, name=name)


def _name(data: Data, domains: tuple) -> str:
    return data.name if domains == data.domains else domains[0].name
