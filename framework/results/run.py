"""The folder of a run, results/<run>/: options, history, sheets, plots, metrics and page."""

import sys
import time
from collections.abc import Set
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from framework.errors import MissingError
from framework.results import files, record
from framework.results.description import Describe, describe_nothing
from framework.results.images import pair_sheet, png, table, triplets
from framework.results.table import Table

Origin = dict[str, Any]
"""Where networks come from: "iteration", "chosen" ("newest" or "best") and, for the best,
"metric", "value" and "better" ("up" or "down"): the metric that it was chosen by."""


class Run:
    """The folder and history of a run: use `Run.open` for training, `Run.load` for reading.

    Attributes:
        folder: results/<run>.
        config: the options by name.
        command: the command line.
        metrics_table: the metrics during training (`--evaluate_every`), metrics.csv.
        checkpoints, models, samples, losses, audio: sub-folders, created when first needed.
        best: sub-folder of the checkpoint with the best value of a metric (`--keep_best`).
        quiet: whether notes are only written to log.txt.
    """

    def __init__(self, folder: Path, config: dict[str, Any], command: str) -> None:
        self.folder = Path(folder)
        self.config = config
        self.command = command
        self.quiet = False
        self._next_plots = 0.0
        self._history = Table(self.folder / "history.csv")
        self.metrics_table = Table(self.folder / "metrics.csv")
        self.checkpoints = self.folder / "checkpoints"
        self.best = self.checkpoints / "best"
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
        inert: Set[str] = frozenset(),
        upgrade: record.Upgrade = record.unchanged,
    ) -> "Run":
        """Creates the folder of a run, or continues the run that is in it.

        Args:
            folder: results/<run>.
            config: all options of the run by name.
            command: the command line, which the page shows.
            overwrite: empty the folder first.
            inert: names of options that may change between two sessions of one run.
            upgrade: converts the options of a run of an earlier version.

        Raises:
            UsageError: the folder holds a run with other options, or other files.
            UserError: the place cannot be written to; nothing is left behind.
        """
        folder, config = Path(folder), files.plain(config)
        record.check_place(folder, config, overwrite, inert, upgrade)
        try:
            if overwrite and folder.is_dir():
                record.empty(folder)
            record.write(folder, config, command)
            run = cls(folder, config, command)
            run.rewind(sys.maxsize)  # removes a last line of the table that a kill cut off
        except OSError as error:
            raise record.unwritable(folder, error) from error
        return run

    @staticmethod
    def check(
        folder: Path,
        config: dict[str, Any],
        *,
        overwrite: bool = False,
        inert: Set[str] = frozenset(),
        upgrade: record.Upgrade = record.unchanged,
        advice: record.Advice = record.overwrite_or_rename,
    ) -> None:
        """Raises the errors of `open` and writes nothing, for use before long preparations.

        `advice` says what to do with a run that cannot be resumed with these options.
        """
        record.check_place(Path(folder), files.plain(config), overwrite, inert, upgrade, advice)

    @classmethod
    def load(cls, folder: Path) -> "Run":
        """Reads an existing run and writes nothing.

        Raises:
            MissingError: the folder contains no run.
            UserError: TensorFlow cannot read from a folder of this name.
        """
        folder = Path(folder)
        record.check_name(folder)
        config = files.read_json(folder / "config.json")
        if not isinstance(config, dict):
            raise MissingError(f"{folder} is no run folder: it has no readable config.json")
        file = folder / "command.txt"
        command = file.read_text(encoding="utf-8").strip() if file.is_file() else ""
        return cls(folder, config, command)

    @property
    def history(self) -> list[files.Row]:
        """Rows of history.csv, dicts of 'iteration' and term names to numbers."""
        return self._history.rows

    def log(self, iteration: int, terms: dict[str, float]) -> None:
        """Appends a row to history.csv: the iteration and all terms by name, with all digits."""
        self._history.append(iteration, terms)

    def rewind(self, iteration: int) -> None:
        """Removes the rows after `iteration`, from which training continues."""
        self._history.rewind(iteration)
        self.metrics_table.rewind(iteration)

    def forget_metrics(self) -> None:
        """Deletes metrics.json, whose values are wrong when training continues."""
        (self.folder / "metrics.json").unlink(missing_ok=True)

    def note(self, text: str) -> None:
        """Appends a line with the time to log.txt, and prints it unless the run is quiet."""
        line = f"{datetime.now():%Y-%m-%d %H:%M:%S}  {text}\n"
        files.append_text(self.folder / "log.txt", line)
        if not self.quiet:
            tqdm.write(text)  # does not break a progress bar

    # Sheets of samples: `name` is an iteration, which becomes six digits, or a file name without
    # suffix; the caption is stored in the file and shown on the page.

    def sheet(
        self,
        images: tuple[np.ndarray, ...],
        name: str | int,
        rows: int | None = None,
        caption: str = "",
    ) -> Path:
        """Writes samples/<name>.png, domain 1 above domain 2 (see `images.pair_sheet`).

        Args:
            images: images [N, S, S, C] in [-1, 1] of each domain, the same z at the same index; or
                generated points [N, 2] and possibly real points, whose densities are drawn.
            name: an iteration, or a file name without suffix.
            rows: rows of tiles per domain.
            caption: what the sheet shows, in plain English.

        Returns:
            Path of the file.
        """
        if images[0].ndim == 2:
            from framework.results.densities import density_sheet  # scikit-learn is slow to import

            return self._write(density_sheet(images, caption), name)
        return self._write(png(pair_sheet(images, rows), caption), name)

    def triplets(self, rows: dict[str, np.ndarray], name: str | int, caption: str = "") -> Path:
        """Writes samples/<name>.png of exchanged pairs, see `images.triplets`."""
        return self._write(png(triplets(rows), caption), name)

    def table(
        self, cells: np.ndarray, name: str | int, *, top: int = 0, left: int = 0, caption: str = ""
    ) -> Path:
        """Writes samples/<name>.png, a table of images, see `images.table`."""
        return self._write(png(table(cells, top=top, left=left), caption), name)

    def embedding(
        self, codes: dict[str, np.ndarray], labels: np.ndarray, name: str, caption: str = ""
    ) -> Path:
        """Writes samples/<name>.png, maps of codes, see `embeddings.tsne_sheet`."""
        from framework.results.embeddings import tsne_sheet  # scikit-learn is slow to import

        return self._write(tsne_sheet(codes, labels, caption), name)

    def _write(self, content: bytes, name: str | int) -> Path:
        path = self.samples / (f"{name:06d}.png" if isinstance(name, int) else f"{name}.png")
        path.parent.mkdir(parents=True, exist_ok=True)
        files.write_bytes(path, content)
        return path

    def sound(self, wave: np.ndarray, rate: int, name: str) -> Path:
        """Writes audio/<name>.wav, see `files.write_wav`."""
        path = self.audio / f"{name}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        files.write_wav(path, wave, rate)
        return path

    def plots(self) -> list[Path]:
        """Draws losses/*.png, one plot per group of terms in the history."""
        from framework.results import plots  # matplotlib is slow to import

        self.losses.mkdir(exist_ok=True)
        return plots.draw(self.history, self.losses)

    def plots_now_and_then(self) -> None:
        """Draws the plots unless they would take more than 1/20 of the time."""
        if (start := time.monotonic()) >= self._next_plots:
            self.plots()
            self._next_plots = time.monotonic() + 20 * (time.monotonic() - start)

    def save_metrics(
        self, metrics: dict[str, dict[str, Any]], iteration: int | None = None
    ) -> Path:
        """Writes metrics.json: {name: {"value", "ci95", "n", "protocol"}}; returns its path.

        Metrics of another checkpoint than that of models/ go to metrics_<iteration>.json.
        """
        name = "metrics.json" if iteration is None else f"metrics_{iteration}.json"
        files.write_json(self.folder / name, metrics)
        return self.folder / name

    def forget_origin(self) -> None:
        """Deletes models.json, which is wrong when training continues."""
        (self.models / "models.json").unlink(missing_ok=True)

    def save_origin(self, origin: Origin) -> None:
        """Writes models/models.json, which says where the networks in models/ come from."""
        self.models.mkdir(exist_ok=True)
        files.write_json(self.models / "models.json", origin)

    @property
    def origin(self) -> Origin | None:
        """The content of models/models.json; None before the end, and for version 0.1."""
        return files.read_json(self.models / "models.json")

    def write_data(self, facts: dict[str, Any]) -> None:
        """Writes data.json, facts about the data of the run.

        The page shows all of them; `domains` are the names of the domains.
        """
        files.write_json(self.folder / "data.json", facts)

    @property
    def data(self) -> dict[str, Any]:
        """The facts in data.json, {} if there is none."""
        return files.read_json(self.folder / "data.json") or {}

    @property
    def domain_names(self) -> tuple[str, str]:
        """Names of domain 1 and domain 2; "domain 1" and "domain 2" if data.json has none."""
        names = self.data.get("domains", [])
        return names[0] if names else "domain 1", names[1] if len(names) > 1 else "domain 2"

    def report(
        self, published: dict[str, float] | None = None, describe: Describe = describe_nothing
    ) -> Path:
        """Writes index.html, a self-contained page of all results in the folder; returns its path.

        Args:
            published: published values by metric name, shown beside those of the run.
            describe: explains a metric by its name.
        """
        from framework.results import page

        path = self.folder / "index.html"
        files.write_text(path, page.render(self, published or {}, describe))
        return path
