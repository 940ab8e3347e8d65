"""The run folder: one run, one folder, one record (results/<run>/)."""

import io
import json
import os
import platform
import shutil
import sys
import time
from contextlib import suppress
from datetime import datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from tqdm import tqdm

from framework.errors import MissingError, UsageError, UserError
from framework.results import files
from framework.results.images import pair_sheet, table, triplets

PACKAGES = ("tensorflow", "keras", "numpy")


class Run:
    """A run folder and the history in it; made by `Run.open` (train) or `Run.load` (look).

    Attributes:
        folder, config, command: where, with which options, by which command line.
        history: rows of history.csv, dicts of 'iteration' and term names to numbers.
        checkpoints, models, samples, losses, audio: paths inside it, made when first needed.
        quiet: notes go to log.txt only.
    """

    def __init__(self, folder: Path, config: dict[str, Any], command: str) -> None:
        self.folder = Path(folder)
        self.config = config
        self.command = command
        self.quiet = False
        self._next_plots = 0.0
        self.history = files.read_history(self._history_path)
        self._columns = files.columns_of(self.history)
        self.checkpoints = self.folder / "checkpoints"
        self.models = self.folder / "models"
        self.samples = self.folder / "samples"
        self.losses = self.folder / "losses"
        self.audio = self.folder / "audio"

    @classmethod
    def open(
        cls,
        folder: Path,
        config: dict[str, Any],
        command: str,
        *,
        overwrite: bool = False,
        inert: set[str] = frozenset(),
    ) -> "Run":
        """Make the folder of a run, or go on with the one that is there.

        Args:
            folder: results/<run>.
            config: every option of the run by name.
            command: the command line, to be shown on the page.
            overwrite: empty the folder first.
            inert: names of options that may change between two sessions of one run.

        Raises:
            UsageError: the folder holds a run with other options, or something that is no run.
            UserError: the place cannot be written to; nothing is left behind.
        """
        folder, config = Path(folder), files.plain(config)
        _check_place(folder, config, overwrite, inert)
        try:
            if overwrite and folder.is_dir():
                _empty(folder)
            _write_record(folder, config, command)
            run = cls(folder, config, command)
            run.rewind(sys.maxsize)  # mends a table whose last line a kill cut off
        except OSError as error:
            raise _unwritable(folder, error) from error
        return run

    @staticmethod
    def check(
        folder: Path,
        config: dict[str, Any],
        *,
        overwrite: bool = False,
        inert: set[str] = frozenset(),
    ) -> None:
        """Raise what `open` would raise, and write nothing: for use before long preparations."""
        _check_place(Path(folder), files.plain(config), overwrite, inert)

    @classmethod
    def load(cls, folder: Path) -> "Run":
        """An existing run, to be looked at; opening it writes nothing.

        Raises:
            MissingError: there is no run in the folder.
        """
        folder = Path(folder)
        config = files.read_json(folder / "config.json")
        if not isinstance(config, dict):
            raise MissingError(f"{folder} is no run folder: it has no readable config.json")
        command = folder / "command.txt"
        return cls(folder, config, command.read_text().strip() if command.is_file() else "")

    @property
    def _history_path(self) -> Path:
        return self.folder / "history.csv"

    def log(self, iteration: int, terms: dict[str, float]) -> None:
        """Append a row to history.csv: the iteration and every term by name, exact to the bit."""
        row = {"iteration": int(iteration)} | {name: float(terms[name]) for name in terms}
        self.history.append(row)
        if len(self.history) == 1 or not row.keys() <= set(self._columns):
            self._write_history()
            return
        files.append_text(self._history_path, files.csv_line(files.row_cells(row, self._columns)))

    def rewind(self, iteration: int) -> None:
        """Forget the rows after `iteration`: training goes on from there."""
        self.history = [row for row in self.history if row["iteration"] <= iteration]
        if self._history_path.exists():
            self._write_history()

    def forget_metrics(self) -> None:
        """Delete metrics.json: training goes on, and its numbers are of other weights."""
        (self.folder / "metrics.json").unlink(missing_ok=True)

    def _write_history(self) -> None:
        self._columns = files.columns_of(self.history)
        files.write_text(self._history_path, files.history_text(self.history))

    def note(self, text: str) -> None:
        """Append a dated line to log.txt, and print it unless the run is quiet."""
        line = f"{datetime.now():%Y-%m-%d %H:%M:%S}  {text}\n"
        files.append_text(self.folder / "log.txt", line)
        if not self.quiet:
            tqdm.write(text)  # keeps a progress bar whole

    def sheet(
        self,
        images: tuple[np.ndarray, ...],
        name: str | int,
        rows: int | None = None,
    ) -> Path:
        """Write samples/<name>.png, pixel-exact, domain 1 above domain 2 (see `pair_sheet`).

        Of points it is a plot of their density (see `density_sheet`).

        Args:
            images: one array [N, S, S, C] in [-1, 1] per domain; the same z at the same index.
                Or points [N, 2]: the generated ones, and real ones to show beside them.
            name: file name without ending; an iteration becomes six digits.
            rows: rows of tiles per domain.

        Returns:
            The file's path.
        """
        return self._write(_sheet_of(images, rows), name)

    def triplets(self, rows: dict[str, np.ndarray], name: str | int) -> Path:
        """Write samples/<name>.png of exchanged pairs, see `images.triplets`; its path."""
        return self._write(_png(triplets(rows)), name)

    def table(self, cells: np.ndarray, name: str | int, *, top: int = 0, left: int = 0) -> Path:
        """Write samples/<name>.png, a table of images, see `images.table`; its path."""
        return self._write(_png(table(cells, top=top, left=left)), name)

    def sound(self, wave: np.ndarray, rate: int, name: str) -> Path:
        """Write audio/<name>.wav, see `files.write_wav`; its path."""
        path = self.audio / f"{name}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        files.write_wav(path, wave, rate)
        return path

    def embedding(self, codes: dict[str, np.ndarray], labels: np.ndarray, name: str) -> Path:
        """Write samples/<name>.png, maps of codes, see `embeddings.tsne_sheet`; its path."""
        from framework.results.embeddings import tsne_sheet  # scikit-learn is slow to import

        return self._write(tsne_sheet(codes, labels), name)

    def _write(self, png: bytes, name: str | int) -> Path:
        path = self.samples / (f"{name:06d}.png" if isinstance(name, int) else f"{name}.png")
        path.parent.mkdir(parents=True, exist_ok=True)
        files.write_bytes(path, png)
        return path

    def plots(self) -> list[Path]:
        """Draw losses/*.png, one plot per group of terms in the history; returns the paths."""
        from framework.results import plots  # matplotlib is slow to import

        self.losses.mkdir(exist_ok=True)
        return plots.draw(self.history, self.losses)

    def plots_now_and_then(self) -> None:
        """Draw them unless that would take a twentieth of the time since the last ones, or more."""
        if (start := time.monotonic()) >= self._next_plots:
            self.plots()
            self._next_plots = time.monotonic() + 20 * (time.monotonic() - start)

    def save_metrics(self, metrics: dict[str, dict[str, Any]]) -> None:
        """Write metrics.json: {name: {"value", "ci95", "n", "protocol"}}."""
        files.write_json(self.folder / "metrics.json", metrics)

    def report(self, published: dict[str, float] | None = None) -> Path:
        """Write index.html, one self-contained page of all that the folder holds.

        Args:
            published: numbers of the literature by metric name, shown beside ours.

        Returns:
            The page's path.
        """
        from framework.results import page

        path = self.folder / "index.html"
        files.write_text(path, page.render(self, published or {}))
        return path


def _sheet_of(images: tuple[np.ndarray, ...], rows: int | None) -> bytes:
    if images[0].ndim == 2:
        from framework.results.densities import density_sheet  # scikit-learn is slow to import

        return density_sheet(images)
    return _png(pair_sheet(images, rows))


def _png(pixels: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def differences(there: dict[str, Any], here: dict[str, Any], inert: set[str]) -> str:
    """A readable table of the options that differ, '' if none does; `inert` ones may differ."""
    names = [name for name in {**there, **here} if name not in inert]
    table = [("option", "there", "here")]
    for name in names:
        cells = [json.dumps(side[name]) if name in side else "-" for side in (there, here)]
        if cells[0] != cells[1]:
            table.append((name, *cells))
    if len(table) == 1:
        return ""
    widths = [max(len(row[column]) for row in table) for column in range(2)]
    return "\n".join(f"  {a:{widths[0]}}  {b:{widths[1]}}  {c}" for a, b, c in table)


def _check_place(folder: Path, config: dict, overwrite: bool, inert: set[str]) -> None:
    """Refuse, before anything is written, a folder that is not ours to write in."""
    try:
        entries = [path.name for path in folder.iterdir()] if folder.exists() else []
        nearest = next(path for path in (folder, *folder.absolute().parents) if path.exists())
        if not nearest.is_dir():
            raise NotADirectoryError(0, f"{nearest} is a file")
        if not os.access(nearest, os.W_OK | os.X_OK):
            raise PermissionError(0, f"no permission to write in {nearest}")
    except OSError as error:
        raise _unwritable(folder, error) from error
    if "config.json" not in entries:
        # Hidden files alone are what a kill at the very beginning leaves.
        if any(not name.startswith(".") for name in entries):
            raise UsageError(f"{folder} holds files but is no run folder: choose another --name")
        return
    if overwrite:
        return
    there = files.read_json(folder / "config.json")
    hint = "use --overwrite to start anew, or another --name"
    if not isinstance(there, dict):
        raise UsageError(f"{folder / 'config.json'} is damaged: {hint}")
    if table := differences(there, config, inert):
        raise UsageError(f"{folder} holds a run with other options; {hint}\n{table}")
    steps = (path.name for path in (folder / "checkpoints").glob("[0-9]*"))
    done = max((int(name) for name in steps if name.isdigit()), default=0)
    if done > config.get("iterations", done):
        raise UsageError(f"--iterations {config['iterations']}: this run has {done} already")


def _unwritable(folder: Path, error: OSError) -> UserError:
    reason = error.strerror or str(error)
    return UserError(f"cannot write to {folder} ({reason}): choose another --results_dir or --name")


def _empty(folder: Path) -> None:
    """Empty a run folder; config.json, which marks it as one, goes last."""
    for path in sorted(folder.iterdir(), key=lambda path: path.name == "config.json"):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def _write_record(folder: Path, config: dict, command: str) -> None:
    """Write config.json, command.txt, env.json; what a failure leaves half-made is removed."""
    new = [path for path in (folder, *folder.parents) if not path.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        files.write_json(folder / "config.json", config)  # first: it marks a run folder
        files.write_text(folder / "command.txt", command + "\n")
        files.write_json(folder / "env.json", environment())
    except OSError:
        if folder in new:
            shutil.rmtree(folder, ignore_errors=True)
        for path in new:
            with suppress(OSError):
                path.rmdir()
        raise


def environment() -> dict[str, Any]:
    """Versions, machine and the present time, for env.json."""
    versions = {}
    for package in PACKAGES:
        with suppress(metadata.PackageNotFoundError):
            versions[package] = metadata.version(package)
    return {
        "python": platform.python_version(),
        **versions,
        "platform": platform.platform(),
        "cpus": os.cpu_count(),
        "time": datetime.now().astimezone().isoformat(timespec="seconds"),
    }
