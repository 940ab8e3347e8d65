"""Starts a run from the networks of another run (`--init_from`)."""

from pathlib import Path

from framework.engine import averages, checkpoints, stages
from framework.engine.saved_networks import SavedNetworks
from framework.engine.trainer import Trainer
from framework.errors import MissingError, UsageError
from framework.options import config
from framework.options.base import Options
from framework.options.continuation import iterations_done
from framework.results import Run


def check(options: Options) -> None:
    """Checks --init_from before anything is trained; a resumed run does not read it again.

    Raises:
        MissingError: the folder holds no run, or no checkpoint.
        UsageError: it is the folder of the new run, which --overwrite would delete.
    """
    if not options.init_from or stages.is_begun(options):
        return
    run = Run.load(Path(options.init_from))
    if run.folder.resolve() == config.run_folder(options).resolve():
        raise UsageError(f"--init_from {options.init_from}: is the new run itself; another --name")
    if not iterations_done(run.folder):
        raise MissingError(f"--init_from {options.init_from}: this run has no checkpoint yet")


def has_nets(options: Options, names: tuple[str, ...]) -> bool:
    """Returns whether a run that starts now gets networks of all these names from --init_from."""
    if not options.init_from or stages.is_begun(options):
        return False
    saved, _, _ = _saved(options.init_from)
    return all(saved.has(name) for name in names)


def start(trainer: Trainer) -> list[str]:
    """Copies the weights of the run of --init_from to a trainer whose run starts now.

    The checkpoint is the one from which the saved networks of that run come: the best one where it
    was kept (`--keep_best`), else the newest. If it has averages of weights (`--ema`), these are
    copied. A network is copied if that run has one of the same name, layers and shapes.

    Args:
        trainer: trainer of the new run, with its initial weights.

    Returns:
        Lines for the user: where the weights come from, and networks that keep their own.

    Raises:
        MissingError: there is no checkpoint.
        UsageError: no network fits.
    """
    options = trainer.options
    if not options.init_from or stages.is_begun(options):
        return []
    saved, folder, step = _saved(options.init_from)
    reasons = {name: saved.copy(name, net) for name, net in trainer.nets.items()}
    kept = [f"{name} ({reason})" for name, reason in reasons.items() if reason]
    if len(kept) == len(reasons):
        raise UsageError(f"--init_from {folder}: none of its networks fits: {', '.join(kept)}")
    averages.restart(trainer.system.averages, trainer.nets)
    lines = [f"started from the weights of {folder}, iteration {step}"]
    return lines + ([f"kept their initial weights: {', '.join(kept)}"] if kept else [])


def _saved(folder: str) -> tuple[SavedNetworks, Path, int]:
    """Returns the networks of a run, its folder and their iteration; raises as `start`."""
    run = Run.load(Path(folder))
    is_best = (run.origin or {}).get("chosen") == "best"
    for place in (run.best, run.checkpoints) if is_best else (run.checkpoints,):
        content = checkpoints.newest(place)
        if content:
            step = content["step"]
            return SavedNetworks(checkpoints.prefix(place, step)), run.folder, step
    raise MissingError(f"--init_from {run.folder}: it has no checkpoint that is not damaged")
