"""Opens a run folder for use: builds the networks of its system and loads their weights.

Data, optimisers and discriminators are not needed.
"""

import dataclasses
from pathlib import Path
from typing import Any, Literal

import keras
import tensorflow as tf

from framework.data import Facts
from framework.engine import checkpoints, cluster, devices, layer_forms
from framework.engine.system import System
from framework.errors import MissingError, UsageError, UserError, program
from framework.options import config
from framework.options.base import Options
from framework.results import Run
from framework.trainers.registry import trainer_class
from framework.utils import dtype_policy


@dataclasses.dataclass(frozen=True)
class OpenedRun:
    """A run that is ready for use.

    Attributes:
        run: its folder.
        options: options of its training, with the changes of `open_run`.
        system: its networks, with the weights of a checkpoint. `framework.engine.capabilities`
            lists what a system can do.
        step: iteration of this checkpoint.
    """

    run: Run
    options: Options
    system: System
    step: int


def open_run(
    folder: str | Path,
    /,
    *,
    checkpoint: int | Literal["best"] | None = None,
    facts: Facts | None = None,
    **changes: Any,
) -> OpenedRun:
    """Opens a run folder.

    Args:
        folder: the run folder, results/<run>.
        checkpoint: iteration of the checkpoint to load; "best" for that of --keep_best; None for
            the `usual` one.
        facts: facts of its data; None to read them from the folder.
        **changes: options to change, such as `devices` or `data_dir`; None leaves an option as it
            is.

    Raises:
        MissingError: there is no run, no such checkpoint, or a network is missing.
        UsageError: there are several workers, or the system does not have an option.
        UserError: the checkpoint is damaged or was saved by other networks.
    """
    if cluster.workers() > 1:
        raise UsageError("TF_CONFIG names several workers: this command runs on one; unset it")
    run = Run.load(Path(folder))
    options = changed_options(run, changes)
    system_class = trainer_class(options).system_class
    system = _build(system_class, options, facts or _facts(run, system_class), run)
    key = "ema" if _is_averaged(options) else "nets"
    state = tf.train.Checkpoint(**{key: system.nets})
    return OpenedRun(run, options, system, _restore(state, run, checkpoint))


def _is_averaged(options: Options) -> bool:
    return bool(getattr(options, "ema", 0))  # some systems have no averages


def _build(system_class: type[System], options: Options, facts: Facts, run: Run) -> System:
    """Builds the networks of a run with new weights."""
    with devices.strategy(options.devices).scope():
        frozen = {name: _load_model(run, name) for name in system_class.needs_frozen}
        with dtype_policy(options.mixed_precision):
            system = system_class(options, facts, frozen)
        # Averages are copies of the networks without the fast implementations of layers.
        if not _is_averaged(options):
            layer_forms.choose(options, list(system.nets.values()), [], 1)
    return system


def usual(run: Run) -> Literal["best"] | None:
    """Returns the checkpoint from which the networks in `models/` come: the best or the newest.

    "best" is that of --keep_best, and None the newest.
    """
    origin = run.origin
    is_best = origin is not None and origin["chosen"] == "best"
    return "best" if is_best and checkpoints.exist(run.best) else None


def _restore(state: tf.train.Checkpoint, run: Run, checkpoint: int | Literal["best"] | None) -> int:
    """Loads a checkpoint, as `checkpoints.restore_part`; returns its iteration."""
    if checkpoint is None:
        checkpoint = usual(run)
    if checkpoint != "best":
        # The best checkpoint may be of an iteration that --keep has deleted elsewhere.
        is_best = checkpoint in checkpoints.steps(run.best)
        is_kept = checkpoint in checkpoints.steps(run.checkpoints)
        folder = run.best if is_best and not is_kept else run.checkpoints
        return checkpoints.restore_part(state, folder, checkpoint)
    if not checkpoints.exist(run.best):
        raise MissingError(
            f"{run.folder}: no best checkpoint; train it with --evaluate_every and --keep_best"
        )
    return checkpoints.restore_part(state, run.best)


def _facts(run: Run, system_class: type[System]) -> Facts:
    """Reads the facts of a run's data; raises MissingError if the system needs them."""
    if system_class.needs_facts and not run.data:
        raise MissingError(
            f"{run.folder}: no data.json, which version 0.1 did not write: "
            f"`{program()} evaluate {run.folder}` writes it"
        )
    return Facts.from_dict(run.data)


def changed_options(run: Run, changes: dict[str, Any]) -> Options:
    """Returns the options of a run with some of them changed.

    `devices` is one device, the first if there are several; `results_dir` is the folder in which
    the run is now.

    Args:
        run: the run.
        changes: new values by name; None leaves an option as it is.

    Raises:
        UsageError: the system does not have an option.
    """
    results_dir = str(run.folder.resolve().parent)
    options = config.from_dict(run.config | {"results_dir": results_dir})
    changes = {name: value for name, value in changes.items() if value is not None}
    known = {field.name for field in dataclasses.fields(options)}
    for name in changes:
        if name not in known:
            raise UsageError(f"--{name}: not for the {options.gan_type} of {run.folder}")
    if "folder" in changes:  # it has all domains
        changes |= dict(domain1=None, domain2=None)
    elif {"domain1", "domain2"} & changes.keys():
        changes["folder"] = None
    options = dataclasses.replace(options, **changes)
    names = devices.names(options.devices)
    return options if len(names) == 1 else dataclasses.replace(options, devices=names[0])


def _load_model(run: Run, name: str) -> keras.Model:
    file = run.models / f"{name}.keras"
    if not file.is_file():
        raise MissingError(
            f"{run.folder}: no {file.name} in models: start its training command again, which "
            "writes it"
        )
    try:
        return keras.models.load_model(file)
    except (OSError, ValueError, TypeError) as error:
        raise UserError(f"{file} is damaged: start the training command again") from error
