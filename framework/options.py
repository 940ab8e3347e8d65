"""The options as frozen dataclasses: those of every system and of the kinds of adversarial ones.

A system's own stand beside its `Trainer` in `<system>_trainer.py`. Never imports TensorFlow.
"""

import dataclasses
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

from framework import flags
from framework.errors import UsageError

LARGEST_SEED = 2**31
LPIPS_NETS = ("alex", "vgg", "squeeze")
CLASSIFIERS = ("thesis", "strided", "pooled")
LOSSES = ("ce", "lsgan", "hinge", "wgan", "minimax")  # of `losses.ADVERSARIAL`


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

    # Switch -> options that without it would be ignored without a word.
    NEEDS: ClassVar[dict[str, tuple[str, ...]]] = {}
    # Option and some of its values -> options that with any other value would be.
    ONLY: ClassVar[dict[tuple[str, tuple], tuple[str, ...]]] = {}
    FOLDERS = ("folder", "audio")  # data that are read from --domain1 and --domain2

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
        False, "show networks, speed, memory and expected end; write no run", "run", inert=True
    )
    seed: int = option(2020, "everything random follows from it", "run", low=0, high=LARGEST_SEED)
    devices: str = option(
        "auto", "auto (all GPUs, else the CPU), cpu, or a list such as GPU:0,GPU:1", "run",
        inert=True,
    )  # fmt: skip

    data_dir: str = option("data", "where data sets are looked for and kept", "data", inert=True)
    image_size: int = option(32, "height and width in pixels", "data", low=8, high=1024)
    domain1: str | None = option(None, "folder of domain 1 (`folder` and `audio` data)", "data")
    domain2: str | None = option(None, "folder of domain 2 (`folder` and `audio` data)", "data")

    iterations: int = option(
        5000, "iterations (the thesis calls them epochs)", "training", low=1,
        aliases=("epochs",), inert=True,
    )  # fmt: skip
    batch_size: int = option(128, "images per domain and update, all devices", "training", low=1)
    accumulate: int = option(
        1, "batches whose gradients are averaged into one update", "training", low=1
    )
    mixed_precision: str = option(
        "no", "precision of the matrix work", "training", choices=("no", "bfloat16", "float16")
    )
    jit: bool = option(False, "compile the step with XLA (meant for GPUs)", "training")
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
    logger: str = option(
        "csv", "tensorboard: its events too", "output", choices=("csv", "tensorboard"), inert=True
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
        path = Path("run" if self.name is None else self.name)  # it is found last
        if not path.parts or ".." in path.parts or path.is_absolute():
            raise UsageError(f"--name {self.name!r}: must be a folder below --results_dir")
        data = getattr(self, "cogan_data", None) or getattr(self, "dataset", None)
        if (self.domain1 or self.domain2) and data not in self.FOLDERS:
            raise UsageError(f"--domain1, --domain2: --data is {data}; add --data folder")
        if self.eval_pairs == 1:
            raise UsageError("--eval_pairs 1: 0 for no metrics, else at least 2")

    def check_asked(self, asked: dict[str, object]) -> None:
        """Refuses options of a command line that would be ignored. Raises UsageError."""
        for switch, names in self.NEEDS.items():
            off = getattr(self, switch) in (None, False, "none", "constant")
            for name in [name for name in names if off and name in asked and switch not in asked]:
                raise UsageError(f"--{name}: needs --{switch}")
        for (switch, values), names in self.ONLY.items():
            chosen = getattr(self, switch)
            for name in [name for name in names if chosen not in values and name in asked]:
                some = " or ".join(map(str, values))
                raise UsageError(f"--{name}: for --{switch} {some}, not for {chosen}")

    def to_dict(self) -> dict[str, Any]:
        """All options as plain values, in the order of `--help`."""
        return dataclasses.asdict(self)


@dataclasses.dataclass(frozen=True)
class Adversarial(Options):
    """What every system with a discriminator can be told (thesis 2.6, 6)."""

    NEEDS = dict(
        disc_penalty=("penalty_weight_d", "penalty_every"),
        lpips_net=("lpips_weights",),
        lr_schedule=("lr_decay_start", "lr_decay_length"),
    )

    loss: str = option("ce", "adversarial loss", "adversary", choices=LOSSES)
    disc_penalty: str = option(
        "none", "gradient penalty of the discriminators", "adversary",
        choices=("none", "wgan-gp", "r1", "dragan"),
    )  # fmt: skip
    penalty_weight_d: float = option(10.0, "weight of --disc_penalty", "adversary", low=0)
    penalty_every: int = option(
        1, "iterations between penalties, each then weighted as many times", "adversary", low=1
    )
    disc_iters: int = option(1, "discriminator updates per iteration", "adversary", low=1)
    clip: float = option(
        0.01, "weight limit of a wgan critic without penalty", "adversary", low=1e-6
    )
    lr_d: float = option(2e-4, "learning rate of the discriminators", "optimisers", low=0)
    lr_g: float = option(2e-4, "learning rate of the generators", "optimisers", low=0)
    lr_schedule: str = option(
        "constant", "how rates fall: to 0, or by halves, smoothly (exponential) or at once",
        "optimisers", choices=("constant", "linear", "cosine", "exponential", "step"),
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
    kid_features: str = option(
        "digit", "features that KID and FID compare: none, the evaluator's (digit), or Inception "
        "v3's for photographs, downloaded once", "output", choices=("none", "digit", "inception"),
        inert=True,
    )  # fmt: skip
    lpips_net: str = option(
        "none", "network of the metrics lpips_*: distances of pairs, and of samples to data",
        "output", choices=("none", *LPIPS_NETS), inert=True,
    )  # fmt: skip
    lpips_weights: str | None = option(
        None, "folder of its weights (default: <data_dir>/lpips)", "output", inert=True
    )
    width: float = option(1.0, "factor on hidden widths; 1 is the thesis", "nets", low=0.001)
    upsample: str = option(
        "transpose", "how generators enlarge maps: transposed convolutions, or pixels repeated and "
        "then a convolution, which leaves no checkerboard", "nets",
        choices=("transpose", "nearest"),
    )  # fmt: skip
    weight_init: str = option(
        "xavier", "initial kernels", "nets", choices=("normal", "xavier", "he")
    )
    weight_decay: float = option(0.0, "c in c * sum(kernel^2), added to each loss", "nets", low=0)

    def check_asked(self, asked: dict[str, object]) -> None:
        """Also refuses rates of 0 long before the end, and penalties that mix images."""
        super().check_asked(asked)
        end = self.lr_decay_start + self.lr_decay_length
        if self.lr_schedule in ("linear", "cosine") and end < self.iterations:
            half = self.iterations // 2
            raise UsageError(
                f"--iterations {self.iterations}: rates are 0 from {end} on (--lr_decay_start, "
                f"--lr_decay_length); add --lr_decay_start {half} --lr_decay_length "
                f"{self.iterations - half}"
            )
        if self.disc_penalty != "none" and getattr(self, "norm", "none") == "batch":
            raise UsageError(
                f"--disc_penalty {self.disc_penalty}: these discriminators have batch norm, with "
                "which an image has no gradient of its own"
            )
        if "clip" in asked and self.loss != "wgan":
            raise UsageError("--clip: needs --loss wgan")


@dataclasses.dataclass(frozen=True)
class Encoding(Options):
    """What every system that takes images apart into codes can be told."""

    ONLY = {("optim", ("rms",)): ("rho",)}

    width: float = option(1.0, "factor on hidden widths", "nets", low=0.001)
    weight_decay: float = option(0.0, "c in c * sum(kernel^2), added to each loss", "nets", low=0)
    lr_g: float = option(2e-4, "learning rate of encoders and decoders", "optimisers", low=0)
    b1: float = option(0.5, "Adam's beta 1", "optimisers", low=0, high=0.9999)
    b2: float = option(0.999, "Adam's beta 2", "optimisers", low=0, high=0.999999)
    optim: str = option(
        "adam", "optimiser of all nets", "optimisers", choices=("adam", "sgd", "rms")
    )
    rho: float = option(
        0.9, "decay of RMSprop (--optim rms); PyTorch's is 0.99", "optimisers", low=0, high=0.9999
    )
    ema: float = option(
        0.0, "decay of the averaged nets used for images; 0 for none", "optimisers",
        low=0, high=0.99999,
    )  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Generative(Adversarial):
    """What every system that draws images of a latent vector can be told."""

    noise_dim: int = option(100, "length of the latent vector z", "nets", low=1)
    noise_type: str = option("uniform", "distribution of z", "nets", choices=("uniform", "normal"))
    prelu: str = option(
        "channel", "slopes of PReLU per", "nets", choices=("channel", "element", "layer")
    )
    bias_init: float = option(0.1, "initial biases", "nets")


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
