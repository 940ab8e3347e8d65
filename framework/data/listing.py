"""Finds the images of a folder, at any depth, and says what is left out."""

import os
import stat
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from framework.data.formats import OTHER_IMAGES, SUFFIXES
from framework.errors import MissingError, UsageError

MOST_NAMED = 20  # of files in an error; the others are counted
FEW_NAMED = 3  # of files in a line of the output
READ_ALREADY = "link to a folder that is read already"

Reason = tuple[Path, str]
"""A file, and in words why it is not read."""


class Found(NamedTuple):
    """The images of a folder.

    Attributes:
        files: the images, in the order of their names without suffix.
        skipped: the other files that are not hidden, and links to folders that are read already,
            with the reasons.
    """

    files: tuple[Path, ...]
    skipped: tuple[Reason, ...]


class Listing(NamedTuple):
    """The images of a domain.

    Attributes:
        root: its folder, to which the names of the images are relative.
        files: the images.
        skipped: the other files, with the reasons.
        classes: names of the folders in `root`, if these are classes; else empty.
        is_mixed: whether `root` has images beside folders of images, which then are no classes.
        name: name of the domain; empty for that of `root`.
    """

    root: Path
    files: tuple[Path, ...]
    skipped: tuple[Reason, ...] = ()
    classes: tuple[str, ...] = ()
    is_mixed: bool = False
    name: str = ""

    @property
    def title(self) -> str:
        """The name of the domain."""
        return self.name or shown(self.root.absolute().name)

    @property
    def names(self) -> list[str]:
        """The names of the images relative to `root`, as they can be printed."""
        return [shown(file.relative_to(self.root).as_posix()) for file in self.files]


def find_images(path: Path) -> Found:
    """Finds all images in a folder and in its sub-folders; or takes a single file.

    An image is a file with one of the suffixes of `formats.SUFFIXES`. Hidden files and folders do
    not count.

    Raises:
        MissingError: there is nothing at `path`, or no image; or there are dangling links, or files
            and folders without permission, which are listed all at once.
    """
    if not path.is_dir():
        return Found((_single(path),), ())
    files: list[Path] = []
    skipped: list[Reason] = []
    broken: list[Reason] = []
    for file, fault in _walk(path):
        if fault == READ_ALREADY:
            skipped.append((file, fault))
        elif fault:
            broken.append((file, fault))
        elif why := _why_skipped(file):
            skipped.append((file, why))
        elif not os.access(file, os.R_OK):
            broken.append((file, "no permission"))
        else:
            files.append(file)
    if broken:
        raise MissingError(unreadable(broken, path))
    if not files:
        others = f" ({named(skipped, FEW_NAMED, path)})" if skipped else ""
        raise MissingError(f"{shown(path)} has no images{others}: png, jpg and other formats of "
                           "docs/data.md are read")  # fmt: skip
    return Found(tuple(sorted(files, key=_order(path))), tuple(sorted(skipped)))


def list_domain(path: Path) -> Listing:
    """Lists the images of a domain and finds its classes.

    If a folder has no images of its own, and at least two folders in it have images at any depth,
    the names of these folders are the classes.

    Raises MissingError as `find_images`.
    """
    root = path if path.is_dir() else path.parent
    found = find_images(path)
    first = [file.relative_to(root).parts for file in found.files]
    own = sum(len(parts) == 1 for parts in first)
    folders = sorted({parts[0] for parts in first if len(parts) > 1})
    classes = () if own or len(folders) < 2 else tuple(map(shown, folders))
    title = shown(path.absolute().name)
    return Listing(root, found.files, found.skipped, classes, bool(own and folders), title)


def paired(first: Listing, second: Listing) -> Listing:
    """Returns the second listing in the order of the first: file i of both is a pair.

    A pair has the same name relative to the folder of the domain, except for the suffix and for
    upper and lower case.

    Raises UsageError where two files of a domain have the same name except for these, or where a
    file has no partner in the other domain.
    """
    keys = _by_key(first), _by_key(second)
    for own, other, place in ((*keys, second.root), (*keys[::-1], first.root)):
        if lonely := [name for key, (_, name) in own.items() if key not in other]:
            names = listed_names(map(shown, lonely), MOST_NAMED)
            raise UsageError(
                f"--paired: {shown(place)} has no partners of {names}: add or remove files"
            )
    return second._replace(files=tuple(keys[1][key][0] for key in keys[0]))


def with_held_out(training: Listing, held_out: Listing) -> Listing:
    """Returns the images of two folders beside each other, the training images first."""
    return Listing(
        training.root.parent, training.files + held_out.files, training.skipped + held_out.skipped,
        name=training.title,
    )  # fmt: skip


def unreadable(files: Sequence[Reason], root: Path | None = None) -> str:
    """Returns the message for files that cannot be read: all of them, or the first ones.

    Args:
        files: files and reasons.
        root: folder that contains the files; None for a single file.
    """
    if len(files) == 1 or root is None:
        return f"cannot read {shown(files[0][0])} ({files[0][1]}): repair or remove it"
    names = named(sorted(files), MOST_NAMED, root)
    return f"cannot read {len(files)} files in {shown(root)}: {names}: repair or remove them"


def named(files: Sequence[Reason], most: int, root: Path | None = None) -> str:
    """Returns files with the reasons, such as `a.txt (no image), b.png (no permission)`.

    Args:
        files: files and reasons.
        most: number of files that are named; the others are counted.
        root: folder to which names are relative; None for the whole path.
    """
    names = (f"{shown(file.relative_to(root) if root else file)} ({why})" for file, why in files)
    return listed_names(names, most)


def listed_names(names: Iterable[str], most: int) -> str:
    """Returns names with commas between them: the first `most`, and how many more there are."""
    every = list(names)
    more = [f"and {len(every) - most} more"] if len(every) > most else []
    return ", ".join(every[:most] + more)


def shown(path: Path | str) -> str:
    """Returns a path as it can be printed, whatever the bytes of its name."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _single(path: Path) -> Path:
    if path.is_symlink() and not path.exists():
        raise MissingError(unreadable([(path, "dangling link")]))
    if not path.exists():
        raise MissingError(f"there is no {shown(path)}: give a folder of images, or an image")
    if why := _why_skipped(path):
        raise MissingError(f"{shown(path)}: {why}")
    if not os.access(path, os.R_OK):
        raise MissingError(unreadable([(path, "no permission")]))
    return path


def _walk(root: Path) -> Iterator[tuple[Path, str]]:
    """Yields all files below a folder with "", and what is not opened with the reason.

    A folder is read once, although links may lead to it again or form a circle; links are followed
    after all other folders.
    """
    seen: set[tuple[int, int]] = set()
    folders, links = [root], list[Path]()
    while folders or links:
        folder = folders.pop() if folders else links.pop(0)
        try:
            status = folder.stat()
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError as error:
            yield folder, error.strerror or "cannot be opened"
            continue
        identity = status.st_dev, status.st_ino
        if identity in seen:
            yield folder, READ_ALREADY
            continue
        seen.add(identity)
        for path in (folder / entry.name for entry in entries if not entry.name.startswith(".")):
            try:
                is_folder = stat.S_ISDIR(path.stat().st_mode)
            except FileNotFoundError:
                yield path, "dangling link"
            except OSError as error:  # such as a link into a folder without permission
                yield path, error.strerror or "cannot be opened"
            else:
                if is_folder:
                    (links if path.is_symlink() else folders).append(path)
                else:
                    yield path, ""


def _why_skipped(file: Path) -> str:
    """Returns why a file is not read; empty for an image."""
    suffix = file.suffix.lower()
    if suffix in OTHER_IMAGES:
        return f"{suffix[1:]} is not read, save it as png or jpg"
    if suffix not in SUFFIXES:
        return "no image"
    return "" if file.is_file() else "no file"


def _order(root: Path) -> Callable[[Path], tuple]:
    """Returns the sort key of files below a folder: folders, name without suffix, suffix."""
    return lambda file: (file.relative_to(root).parent.parts, file.stem, file.suffix)


def _by_key(domain: Listing) -> dict[str, tuple[Path, str]]:
    """Returns the files and their names by what the files of a pair share; refuses doubles."""
    files: dict[str, tuple[Path, str]] = {}
    doubles = []
    for file, name in zip(domain.files, domain.names, strict=True):
        name_without_suffix = file.relative_to(domain.root).with_suffix("").as_posix()
        key = unicodedata.normalize("NFC", name_without_suffix).casefold()
        if key in files:
            doubles.append(f"{name} beside {files[key][0].name}")
        files[key] = file, name
    if doubles:
        raise UsageError(
            f"--paired: {shown(domain.root)} has {listed_names(doubles, MOST_NAMED)}: of each name "
            "only one file may be there"
        )
    return files
