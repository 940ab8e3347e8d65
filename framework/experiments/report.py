"""Writes the results of an experiment: table, curves, sheets and page."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from framework.experiments import Experiment, table
from framework.results import ablation, files, images, rendering

COLUMNS = 12  # number of pairs on the sheet of all runs
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
    """Writes everything about one experiment; returns the path of the page.

    Args:
        name: name of the experiment, such as "table3.3".
        experiment: what was run.
        folders: run folders by label.
        scale: size of all runs, one of SCALES.
        results_dir: the page is written to reproduce/<name> in it.
        printed: see `curves.draw`.
    """
    place = results_dir / "reproduce" / (name if scale == "full" else f"{name}-{scale}")
    place.mkdir(parents=True, exist_ok=True)
    title = f"{name}: {experiment.title}" + ("" if scale == "full" else f" ({scale} scale)")
    metrics = {
        label: [files.metrics(folder) for folder in seeds] for label, seeds in folders.items()
    }
    lines = table.lines(experiment, metrics, scale)
    text = table.markdown(title, experiment, lines)
    files.write_text(place / "table.md", text)
    files.write_text(place / "table.csv", table.comma_separated(lines))
    print(text)
    first = {label: seeds[0] for label, seeds in folders.items() if seeds[0].is_dir()}
    pictures = {
        caption: rendering.data_address(path, "image/png")
        for caption, path in _pictures(experiment, first, place, printed)
    }
    links = {label: f"../../{folder.name}/index.html" for label, folder in first.items()}
    page = place / "index.html"
    files.write_text(page, table.page(title, experiment, lines, pictures, links))
    return page


def _pictures(
    experiment: Experiment, runs: Mapping[str, Path], place: Path, printed: bool
) -> Iterator[tuple[str, Path]]:
    """Yields captions and files: the figure, curves, and sheets.

    The sheets are those that the experiment names, otherwise one sheet with pairs of all runs, and
    otherwise the newest sheet of each run.
    """
    from framework.experiments import curves
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
            yield f"{label}: {images.caption_of(path) or path.stem}", path
        return
    strips = {label: _pairs(folder) for label, folder in runs.items()}
    if all(strips.values()) and strips:
        caption = (
            "All images of a column have the same latent vector; domain 1 is above its partner."
        )
        yield caption, ablation.draw(strips, place / "ablation.png")
        return
    for label, folder in runs.items():
        for path in sorted((folder / "samples").glob("[0-9]*.png"))[-1:]:
            yield f"{label}, iteration {int(path.stem)}", path


def _pairs(folder: Path) -> tuple:
    """Returns images of both domains by the generators of a run; () if it has no such pair."""
    import keras

    from framework.engine.randomness import sample_latent

    model = folder / "models" / "generators.keras"
    if not model.exists():
        return ()
    options = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    z = sample_latent(options["noise_type"], COLUMNS, options["noise_dim"], LATENT_SEED)
    return tuple(keras.models.load_model(model).predict_on_batch(z))
