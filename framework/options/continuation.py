"""How to go on from a run that cannot be resumed as asked: command lines of new runs that work."""

import itertools
import json
import shlex
from collections.abc import Collection
from pathlib import Path

from framework.errors import UsageError
from framework.options import config
from framework.options.base import Options

PYTHON = "softgan.train"  # begins the `command` of runs that are started from Python


def iterations_done(folder: Path) -> int:
    """Returns the iteration of the newest checkpoint of a run, 0 if there is none."""
    steps = (path.name for path in (folder / "checkpoints").glob("[0-9]*"))
    return max((int(name) for name in steps if name.isdigit()), default=0)


def done_already(options: Options) -> int:
    """Returns the iterations that a run with these options has done; 0 if it starts now."""
    if options.name is None or options.overwrite:
        return 0
    return iterations_done(config.run_folder(options))


def check_rates(options: Options, command: str) -> None:
    """Refuses to resume a run whose learning rates are 0 before its last iteration.

    Args:
        options: options of the run.
        command: the command line.

    Raises:
        UsageError: they are; the text has a command line that trains the missing iterations.
    """
    end, done = options.rates_end, done_already(options)
    if end is None or end >= options.iterations or not done:
        return
    missing = max(options.iterations - done, 1)
    changes = {
        "iterations": missing,
        "lr_decay_start": missing // 2,
        "lr_decay_length": missing - missing // 2,
    }
    raise UsageError(
        f"--iterations {options.iterations}: learning rates are 0 from {end} on, and this run has "
        f"{done} already: {_new_run(options, command, changes)}"
    )


def advice(options: Options, command: str, different: Collection[str]) -> str:
    """Returns what to do where the folder of a run holds one that cannot be resumed.

    Args:
        options: options of the run.
        command: the command line.
        different: names of the options that differ from those of the existing run; empty if that
            run has more iterations than are asked for.
    """
    fields, done = type(options).__dataclass_fields__, done_already(options)
    scratch = "use another --name, or --overwrite to start anew"
    new_nets = any(
        name not in fields or name == "image_size" or fields[name].metadata["group"] == "nets"
        for name in different
    )
    if flags_of_run := _kept_values(options, command, different):
        return f"to go on with it, add {flags_of_run}; or {scratch}"
    if not done or new_nets:
        return scratch
    longer = list(different) == ["iterations"] and options.iterations > done
    changes = {"iterations": options.iterations - done} if longer else {}
    start = _new_run(options, command, changes)
    return f"{start}; or {scratch}" if different else f"ask for more, or {start}"


def _kept_values(options: Options, command: str, different: Collection[str]) -> str:
    """Returns the flags that give the options of an existing run where the command line has none.

    They differ where the values of a preset have changed since the run began. The text is empty if
    the command line itself gives one of the options.
    """
    file = config.run_folder(options) / "config.json"
    if command.startswith(PYTHON) or not different or not file.is_file():
        return ""
    stored = config.upgraded(json.loads(file.read_text()), options.gan_type)
    given, flags = {word.partition("=")[0] for word in shlex.split(command)}, []
    for name in different:
        value = stored.get(name)
        if _names_of(options, name) & given or value in (None, getattr(options, name, None)):
            return ""
        if isinstance(value, bool):
            flags.append(f"--{name}" if value else f"--no-{name}")
        else:
            flags += [f"--{name}", str(value)]
    return shlex.join(flags)


def _names_of(options: Options, name: str) -> set[str]:
    """Returns the flags that give an option."""
    field = type(options).__dataclass_fields__.get(name)
    names = {name, f"no-{name}", *(field.metadata["aliases"] if field else ())}
    if name == config.data_option(options.gan_type):
        names.add("data")
    return {f"--{each}" for each in names}


def _new_run(options: Options, command: str, changes: dict[str, int]) -> str:
    """Returns how to start a new run from the weights of this one, with some options changed."""
    folder = config.run_folder(options)
    names = (f"{options.name}-{i}" for i in itertools.count(2))
    name = next(name for name in names if not folder.with_name(Path(name).name).exists())
    values = {"init_from": str(folder), "name": name, **changes}
    if command.startswith(PYTHON):
        arguments = ", ".join(f"{key}={value!r}" for key, value in values.items())
        return f"train a new run from its weights by the same call with {arguments}"
    flags = shlex.join(word for key, value in values.items() for word in (f"--{key}", str(value)))
    return f"train a new run from its weights by {command} {flags}"
