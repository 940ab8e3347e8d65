"""What commands share: parsers, TensorFlow loaded quietly, the trainer of options or of a run."""

import argparse
import contextlib
import dataclasses
import importlib
import os
from collections.abc import Iterator
from pathlib import Path

from framework import cluster, config, presets
from framework.config import Options
from framework.errors import UsageError, UserError, WorkerLost, out_of_memory
from framework.options import LARGEST_SEED

PLACES = {
    "devices": "as in training; of several the first is used",
    "data_dir": "where its data are now",
    "domain1": "its folder of domain 1",
    "domain2": "its folder of domain 2",
}


def parser(command: str, help: str, run: bool = True) -> argparse.ArgumentParser:
    """A parser whose mistakes are UsageErrors; with `run`, its first argument is a run folder."""
    parser = argparse.ArgumentParser(f"main.py {command}", description=help, allow_abbrev=False)
    if run:
        parser.add_argument("run", metavar="RUN", help="run folder, such as results/demo")
        for name, what in PLACES.items():
            parser.add_argument(f"--{name}", help=f"{what} [as the run was told]")

    def refuse(message: str) -> None:
        raise UsageError(message)

    parser.error = refuse
    return parser


def load_tensorflow() -> None:
    """Imports TensorFlow without the notes its libraries write to the stream while they load."""
    os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")
    if "TF_CPP_MIN_LOG_LEVEL" in os.environ:  # whoever sets it wants to read them
        return
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    kept = os.dup(2)
    with open(os.devnull, "w") as nothing:
        os.dup2(nothing.fileno(), 2)
    try:
        import tensorflow as tf

        tf.config.list_physical_devices()
    finally:
        os.dup2(kept, 2)
        os.close(kept)


@contextlib.contextmanager
def tensorflow(options: Options, training: bool = True) -> Iterator[None]:
    """Loads TensorFlow, joins a cluster; what goes wrong with either inside is a UserError."""
    load_tensorflow()
    import tensorflow as tf

    if options.devices == "cpu":  # else what no strategy places, such as sheets, goes to a GPU
        tf.config.set_visible_devices([], "GPU")
    if cluster.workers() > 1:
        from framework import devices

        devices.of_all_workers()
    try:
        yield
    except (MemoryError, tf.errors.ResourceExhaustedError) as error:
        if training:
            raise out_of_memory(options) from error
        raise UserError("out of memory: ask for fewer images, or add --devices cpu") from error
    except (tf.errors.UnavailableError, tf.errors.InternalError, tf.errors.AbortedError) as error:
        if cluster.workers() == 1:
            raise
        raise WorkerLost(
            "another worker stopped answering: start all of them again, as many as you like; the "
            "run goes on from its newest checkpoint"
        ) from error


def trainer_class(options: Options):
    """The `Trainer` of a system."""
    module = importlib.import_module(f"framework.{options.gan_type}_trainer")
    return module.Trainer.of(options)


def load_data(options: Options):
    """The data of a system, pruned by a trained classifier if its pair asks for it."""
    from framework import data

    contract, name = trainer_class(options).contract, config.data_option(options.gan_type)
    pair = data.PAIRS.get(getattr(options, name))
    pruned = pair and pair.prune_by_classifier
    if pruned and contract == "labelled_source":
        raise UsageError(f"--{name}: pruning reads labels of domain 2, which this system may not")
    loaded = data.load(options, contract)
    if options.dry_run or not pruned:
        return loaded
    from framework import classifier_trainer

    settings = classifier_trainer.settings(options, iterations=2000)
    net = classifier_trainer.ready(settings, loaded.labelled())()
    kept = data.prune(loaded.domains[1], lambda x: classifier_trainer.probabilities(net, x))
    dropped = len(loaded.domains[1].images) - len(kept.images)
    print(f"pruned {dropped} images of {kept.name} that the classifier is unsure of")
    return dataclasses.replace(loaded, domains=(loaded.domains[0], kept))


def build_trainer(options: Options, data, run=None):
    """The trainer of the system that the options name."""
    return trainer_class(options)(options, data, run)


def seed(text: str) -> int:
    """Type of a command's --seed: of the range that training takes."""
    if text.isdigit() and int(text) <= LARGEST_SEED:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text}: must be a whole number from 0 to {LARGEST_SEED}")


def places(args: argparse.Namespace) -> dict[str, str | None]:
    """What a command was told of the machine it runs on, for `restored`."""
    return {name: getattr(args, name) for name in PLACES}


@contextlib.contextmanager
def restored(folder: str, **changes):
    """The trainer of a run folder with its newest weights and some options changed, but for None.

    Nets that only taught it are left out. With `dry_run` evaluators are untrained, for what needs
    none.
    """
    from framework.results import Run

    if cluster.workers() > 1:
        raise UsageError("TF_CONFIG names several workers: this command runs on one; unset it")
    run = Run.load(Path(folder))
    options = config.from_dict(run.config | {"results_dir": str(run.folder.resolve().parent)})
    changes = {name: value for name, value in changes.items() if value is not None}
    for name in changes:
        if not hasattr(options, name):
            raise UsageError(f"--{name}: not for the {options.gan_type} of {folder}")
    if hasattr(options, "semantic_loss"):  # its nets teach and measure nothing
        changes |= dict(classifier_path=None, semantic_loss=False)
        changes |= dict(perceptual_weights=None, perceptual_loss=False)
    options = dataclasses.replace(options, **changes)
    with tensorflow(options, training=False):
        from framework import devices

        used = devices.names(options.devices)
        if len(used) > 1:  # a batch of the run's size need not be a multiple of what is here
            options = dataclasses.replace(options, devices=used[0])
        trainer = build_trainer(options, load_data(options), run)
        trainer.restore()
        yield trainer


@contextlib.contextmanager
def sampler(args: argparse.Namespace):
    """The trainer of a run that can draw samples; its frozen nets, not needed, are not trained."""
    with restored(args.run, dry_run=True, **places(args)) as trainer:
        if not hasattr(trainer.options, "noise_dim"):
            raise UsageError(f"{args.run}: a {trainer.options.gan_type} has no samples")
        yield trainer


def published(options: Options) -> dict[str, float]:
    """Metric name -> number in the literature, of the preset that was asked for."""
    preset = presets.PRESETS.get(options.preset)  # it may be of an older version
    return preset.published if preset else {}


def assess(trainer) -> None:
    """Measures the trained system, writes metrics.json and the page, prints the main figures."""
    run, metrics = trainer.run, trainer.metrics()
    if metrics:
        run.save_metrics(metrics)
    else:
        run.forget_metrics()
        if trainer.options.eval_pairs != 0:
            run.note(
                "nothing was measured: that takes two held-out images of each domain, and labels, "
                "--lpips_net or, of photographs, --kid_features inception"
            )
    trainer.figures()
    run.plots()
    page = run.report(published(trainer.options))
    for name, metric in metrics.items():
        if isinstance(metric["value"], int | float):
            low_high = metric["ci95"]
            interval = f"  [{low_high[0]:.3f}, {low_high[1]:.3f}]" if low_high else ""
            run.note(f"{name} {metric['value']:.3f}{interval}")
    run.note(f"see {page}")
