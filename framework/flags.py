"""The command line of `config`'s options: three forms of a switch, aliases, suggestions, groups."""

import argparse
import dataclasses
import difflib
import re
from collections.abc import Iterable, Sequence
from typing import Any, NoReturn

from framework.errors import UsageError


def kind_name(kind: type) -> str:
    """What a value of a Python type is called in a message."""
    return {int: "a whole number", float: "a number", bool: "true or false", str: "text"}[kind]


NEGATIVE = re.compile(r"-[0-9.]+(e[+-]?[0-9]+)?", re.IGNORECASE)
SWEEP = ("--grid", "--at_once")  # read before all others
RENAMED = {
    "--gen_penalty": "--feature_loss or --weight_loss",
    "--g_arch": "--gan_type and --g_shared_layers",
    "--prelu_init": "0.25 as in the thesis, and no flag,",
    "--limit_dataset": "no flag",
    "--scale_data": "--image_size",
}


class Parser(argparse.ArgumentParser):
    """Raises UsageError, one line, instead of printing usage and leaving the program."""

    def error(self, message: str) -> NoReturn:
        """Raises UsageError."""
        raise UsageError(message)

    def parse_args(self, args: Sequence[str], namespace: None = None) -> argparse.Namespace:
        """The flags given; an unknown one is a UsageError that suggests the nearest."""
        known, extra = self.parse_known_args(_joined(args))
        if extra:
            flags = [flag for action in self._actions for flag in action.option_strings]
            flags += SWEEP
            word = extra[0].split("=")[0]
            if not word.startswith("-"):
                raise UsageError(
                    f"{word}: no flag stands before it, such as --data {word}; quote what has "
                    "blanks"
                )
            if word in RENAMED:
                raise UsageError(f"{word} of the thesis' program is {RENAMED[word]} here")
            raise UsageError(f"unknown argument {word}: {suggest(word, flags)}")
        return known


def _joined(words: Sequence[str]) -> list[str]:
    """`--flag -1e-3` as `--flag=-1e-3`: argparse takes such a number for another flag."""
    found: list[str] = []
    for word in words:
        if found and found[-1].startswith("--") and NEGATIVE.fullmatch(word):
            found[-1] += f"={word}"
        else:
            found.append(word)
    return found


def duration(text: str | None) -> float | None:
    """Seconds of `3h30m`, `1d12h`, `90m`, `45s` or plain seconds; None of None. UsageError."""
    if text is None:
        return None
    parts = re.fullmatch(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s?)?", text.strip().lower())
    if not text.strip() or not parts:
        raise UsageError(f"--max_time {text}: expected a time such as 3h30m, 90m or 45s")
    units = (86400, 3600, 60, 1)
    return float(sum(int(n or 0) * unit for n, unit in zip(parts.groups(), units, strict=True)))


def suggest(word: str, known: Iterable[str]) -> str:
    """The end of a message on an unknown word: the nearest known one, or all of them."""
    known = list(known)
    close = difflib.get_close_matches(word, known, n=1)
    if close:
        return f"did you mean {close[0]}?"
    return "see --help" if word.startswith("-") else f"choose from {', '.join(known)}"


def _to_bool(text: str) -> bool:
    try:
        return {"true": True, "1": True, "false": False, "0": False}[text.lower()]
    except KeyError:
        raise argparse.ArgumentTypeError(f"{text!r} is neither true nor false") from None


def parser(
    options: dict[str, dict[str, dataclasses.Field]], system: str | None = None
) -> argparse.ArgumentParser:
    """One parser for all systems' flags; a value is present in its result only if it was given.

    Args:
        options: option name -> system -> dataclass field made by `config.option`.
        system: the only one whose flags there are; None for those of all.

    Raises:
        UsageError: there is no such system.
    """
    if system:
        options = {name: {system: f[system]} for name, f in options.items() if system in f}
    parser = Parser(
        prog="main.py",
        usage="main.py [flags]",
        allow_abbrev=False,
        argument_default=argparse.SUPPRESS,
        description="Train coupled GANs and what disentangles images; --gan_type X --help shows "
        "the flags of one system. --grid FLAG=V1,V2,... trains once for every value, --at_once N "
        "runs at a time. Other commands: main.py list | "
        "evaluate RUN | sample RUN | walk RUN | translate RUN | separate RUN | lpips A B | "
        "reproduce NAME | doctor (each has its own --help).",
    )
    groups: dict[str, Any] = {}
    for fields in options.values():
        field = next(iter(fields.values()))
        title = field.metadata["group"]
        groups.setdefault(title, parser.add_argument_group(title))
        aliases = dict.fromkeys(name for f in fields.values() for name in f.metadata["aliases"])
        defaults = {system: f.default for system, f in fields.items()}
        _add_flag(groups[title], field, _help(fields), list(aliases), defaults)
    whatever = "the same as --dataset, or as --cogan_data of a system that takes pairs"
    groups["data"].add_argument("--data", metavar="TEXT", help=whatever)
    return parser


def _help(fields: dict[str, dataclasses.Field]) -> str:
    """What an option is: the text of most systems first, then those that others have."""
    owners: dict[str, list[str]] = {}
    for system, field in fields.items():
        owners.setdefault(field.metadata["help"], []).append(system)
    usual, *others = sorted(owners, key=lambda text: -len(owners[text]))
    return "; ".join([usual, *(f"{', '.join(owners[text])}: {text}" for text in others)])


def _shown_default(defaults: dict[str, Any]) -> str:
    values = list(defaults.values())
    if all(value == values[0] for value in values):
        return "" if values[0] is None or values[0] is False else f" [{values[0]}]"
    return f" [{', '.join(f'{system} {value}' for system, value in defaults.items())}]"


def _add_flag(
    group: Any, field: dataclasses.Field, help: str, aliases: list[str], defaults: dict[str, Any]
) -> None:
    meta = field.metadata
    flags = [f"--{name}" for name in (field.name, *aliases)]
    text = help.replace("%", "%%")
    if meta["choices"]:
        text += f" ({', '.join(meta['choices'])})"
    text += _shown_default(defaults)
    if meta["kind"] is bool:
        group.add_argument(
            *flags, dest=field.name, nargs="?", const=True, type=_to_bool, metavar="true|false",
            help=text,
        )  # fmt: skip
        no_flags = [f"--no-{name}" for name in (field.name, *aliases)]
        group.add_argument(*no_flags, dest=field.name, action="store_false", help=argparse.SUPPRESS)
    else:
        name = {int: "N", float: "X", str: "TEXT"}[meta["kind"]]
        group.add_argument(*flags, dest=field.name, type=meta["kind"], metavar=name, help=text)
