"""The tables and figures of the SCoGAN thesis: the runs they need and what they report.

The command `reproduce` runs them. A run is a preset; several tables may use the same run.
"""

from framework.experiments import chapters
from framework.experiments.experiment import BASELINE, DATA, LPIPS, Experiment
from framework.experiments.scale import (
    SCALES,
    core_minutes,
    flags,
    is_photographs,
    iterations,
    lpips_net,
    needs,
    shrinks,
)

__all__ = [
    "BASELINE",
    "DATA",
    "EXPERIMENTS",
    "GROUPS",
    "LPIPS",
    "SCALES",
    "Experiment",
    "core_minutes",
    "flags",
    "is_photographs",
    "iterations",
    "lpips_net",
    "needs",
    "select",
    "shrinks",
]

CHAPTERS = {
    "chapter2": chapters.CHAPTER2,
    "chapter3": chapters.CHAPTER3,
    "chapter4": chapters.CHAPTER4,
    "chapter5": chapters.CHAPTER5,
    "chapter7": chapters.CHAPTER7,
}
EXPERIMENTS = {
    name: experiment for chapter in CHAPTERS.values() for name, experiment in chapter.items()
}
GROUPS = {name: tuple(chapter) for name, chapter in CHAPTERS.items()}


def select(names: list[str]) -> list[str]:
    """Returns the experiments that names of experiments and groups choose, without duplicates.

    Raises:
        ValueError: a name is neither; its text is that name.
    """
    chosen: list[str] = []
    for name in names:
        if name not in EXPERIMENTS and name not in GROUPS:
            raise ValueError(name)
        chosen += GROUPS.get(name, (name,))
    return list(dict.fromkeys(chosen))
