"""Files that a command writes for a user: their names, and a check that none of them exists."""

import contextlib
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

import numpy as np
from tqdm import tqdm

from framework.data.listing import MOST_NAMED, listed_names, shown
from framework.errors import UsageError
from framework.results import complete_file


def names(inputs: Sequence[PurePosixPath], suffix: str) -> list[PurePosixPath]:
    """Returns a different name for the result of each input.

    It is the name of the input with another suffix. Inputs that differ in the suffix alone keep it:
    the results of `1.jpg` and `1.png` are `1.jpg.png` and `1.png.png`. Upper and lower case count
    as equal, as they do on some disks.

    Args:
        inputs: names relative to a folder, all different.
        suffix: of the results, with its dot.
    """
    complete = [False] * len(inputs)
    while True:
        results = [
            name.with_name((name.name if keep else name.stem) + suffix)
            for name, keep in zip(inputs, complete, strict=True)
        ]
        counts = Counter(str(result).casefold() for result in results)
        doubles = [counts[str(result).casefold()] > 1 for result in results]
        if all(keep for keep, double in zip(complete, doubles, strict=True) if double):
            return results
        complete = [keep or double for keep, double in zip(complete, doubles, strict=True)]


def refuse_existing(paths: Sequence[Path], overwrite: bool, inputs: Sequence[Path] = ()) -> None:
    """Checks that a command replaces no file, unless the user wants it.

    Args:
        paths: files that the command is going to write.
        overwrite: value of --overwrite.
        inputs: files that the command reads, which it never replaces.

    Raises:
        UsageError: files exist; the first 20 are named, the others counted.
    """
    existing = [path for path in paths if path.exists() or path.is_symlink()]
    if not existing:
        return
    if not overwrite:
        files = listed_names(map(shown, existing), MOST_NAMED)
        verb = "exists" if len(existing) == 1 else "exist"
        raise UsageError(f"{files} {verb}: choose another --out, or add --overwrite")
    read = {file.resolve() for file in inputs}
    if replaced := [path for path in existing if path.resolve() in read]:
        files = listed_names(map(shown, replaced), MOST_NAMED)
        raise UsageError(
            f"{files} would be replaced, but the command reads it: choose another --out"
        )


def progress(total: int, unit: str) -> tqdm:
    """Returns a progress bar on a terminal, which shows nothing elsewhere."""
    return tqdm(total=total, unit=f" {unit}", disable=None, dynamic_ncols=True, leave=False)


@contextlib.contextmanager
def array_file(path: Path, count: int, shape: Sequence[int]) -> Iterator[np.ndarray]:
    """Yields a float32 array [count, *shape] outside the memory, which becomes a .npy file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with complete_file(path) as temporary:
        array = np.lib.format.open_memmap(temporary, "w+", np.float32, (count, *shape))
        yield array
        array.flush()
