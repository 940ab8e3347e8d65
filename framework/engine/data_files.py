"""Keeps in a run folder which data the run was trained on: data_files.json.

Of folders of images these are the names and contents of all files (`data.identity`), of other data
checksums of some images. Runs of earlier versions do not have the file and are not checked.
"""

from pathlib import Path

from framework.data import Data, fingerprint, identity
from framework.errors import UsageError
from framework.results import write_json
from framework.results.files import read_json

NAME = "data_files.json"
PLACES = frozenset(("domain1", "domain2", "folder"))
"""Options that say where folders of images are."""


def read(folder: Path, refuses: bool) -> identity.Kept | None:
    """Reads which files a run was trained on; None if it keeps none.

    Args:
        folder: the run folder, which may not exist yet.
        refuses: whether changed files are an error; otherwise they are told.
    """
    values = read_json(folder / NAME) or {}
    return identity.from_dict(values, refuses) if values.get("domains") else None


def places(folder: Path) -> frozenset[str]:
    """Returns the options in which a run that goes on may differ, as its files are known."""
    return PLACES if read(folder, refuses=True) else frozenset()


def keep(folder: Path, data: Data) -> None:
    """Writes which data a run is trained on, or checks them if the run has begun before.

    Raises UsageError if the run was trained on other data; folders of images were checked when
    they were loaded.
    """
    if (folder / NAME).is_file():
        if _differs(folder, data):
            raise UsageError(
                f"{folder}: the images of {data.name} are not those that this run began with: "
                "restore them, or start a new run with --name"
            )
        return
    known = fingerprint(data.domains)
    kept = identity.to_dict(data.files, known) if data.files else {"fingerprint": known}
    write_json(folder / NAME, kept)


def tell(folder: Path, data: Data) -> None:
    """Prints a warning if a run was trained on other data than these, for example to evaluate it.

    For folders of images it was printed when they were loaded.
    """
    if _differs(folder, data):
        print(
            f"warning: the images of {data.name} are not those that this run was trained on, some "
            "of which may be among the held-out images now"
        )


def _differs(folder: Path, data: Data) -> bool:
    """Whether the checksums of the data are others than those that a run keeps."""
    kept = (read_json(folder / NAME) or {}).get("fingerprint")
    return bool(kept) and kept != fingerprint(data.domains)
