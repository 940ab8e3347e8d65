"""Finds the trainer class of a system."""

import importlib

from framework.engine.trainer import Trainer
from framework.options import config
from framework.options.base import Options


def trainer_class(options: Options) -> type[Trainer]:
    """Returns the class that trains the system of these options, built-in or of the user."""
    module = importlib.import_module(config.trainer_module(options.gan_type))
    return module.Trainer.choose(options)
