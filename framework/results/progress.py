"""Shows the progress of a run: a bar on a terminal or in a notebook, else lines of text."""

import sys
import time
from collections.abc import Mapping
from datetime import datetime, timedelta

from tqdm import tqdm

BAR = "{percentage:3.0f}%|{bar:20}| {n_fmt}/{total_fmt}{postfix}"


class Progress:
    """Shows iterations, rate, end time and losses.

    On a terminal (stderr) and in a notebook it shows a bar, which every update redraws. Elsewhere
    every update with terms prints one line, so that a log file gets one line per log interval.

    Args:
        total: number of iterations at the end of the run.
        initial: iterations done in earlier sessions; they do not count for the rate.
    """

    def __init__(self, total: int, initial: int = 0) -> None:
        self.total = total
        self._done = initial
        self._time = time.monotonic()
        self._rate: float | None = None
        self._bar = None
        if sys.stderr.isatty() or _is_notebook():
            self._bar = tqdm(total=total, initial=initial, bar_format=BAR, dynamic_ncols=True)

    def __enter__(self) -> "Progress":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def update(self, iteration: int, terms: Mapping[str, float] | None = None) -> None:
        """Shows the number of finished iterations and the newest losses by name."""
        self._measure(iteration)
        status = " | ".join([*self._speed(), *_losses(terms or {})])
        if self._bar is not None:
            self._bar.set_postfix_str(status, refresh=False)
            self._bar.n = iteration
            self._bar.refresh()
        elif terms:
            tqdm.write(f"iteration {iteration}/{self.total} | {status}", file=sys.stdout)
            sys.stdout.flush()

    def close(self) -> None:
        """Ends the line of the bar."""
        if self._bar is not None:
            self._bar.close()

    def _measure(self, iteration: int) -> None:
        now = time.monotonic()
        steps, seconds = iteration - self._done, now - self._time
        if steps <= 0 or seconds <= 0:
            return
        # The newest interval has half of the weight, because the first one includes compilation.
        rate = steps / seconds
        self._rate = rate if self._rate is None else 0.5 * self._rate + 0.5 * rate
        self._done, self._time = iteration, now

    def _speed(self) -> list[str]:
        if not self._rate:
            return []
        now = datetime.now()
        end = now + timedelta(seconds=max(0, self.total - self._done) / self._rate)
        clock = "%H:%M" if end.date() == now.date() else "%d %b %H:%M"
        slow = self._rate < 1
        speed = f"{1 / self._rate:.3g} s/it" if slow else f"{self._rate:.3g} it/s"
        return [speed, f"ends {end:{clock}}"]


def _is_notebook() -> bool:
    """Returns whether stderr is shown below a cell of a notebook, which can redraw a line."""
    return type(sys.stderr).__module__.partition(".")[0] == "ipykernel"


def _losses(terms: Mapping[str, float]) -> list[str]:
    """Returns "name value" of every loss, without statistics, which are not minimised."""
    texts = [
        f"{name} {float(value):.3g}"
        for name, value in terms.items()
        if not name.startswith("stat/") and name != "iteration"
    ]
    return [" ".join(texts)] if texts else []
