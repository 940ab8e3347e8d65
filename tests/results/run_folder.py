"""Options, command and small images for the tests of framework/results."""

import numpy as np
from PIL import Image

from framework.results import Run

CONFIG = {"cogan_data": "mnist2svhn", "lr_d": 2e-4, "batch_size": 64, "iterations": 100}
COMMAND = "python main.py --gan_type scogan --note '<b>&'"


def opened(tmp_path) -> Run:
    """A new run folder that prints nothing."""
    run = Run.open(tmp_path / "results" / "one", CONFIG, COMMAND)
    run.quiet = True
    return run


def constant(*values: float, size: int = 2, channels: int = 1) -> np.ndarray:
    """Images [N, size, size, channels], each of one value."""
    return np.stack([np.full((size, size, channels), value, np.float32) for value in values])


def read(path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image)
