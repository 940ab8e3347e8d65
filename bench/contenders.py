"""Everyone who takes part, by name."""

import fnmatch
import importlib
import itertools
from collections.abc import Callable, Sequence

from bench.workloads import Workload

ANCHOR = "reference_eager"  # stands in every group of contenders that are held at a time
INPUT = "input"
DEFAULT = "reference_eager,torch_*,ours_*,!*_call4,input"
# Word in the name of one of ours -> the flags that it stands for; one word of each row.
CHOICES = (
    {"f32": [], "bf16": ["--mixed_precision", "bfloat16"]},
    {"": ["--fast_layers", "true"], "plain": ["--fast_layers", "false"]},
    {"": [], "jit": ["--jit"]},
    {"": [], "call4": ["--steps_per_call", "4"]},
)


def table() -> dict[str, tuple[str, str, dict]]:
    """Name -> module of this folder, its function and what it is given beside the workload."""
    rows = {ANCHOR: ("reference", "build", {})}
    for mode, short in itertools.product(("eager", "compile"), ("f32", "bf16")):
        how = dict(compiled=mode == "compile", bfloat16=short == "bf16")
        rows[f"torch_{mode}_{short}"] = ("pytorch", "build", how)
    for words in itertools.product(*CHOICES):
        name = "_".join(["ours", *filter(None, words)])
        flags = [flag for word, row in zip(words, CHOICES, strict=True) for flag in row[word]]
        rows[name] = ("ours", "build", {"flags": flags})
    return rows | {INPUT: ("ours", "build_input", {})}


def build(name: str, workload: Workload) -> Callable[[], int]:
    """The contender's step: makes some iterations, returns how many."""
    module, function, how = table()[name]
    if module == "ours":  # which sets what TensorFlow reads when it is loaded
        importlib.import_module("framework")
    return getattr(importlib.import_module(f"bench.{module}"), function)(workload, **how)


def select(patterns: str, names: Sequence[str]) -> list[str]:
    """The names that comma-separated patterns choose; a pattern after `!` takes away again.

    Raises:
        ValueError: a pattern that is no name's.
    """
    chosen: set[str] = set()
    for pattern in patterns.split(","):
        found = set(fnmatch.filter(names, pattern.removeprefix("!")))
        if not found:
            raise ValueError(f"{pattern}: choose from {', '.join(names)}")
        chosen = chosen - found if pattern.startswith("!") else chosen | found
    return [name for name in names if name in chosen]
