"""Names of data sets as options give them; they are checked without TensorFlow."""

from typing import Any

from framework import config, flags
from framework.config import Options
from framework.data import sources
from framework.data.pairs import PAIRS
from framework.data.sources import SOURCES
from framework.data.views import VIEWS
from framework.errors import UsageError


def check(options: Options) -> None:
    """Raises UsageError unless the data of a run has a known name."""
    option = config.data_option(options.gan_type)
    name = getattr(options, option)
    if option == "cogan_data":
        known(name, PAIRS, "pair")
    else:
        check_mixture(name)


def check_mixture(name: str) -> None:
    """Raises UsageError unless a name is that of a pair or of sources joined by "+"."""
    if not {"+", ":"} & set(name):
        known(name, PAIRS | SOURCES, "data set")
    else:
        for item in name.split("+"):
            parse(item)


def parse(item: str) -> tuple[str, str | None]:
    """A source and its view of `source` or `source:view`; UsageError if there is no such thing."""
    source, _, view = item.partition(":")
    known(source, SOURCES, "data set")
    if source == "folder":
        raise UsageError(f"data set {item!r}: a folder cannot be joined or viewed")
    if view and source in sources.POINTS:
        raise UsageError(f"data set {item!r}: points have no views")
    if view or item.endswith(":"):
        known(view, VIEWS, "view")
    return source, view or None


def known(name: str, table: dict[str, Any], kind: str) -> Any:
    """What a table has under a name; UsageError with a suggestion where it has nothing."""
    if name not in table:
        raise UsageError(f"unknown {kind} {name!r}: {flags.suggest(name, table)}")
    return table[name]
