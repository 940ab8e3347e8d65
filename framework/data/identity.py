"""Knows the files of a run's domains again by their content, wherever they are now.

A run keeps the names and contents of the files that it is trained on, and of those that are held
out. When the run goes on, other files are refused. When it is evaluated, an image that it was
trained on never becomes a held-out image.
"""

import hashlib
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from framework.data.listing import FEW_NAMED, MOST_NAMED, Listing, listed_names, shown
from framework.errors import MissingError, UsageError

TRAINING, HELD_OUT, UNUSED = range(3)  # part of a run's data to which a file belongs
ELSEWHERE = 3  # the run was trained on the file as one of the other domain: it is not used
CHUNK = 2**20  # bytes that are read at once

Row = str
"""What is kept of a file, with spaces between: SHA-256 of its bytes, inode, size in bytes, and time
of change in ns."""


class DomainFiles(NamedTuple):
    """The files of a domain.

    Attributes:
        root: folder to which the names of the files are relative.
        classes: names of the classes; empty without classes.
        training: files of the training images.
        held_out: files of the held-out images.
        known_as: as in `Domain`.
    """

    root: Path
    classes: tuple[str, ...]
    training: tuple[Path, ...]
    held_out: tuple[Path, ...]
    known_as: list | None = None


class KeptDomain(NamedTuple):
    """What a run keeps of the files of a domain.

    Attributes:
        classes: as in `DomainFiles`.
        training: names and rows of the training files.
        held_out: names and rows of the held-out files.
        known_as: as in `Domain`.
        sampled_as: as in `Domain`.
    """

    classes: tuple[str, ...]
    training: dict[str, Row]
    held_out: dict[str, Row]
    known_as: list | None = None
    sampled_as: list | None = None

    @property
    def rows(self) -> dict[str, Row]:
        """The rows of all files, by name."""
        return self.training | self.held_out


class Kept(NamedTuple):
    """What a run keeps of its data.

    Attributes:
        domains: the files of its domains; empty where the data are no folders.
        refuses: whether changed files are an error; otherwise they are told.
    """

    domains: tuple[KeptDomain, ...]
    refuses: bool


def to_dict(domains: Sequence[DomainFiles], sampled: Sequence[list] = ()) -> dict[str, Any]:
    """Reads the files of domains, and returns what a run keeps of them as values for JSON.

    Args:
        domains: the files.
        sampled: `Domain.sampled_as` of each domain.
    """
    found: list[dict[str, Any]] = []
    for number, domain in enumerate(domains):
        parts = dict(training=domain.training, held_out=domain.held_out)
        rows = {part: dict(zip(_names(files, domain.root), _rows(files), strict=True))
                for part, files in parts.items()}  # fmt: skip
        known = dict(known_as=domain.known_as, sampled_as=sampled[number] if sampled else None)
        place = shown(domain.root.absolute())
        found.append(dict(folder=place, classes=domain.classes, **known, **rows))
    return {"domains": found}


def from_dict(values: dict[str, Any], refuses: bool) -> Kept:
    """Reads what `to_dict` returned."""
    domains = (
        KeptDomain(
            tuple(each["classes"]), each["training"], each["held_out"], each.get("known_as"),
            each.get("sampled_as"),
        )
        for each in values.get("domains", [])
    )  # fmt: skip
    return Kept(tuple(domains), refuses)


def divide(listings: Sequence[Listing], kept: Kept, pairs: bool) -> list[np.ndarray]:
    """Says of each file whether the run was trained on it, whether it is held out, or neither.

    Files are known by their content. New files are not used; where none of the held-out files is
    left, the new files are held out.

    Args:
        listings: the files of the domains now.
        kept: the files of the domains when the run began.
        pairs: whether file i of both domains is a pair, which stays together.

    Returns:
        TRAINING, HELD_OUT or UNUSED for each file of each domain.

    Raises:
        UsageError: the files have changed, and `kept` refuses that.
    """
    rows = [_rows(each.files, old.rows, each.names)
            for each, old in zip(listings, kept.domains, strict=True)]  # fmt: skip
    changes = [_changes(each.names, own, old.rows)
               for each, own, old in zip(listings, rows, kept.domains, strict=True)]  # fmt: skip
    if not any(changes):
        return [_by_name(each, old) for each, old in zip(listings, kept.domains, strict=True)]
    if kept.refuses:
        _refuse(listings, changes)
    trained = {_content(row) for old in kept.domains for row in old.training.values()}
    parts = [_by_content(own, old, trained) for own, old in zip(rows, kept.domains, strict=True)]
    if pairs:
        both = np.minimum(*parts)  # a pair is trained on if one of its images was
        both[(both != TRAINING) & (np.maximum(*parts) == ELSEWHERE)] = ELSEWHERE
        parts = [both, both.copy()]
    numbers = range(1, len(parts) + 1)
    return list(map(_told_part, numbers, listings, parts, changes))


def _told_part(
    number: int, domain: Listing, part: np.ndarray, change: dict[str, list[str]]
) -> np.ndarray:
    """Prints what has changed in a domain; returns its part without ELSEWHERE.

    Where no held-out image is left, new images become held-out images.
    """
    line = f"domain {number} ({domain.title}) has changed since the run began: "
    line += _told(change, FEW_NAMED)
    if not (part == HELD_OUT).any():
        part = np.where(part == UNUSED, HELD_OUT, part)
        line += ", now its new images are held out"
    if change:
        print(line)
    return np.where(part == ELSEWHERE, UNUSED, part)


def _refuse(listings: Sequence[Listing], changes: Sequence[dict[str, list[str]]]) -> None:
    """Raises UsageError that lists the changes of the first domain that has some."""
    for number, (domain, change) in enumerate(zip(listings, changes, strict=True), start=1):
        if change:
            raise UsageError(
                f"domain {number} ({shown(domain.root)}) is not as it was when the run began: "
                f"{_told(change, MOST_NAMED)}: restore these files, or start a new run with --name"
            )


def with_classes(domain: Listing, kept: KeptDomain) -> Listing:
    """Returns the files with the classes of the run, so that their numbers stay the same.

    Raises UsageError for a class that the run does not have.
    """
    if not kept.classes:
        return domain._replace(classes=())
    folders = {name.partition("/")[0] for name in domain.names}
    if new := sorted(folders - {*kept.classes}):
        raise UsageError(
            f"{shown(domain.root)} has {listed_names(map(shown, new), FEW_NAMED)}, but the classes "
            f"of the run are {listed_names(kept.classes, MOST_NAMED)}"
        )
    return domain._replace(classes=kept.classes)


def _names(files: Iterable[Path], root: Path) -> list[str]:
    return [shown(file.relative_to(root).as_posix()) for file in files]


def _rows(
    files: Sequence[Path], known: dict[str, Row] | None = None, names: Sequence[str] = ()
) -> list[Row]:
    """Returns the rows of files; a file to which many links lead is read once.

    Args:
        files: the files.
        known: rows by name: a file whose inode, size and time are the same is not read.
        names: names of the files in `known`.
    """
    try:
        states = [file.stat() for file in files]
        keys = [(s.st_dev, s.st_ino, s.st_size, s.st_mtime_ns) for s in states]
        digests: dict[tuple, str] = {}
        for key, name in zip(keys, names, strict=bool(names)):
            row = (known or {}).get(name)
            if row and row.split()[1:] == [*map(str, key[1:])]:
                digests[key] = _content(row)
        unknown = {key: file for key, file in zip(keys, files, strict=True) if key not in digests}
        with ThreadPoolExecutor() as pool:
            digests |= dict(zip(unknown, pool.map(_digest, unknown.values()), strict=True))
    except OSError as error:
        raise MissingError(f"cannot read {error.filename}: {error.strerror}") from error
    return [" ".join(map(str, (digests[key], *key[1:]))) for key in keys]


def _content(row: Row) -> str:
    """Returns the SHA-256 of a row."""
    return row.partition(" ")[0]


def _digest(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _changes(names: list[str], rows: list[Row], kept: dict[str, Row]) -> dict[str, list[str]]:
    """Returns the names of missing, new and changed files; empty if there are none."""
    now = dict(zip(names, map(_content, rows), strict=True))
    changes = dict(
        missing=sorted(name for name in kept if name not in now),
        new=[name for name in now if name not in kept],
        changed=[name for name in now if name in kept and _content(kept[name]) != now[name]],
    )
    return {kind: each for kind, each in changes.items() if each}


def _told(changes: dict[str, list[str]], most: int) -> str:
    parts = (
        f"{len(names)} {kind} ({listed_names(map(shown, names), most)})"
        for kind, names in changes.items()
    )
    return ", ".join(parts)


def _by_name(domain: Listing, kept: KeptDomain) -> np.ndarray:
    return np.array([HELD_OUT if name in kept.held_out else TRAINING for name in domain.names])


def _by_content(rows: list[Row], kept: KeptDomain, trained: set[str]) -> np.ndarray:
    """Returns to which part each file belongs; `trained` are the contents of all domains."""
    part_of = {_content(row): HELD_OUT for row in kept.held_out.values()}
    part_of |= dict.fromkeys(trained, ELSEWHERE)
    part_of |= {_content(row): TRAINING for row in kept.training.values()}
    return np.array([part_of.get(_content(row), UNUSED) for row in rows])
