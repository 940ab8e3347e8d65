"""Checks and splits the names of data sets that options give; never imports TensorFlow."""

from typing import Any

from framework.data import arrays, sources, tfds
from framework.data.pairs import PAIRS
from framework.data.sources import SOURCES
from framework.data.views import VIEWS
from framework.errors import UsageError
from framework.options import config, flags
from framework.options.base import Options


def check(options: Options, given: Any = None) -> None:
    """Checks the data set of a run.

    Args:
        options: of the run.
        given: data that a Python program passes, see `arrays.domains`; None without these.

    Raises:
        UsageError: an unknown name, or data from Python where they cannot be.
    """
    option = config.data_option(options.gan_type)
    name = getattr(options, option)
    check_arrays(name, given)
    if name == arrays.NAME:
        return
    if option != "cogan_data":
        check_mixture(name)
    elif name.startswith(tfds.PREFIX):
        tfds.check_pair(name)
    else:
        find(name, PAIRS, "pair")


def check_arrays(name: str, given: Any) -> None:
    """Refuses the name "arrays" without data from Python, and these with another name. UsageError.

    Arguments as for `check`.
    """
    if name == arrays.NAME and given is None:
        raise UsageError(
            "the data of this run came from Python: call softgan.train again with the same options "
            "and data"
        )
    if given is not None and name != arrays.NAME:
        raise UsageError(f"--data {name}: data from Python are given, which are --data arrays")


def check_mixture(name: str) -> None:
    """Checks a name of --dataset: a pair, or sources joined by "+".

    Raises UsageError for an unknown name.
    """
    if not {"+", ":"} & set(name):
        find(name, PAIRS | SOURCES, "data set")
        return
    for item in name.split("+"):
        if item.startswith(tfds.PREFIX):
            tfds.parse(item)
        else:
            parse(item)


def parse(item: str) -> tuple[str, str | None]:
    """Splits `source` or `source:view` into the source and the view, None without a view.

    Raises UsageError for an unknown source or view, and for one that cannot be used so.
    """
    source, _, view = item.partition(":")
    find(source, SOURCES, "data set")
    if source == "folder":
        raise UsageError(f"data set {item!r}: a folder cannot be joined to others and has no views")
    if view and source in sources.POINTS:
        raise UsageError(f"data set {item!r}: points have no views")
    if view or item.endswith(":"):
        find(view, VIEWS, "view")
    return source, view or None


def find(name: str, table: dict[str, Any], kind: str) -> Any:
    """Returns the entry of a table with this name.

    Args:
        name: as the user gave it.
        table: name -> entry.
        kind: what the entries are, for the message.

    Raises:
        UsageError: there is no such entry; the message suggests similar names.
    """
    if name not in table:
        raise UsageError(f"unknown {kind} {name!r}: {flags.suggest(name, table)}")
    return table[name]
