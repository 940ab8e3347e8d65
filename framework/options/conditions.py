"""Conditions of an option: values of other options without which it would have no effect.

A condition is written beside its option, as in `option(..., only_if=dict(paired=ON))`.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

OFF = (None, False, "none", "constant")  # False is equal to 0, too


class Allowed(NamedTuple):
    """The values of an option, or of a property of `Options`, that a condition allows.

    Attributes:
        values: the values; empty for all that are not in `OFF`.
        words: the flags that give such a value, for messages and `--help`; empty for the flag of
            the option itself. A property has no flag and needs this text.
    """

    values: tuple = ()
    words: str = ""


ON = Allowed()


def conditions(only_if: Mapping[str, Any]) -> dict[str, Allowed]:
    """Returns the conditions by option name, from the short form of `option(only_if=...)`.

    Args:
        only_if: option name -> `ON`, a value, a tuple of values, or an `Allowed`.
    """
    return {name: _condition(name, allowed) for name, allowed in only_if.items()}


def _condition(name: str, allowed: Any) -> Allowed:
    if not isinstance(allowed, Allowed):
        allowed = Allowed(allowed if isinstance(allowed, tuple) else (allowed,))
    return allowed._replace(words=allowed.words or _words(name, allowed.values))


def _words(name: str, values: tuple) -> str:
    if values in ((), (True,)):
        return f"--{name}"
    if values == (False,):
        return f"--{name} false"
    return f"--{name} {' or '.join(map(str, values))}"


def unmet(allowed: Allowed, value: Any, is_given: bool) -> str | None:
    """Returns what a condition needs, as words for a message; None where it is met.

    Args:
        allowed: the condition.
        value: value of the option that it asks for.
        is_given: whether the command line gives that option; this alone counts as on, so that a
            sweep may contain both a switch that is off and the options that depend on it.
    """
    if allowed.values:
        if value in allowed.values:
            return None
        return allowed.words if isinstance(value, bool) else f"{allowed.words}, not {value}"
    return allowed.words if value in OFF and not is_given else None
