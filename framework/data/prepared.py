"""Reads sets prepared by TensorFlow Datasets (TFDS), and prepares them from cache or network.

TFDS is imported only here and only when needed.
"""

import contextlib
import difflib
import io
import logging
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from framework.data.photos import PhotoSet
from framework.data.splits import Split, Splits
from framework.errors import MissingError, UserError

PROBE_SECONDS = 5
TFDS_PAGE = "https://www.tensorflow.org/datasets"  # where a set does not list its files


def find(name: str, root: Path) -> Path | None:
    """Returns the newest complete folder `<root>/<name>/<version>` of TFDS, or None."""
    finished = (root / name).glob("*/dataset_info.json")
    return max((file.parent for file in finished), key=_version, default=None)


def read(folder: Path) -> Splits:
    """Reads both splits of a prepared set of images with classes.

    Raises MissingError for a damaged set.
    """
    with errors_of(folder):
        opened = builder(folder)
        return Splits(*(_split(opened, part) for part in ("train", "test")))


def read_photos(folder: Path, photos: PhotoSet, size: int) -> Splits:
    """Reads both splits of a prepared set of photographs, each resized to size x size by `photos`.

    Raises MissingError for a damaged set.
    """
    with errors_of(folder):
        opened = builder(folder)
        return Splits(*(_photos(opened, part, photos, size) for part in photos.parts))


def similar(name: str) -> str:
    """Returns the end of a message if TFDS has no set of this name; "" if it has one."""
    with _quiet():
        import tensorflow_datasets as tfds

        known = tfds.list_builders(with_community_datasets=False)
    if name in known:
        return ""
    close = difflib.get_close_matches(name, known, n=1)
    return f"did you mean {close[0]}?" if close else f"see {TFDS_PAGE}"


def prepare(name: str, root: Path) -> Path | None:
    """Prepares a set and returns its folder `<root>/<name>/<version>`.

    Returns None where its files are neither in the download cache nor reachable. Raises
    MissingError when the preparation fails.
    """
    with _quiet():
        import tensorflow_datasets as tfds
        from tensorflow_datasets.core.utils import gcs_utils

        gcs_utils._is_gcs_disabled = True  # otherwise it retries for minutes without a network
        tfds.disable_progress_bar()
        try:
            new = tfds.builder(name, data_dir=str(root))
            if not (_cached(new, root) or _reachable(new)):
                return None
            new.download_and_prepare()
        except Exception as error:  # the downloader raises errors of many libraries
            raise MissingError(f"TFDS cannot prepare {name}: {_one_line(error)}") from error
    return find(name, root)


def _version(folder: Path) -> tuple[int, ...]:
    return tuple(int(part) for part in folder.name.split(".") if part.isdigit())


def builder(folder: Path) -> Any:
    """Opens a prepared set `<root>/<name>/<version>`, whose name TFDS need not know."""
    import tensorflow_datasets as tfds

    return tfds.builder_from_directory(str(folder))


@contextlib.contextmanager
def errors_of(folder: Path) -> Iterator[None]:
    """Turns errors of the block into a MissingError that names the folder.

    Errors of too little memory, and those that already say what to do, stay as they are.
    """
    import tensorflow as tf

    try:
        with _quiet():
            yield
    except (MemoryError, tf.errors.ResourceExhaustedError, UserError):
        raise
    except Exception as error:  # of protobuf, TensorFlow or the file system
        raise MissingError(
            f"{folder} is damaged ({_one_line(error)}): delete it, so that it is prepared again"
        ) from error


def _photos(builder: Any, part: str, photos: PhotoSet, size: int) -> Split:
    images = np.empty((builder.info.splits[part].num_examples, size, size, 3), np.uint8)
    labels = []
    for place, example in enumerate(builder.as_dataset(split=part).as_numpy_iterator()):
        images[place] = np.asarray(photos.fit(Image.fromarray(example["image"]), size))
        labels.append(photos.labels(example))
    if len(labels) != len(images):
        raise ValueError(f"{len(labels)} of {len(images)} images in split {part}")
    return Split(images, np.array(labels, np.int64) if photos.attributes else None)


def _split(builder: Any, part: str) -> Split:
    images = np.zeros((builder.info.splits[part].num_examples, *_shape(builder)), np.uint8)
    labels, start = np.zeros(len(images), np.int64), 0
    for batch in builder.as_dataset(split=part, batch_size=1024).as_numpy_iterator():
        stop = start + len(batch["label"])
        images[start:stop], labels[start:stop] = batch["image"], batch["label"]
        start = stop
    if start != len(images):
        raise ValueError(f"{start} of {len(images)} images in split {part}")
    return Split(images, labels)


def _shape(builder: Any) -> tuple[int, ...]:
    return builder.info.features["image"].shape


def _cached(builder: Any, root: Path) -> bool:
    """Returns whether all files that the set needs are already in the download cache."""
    from tensorflow_datasets.core.download.resource import get_dl_fname

    folder, config = root / "downloads" / builder.info.name, _config(builder)
    files = [(url, info) for url, info in builder.url_infos.items() if config in url]
    return bool(files) and all(
        (folder / get_dl_fname(url, info.checksum)).exists() for url, info in files
    )


def _config(builder: Any) -> str:
    """Returns the name of the chosen part of a set, such as horse2zebra; "" without parts."""
    return builder.builder_config.name if builder.builder_config else ""


def _reachable(builder: Any) -> bool:
    """Sends one quick request, because the downloader retries for minutes without a network."""
    request = urllib.request.Request(next(iter(builder.url_infos), TFDS_PAGE), method="HEAD")
    try:
        with urllib.request.urlopen(request, timeout=PROBE_SECONDS):
            return True
    except (OSError, ValueError):
        return False


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Hides the log lines and console output of TFDS."""
    logger, level = logging.getLogger("absl"), logging.getLogger("absl").level
    logger.setLevel(logging.ERROR)
    with contextlib.redirect_stdout(io.StringIO()):
        try:
            yield
        finally:
            logger.setLevel(level)


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
