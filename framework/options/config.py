"""Options of a command line or of a `config.json`: systems, defaults, presets, names of runs.

The options of a system are a dataclass `Options`, a subclass of `base.Options`: of a built-in
system in `<system>.py` of this package, of a user's system in the module that has its class
`Trainer`, too. That module is named by its dotted path (my_package.my_module), or by an entry point
of the group `softgan.systems`. Flags, `--help` and `config.json` follow from the dataclass.
"""

import dataclasses
import functools
import importlib
import os
import re
import sys
import zlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from framework import presets
from framework.errors import UsageError
from framework.options import data_names, flags
from framework.options.base import FIRST_VERSION, Options

BUILT_IN = (
    "classifier", "cogan", "content", "cyclegan", "factors", "g2g", "gan", "lord", "ost", "scogan",
    "uda", "unit",
)  # fmt: skip
ENTRY_POINTS = "softgan.systems"
RENAMED = {  # name in a `config.json` of version 0.1 -> name now
    "phase": "stage",
    "phase1_iterations": "stage1_iterations",
    "phase1_rec_weight": "stage1_rec_weight",
    "lr_phase2": "lr_stage2",
}
OLD_NAMES = {new: old for old, new in RENAMED.items()}
LONGEST_NAME = 150  # of a run; file systems allow 255 bytes, and its files have names too


def systems() -> tuple[str, ...]:
    """Returns the names of the built-in systems and of those of entry points, sorted."""
    return tuple(sorted({*BUILT_IN, *_entry_points()}))


def _entry_points() -> dict[str, str]:
    """Returns name -> module of the systems that installed packages offer; imports none of them."""
    from importlib import metadata  # slow, and not needed for a built-in system

    return {point.name: point.module for point in metadata.entry_points(group=ENTRY_POINTS)}


def trainer_module(system: str) -> str:
    """Returns the dotted name of the module with a system's `Trainer`.

    Raises:
        UsageError: there is no such system.
    """
    if system in BUILT_IN:
        return f"framework.trainers.{system}_trainer"
    if "." in system:
        return system
    modules = _entry_points()
    if system not in modules:
        raise UsageError(f"--gan_type {system}: {flags.suggest(system, systems())}")
    return modules[system]


@functools.cache
def options_class(system: str) -> type[Options]:
    """Returns the `Options` dataclass of a system; imports the module of a user's system.

    Raises:
        UsageError: there is no such system, or its module cannot be imported or is incomplete.
    """
    if system in BUILT_IN:
        return importlib.import_module(f"framework.options.{system}").Options
    module = _user_module(system)
    for member in ("Options", "Trainer"):
        if not isinstance(getattr(module, member, None), type):
            raise UsageError(f"--gan_type {system}: {module.__name__} has no class {member}")
    if not issubclass(module.Options, Options):
        raise UsageError(
            f"--gan_type {system}: Options of {module.__name__} must be a subclass of "
            "framework.options.base.Options"
        )
    return module.Options


def _user_module(system: str) -> ModuleType:
    """Returns the module of a user's system, installed or in the current directory. UsageError."""
    name = trainer_module(system)
    if not {"", os.getcwd()} & {*sys.path}:  # last, where it cannot hide this project's packages
        sys.path.append(os.getcwd())
    try:
        return importlib.import_module(name)
    except (ImportError, SyntaxError, TypeError) as error:
        reason = str(error).splitlines()[0]
        raise UsageError(f"--gan_type {system}: cannot import {name}: {reason}") from error


def summary(system: str) -> str:
    """Returns what a system is, in one line; the module of a user's system is not imported."""
    if system not in BUILT_IN:
        return f"your system in {trainer_module(system)}"
    module = importlib.import_module(f"framework.options.{system}")
    return str(module.__doc__).splitlines()[0]


def parse(argv: Sequence[str]) -> Options:
    """Returns the options of a training run: default < preset < command line.

    Raises:
        UsageError: unknown flag, system, preset or value.
    """
    values, explicit = _values(argv)
    options = options_class(values["gan_type"])(**values)
    options.check_given(explicit)
    return options


def run_name(argv: Sequence[str]) -> str:
    """Returns the run name of a command line, without checking its values together; UsageError."""
    return _values(argv)[0]["name"]


def _values(argv: Sequence[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Returns the options of preset and command line with `name`, and those of the latter alone."""
    explicit = given(argv)
    preset, system = _preset(explicit.get("preset")), _system(explicit)
    known = _fields(system)
    for key in explicit:
        if key not in known:
            owners = " or ".join(name for name in BUILT_IN if key in _fields(name))
            raise UsageError(f"--{key} is for --gan_type {owners}, not for {system}")

    def chosen(name: str) -> str:
        return str(explicit.get(name) or preset.options.get(name) or known[name].default)

    variant = chosen(f"{system}_variant") if f"{system}_variant" in known else ""
    recipe = preset.resolve(chosen(data_option(system)), system, variant)
    values = {k: v for k, v in recipe.items() if k in known}
    values |= explicit | {"gan_type": system}
    usual = {"gan_type": preset.options.get("gan_type", system)}
    matters = [name for name in explicit if not known[name].metadata["inert"]]
    changed = any(explicit[name] != usual.get(name) for name in matters)
    if "name" not in explicit and (changed or "name" not in values):
        # The name of a preset is for the unchanged preset.
        values["name"] = default_name(values, explicit)
    return values, explicit


def given(argv: Sequence[str]) -> dict[str, Any]:
    """Returns the options that a command line gives, `--data` under the names that it stands for.

    Raises:
        UsageError: unknown flag, preset or system, or data given twice.
    """
    choice = flags.choice_of_system(argv)
    system = chosen_system(argv)
    is_help = bool({"-h", "--help"} & {*argv})
    # Flags of other systems get a message of their own; a user's flags might contradict them.
    alone = system not in BUILT_IN or (is_help and choice)
    parser = flags.parser(_fields_of((system,) if alone else BUILT_IN))
    explicit = vars(parser.parse_flags(list(argv)))
    name = data_option(system)
    if "data" in explicit:
        if name in explicit:
            raise UsageError(f"--data {explicit['data']}: the same as --{name}, which is given too")
        explicit[name] = explicit.pop("data")
    if data_names.is_folder(explicit.get(name, "folder")):
        if "folder" in explicit:
            raise UsageError(f"--data {explicit[name]}: the same as --folder, which is given too")
        explicit |= {"folder": explicit[name], name: "folder"}
    elif "folder" in explicit:
        explicit.setdefault(name, "folder")
    return explicit


def chosen_system(argv: Sequence[str]) -> str:
    """Returns the system that a command line chooses, without importing anything of it."""
    return _system(flags.choice_of_system(argv))


def _system(explicit: dict[str, Any]) -> str:
    preset = _preset(explicit.get("preset")).options
    return explicit.get("gan_type") or preset.get("gan_type") or Options.gan_type


def _preset(name: str | None) -> presets.Preset:
    if name is not None and name not in presets.PRESETS:
        raise UsageError(f"--preset {name}: {flags.suggest(name, presets.PRESETS)}")
    return presets.PRESETS[name] if name else presets.Preset("", {})


@functools.cache
def _fields(system: str) -> dict[str, dataclasses.Field]:
    return {field.name: field for field in dataclasses.fields(options_class(system))}


@functools.cache
def _fields_of(names: tuple[str, ...]) -> flags.Fields:
    """Returns option name -> system -> field, of the systems of these names."""
    options = dict.fromkeys(option for name in names for option in _fields(name))
    return {o: {n: _fields(n)[o] for n in names if o in _fields(n)} for o in options}


def data_option(system: str) -> str:
    """Returns the option that chooses a system's data: `cogan_data` for pairs, else `dataset`."""
    return "cogan_data" if "cogan_data" in _fields(system) else "dataset"


def default_name(values: dict[str, Any], given: Iterable[str]) -> str:
    """Returns a run name made from the options given, so that the same command resumes its run."""
    system = values["gan_type"]
    fields, key = _fields(system), data_option(system)
    data = values.get(key, fields[key].default)
    if values.get("folder"):
        data = os.path.basename(os.path.abspath(values["folder"]))
    parts = [system, data, values.get("preset")]
    for name, field in fields.items():
        is_named = name in given and name not in ("gan_type", key, "folder")
        if is_named and not field.metadata["inert"]:
            value = values[name]
            word = OLD_NAMES.get(name, name)  # so that the same command resumes an older run
            parts.append(f"{word}_{value}" if value is not True else word)
    name = slug("-".join(str(part) for part in parts if part is not None))
    if len(name) <= LONGEST_NAME:
        return name
    return f"{name[: LONGEST_NAME - 9]}-{zlib.crc32(name.encode()):08x}"  # two cut names differ


def slug(text: str) -> str:
    """Returns the text as a part of a folder name."""
    return re.sub(r"[^\w.+-]+", "_", text)


def run_folder(options: Options) -> Path:
    """Returns the folder of a run: `<results_dir>/<name>`."""
    return Path(options.results_dir) / str(options.name)


def inert_options(system: str) -> set[str]:
    """Returns the names of the options in which a resumed run may differ from its first start."""
    return {name for name, field in _fields(system).items() if field.metadata["inert"]}


def upgraded(values: dict[str, Any], system: str) -> dict[str, Any]:
    """Returns the options of an earlier version under their present names.

    Options that this version has added get their defaults.

    Args:
        values: options by name, as in a `config.json`.
        system: the system to which they belong.
    """
    added = {n: f.default for n, f in _fields(system).items() if _is_added(f)}
    return added | {RENAMED.get(name, name): value for name, value in values.items()}


def _is_added(field: dataclasses.Field) -> bool:
    return field.metadata["since"] != FIRST_VERSION


def identity(options: Options) -> dict[str, Any]:
    """Returns the options that affect what is learned, for checksums in the names of files.

    Names, and which options are listed, are those of version 0.1 where that is possible: options
    that were added later are left out if they have their default. So its files are found.
    """
    values, fields = options.to_dict(), _fields(options.gan_type)
    return {
        OLD_NAMES.get(name, name): values[name]
        for name, field in fields.items()
        if not field.metadata["inert"] and not (_is_added(field) and values[name] == field.default)
    }


def from_dict(values: dict[str, Any]) -> Options:
    """Returns the options of a `config.json`; UsageError where this version does not know one."""
    system = values.get("gan_type", Options.gan_type)
    values = upgraded(values, system)
    unknown = set(values) - set(_fields(system))
    if unknown:
        raise UsageError(f"config.json has options of another version: {', '.join(unknown)}")
    return options_class(system)(**values)
