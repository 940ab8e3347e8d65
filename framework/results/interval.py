"""Means of all terms since the last row of history.csv, also over stops of the run."""

import math
from typing import Any

import numpy as np

from framework.errors import DivergedError


class Interval:
    """Sums terms iteration by iteration, in float64, until a row is written.

    The sums are bit-identical for any number of iterations per call, and also when a run is stopped
    and continues from `record`.
    """

    def __init__(self, record: dict[str, Any] | None = None) -> None:
        """Starts empty, or with the `record` of a checkpoint."""
        record = record or {"sums": {}, "count": 0, "left_out": 0}
        self._sums: dict[str, float] = dict(record["sums"])
        self._count, self._left_out = record["count"], record["left_out"]

    def add(self, names: list[str], rows: np.ndarray, last: int, *, skip: bool = False) -> None:
        """Adds the terms of some iterations.

        Args:
            names: names of the terms.
            rows: float32 [iterations, terms].
            last: number of the last of these iterations.
            skip: whether iterations with a term that is not finite are left out and counted.

        Raises:
            DivergedError: a term is not finite and `skip` is not set; it names the first one.
        """
        for i, row in enumerate(rows.tolist()):
            bad = [name for name, x in zip(names, row, strict=True) if not math.isfinite(x)]
            if bad and not skip:
                value, iteration = row[names.index(bad[0])], last - len(rows) + i + 1
                raise DivergedError(f"{bad[0]} is {value} at iteration {iteration}")
            if bad:
                self._left_out += 1
                continue
            self._count += 1
            for name, value in zip(names, row, strict=True):
                self._sums[name] = self._sums.get(name, 0.0) + value

    def terms(self) -> dict[str, float]:
        """Returns the mean of every term, and the number of skipped iterations if it is not 0."""
        means = {name: value / self._count for name, value in self._sums.items()}
        return means | ({"stat/left_out": float(self._left_out)} if self._left_out else {})

    def record(self) -> dict[str, Any]:
        """Returns the state for a checkpoint, as values that JSON keeps exactly."""
        return {"sums": self._sums, "count": self._count, "left_out": self._left_out}
