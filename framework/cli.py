"""Commands: train (the default), list, evaluate, sample, walk, doctor; the one that knows all.

TensorFlow is imported only after the options are known to be right.
"""

import argparse
import contextlib
import dataclasses
import importlib
import itertools
import os
import shlex
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import framework.signals  # noqa: F401 - starts the clock of --max_time
from framework import cluster, config, flags, presets
from framework.config import Options
from framework.errors import MissingError, UsageError, UserError, WorkerLost, out_of_memory


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command line.

    Returns:
        Exit code: 0 done, 1 failure, 2 usage, 3 data or weights missing, 4 diverged, 75 and 130
        stopped by SIGTERM and SIGINT with everything saved.
    """
    argv = list(sys.argv[1:] if argv is None else argv)
    try:
        if argv[:1] != ["doctor"]:  # which tells of this itself
            _check_backend()
        if not argv or argv[0].startswith("-"):
            return train(argv)
        if argv[0] not in COMMANDS:
            raise UsageError(f"unknown command {argv[0]}: {flags.suggest(argv[0], COMMANDS)}")
        return COMMANDS[argv[0]](argv[1:])
    except UserError as error:
        print(f"main.py: {error}", file=sys.stderr)
        return error.code
    except BrokenPipeError:  # `| head` has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        if error.filename is None:
            raise
        print(f"main.py: {error.filename}: {error.strerror}", file=sys.stderr)
        return UserError.code
    except KeyboardInterrupt:
        print("main.py: interrupted; what is in a checkpoint stays", file=sys.stderr)
        return 130


def _check_backend() -> None:
    if os.environ.get("KERAS_BACKEND", "tensorflow") != "tensorflow":
        raise UserError(
            f"KERAS_BACKEND={os.environ['KERAS_BACKEND']}: this project runs on TensorFlow; "
            "unset it or set it to tensorflow"
        )


def _load_tensorflow() -> None:
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


def train(argv: Sequence[str]) -> int:
    """Trains, evaluates and writes the page; the same command resumes."""
    options = config.parse(argv)
    if options.dry_run:
        return _dry_run(options)
    from framework.results import Run, locked

    if cluster.workers() > 1 and options.devices != "auto":
        raise UsageError(f"--devices {options.devices}: several workers use all their devices")
    place = Path(options.results_dir) / options.name, options.to_dict()
    how = dict(overwrite=options.overwrite, inert=config.inert_options(options.gan_type))
    Run.check(*place, **how)
    chief = cluster.is_chief()
    with locked(place[0]) if chief else contextlib.nullcontext(), _tensorflow(options):
        trainer = _trainer(options, _data(options))
        trainer.follows = place[0] / "checkpoints"
        if chief:  # opened, or emptied, only when nothing can be wrong with the options any more
            trainer.run = Run.open(*place, "python main.py " + shlex.join(argv), **how)
        code = trainer.fit()
        if chief:
            _finish(trainer, code)
        trainer.agree(code)  # the other workers wait until the chief has finished
        return code


def _finish(trainer, stopped: int) -> None:
    """Models, metrics and page of a finished run; the page alone of one that a signal stopped."""
    if not stopped:
        trainer.save_models()
        _assess(trainer)
        return
    trainer.run.report(_published(trainer.options))
    step = int(trainer.step)
    trainer.run.note(f"stopped at iteration {step}, saved; the same command resumes")


def _dry_run(options: Options) -> int:
    with _tensorflow(options):
        from framework import dry_run

        dry_run.show(_trainer(options, _data(options)))
    return 0


@contextlib.contextmanager
def _tensorflow(options: Options) -> Iterator[None]:
    """Loads TensorFlow, joins a cluster; what goes wrong with either inside is a UserError."""
    _load_tensorflow()
    import tensorflow as tf

    if cluster.workers() > 1:
        from framework import devices

        devices.of_all_workers()
    try:
        yield
    except (MemoryError, tf.errors.ResourceExhaustedError) as error:
        raise out_of_memory(options) from error
    except (tf.errors.UnavailableError, tf.errors.InternalError, tf.errors.AbortedError) as error:
        if cluster.workers() == 1:
            raise
        raise WorkerLost(
            "another worker stopped answering: start all of them again, as many as you like; the "
            "run goes on from its newest checkpoint"
        ) from error


def _module(options: Options):
    return importlib.import_module(f"framework.{options.gan_type}_trainer")


def _data(options: Options):
    """The data of a system, pruned by a trained classifier if its pair asks for it."""
    from framework import data

    loaded = data.load(options, _module(options).Trainer.contract)
    pair = data.PAIRS.get(getattr(options, "cogan_data", ""))
    if options.dry_run or not (pair and pair.prune_by_classifier):
        return loaded
    from framework import classifier_trainer

    settings = classifier_trainer.for_semantic_loss(options, iterations=2000)
    net = classifier_trainer.ready(settings, loaded.labelled())()
    kept = data.prune(loaded.domains[1], lambda x: classifier_trainer.probabilities(net, x))
    dropped = len(loaded.domains[1].images) - len(kept.images)
    print(f"pruned {dropped} images of {kept.name} that the classifier is unsure of")
    return dataclasses.replace(loaded, domains=(loaded.domains[0], kept))


def _trainer(options: Options, data, run=None):
    return _module(options).Trainer(options, data, run)


def _published(options: Options) -> dict[str, float]:
    return presets.PRESETS[options.preset].published if options.preset else {}


def _assess(trainer) -> None:
    """Measures the trained system, writes metrics.json and the page, prints the main figures."""
    run, metrics = trainer.run, trainer.metrics()
    if metrics:
        run.save_metrics(metrics)
    run.plots()
    page = run.report(_published(trainer.options))
    for name, metric in metrics.items():
        if isinstance(metric["value"], int | float):
            low_high = metric["ci95"]
            interval = f"  [{low_high[0]:.3f}, {low_high[1]:.3f}]" if low_high else ""
            run.note(f"{name} {metric['value']:.3f}{interval}")
    run.note(f"see {page}")


def _parser(command: str, help: str, run: bool = True) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(f"main.py {command}", description=help, allow_abbrev=False)
    if run:
        parser.add_argument("run", metavar="RUN", help="run folder, such as results/demo")

    def refuse(message: str) -> None:
        raise UsageError(message)

    parser.error = refuse
    return parser


def _restored(folder: str, **changes):
    """The trainer of a run folder with its newest weights and some options changed."""
    from framework.results import Run

    _load_tensorflow()
    run = Run.load(Path(folder))
    options = dataclasses.replace(config.from_dict(run.config), **changes)
    trainer = _trainer(options, _data(options), run)
    trainer.restore()
    return trainer


def _sampler(folder: str):
    """The trainer of a run that can draw samples; its frozen nets, not needed, are not trained."""
    trainer = _restored(folder, dry_run=True)
    if not trainer.averaged:
        raise UsageError(f"{folder}: a {trainer.options.gan_type} has no samples")
    return trainer


def list_all(argv: Sequence[str]) -> int:
    """Prints systems, data sets, pairs and presets."""
    _parser("list", list_all.__doc__, run=False).parse_args(argv)
    _load_tensorflow()
    from framework import data

    tables = {
        "systems (--gan_type)": {name: config.docstring(name) for name in config.systems()},
        "pairs (--cogan_data)": {name: pair.help for name, pair in data.PAIRS.items()},
        "data sets (--dataset)": {name: source.help for name, source in data.SOURCES.items()},
        "presets (--preset)": {name: preset.help for name, preset in presets.PRESETS.items()},
    }
    for title, rows in tables.items():
        print(f"\n{title}")
        for name, help in rows.items():
            print(f"  {name:20} {help}")
    return 0


def evaluate(argv: Sequence[str]) -> int:
    """Measures a run's newest weights; writes metrics.json and the page."""
    parser = _parser("evaluate", evaluate.__doc__)
    parser.add_argument("--n", type=int, default=2000, help="samples [2000]")
    args = parser.parse_args(argv)
    if args.n < 2:
        raise UsageError(f"--n {args.n}: must be at least 2")
    _assess(_restored(args.run, eval_pairs=args.n))
    return 0


def sample(argv: Sequence[str]) -> int:
    """Draws samples: one sheet (PNG) and one array (npy) in [-1, 1] per domain, row i a pair."""
    import numpy as np

    parser = _parser("sample", sample.__doc__)
    parser.add_argument("--n", type=int, default=64, help="samples [64]")
    parser.add_argument("--seed", type=int, default=0, help="of the latent vectors [0]")
    args = parser.parse_args(argv)
    if args.n < 1:
        raise UsageError(f"--n {args.n}: must be at least 1")
    trainer = _sampler(args.run)
    images = trainer.sample(trainer.fixed_latent(args.n, args.seed))
    name = f"sample_{args.n}_seed{args.seed}"
    print(trainer.run.sheet(tuple(part[:256] for part in images), name))
    for i, part in enumerate(images):
        path = trainer.run.samples / f"{name}_domain{i + 1}.npy"
        np.save(path, part)
        print(path)
    return 0


def walk(argv: Sequence[str]) -> int:
    """Walks between latent vectors (slerp); each row of domain 1 has its partner in domain 2."""
    import numpy as np

    from framework.utils import slerp

    parser = _parser("walk", walk.__doc__)
    parser.add_argument("--n", type=int, default=4, help="walks [4]")
    parser.add_argument("--steps", type=int, default=10, help="images per walk [10]")
    parser.add_argument("--seed", type=int, default=0, help="of the latent vectors [0]")
    args = parser.parse_args(argv)
    if args.n < 1 or args.steps < 2:
        raise UsageError("--n must be at least 1 and --steps at least 2")
    trainer = _sampler(args.run)
    ends = trainer.fixed_latent(2 * args.n, args.seed)
    path = [slerp(*ends[2 * i : 2 * i + 2], args.steps) for i in range(args.n)]
    images = trainer.sample(np.concatenate(path).astype("float32"))
    print(trainer.run.sheet(images, f"walk_{args.n}_seed{args.seed}", rows=args.n))
    return 0


def doctor(argv: Sequence[str]) -> int:
    """Looks at this machine: each line is `ok ...` or `-- ...: what to do`.

    Exit code 3 when something needed is missing: Python and packages of the right versions, the
    built-in data, a place to write with 1 GB of room, and the data of --cogan_data if given.
    """
    parser = _parser("doctor", doctor.__doc__, run=False)
    parser.add_argument("--data_dir", default=Options.data_dir, help="[%(default)s]")
    parser.add_argument("--results_dir", default=Options.results_dir, help="[%(default)s]")
    parser.add_argument("--cogan_data", default="", help="pair whose data is needed")
    args = parser.parse_args(argv)
    from framework import doctor as doctors

    worst, lines = 0, list(doctors.environment())
    with contextlib.suppress(ImportError):  # it will be told below
        _load_tensorflow()
    examined = doctors.examine(args.data_dir, args.results_dir, args.cogan_data)
    for line in itertools.chain(lines, examined):
        print(line, flush=True)
        worst = max(worst, MissingError.code if line.needed and line.remedy else 0)
    return worst


COMMANDS = {
    "list": list_all,
    "evaluate": evaluate,
    "sample": sample,
    "walk": walk,
    "doctor": doctor,
}
