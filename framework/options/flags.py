"""The command line of options: parser, `--help`, messages on mistakes, and durations."""

import argparse
import dataclasses
import difflib
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NoReturn

from framework.errors import UsageError, program

Fields = Mapping[str, Mapping[str, dataclasses.Field]]  # option -> system -> dataclass field

NEGATIVE = re.compile(r"-[0-9.]+(e[+-]?[0-9]+)?", re.IGNORECASE)
SWEEP = ("--grid", "--at_once")  # removed from the command line before it is parsed here
RENAMED = {  # flags of the thesis' program
    "--gen_penalty": "--feature_loss or --weight_loss",
    "--g_arch": "--gan_type and --g_shared_layers",
    "--prelu_init": "0.25, as in the thesis, and no flag",
    "--limit_dataset": "no flag",
    "--scale_data": "--image_size",
}
DESCRIPTION = (
    "Train coupled GANs, translation and disentanglement of images. --gan_type NAME --help shows "
    "the flags of one system. --grid FLAG=V1,V2,... trains once for every value, --at_once N at "
    "the same time. Other commands: list | evaluate RUN | sample RUN | walk RUN | translate RUN "
    "PATH | classify RUN PATH | encode RUN PATH | separate RUN | export RUN | lpips A B | "
    "reproduce NAME | doctor (each has its own --help). --version prints versions."
)


def kind_name(kind: type) -> str:
    """Returns the words for a Python type in a message."""
    return {int: "a whole number", float: "a number", bool: "true or false", str: "text"}[kind]


class Parser(argparse.ArgumentParser):
    """Raises UsageError, one line, instead of printing the usage and ending the program.

    A word, or a value after `=`, that begins with `~` is a path in a home folder. Shells expand it
    in `--data_dir ~/data` and leave it as it is in `--data_dir=~/data`.
    """

    def parse_known_args(  # type: ignore[override]
        self, args: Sequence[str], namespace: argparse.Namespace | None = None
    ) -> tuple[argparse.Namespace, list[str]]:
        """As in argparse, with home folders expanded."""
        return super().parse_known_args([_expanded(word) for word in args], namespace)

    def error(self, message: str) -> NoReturn:
        """Raises UsageError."""
        raise UsageError(message)

    def parse_flags(self, args: Sequence[str]) -> argparse.Namespace:
        """Returns the flags given; an unknown one is a UsageError that suggests the nearest."""
        known, extra = self.parse_known_args(_joined(args))
        if extra:
            flags = [flag for action in self._actions for flag in action.option_strings]
            flags += SWEEP
            word = extra[0].split("=")[0]
            if not word.startswith("-"):
                raise UsageError(
                    f"{word}: a value without a flag, such as --data {word}; put quotes around a "
                    "value with blanks"
                )
            if word in RENAMED:
                raise UsageError(f"{word} of the thesis' program is {RENAMED[word]} here")
            raise UsageError(f"unknown argument {word}: {suggest(word, flags)}")
        return known


def _expanded(word: str) -> str:
    """Returns `~/x` and `--flag=~/x` with the path of the home folder."""
    flag, equals, value = word.partition("=") if word.startswith("--") else ("", "", word)
    return flag + equals + os.path.expanduser(value)


def _joined(words: Sequence[str]) -> list[str]:
    """Returns `--flag -1e-3` as `--flag=-1e-3`: argparse takes such a number for another flag."""
    joined: list[str] = []
    for word in words:
        if joined and joined[-1].startswith("--") and NEGATIVE.fullmatch(word):
            joined[-1] += f"={word}"
        else:
            joined.append(word)
    return joined


def duration(text: str | None) -> float | None:
    """Returns the seconds of `3h30m`, `1d12h`, `90m`, `45s` or plain seconds; None for None.

    Raises:
        UsageError: the text is no such duration.
    """
    if text is None:
        return None
    parts = re.fullmatch(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s?)?", text.strip().lower())
    if not text.strip() or not parts:
        raise UsageError(f"--max_time {text}: expected a time such as 3h30m, 90m or 45s")
    units = (86400, 3600, 60, 1)
    return float(sum(int(n or 0) * unit for n, unit in zip(parts.groups(), units, strict=True)))


def suggest(word: str, known: Iterable[str]) -> str:
    """Returns the end of a message on an unknown word: the nearest known one, or all of them."""
    known = list(known)
    close = difflib.get_close_matches(word, known, n=1)
    if close:
        return f"did you mean {close[0]}?"
    return "see --help" if word.startswith("-") else f"choose from {', '.join(known)}"


def choice_of_system(argv: Sequence[str]) -> dict[str, str]:
    """Returns `gan_type` and `preset` as far as a command line gives them; ignores all else.

    They decide which other flags there are. Raises UsageError if a value is missing.
    """
    parser = Parser(add_help=False, allow_abbrev=False, argument_default=argparse.SUPPRESS)
    for name in ("gan_type", "preset"):
        parser.add_argument(f"--{name}")
    return vars(parser.parse_known_args(list(argv))[0])


def parser(fields: Fields) -> Parser:
    """Returns the parser of these options; its result has only the options that are given.

    Args:
        fields: option name -> system -> dataclass field declared by `base.option`.
    """
    parser = Parser(
        prog=program(),
        usage="%(prog)s [flags]",
        allow_abbrev=False,
        argument_default=argparse.SUPPRESS,
        description=DESCRIPTION,
    )
    groups: dict[str, Any] = {}
    for by_system in fields.values():
        title = next(iter(by_system.values())).metadata["group"]
        groups.setdefault(title, parser.add_argument_group(title))
        _add_flag(groups[title], by_system)
    help = "the same as --dataset, or as --cogan_data for a system that takes pairs of domains"
    groups["data"].add_argument("--data", metavar="TEXT", help=help)
    return parser


def _add_flag(group: Any, fields: Mapping[str, dataclasses.Field]) -> None:
    field = next(iter(fields.values()))
    aliases = dict.fromkeys(name for f in fields.values() for name in f.metadata["aliases"])
    names, kind, help = (field.name, *aliases), field.metadata["kind"], _help(fields)
    flags = [f"--{name}" for name in names]
    if kind is bool:
        group.add_argument(
            *flags, dest=field.name, nargs="?", const=True, type=_to_bool, metavar="true|false",
            help=help,
        )  # fmt: skip
        no_flags = [f"--no-{name}" for name in names]
        group.add_argument(*no_flags, dest=field.name, action="store_false", help=argparse.SUPPRESS)
    else:
        metavar = {int: "N", float: "X", str: "TEXT"}[kind]
        group.add_argument(*flags, dest=field.name, type=kind, metavar=metavar, help=help)


def _to_bool(text: str) -> bool:
    try:
        return {"true": True, "1": True, "false": False, "0": False}[text.lower()]
    except KeyError:
        raise argparse.ArgumentTypeError(f"{text!r} is neither true nor false") from None


def _help(fields: Mapping[str, dataclasses.Field]) -> str:
    """Returns the text of most systems, those of others, choices, defaults and conditions."""
    systems: dict[str, list[str]] = {}
    for system, field in fields.items():
        systems.setdefault(field.metadata["help"], []).append(system)
    usual, *others = sorted(systems, key=lambda text: -len(systems[text]))
    text = "; ".join([usual, *(f"{', '.join(systems[help])}: {help}" for help in others)])
    choices = next(iter(fields.values())).metadata["choices"]
    if choices:
        text += f" ({', '.join(choices)})"
    text += _defaults({system: field.default for system, field in fields.items()})
    return (text + _needs(fields)).replace("%", "%%")  # argparse formats help with %


def _defaults(values: Mapping[str, Any]) -> str:
    first, *others = values.values()
    if all(value == first for value in others):
        return "" if first is None or first is False else f" [{first}]"
    return f" [{', '.join(f'{system} {value}' for system, value in values.items())}]"


def _needs(fields: Mapping[str, dataclasses.Field]) -> str:
    """Returns the conditions of an option that are the same in all its systems."""
    first, *others = (field.metadata["only_if"] for field in fields.values())
    if not first or any(only_if != first for only_if in others):
        return ""
    return f"; needs {' and '.join(allowed.words for allowed in first.values())}"
