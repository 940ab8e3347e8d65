"""Options as frozen dataclasses: flags, `--help`, checks and `config.json` follow from them.

Every system keeps its `Options` beside its `Trainer` in `<system>_trainer.py`. Importing such a
file means importing TensorFlow, which takes seconds, so `options_class` compiles only the class
statement: `--help` and a wrong flag or value answer at once. This module never imports TensorFlow.
"""

import ast
import dataclasses
import functools
import importlib
import re
import types
import zlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from framework import flags, presets
from framework.errors import UsageError
from framework.kinds import Exchange, Translation, TwoPhases
from framework.options import (
    CLASSIFIERS,
    Adversarial,
    Encoding,
    Generative,
    Options,
    option,
)

__all__ = [
    "CLASSIFIERS",
    "Adversarial",
    "Encoding",
    "Exchange",
    "Generative",
    "Options",
    "Translation",
    "TwoPhases",
    "option",
]

HERE = Path(__file__).parent
LONGEST_NAME = 150  # of a run; file systems take 255 bytes, and files in it have names too


@functools.cache
def systems() -> tuple[str, ...]:
    """Names of the systems: every `<name>_trainer.py` of this package, sorted."""
    stems = sorted(path.stem for path in HERE.glob("*_trainer.py"))
    return tuple(stem.removesuffix("_trainer") for stem in stems)


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
    values, asked = _values(argv)
    options = options_class(values["gan_type"])(**values)
    options.check_asked(asked)
    return options


def run_name(argv: Sequence[str]) -> str:
    """Name of the run of a command line, whose values need not go together; UsageError as above."""
    return _values(argv)[0]["name"]


def _values(argv: Sequence[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The options that preset and command line give, `name` among them, and the latter's alone."""
    asked = given(argv)
    preset, system = _preset(asked.get("preset")), _system(asked)
    known = _fields(system)
    for key in asked:
        if key not in known:
            owners = " or ".join(name for name in systems() if key in _fields(name))
            raise UsageError(f"--{key} is for --gan_type {owners}, not for {system}")

    def chosen(name: str) -> str:
        return asked.get(name) or preset.options.get(name) or known[name].default

    variant = chosen(f"{system}_variant") if f"{system}_variant" in known else ""
    recipe = preset.resolve(chosen(data_option(system)), system, variant)
    values = {k: v for k, v in recipe.items() if k in known}
    values |= asked | {"gan_type": system}
    usual = {"gan_type": preset.options.get("gan_type", system)}
    changed = [n for n in asked if not known[n].metadata["inert"] and asked[n] != usual.get(n)]
    if "name" not in asked and (changed or "name" not in values):
        values["name"] = default_name(values, asked)  # a preset's own name is for it unchanged
    return values, asked


def given(argv: Sequence[str]) -> dict[str, Any]:
    """The options that a command line gives, by name; `--data` under the name it stands for.

    Raises:
        UsageError: unknown flag or preset, or the data said twice.
    """
    asked = vars(flags.parser(_all_fields(), _helped(argv)).parse_args(list(argv)))
    if "data" in asked:
        name = data_option(_system(asked))
        if name in asked:
            raise UsageError(f"--data {asked['data']}: the same as --{name}, which is given too")
        asked[name] = asked.pop("data")
    return asked


def _helped(argv: Sequence[str]) -> str | None:
    """The system of a command line with --help: its flags alone are to be shown."""
    words = [word for word in argv if word not in ("-h", "--help")]
    if len(words) == len(argv):
        return None
    asked = vars(flags.parser(_all_fields()).parse_args(words))
    return _system(asked) if {"gan_type", "preset"} & asked.keys() else None


def _system(asked: dict[str, Any]) -> str:
    preset = _preset(asked.get("preset")).options
    return asked.get("gan_type") or preset.get("gan_type") or Options.gan_type


def _preset(name: str | None) -> presets.Preset:
    if name is not None and name not in presets.PRESETS:
        raise UsageError(f"--preset {name}: {flags.suggest(name, presets.PRESETS)}")
    return presets.PRESETS[name] if name else presets.Preset("", {})


@functools.cache
def _fields(system: str) -> dict[str, dataclasses.Field]:
    return {field.name: field for field in dataclasses.fields(options_class(system))}


@functools.cache
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
    name = slug("-".join(str(part) for part in parts if part is not None))
    if len(name) <= LONGEST_NAME:
        return name
    return f"{name[: LONGEST_NAME - 9]}-{zlib.crc32(name.encode()):08x}"  # two cut names differ


def slug(text: str) -> str:
    """The text as a part of a folder's name."""
    return re.sub(r"[^\w.+-]+", "_", text)


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
