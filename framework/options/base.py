"""Options as frozen dataclasses: `option` declares one, `Options` holds those of every system.

The options of a system are the class `Options` in `<system>.py`. Never imports TensorFlow.
"""

import dataclasses
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from framework.errors import UsageError
from framework.options import flags
from framework.options.conditions import ON, conditions, unmet

LARGEST_SEED = 2**31
FIRST_VERSION = "0.1"
LPIPS_NETS = ("alex", "vgg", "squeeze")
CLASSIFIERS = ("thesis", "strided", "pooled")  # architectures in `nets.classifier`


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
    only_if: Mapping[str, Any] | None = None,
    since: str = FIRST_VERSION,
) -> Any:
    """Declares an option: a dataclass field whose type is the type of `default` (None: text).

    Args:
        default: value when neither a preset nor the command line gives one.
        help: text for `--help`.
        group: title under which `--help` lists the flag.
        choices: the values allowed; empty for any.
        low: smallest number allowed.
        high: largest number allowed.
        aliases: other names of the flag, without dashes.
        inert: whether the option has no influence on what is learned; a resumed run may change it.
        only_if: other options (or properties) -> values without which this option has no effect
            and is refused on the command line: `ON` (any value but None, False, 0, "none" and
            "constant"), a value, a tuple of values, or an `Allowed`. All must be fulfilled.
        since: version of this project that added the option. Its default must then be what earlier
            versions did, so that their runs can be resumed.
    """
    kind = str if default is None else type(default)
    metadata = dict(help=help, group=group, choices=tuple(choices), low=low, high=high)
    metadata |= dict(aliases=tuple(aliases), inert=inert, kind=kind)
    metadata |= dict(only_if=conditions(only_if or {}), since=since)
    return dataclasses.field(default=default, metadata=metadata)


def inherited(parent: type["Options"], name: str, only_if: Mapping[str, Any]) -> Any:
    """Declares an option again as in a parent class, with further conditions."""
    field = parent.__dataclass_fields__[name]
    both = field.metadata["only_if"] | conditions(only_if)
    return dataclasses.field(default=field.default, metadata={**field.metadata, "only_if": both})


@dataclasses.dataclass(frozen=True)
class Options:
    """Options of every system."""

    # Data sets that are read from --domain1 and --domain2.
    FOLDERS: ClassVar[tuple[str, ...]] = ("folder", "audio")
    # Whether the system itself mirrors images for --flip, and not the stream of batches.
    flips_itself: ClassVar[bool] = False

    gan_type: str = option(
        "cogan", "system to train: a name that the command `list` shows, or the dotted name of "
        "your own module, such as my_package.my_module", "run",
    )  # fmt: skip
    preset: str | None = option(
        None, "named set of options; the command `list` shows all", "run", inert=True
    )
    name: str | None = option(
        None, "name of the run folder in --results_dir (default: made from the options given)",
        "run", inert=True,
    )  # fmt: skip
    results_dir: str = option(
        "results", "folder that contains the run folders", "run", aliases=("dir",), inert=True
    )
    overwrite: bool = option(
        False, "delete an existing run of the same name and start again", "run", inert=True
    )
    dry_run: bool = option(
        False, "show networks, speed, memory use and expected end time, without writing a run",
        "run", inert=True,
    )  # fmt: skip
    seed: int = option(2020, "seed of all random numbers", "run", low=0, high=LARGEST_SEED)
    devices: str = option(
        "auto", "auto (all GPUs, or the CPU if there is none), cpu, or a list such as GPU:0,GPU:1",
        "run", inert=True,
    )  # fmt: skip

    data_dir: str = option(
        "data", "folder from which data sets are read and to which they are downloaded", "data",
        inert=True,
    )  # fmt: skip
    image_size: int = option(
        32, "height and width of the images in pixels", "data", low=8, high=1024
    )
    folder: str | None = option(
        None, "folder with your images: a sub-folder for each domain, or trainA and trainB; for a "
        "system of one domain, the images themselves. --data DIR means the same", "data",
        since="0.2",
    )  # fmt: skip
    domain1: str | None = option(
        None, "folder with the files of domain 1 (with --data folder or audio)", "data"
    )
    domain2: str | None = option(
        None, "folder with the files of domain 2 (with --data folder or audio)", "data"
    )
    flip: bool = option(
        False, "mirror each training image left-right with probability 1/2", "data", since="0.2"
    )
    random_crop: float = option(
        1.0, "enlarge each training image by this factor and cut a window of --image_size out of "
        "it at random; 1: off (CycleGAN and pix2pix: 1.117, from 256 to 286 pixels)", "data",
        low=1, high=4, since="0.2",
    )  # fmt: skip

    iterations: int = option(
        5000, "training iterations (the thesis calls them epochs)", "training", low=1,
        aliases=("epochs",), inert=True,
    )  # fmt: skip
    batch_size: int = option(128, "images per domain and update, all devices", "training", low=1)
    accumulate: int = option(
        1, "batches whose gradients are averaged for one update", "training", low=1
    )
    mixed_precision: str = option(
        "no", "lower precision for the computations of the layers; no: float32", "training",
        choices=("no", "bfloat16", "float16"),
    )  # fmt: skip
    jit: bool = option(False, "compile the training step with XLA (useful on GPUs)", "training")
    fast_layers: bool = option(
        True,
        "on a CPU, compute some layers by faster operations that are mathematically equal",
        "training",
    )
    deterministic: bool = option(
        False, "use only operations that give identical results every time, also on a GPU",
        "training",
    )  # fmt: skip
    clip_norm: float = option(
        0.0, "largest norm of the gradient of a phase, over all its weights; 0: no limit",
        "optimisers", low=0,
    )  # fmt: skip
    nan_policy: str = option(
        "stop", "what to do when a loss is not finite: end the run (stop), omit the update (skip), "
        "or return to the last checkpoint and use other random numbers (rollback)", "training",
        choices=("stop", "skip", "rollback"), inert=True,
    )  # fmt: skip
    max_time: str | None = option(
        None, "time from the start, such as 3h30m, after which the run saves its state and stops "
        "with exit code 75",
        "training", inert=True,
    )  # fmt: skip
    init_from: str | None = option(
        None, "folder of another run; this run starts from the weights of its networks that have "
        "the same names and shapes, discriminators too, but not from its optimisers. (--pretrained "
        "is for the first stage of a system with two stages)", "training", since="0.2",
    )  # fmt: skip
    steps_per_call: int = option(
        1, "iterations per call of the compiled training step", "training", low=1, inert=True
    )

    log_every: int = option(
        50, "iterations between rows of history.csv", "output", low=1, inert=True
    )
    logger: str = option(
        "csv", "log to history.csv alone, or to TensorBoard event files too", "output",
        choices=("csv", "tensorboard"), inert=True,
    )  # fmt: skip
    sheet_every: int = option(
        500, "iterations between sample sheets", "output", low=1, inert=True,
        aliases=("images_while_training",),
    )  # fmt: skip
    save_every: int = option(1000, "iterations between checkpoints", "output", low=1, inert=True)
    keep: int = option(
        2, "number of checkpoints that are kept, the newest ones", "output", low=1, inert=True
    )
    num_samples_to_gen: int = option(
        8, "samples per domain on a sheet", "output", low=1, high=1024, inert=True
    )
    eval_pairs: int = option(
        2000, "samples for the metrics at the end of the run; 0: no metrics", "output", low=0,
        inert=True,
    )  # fmt: skip
    evaluate_every: int = option(
        0, "iterations after which the metrics are computed again and written to metrics.csv; 0: "
        "only at the end", "output", low=0, inert=True, only_if=dict(eval_pairs=ON),
        since="0.2",
    )  # fmt: skip
    keep_best: str | None = option(
        None, "name of a metric, such as pair_accuracy. The checkpoint with its best value is "
        "kept; the saved networks and the final metrics are those of this checkpoint. One half of "
        "the held-out images is used to choose it, the other half for the final metrics",
        "output", inert=True, only_if=dict(evaluate_every=ON), since="0.2",
    )  # fmt: skip
    evaluator_arch: str = option(
        "strided", "architecture of the evaluator, the classifier that metrics are computed with",
        "output", choices=CLASSIFIERS, inert=True,
    )  # fmt: skip
    evaluator_iterations: int = option(
        2000, "training updates of the evaluator, which is trained once per data set and kept",
        "output", low=1, inert=True,
    )  # fmt: skip

    def __post_init__(self) -> None:
        """Checks every value. Raises UsageError."""
        for field in dataclasses.fields(self):
            _check(field, getattr(self, field.name))
        self.check()

    def check(self) -> None:
        """Checks values that must go together; a subclass extends it. Raises UsageError."""
        flags.duration(self.max_time)
        path = Path("run" if self.name is None else self.name)  # without a name, it is made later
        if not path.parts or ".." in path.parts or path.is_absolute():
            raise UsageError(f"--name {self.name!r}: must be a folder below --results_dir")
        data = getattr(self, "cogan_data", None) or getattr(self, "dataset", None)
        if (self.domain1 or self.domain2) and data not in self.FOLDERS:
            raise UsageError(f"--domain1, --domain2: --data is {data}; add --data folder")
        if self.folder and data != "folder":
            raise UsageError(f"--folder {self.folder}: --data is {data}; give one of them")
        if self.folder and (self.domain1 or self.domain2):
            raise UsageError(
                f"--data {self.folder} has all domains: leave --domain1 and --domain2 out, or use "
                "them with --data folder"
            )
        if self.random_crop > 1 and round(self.image_size * self.random_crop) == self.image_size:
            raise UsageError(
                f"--random_crop {self.random_crop}: does not enlarge {self.image_size} pixels; use "
                "a larger factor, or 1 for no crop"
            )
        if self.eval_pairs == 1:
            raise UsageError("--eval_pairs 1: must be at least 2, or 0 for no metrics")

    def check_given(self, given: Mapping[str, Any]) -> None:
        """Refuses options of a command line that would have no effect; a subclass extends it.

        Args:
            given: the options that the command line gives, by name.

        Raises:
            UsageError: an option of which a condition (`only_if`) is not fulfilled.
        """
        for field in dataclasses.fields(self):
            only_if = field.metadata["only_if"] if field.name in given else {}
            for name, allowed in only_if.items():
                if needed := unmet(allowed, getattr(self, name), name in given):
                    raise UsageError(f"--{field.name}: needs {needed}")

    @property
    def rates_end(self) -> int | None:
        """The iteration from which on all learning rates are 0; None if there is none."""
        return None

    def to_dict(self) -> dict[str, Any]:
        """Returns all options as plain values, in the order of `--help`."""
        return dataclasses.asdict(self)


def fields_only_if(options: type[Options], **wanted: Any) -> tuple[str, ...]:
    """Returns the names of the options that have these conditions, such as `stage=2`."""
    items = conditions(wanted).items()
    fields = dataclasses.fields(options)
    return tuple(field.name for field in fields if items <= field.metadata["only_if"].items())


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
        limit = f"at least {meta['low']}" if value < meta["low"] else f"at most {meta['high']}"
        raise UsageError(f"{flag} {value}: must be {limit}")
