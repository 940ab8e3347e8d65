"""What a reproduced experiment leaves: table, curves, sheet, page."""

import base64
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from framework.experiments import Experiment
from framework.reproduce import table
from framework.results import ablation, files
from framework.results.words import CAPTIONS

COLUMNS = 12  # pairs of the sheet
LATENT_SEED = 7

Folders = Mapping[str, Sequence[Path]]
"""Run label -> run folder of each seed."""


def write(
    name: str,
    experiment: Experiment,
    folders: Folders,
    scale: str,
    results_dir: Path,
    printed: bool = False,
) -> Path:
    """Writes everything about one experiment; returns the page. `printed`: see `curves.draw`."""
    place = results_dir / "reproduce" / (name if scale == "full" else f"{name}-{scale}")
    place.mkdir(parents=True, exist_ok=True)
    title = f"{name}: {experiment.title}" + ("" if scale == "full" else f" ({scale} scale)")
    metrics = {
        label: [files.metrics(folder) for folder in seeds] for label, seeds in folders.items()
    }
    found = table.lines(experiment, metrics, scale)
    text = table.markdown(title, experiment, found)
    files.write_text(place / "table.md", text)
    files.write_text(place / "table.csv", table.comma_separated(found))
    print(text)
    first = {label: seeds[0] for label, seeds in folders.items() if seeds[0].is_dir()}
    images = {
        caption: _address(path) for caption, path in _pictures(experiment, first, place, printed)
    }
    links = {label: f"../../{folder.name}/index.html" for label, folder in first.items()}
    page = place / "index.html"
    files.write_text(page, table.page(title, experiment, found, images, links))
    return page


def _pictures(experiment: Experiment, runs: Mapping[str, Path], place: Path, printed: bool):
    """Captions and files: drawn figure, curves, the sheet named or one of all, else each run's."""
    from framework.evaluate import curves
    from framework.results import compare

    if experiment.drawing:
        yield from (
            (experiment.title, path)
            for path in curves.draw(place, printed)
            if path.stem == experiment.drawing
        )
    for column in experiment.curves if runs else ():
        path = place / f"{column.replace('/', '_')}.png"
        yield column.rpartition("/")[2].replace("_", " "), compare.overlay(runs, column, path)
    named = {
        label: folder / "samples" / f"{experiment.sheet}.png" for label, folder in runs.items()
    }
    if experiment.sheet and all(path.is_file() for path in named.values()):
        for label, path in named.items():
            yield f"{label}: {CAPTIONS[experiment.sheet]}", path
        return
    strips = {label: _pairs(folder) for label, folder in runs.items()}
    if all(strips.values()) and strips:
        caption = "the same latent vectors in each column; domain 1 above its partner"
        yield caption, ablation.draw(strips, place / "ablation.png")
        return
    for label, folder in runs.items():
        for path in sorted((folder / "samples").glob("[0-9]*.png"))[-1:]:
            yield f"{label}, iteration {int(path.stem)}", path


def _pairs(folder: Path) -> tuple:
    """Images of both domains from the run's generators; () if it has no pair of them."""
    import keras

    from framework.utils import sample_latent

    model = folder / "models" / "generators.keras"
    if not model.exists():
        return ()
    options = json.loads((folder / "config.json").read_text())
    z = sample_latent(options["noise_type"], COLUMNS, options["noise_dim"], LATENT_SEED)
    return tuple(keras.models.load_model(model).predict_on_batch(z))


def _address(path: Path) -> str:
    return "data:image/png;base64," + base64.b64encode(path.read_bytes()).decode()
