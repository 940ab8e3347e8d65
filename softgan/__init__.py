"""The public Python interface: train a system, open a finished run, list the systems.

import softgan

folder = softgan.train("scogan", data="mini2edge", preset="smoke", name="first")
run = softgan.open_run(folder)
z = run.system.latent(8, seed=0)  # [8, noise_dim]
images1, images2 = run.system.sample(z)  # pairs, each [8, 32, 32, 3] in [-1, 1]
"""

from __future__ import annotations

from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from framework.trainers.opening import OpenedRun

__all__ = ["__version__", "list_systems", "open_run", "train"]


def train(gan_type: str, **options: Any) -> Path:
    """Trains a run, or goes on with it, and evaluates it, as `main.py --gan_type ...` does.

    Args:
        gan_type: name of a system, or the dotted name of a module with one.
        **options: options of that system, `preset` and `data` among them, by their names.

    Returns:
        The run folder.

    Raises:
        UserError: a wrong option, missing data, a loss that diverges; its text says what to do.
        Stopped: a signal stopped the training; it is saved and the same call goes on.
    """
    from framework.commands import train as command
    from framework.errors import Stopped
    from framework.options import config

    flags = {"gan_type": gan_type} | options
    argv = [f"--{name}={_text(value)}" for name, value in flags.items() if value is not None]
    settings = config.parse(argv)
    if code := command.train(settings, "softgan.train " + " ".join(argv)):
        raise Stopped("stopped and saved; the same call goes on", code)
    return config.run_folder(settings)


def open_run(folder: str | Path, checkpoint: int | None = None, devices: str = "auto") -> OpenedRun:
    """Opens a run for use, without its data, optimisers and discriminators.

    Args:
        folder: the run folder, such as results/demo.
        checkpoint: iterations of the checkpoint to load; None for the newest.
        devices: as `--devices`; the first of several is used.

    Returns:
        The run: `system` has the networks and the methods for what it can do, such as `sample`,
        `translate`, `encode`, `remove` or `classify` (see `framework.engine.capabilities`).

    Raises:
        MissingError: there is no run or no such checkpoint.
        UserError: the checkpoint is damaged, or of other networks.
    """
    from framework.commands.base import load_tensorflow

    load_tensorflow()
    from framework.trainers import opening

    return opening.open_run(folder, checkpoint=checkpoint, devices=devices)


def list_systems() -> tuple[str, ...]:
    """Names of the built-in systems and of those of installed packages."""
    from framework.options import config

    return config.systems()


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def __getattr__(name: str) -> str:
    if name == "__version__":
        return metadata.version("softgan")
    raise AttributeError(f"module {__name__} has no attribute {name}")
