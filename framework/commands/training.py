"""The steps of a run: loads data, prepares and builds the system, trains, evaluates, reports."""

import dataclasses
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import keras

from framework import presets
from framework.data import PAIRS, Data, load, prune
from framework.engine import best, cluster, data_files, devices, recording
from framework.engine.preparation import Preparation
from framework.engine.stages import FirstStage
from framework.engine.system import save_models
from framework.engine.trainer import Trainer
from framework.errors import UsageError, program
from framework.evaluation import halves, metrics
from framework.evaluation.evaluation import Subject
from framework.evaluation.suite import Suite, prepare
from framework.frozen import classifiers
from framework.frozen.classifiers import ClassifierStore, LoadedClassifiers
from framework.options import config, flags
from framework.options.base import Options
from framework.results import Run, complete_file, write_json
from framework.trainers import classifier_trainer
from framework.trainers.registry import trainer_class


def load_data(options: Options, evaluated: Path | None = None, arrays: Any = None) -> Data:
    """Loads the data of a run.

    For some pairs, images of domain 2 that a classifier cannot recognise are removed. The
    classifier is trained if there is none.

    Args:
        options: of the run.
        evaluated: folder of a run that is evaluated and not trained: if its images have changed,
            this is told, and images that it was trained on are not held out.
        arrays: data that a Python program passes, see `data.arrays`; None without these.

    Raises:
        MissingError: data are missing or damaged.
        UsageError: the options do not fit the data, or the images are not those of the run that
            goes on.
    """
    contract, name = trainer_class(options).contract, config.data_option(options.gan_type)
    pair = PAIRS.get(getattr(options, name))
    needs_pruning = pair and pair.prune_by_classifier
    if needs_pruning and contract == "labelled_source":
        raise UsageError(f"--{name}: pruning reads labels of domain 2, which this system may not")
    folder = evaluated or config.run_folder(options)
    is_new = options.overwrite and not evaluated
    kept = None if is_new else data_files.read(folder, refuses=not evaluated)
    data = load(options, contract, kept, arrays)
    if options.dry_run or not needs_pruning:
        return data
    settings = classifiers.settings(options, iterations=2000)
    net = classifier_store().ready(settings, data.labelled())()
    pruned = prune(data.domains[1], lambda images: classifiers.probabilities(net, images))
    count = len(data.domains[1].images) - len(pruned.images)
    print(f"removed {count} images of {pruned.name} that the classifier does not recognise")
    return dataclasses.replace(data, domains=(data.domains[0], pruned))


def classifier_store() -> ClassifierStore:
    """Returns the store of classifiers; of several workers only the chief trains missing ones."""
    if cluster.workers() == 1:
        return ClassifierStore(train_classifier)
    workers = devices.of_all_workers()

    def wait() -> None:
        devices.agree(workers, 0)

    return ClassifierStore(train_classifier, cluster.is_chief(), wait)


def chief_store() -> ClassifierStore:
    """Returns the classifiers for the chief alone, who must not wait for other workers."""
    return ClassifierStore(train_classifier)


def train_classifier(options: classifier_trainer.Options, data: Data, path: Path) -> None:
    """Trains a classifier in a temporary run folder beside `path`.

    Writes the classifier to `path`, and its options and accuracy to a JSON file of the same name.

    Args:
        options: options of the classifier.
        data: its data.
        path: file to write, `*.keras`.

    Raises:
        Stopped: a signal stopped it; the same command resumes it.
    """
    print(f"training the {options.classifier_arch} classifier of {data.name}: {path}")
    device = devices.names(options.devices)[0]  # a small network is not faster on several devices
    trainer = classifier_trainer.Trainer(dataclasses.replace(options, devices=device), data)
    run = open_run_folder(trainer, path.with_suffix(""), "the classifier")
    recording.train_dependency(trainer, run, "the classifier")
    results = Suite(Subject(trainer.system, data, chief_store())).metrics()
    accuracy = {name: metric["value"] for name, metric in results.items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    with complete_file(path) as temporary:
        trainer.nets["clf"].save(temporary)
    write_json(path.with_suffix(".json"), {"accuracy": accuracy, "options": options.to_dict()})
    shutil.rmtree(run.folder)


def train_stage(stage: FirstStage, options: Options, data: Data, folder: Path, title: str) -> None:
    """Trains the first stage of a system as a separate run, evaluates it and saves its networks.

    Args:
        stage: the first stage.
        options: options of the first stage.
        data: data of the system.
        folder: folder of the run.
        title: what is trained, for messages.

    Raises:
        Stopped: a signal stopped it; the same command resumes it.
    """
    trainer = build_trainer(options, data, stage.trainer)
    run = open_run_folder(trainer, folder, title, free=stage.data_options)
    suite = suite_of(trainer, run)
    recording.train_dependency(trainer, run, title, statistics=suite.statistics, sheet=suite.sheet)
    finish(trainer, suite, run, {})


def open_run_folder(
    trainer: Trainer,
    folder: Path,
    command: str,
    overwrite: bool = False,
    free: Iterable[str] = (),
) -> Run:
    """Makes the folder of a run, or opens an existing one to resume it.

    Args:
        trainer: trainer of the run.
        folder: folder of the run.
        command: the command line, which is shown on the page.
        overwrite: whether to delete an existing run.
        free: further options that may differ from those of an existing run.

    Raises:
        UsageError: the existing run has other options.
    """
    options = trainer.options
    run = Run.open(
        folder, options.to_dict(), command, overwrite=overwrite,
        inert=config.inert_options(options.gan_type) | data_files.places(folder) | {*free},
        upgrade=config.upgraded,
    )  # fmt: skip
    run.write_data(trainer.data.facts.to_dict())
    if not free:  # a first stage is found by its data, of which some may be others
        data_files.keep(run.folder, trainer.data)
    if needed := trainer.system.needs_frozen:  # from now on the run can be opened
        save_models({name: trainer.frozen[name] for name in needed}, run.models)
    return run


def build_trainer(
    options: Options, data: Data, trainer_type: type[Trainer] | None = None
) -> Trainer:
    """Builds the trainer of a run; trains missing classifiers and first stages before.

    Args:
        options: options of the run.
        data: the result of `load_data`.
        trainer_type: class of the trainer; None for that of the options.

    Raises:
        UserError: as `Trainer.training_data`, `Trainer.prepare` and the constructor.
    """
    trainer_type = trainer_type or trainer_class(options)
    trainer_type.check(options)
    store = classifier_store()
    trainer_type.training_data(options, data)  # raises its errors before anything is trained
    evaluators = prepare(trainer_type.system_class, options, data, store)
    frozen = trainer_type.prepare(options, data, Preparation(store, train_stage))
    # Evaluators are built first: the seeds of networks depend on how many were built before.
    makers = evaluators | dict(frozen.makers)
    return trainer_type(options, data, dataclasses.replace(frozen, makers=makers))


def suite_of(trainer: Trainer, run: Run | None = None) -> Suite:
    """Returns the evaluations of a system in training; without `run` they write no sheets."""
    return Suite(_subject(trainer, trainer.data, run))


def _subject(trainer: Trainer, data: Data, run: Run | None = None) -> Subject:
    return Subject(
        trainer.system, data, chief_store(), trainer.frozen,
        step=lambda: int(trainer.step), run=run, held_out_terms=trainer.held_out_terms,
    )  # fmt: skip


def check_metric(options: Options) -> None:
    """Refuses a metric of --keep_best that nobody has described, or that has no better direction.

    Raises:
        UsageError: it has not; the text suggests others.
    """
    name = options.keep_best
    if name is None:
        return
    about = metrics.describe(name)
    if about is None:
        known = [each.name for each in metrics.DESCRIPTIONS if each.better]
        raise UsageError(f"--keep_best {name}: {flags.suggest(name, known)}")
    if about.better is None:
        raise UsageError(
            f"--keep_best {name}: neither higher nor lower values of it are better; choose a "
            f"metric with a direction, see `{program()} evaluate --help`"
        )


def evaluation_of(trainer: Trainer) -> recording.Evaluation | None:
    """Returns the evaluation of --evaluate_every; None without this option.

    Raises:
        UsageError: this run does not have the metric of --keep_best.
    """
    options = trainer.options
    if not options.evaluate_every:
        return None
    subject = _subject(trainer, halves.to_choose(options, trainer.data))
    subject.classifiers, subject.quiet = LoadedClassifiers(train_classifier), True
    if options.keep_best:
        subject.draw = halves.DRAW
    suite = Suite(subject)

    def measure() -> dict[str, float]:
        values = {name: metric["value"] for name, metric in suite.metrics().items()}
        return {name: value for name, value in values.items() if isinstance(value, int | float)}

    # Evaluators are trained now, where a signal loses nothing, and errors occur before training.
    known = {name: about.better for name in measure() if (about := metrics.describe(name))}
    if options.keep_best is None:
        return recording.Evaluation(measure)
    better = known.get(options.keep_best)
    if better is None:
        usable = ", ".join(name for name, direction in known.items() if direction)
        raise UsageError(
            f"--keep_best {options.keep_best}: this run does not have this metric; "
            + (f"it has {usable}" if usable else "it has none: they need more held-out images")
        )
    return recording.Evaluation(measure, better)


def fit(
    trainer: Trainer,
    suite: Suite,
    run: Run,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    evaluation: recording.Evaluation | None = None,
) -> int:
    """Trains a run and, if no signal stops it, finishes it; returns the exit code of `Loop.run`."""
    code = recording.train(
        trainer, run, statistics=suite.statistics, sheet=suite.sheet, evaluation=evaluation,
        callbacks=callbacks,
    )  # fmt: skip
    if not code:
        finish(trainer, suite, run, published(trainer.options))
    return code


def finish(trainer: Trainer, suite: Suite, run: Run, published: dict[str, float]) -> None:
    """Saves the networks of a finished run, evaluates it and writes its page.

    With --keep_best the networks and metrics are those of the best checkpoint.
    """
    with best.state(trainer, run) as origin:
        save_models(trainer.models(), run.models)
        run.save_origin(origin)
        if trainer.options.keep_best:
            data = halves.to_measure(trainer.options, trainer.data)
            suite = Suite(_subject(trainer, data, run))
        evaluate(suite, run, trainer.options, published)


def published(options: Options) -> dict[str, float]:
    """Returns the published values of metrics for the preset of a run, by metric."""
    preset = presets.PRESETS.get(options.preset)  # an older version may have had other presets
    return preset.published if preset else {}


def evaluate(suite: Suite, run: Run, options: Options, published: dict[str, float]) -> None:
    """Evaluates a trained system; writes metrics.json, figures and the page; prints the metrics.

    Args:
        suite: evaluations of the system.
        run: open folder of the run.
        options: options of the run.
        published: published values of metrics, which the page shows beside ours.
    """
    results = halves.explained(options, suite.metrics())
    if results:
        run.save_metrics(results)
    else:
        run.forget_metrics()
        if options.eval_pairs != 0:
            run.note(
                "no metrics: they need two held-out images of each domain, and labels, --lpips_net "
                "or, for photographs, --kid_features inception"
            )
    suite.figures()
    run.plots()
    page = run.report(published, metrics.describe)
    for line in metric_lines(results):
        run.note(line)
    run.note(f"see {page}")


def metric_lines(results: dict[str, dict[str, Any]]) -> list[str]:
    """Returns a line for each metric that is a number, with its interval."""
    lines = []
    for name, metric in results.items():
        if isinstance(metric["value"], int | float):
            limits = metric["ci95"]
            interval = f"  [{limits[0]:.3f}, {limits[1]:.3f}]" if limits else ""
            lines.append(f"{name} {metric['value']:.3f}{interval}")
    return lines


def callbacks_of(options: Options, run: Run) -> list[keras.callbacks.Callback]:
    """Returns the Keras callbacks of --logger."""
    if options.logger == "csv":
        return []
    from framework.engine.tensorboard import Events

    return [Events(run)]
