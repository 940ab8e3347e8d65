"""The mean of every term since the last row of history.csv, the same however a run was stopped."""

import math
from typing import Any

import numpy as np

from framework.errors import DivergedError


class Interval:
    """Sums terms iteration by iteration, in float64, until a row is written.

    Calls of any number of iterations, and a stop that saves `record` in between, give the same
    bits as one iteration per call without a stop.
    """

    def __init__(self, record: dict[str, Any] | None = None) -> None:
        """An empty interval, or the one whose `record` a checkpoint holds."""
        record = record or {"sums": {}, "count": 0, "left_out": 0}
        self._sums: dict[str, float] = dict(record["sums"])
        self._count, self._left_out = record["count"], record["left_out"]

    def add(self, names: list[str], rows: np.ndarray, last: int, *, skip: bool = False) -> None:
        """Adds iterations.

        Args:
            names: of the terms.
            rows: float32 [iterations, terms].
            last: the last of these iterations.
            skip: leave out and count iterations with a term that is not finite.

        Raises:
            DivergedError: without `skip`, the first such term and its iteration.
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
        """Mean of every term, and how many iterations were left out if any were."""
        means = {name: value / self._count for name, value in self._sums.items()}
        return means | ({"stat/left_out": float(self._left_out)} if self._left_out else {})

    def record(self) -> dict[str, Any]:
        """Plain values for a checkpoint; JSON keeps every bit of them."""
        return {"sums": self._sums, "count": self._count, "left_out": self._left_out}
