"""Options as frozen dataclasses: flags, `--help`, checks and `config.json` follow from them.

Every system keeps its `Options` beside its `Trainer` in `<system>_trainer.py`. Importing such a
file means importing TensorFlow, which takes seconds, so `options_class` compiles only the class
statement: `--help` and every usage error answer at once. This module never imports TensorFlow.
"""

import ast
import dataclasses
import functools
import importlib
import json
import math
import re
import types
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from framework import flags, presets
from framework.errors import MissingError, UsageError

CLASSIFIERS = ("thesis", "strided", "pooled")
HERE = Path(__file__).parent


def option(
    default: Any,
    help: str,
    group: str,
    *,
    choices: Sequence[str] = (),
    low: float = -math.inf,
    high: float = math.inf,
    aliases: Sequence[str] = (),
    inert: bool = False,
) -> Any:
    """One flag as a dataclass field; its type is the type of `default` (None: text).

    Args:
        default: value when neither a preset nor the command line gives one.
        help: one line for `--help`.
        group: title under which `--help` lists the flag.
        choices: the values allowed; empty for any.
        low: smallest number allowed.
        high: largest number allowed.
        aliases: other names of the flag, without dashes.
        inert: no part of what is to be learned: a resumed run may differ in it.
    """
    kind = str if default is None else type(default)
    metadata = dict(help=help, group=group, choices=tuple(choices), low=low, high=high)
    metadata |= dict(aliases=tuple(aliases), inert=inert, kind=kind)
    return dataclasses.field(default=default, metadata=metadata)


@dataclasses.dataclass(frozen=True)
class Options:
    """What every system can be told."""

    gan_type: str = option("cogan", "which system to train; see `main.py list`", "run")
    preset: str | None = option(None, "named set of options; see `main.py list`", "run", inert=True)
    name: str | None = option(
        None, "run folder below --results_dir (default: named after the options)", "run", inert=True
    )
    results_dir: str = option(
        "results", "where run folders are made", "run", aliases=("dir",), inert=True
    )
    overwrite: bool = option(False, "delete the run of that name and start anew", "run", inert=True)
    dry_run: bool = option(
        False, "show networks, speed, memory and expected end; write nothing", "run", inert=True
    )
    seed: int = option(2020, "everything random follows from it", "run", low=0)
    devices: str = option(
        "auto", "auto (all GPUs, else the CPU), cpu, or a list such as GPU:0,GPU:1", "run",
        inert=True,
    )  # fmt: skip

    data_dir: str = option("data", "where data sets are looked for and kept", "data", inert=True)
    image_size: int = option(32, "height and width in pixels", "data", low=8, high=1024)
    domain1: str | None = option(None, "image folder of domain 1 (`folder` data)", "data")
    domain2: str | None = option(None, "image folder of domain 2 (`folder` data)", "data")

    iterations: int = option(
        5000, "generator updates (the thesis calls them epochs)", "training", low=1,
        aliases=("epochs",), inert=True,
    )  # fmt: skip
    batch_size: int = option(128, "images per domain and update, all devices", "training", low=1)
    accumulate: int = option(
        1, "batches per update, which is that of one batch as large as all", "training", low=1
    )
    mixed_precision: str = option(
        "no", "precision of the matrix work", "training", choices=("no", "bfloat16", "float16")
    )
    jit: bool = option(False, "compile the step with XLA (for GPUs)", "training")
    fast_layers: bool = option(
        True,
        "on a CPU, compute some layers by faster operations of the same mathematics",
        "training",
    )
    deterministic: bool = option(
        False, "only operations that give the same bits every time, also on a GPU", "training"
    )
    clip_norm: float = option(
        0.0, "largest norm of a phase's gradient over all its weights; 0: any", "optimisers", low=0
    )
    nan_policy: str = option(
        "stop", "a loss that is not finite ends the run, leaves the update out, or goes back to "
        "the last checkpoint and on with other random numbers", "training",
        choices=("stop", "skip", "rollback"), inert=True,
    )  # fmt: skip
    max_time: str | None = option(
        None, "save and stop (exit code 75) so long after the start, such as 3h30m", "training",
        inert=True,
    )  # fmt: skip
    steps_per_call: int = option(
        1, "iterations per call of the compiled step", "training", low=1, inert=True
    )

    log_every: int = option(
        50, "iterations between rows of history.csv", "output", low=1, inert=True
    )
    sheet_every: int = option(
        500, "iterations between sample sheets", "output", low=1, inert=True,
        aliases=("images_while_training",),
    )  # fmt: skip
    save_every: int = option(1000, "iterations between checkpoints", "output", low=1, inert=True)
    keep: int = option(2, "checkpoints kept", "output", low=1, inert=True)
    num_samples_to_gen: int = option(
        8, "samples per domain on a sheet", "output", low=1, high=1024, inert=True
    )
    eval_pairs: int = option(
        2000, "samples for the metrics at the end; 0 for none", "output", low=0, inert=True
    )
    evaluator_arch: str = option(
        "strided", "net of the evaluator", "output", choices=CLASSIFIERS, inert=True
    )
    evaluator_iterations: int = option(
        2000, "updates of the evaluator, trained once per data set and kept", "output", low=1,
        inert=True,
    )  # fmt: skip

    def __post_init__(self) -> None:
        """Checks every value. Raises UsageError."""
        for field in dataclasses.fields(self):
            _check(field, getattr(self, field.name))
        self.check()

    def check(self) -> None:
        """Checks what one option alone cannot show; a system extends it. Raises UsageError."""
        flags.duration(self.max_time)
        if self.eval_pairs == 1:
            raise UsageError("--eval_pairs 1: 0 for no metrics, else at least 2")

    def to_dict(self) -> dict[str, Any]:
        """All options as plain values, in the order of `--help`."""
        return dataclasses.asdict(self)


@dataclasses.dataclass(frozen=True)
class Adversarial(Options):
    """What every system with a discriminator can be told (thesis 2.6, 6)."""

    loss: str = option(
        "ce", "adversarial loss", "adversary",
        choices=("ce", "lsgan", "hinge", "wgan", "minimax"),
    )  # fmt: skip
    disc_penalty: str = option(
        "none", "gradient penalty of the discriminators", "adversary",
        choices=("none", "wgan-gp", "r1", "dragan"),
    )  # fmt: skip
    penalty_weight_d: float = option(10.0, "weight of --disc_penalty", "adversary", low=0)
    penalty_every: int = option(
        1, "iterations between penalties, each then weighted as many times", "adversary", low=1
    )
    disc_iters: int = option(1, "discriminator updates per iteration", "adversary", low=1)
    clip: float = option(0.01, "weight limit of a wgan critic without penalty", "adversary", low=0)
    lr_d: float = option(2e-4, "learning rate of the discriminators", "optimisers", low=0)
    lr_g: float = option(2e-4, "learning rate of the generators", "optimisers", low=0)
    lr_schedule: str = option(
        "constant", "how learning rates fall: to 0, or exponentially to a half again and again",
        "optimisers", choices=("constant", "linear", "cosine", "exponential"),
    )  # fmt: skip
    lr_decay_start: int = option(0, "iteration at which they begin to fall", "optimisers", low=0)
    lr_decay_length: int = option(
        5000, "iterations of the fall, or of each halving", "optimisers", low=1
    )
    b1: float = option(0.5, "Adam's beta 1", "optimisers", low=0, high=0.9999)
    b2: float = option(0.999, "Adam's beta 2", "optimisers", low=0, high=0.999999)
    optim_d: str = option(
        "adam", "optimiser of the discriminators", "optimisers", choices=("adam", "sgd", "rms")
    )
    optim_g: str = option(
        "adam", "optimiser of the generators", "optimisers", choices=("adam", "sgd", "rms")
    )
    ema: float = option(
        0.0, "decay of the averaged generator used for samples; 0 for none", "optimisers",
        low=0, high=0.99999,
    )  # fmt: skip
    noise_dim: int = option(100, "length of the latent vector z", "nets", low=1)
    noise_type: str = option("uniform", "law of z", "nets", choices=("uniform", "normal"))
    width: float = option(1.0, "factor on hidden widths; 1 is the thesis", "nets", low=0.001)
    prelu: str = option(
        "channel", "slopes of PReLU per", "nets", choices=("channel", "element", "layer")
    )
    weight_init: str = option(
        "xavier", "initial kernels", "nets", choices=("normal", "xavier", "he")
    )
    bias_init: float = option(0.1, "initial biases", "nets")
    weight_decay: float = option(0.0, "c in c * sum(kernel^2), added to each loss", "nets", low=0)


def _check(field: dataclasses.Field, value: Any) -> None:
    meta, flag = field.metadata, f"--{field.name}"
    if value is None and field.default is None:
        return
    right = isinstance(value, meta["kind"]) or (meta["kind"] is float and type(value) is int)
    if not right or (type(value) is bool and meta["kind"] is not bool):
        raise UsageError(f"{flag} {value}: expected {flags.kind_name(meta['kind'])}")
    if meta["choices"] and value not in meta["choices"]:
        raise UsageError(f"{flag} {value}: choose from {', '.join(meta['choices'])}")
    if isinstance(value, float) and not math.isfinite(value):
        raise UsageError(f"{flag} {value}: must be finite")
    if isinstance(value, int | float) and not meta["low"] <= value <= meta["high"]:
        side = f"at least {meta['low']}" if value < meta["low"] else f"at most {meta['high']}"
        raise UsageError(f"{flag} {value}: must be {side}")


def systems() -> list[str]:
    """Names of the systems: every `<name>_trainer.py` of this package, sorted."""
    return sorted(path.stem.removesuffix("_trainer") for path in HERE.glob("*_trainer.py"))


@functools.cache
def options_class(system: str) -> type[Options]:
    """The `Options` dataclass of a system, compiled without importing its module.

    Raises:
        UsageError: there is no such system.
    """
    if system not in systems():
        raise UsageError(f"--gan_type {system}: {flags.suggest(system, systems())}")
    path = HERE / f"{system}_trainer.py"
    tree = ast.parse(path.read_text())
    node = next(n for n in tree.body if isinstance(n, ast.ClassDef) and n.name == "Options")
    parents = {name.id for base in node.bases for name in ast.walk(base) if _is_trainer(name)}
    scope: dict[str, Any] = {
        parent: types.SimpleNamespace(Options=options_class(parent.removesuffix("_trainer")))
        for parent in parents
    }
    scope |= dict(__name__=__name__, config=_this_module(), dataclasses=dataclasses)
    scope |= dict(option=option, UsageError=UsageError)
    try:
        exec(compile(ast.Module([node], []), str(path), "exec"), scope)
    except NameError:  # it uses more of its module than stands here
        return importlib.import_module(f"framework.{system}_trainer").Options
    return scope["Options"]


def _is_trainer(node: ast.AST) -> bool:
    return isinstance(node, ast.Name) and node.id.endswith("_trainer")


def _this_module() -> types.SimpleNamespace:
    return types.SimpleNamespace(**globals())


def docstring(system: str) -> str:
    """First line of a system's module docstring, read without importing it."""
    tree = ast.parse((HERE / f"{system}_trainer.py").read_text())
    return (ast.get_docstring(tree) or "").splitlines()[0]


def parse(argv: Sequence[str]) -> Options:
    """Options of a training run: default < preset < command line.

    Raises:
        UsageError: unknown flag, system, preset or value.
    """
    given = vars(flags.parser(_all_fields()).parse_args(list(argv)))
    preset = _preset(given.get("preset"))
    system = given.get("gan_type") or preset.options.get("gan_type") or Options.gan_type
    known = _fields(system)
    for key in given:
        if key not in known:
            owners = " or ".join(name for name in systems() if key in _fields(name))
            raise UsageError(f"--{key} is for --gan_type {owners}, not for {system}")
    key = data_option(system)
    data = given.get(key) or preset.options.get(key) or known[key].default
    values = {k: v for k, v in preset.resolve(data).items() if k in known}
    values |= given | {"gan_type": system}
    changed = [name for name in given if not known[name].metadata["inert"] and name != "gan_type"]
    if "name" not in given and (changed or "name" not in values):
        values["name"] = default_name(values, given)  # a preset's own name is for it unchanged
    return options_class(system)(**values)


def _preset(name: str | None) -> presets.Preset:
    if name is not None and name not in presets.PRESETS:
        raise UsageError(f"--preset {name}: {flags.suggest(name, presets.PRESETS)}")
    return presets.PRESETS[name] if name else presets.Preset("", {})


def _fields(system: str) -> dict[str, dataclasses.Field]:
    return {field.name: field for field in dataclasses.fields(options_class(system))}


def _all_fields() -> dict[str, dict[str, dataclasses.Field]]:
    """Option name -> system -> field."""
    names = dict.fromkeys(name for system in systems() for name in _fields(system))
    return {n: {s: _fields(s)[n] for s in systems() if n in _fields(s)} for n in names}


def data_option(system: str) -> str:
    """Name of the option that chooses a system's data: `cogan_data` for pairs, else `dataset`."""
    return "cogan_data" if "cogan_data" in _fields(system) else "dataset"


def default_name(values: dict[str, Any], given: Iterable[str]) -> str:
    """Run folder named after what the command line asks for, so that the same command resumes."""
    system = values["gan_type"]
    fields, key = _fields(system), data_option(system)
    parts = [system, values.get(key, fields[key].default), values.get("preset")]
    for name, field in fields.items():
        if name in given and name not in ("gan_type", key) and not field.metadata["inert"]:
            value = values[name]
            parts.append(f"{name}_{value}" if value is not True else name)
    text = "-".join(str(part) for part in parts if part is not None)
    return re.sub(r"[^\w.+-]+", "_", text)[:150]


def inert_options(system: str) -> set[str]:
    """Names of the options in which a resumed run may differ from its first start."""
    return {name for name, field in _fields(system).items() if field.metadata["inert"]}


def from_dict(values: dict[str, Any]) -> Options:
    """Options from a `config.json`; keys this version does not know are refused (UsageError)."""
    system = values.get("gan_type", Options.gan_type)
    unknown = set(values) - set(_fields(system))
    if unknown:
        raise UsageError(f"config.json has options of another version: {', '.join(unknown)}")
    return options_class(system)(**values)


def load(path: Path) -> Options:
    """Options of an existing run folder's `config.json`. Raises MissingError."""
    try:
        return from_dict(json.loads(path.read_text()))
    except (OSError, json.JSONDecodeError) as error:
        raise MissingError(f"{path}: no readable run configuration ({error})") from None
