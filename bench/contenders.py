"""The contenders: implementations whose speed is compared, by name."""

import fnmatch
import importlib
import itertools
from collections.abc import Callable, Sequence

from bench.workloads import Workload

ANCHOR = "reference_eager"  # is part of every group of contenders that are in memory together
INPUT = "input"
DEFAULT = "reference_eager,torch_*,ours_*,!*_call4,input"
# A name of ours has one word of each row; word -> flags that it stands for.
CHOICES = (
    {"f32": [], "bf16": ["--mixed_precision", "bfloat16"]},
    {"": ["--fast_layers", "true"], "plain": ["--fast_layers", "false"]},
    {"": [], "jit": ["--jit"]},
    {"": [], "call4": ["--steps_per_call", "4"]},
)


def table() -> dict[str, tuple[str, str, dict]]:
    """Returns name -> module of this folder, function, and its arguments besides the workload."""
    rows: dict[str, tuple[str, str, dict]] = {ANCHOR: ("reference", "build", {})}
    for mode, short in itertools.product(("eager", "compile"), ("f32", "bf16")):
        arguments = dict(compiled=mode == "compile", bfloat16=short == "bf16")
        rows[f"torch_{mode}_{short}"] = ("pytorch", "build", arguments)
    for words in itertools.product(*CHOICES):
        name = "_".join(["ours", *filter(None, words)])
        flags = [flag for word, row in zip(words, CHOICES, strict=True) for flag in row[word]]
        rows[name] = ("ours", "build", {"flags": flags})
    return rows | {INPUT: ("ours", "build_input", {})}


def build(name: str, workload: Workload) -> Callable[[], int]:
    """Builds a contender; returns a function that runs some iterations and returns how many."""
    module, function, arguments = table()[name]
    if module == "ours":  # sets environment variables that TensorFlow reads when it is imported
        importlib.import_module("framework")
    return getattr(importlib.import_module(f"bench.{module}"), function)(workload, **arguments)


def select(patterns: str, names: Sequence[str]) -> list[str]:
    """Returns the names that comma-separated patterns choose; a pattern after `!` removes names.

    Raises:
        ValueError: a pattern fits no name.
    """
    chosen: set[str] = set()
    for pattern in patterns.split(","):
        matches = set(fnmatch.filter(names, pattern.removeprefix("!")))
        if not matches:
            raise ValueError(f"{pattern}: choose from {', '.join(names)}")
        chosen = chosen - matches if pattern.startswith("!") else chosen | matches
    return [name for name in names if name in chosen]
