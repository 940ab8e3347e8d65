"""Domains from what a Python program passes: arrays, and data sets of tf.data."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from PIL import Image, ImageOps

from framework.data import storage
from framework.data.decode import array_image
from framework.data.domains import Domain
from framework.data.folder import held_out
from framework.data.splits import Split, shuffled_order
from framework.errors import UsageError, UserError

NAME = "arrays"  # value of --data for data from Python
CHANNELS = 1, 3, 4
CHECK_EVERY = 100  # images of a tf.data.Dataset
LEAST = 2  # images of a domain: one to train on and one that is held out

Read = Callable[[float], Split]
"""Function from the lower end of the range of floats, 0 or -1, to images and labels."""


def domains(given: Any, size: int, allow_one: bool = False) -> tuple[Domain, ...]:
    """Returns the domains of the data that a Python program passes.

    Images of any size are cropped to their middle square and resized. Every tenth is held out.
    Arrays are uint8, uint16 or floats. If any domain has a negative float, the floats of all
    domains are in [-1, 1], otherwise in [0, 1].

    Args:
        given: images, an array [N, H, W] or [N, H, W, 1, 3 or 4]; images and labels, whole numbers
            [N] from 0; a tf.data.Dataset of images [H, W, C], or of images and labels; a tuple or
            list of several of these, one per domain; or a dict from the names of the domains to
            these.
        size: height and width of the images returned.
        allow_one: whether domain 1 may have a single image, which is not held out.

    Raises:
        UsageError: data of another kind, shape, type or range.
        UserError: a tf.data.Dataset does not fit into memory.
    """
    if isinstance(given, dict):
        parts = {str(name): part for name, part in given.items()}
    elif isinstance(given, tuple | list) and not _is_labelled(given):
        parts = {f"domain{i}": part for i, part in enumerate(given, start=1)}
    else:
        parts = {"domain1": given}
    if not parts:
        raise UsageError("data from Python: no domain is given")
    opened = {}
    for name, part in parts.items():
        with _errors_of(name):
            opened[name] = _of_dataset(part, size) if _is_dataset(part) else _of_arrays(part, size)
    lowest = min(low for low, _ in opened.values())
    return tuple(
        _domain(name, read, lowest, 1 if allow_one and number == 0 else LEAST)
        for number, (name, (_, read)) in enumerate(opened.items())
    )


@contextlib.contextmanager
def _errors_of(name: str) -> Iterator[None]:
    """Turns errors of data that have another form into a UsageError that names the domain."""
    try:
        yield
    except (ValueError, TypeError) as error:
        reason = " ".join(str(error).split())
        raise UsageError(f"data from Python, {name}: {reason}") from error


def _is_labelled(given: Sequence) -> bool:
    """Returns whether two values are images and labels, and not two domains."""
    if len(given) != 2 or any(isinstance(part, dict) or _is_dataset(part) for part in given):
        return False
    try:
        shape = np.shape(given[1])
    except ValueError:  # a list of images, or of images and labels
        return False
    return len(shape) == 1 or (len(shape) == 2 and shape[1] == 1)


def _is_dataset(given: Any) -> bool:
    import tensorflow as tf

    return isinstance(given, tf.data.Dataset)


def _domain(name: str, read: Read, lowest: float, least: int) -> Domain:
    """Divides images and labels in training images, in a fixed random order, and held-out ones."""
    with _errors_of(name):
        all_images = read(lowest)
    count = len(all_images.images)
    if count < least:
        raise UsageError(
            f"data from Python, {name}: {count} image, a domain needs at least {least}"
        )
    mask = held_out(count)
    parts = (all_images.select(np.flatnonzero(part)) for part in (~mask, mask))
    train, test = (part.select(shuffled_order(len(part.images))) for part in parts)
    fitting = storage.fits_memory(storage.COPIES * storage.bytes_of(all_images.images))
    images, test_images = (np.asarray(p.images) if fitting else p.images for p in (train, test))
    return Domain(name, images, train.labels, test_images, test.labels)


def _of_arrays(given: Any, size: int) -> tuple[float, Read]:
    """Returns the lower end of the range, and images that are resized when they are read."""
    pixels, labels = given, None
    if isinstance(given, tuple | list):
        if not _is_labelled(given):
            raise ValueError(
                f"a {type(given).__name__} of {len(given)}; a domain is one array, or (images, "
                "labels): use np.stack(images) to join images"
            )
        pixels, labels = given
    pixels = np.asarray(pixels)
    if pixels.ndim == 3 and pixels.shape[2] in CHANNELS:
        raise ValueError(
            f"shape {pixels.shape} is one image; use [N, H, W, C], such as image[None]"
        )
    if pixels.ndim not in (3, 4):
        raise ValueError(f"shape {pixels.shape}; images are [N, H, W] or [N, H, W, C]")

    def read(lowest: float) -> Split:
        images = storage.on_demand(len(pixels), size, lambda i: _fitted(pixels[i], lowest, size))
        if len(pixels):
            _fitted(pixels[0], lowest, size)  # raises errors of shape and type
        return Split(images, None if labels is None else _labels(labels, len(pixels)))

    return _lowest(pixels) if pixels.dtype.kind == "f" else 0.0, read


def _lowest(pixels: np.ndarray) -> float:
    """Returns the lower end of the range of floats, 0 or -1; ValueError for another range."""
    limits = np.array([(part.min(), part.max()) for part in storage.chunks(pixels)])
    limits = limits.reshape(-1, 2)  # of no images, too
    low, high = limits[:, 0].min(initial=0), limits[:, 1].max(initial=0)
    if not (low >= -1 and high <= 1):
        raise ValueError(
            f"floats from {low:g} to {high:g}; use uint8, or finite floats in [0, 1] or [-1, 1]"
        )
    return -1.0 if low < 0 else 0.0


def _fitted(pixels: np.ndarray, lowest: float, size: int) -> Image.Image:
    """Returns one image [H, W] or [H, W, C], cropped to its middle square and resized."""
    if pixels.dtype.kind == "f":
        pixels = np.clip((pixels.astype(np.float32) - lowest) / (1 - lowest), 0, 1)
    image = array_image(pixels)
    if image.size == (size, size):
        return image
    return ImageOps.fit(image, (size, size), Image.Resampling.BILINEAR)


def _labels(given: Any, count: int) -> np.ndarray:
    labels = np.asarray(given)
    if labels.shape not in ((count,), (count, 1)) or labels.dtype.kind not in "iub":
        raise ValueError(
            f"labels {labels.dtype} {labels.shape}; use whole numbers [{count}], one per image"
        )
    if labels.size and labels.min() < 0:
        raise ValueError(f"label {labels.min()}; labels are whole numbers from 0")
    return labels.reshape(-1).astype(np.int64)


def _of_dataset(given: Any, size: int) -> tuple[float, Read]:
    """Reads a tf.data.Dataset to its end, once for the range of floats and once for the images."""
    spec, given = _elements(given)
    lowest = 0.0
    if spec.dtype.is_floating:
        lowest = min((_lowest(pixels[None]) for pixels, _ in _pairs(given)), default=0.0)
    return lowest, lambda low: _all_of(given, low, size)


def _all_of(given: Any, lowest: float, size: int) -> Split:
    """Reads the images and labels of a tf.data.Dataset; UserError where memory is too small."""
    rows: list[np.ndarray] = []
    labels = []
    for pixels, label in _pairs(given):
        rows.append(np.asarray(_fitted(pixels, lowest, size)))
        labels.append(label)
        taken = len(rows) * rows[0].nbytes
        if len(rows) % CHECK_EVERY == 0 and not storage.fits_memory(taken, taken):
            raise UserError(
                f"data from Python: the first {len(rows):,} images at --image_size {size} fill the "
                "memory: save them in a folder and use its path instead"
            )
    # One large array would be a second copy of all rows.
    images = storage.StoredImages(
        lambda chosen: np.stack([rows[i] for i in chosen]), np.arange(len(rows)), (size, size, 3)
    )
    has_labels = bool(labels) and labels[0] is not None
    return Split(images, _labels(np.array(labels), len(images)) if has_labels else None)


def _elements(given: Any) -> tuple[Any, Any]:
    """Returns the form of the images of a tf.data.Dataset, and the set without batches."""
    import tensorflow as tf

    spec = given.element_spec
    image = spec[0] if isinstance(spec, tuple) and len(spec) == 2 else spec
    if not isinstance(image, tf.TensorSpec):
        raise ValueError(
            f"a tf.data.Dataset of {spec}; its elements must be images, or (image, label)"
        )
    if given.cardinality() == tf.data.INFINITE_CARDINALITY:
        raise ValueError("an endless tf.data.Dataset; leave .repeat() out")
    if image.shape.rank == 4:
        return _elements(given.unbatch())
    return image, given


def _pairs(given: Any) -> Iterator[tuple[np.ndarray, np.ndarray | None]]:
    for element in given.as_numpy_iterator():
        yield element if isinstance(element, tuple) else (element, None)
