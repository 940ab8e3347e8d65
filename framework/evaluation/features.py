"""Network features of samples and of real images, and how far apart they are: `--kid_features`.

Features of real images are kept below `<results_dir>/statistics/`, one file for each set of images
and each network.
"""

import hashlib
import itertools
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np

from framework import results
from framework.data import Domain, Images, chunks
from framework.errors import MissingError
from framework.evaluation import metrics
from framework.options.base import Options
from framework.utils import batched, to_float
from nets import inception


class Features(NamedTuple):
    """A network's features of images.

    `net` maps images [N, H, W, 3] in [-1, 1] to [N, D]; `name` says which net, and what it does to
    the images first.
    """

    net: keras.Model
    name: str

    def of(self, images: Images) -> np.ndarray:
        """Features, float32 [N, D], of images [N, H, W, 3], in [-1, 1] or uint8."""

        def see(rows: np.ndarray) -> tuple:
            return (self.net(to_float(rows) if rows.dtype == np.uint8 else rows, training=False),)

        return batched(see, images)[0].astype(np.float32)


def wanted(options: Options) -> str:
    """Returns `--kid_features`; `digit` where a system has no such option."""
    return getattr(options, "kid_features", "digit")


def expect(options: Options) -> None:
    """Looks for Inception before training if the metrics will need it; raises MissingError."""
    if wanted(options) == "inception" and options.eval_pairs and not options.dry_run:
        of_photographs()


def of_photographs() -> Features:
    """Returns Inception v3's pooled features; MissingError without its weights."""
    try:
        return Features(inception.inception(), f"Keras' InceptionV3, pooled; {inception.RESIZER}")
    except FileNotFoundError as error:
        raise MissingError(
            f"--kid_features inception: {error}: download it once with a network, or say "
            "--kid_features none"
        ) from error


def of_digits(evaluator: keras.Model, name: str) -> Features:
    """Returns the last hidden layer of the evaluator as features; images are not resized."""
    layer = evaluator.get_layer("features").output
    net = keras.Model(evaluator.input, layer)
    return Features(net, f"last hidden layer of {name}; images as they are")


def choose(kind: str, evaluator: keras.Model | None, name: str) -> Features | None:
    """Returns the features of `--kid_features`; None for `none`, or without the evaluator."""
    if kind == "inception":
        return of_photographs()
    return of_digits(evaluator, name) if kind == "digit" and evaluator else None


def distances(
    options: Options,
    features: Features | None,
    fakes: Sequence[np.ndarray],
    domains: Sequence[Domain],
    protocol: str,
    note: Callable[[str], None],
) -> dict[str, dict]:
    """Computes kid1, fid1, ... of samples [N, H, W, 3] and each domain's held-out images.

    Args:
        options: tell where features of real images are kept.
        features: by which images are compared; None for no metrics.
        fakes: samples [N, H, W, 3] in [-1, 1] of each domain.
        domains: as many domains.
        protocol: kept beside every number.
        note: takes a warning for each domain with fewer images than features.
    """
    found: dict[str, dict] = {}
    if features is None:
        return found
    folder = Path(options.results_dir) / "statistics"
    for i, (fake, domain) in enumerate(zip(fakes, domains, strict=True), start=1):
        pair = features.of(fake), of_reals(features, domain.test_images, folder)
        about = f"{features.name}; {protocol}; held-out images of {domain.name}"
        found |= {f"kid{i}": metrics.kid(*pair, about), f"fid{i}": metrics.fid(*pair, about)}
        if warning := metrics.too_few(*pair):
            note(f"WARNING: kid{i}, fid{i}: {warning}")
    return found


def of_reals(features: Features, images: Images, folder: Path) -> np.ndarray:
    """Returns features of real images uint8 [N, H, W, 3], from `folder` if they are kept there."""
    path = folder / f"{_key(features, images)}.npz"
    try:
        with path.open("rb") as file, np.load(file) as kept:
            return kept["features"]
    except (OSError, ValueError, KeyError, zipfile.BadZipFile):  # not there, or damaged
        found = features.of(images)
    folder.mkdir(parents=True, exist_ok=True)
    with results.complete_file(path) as temporary, temporary.open("wb") as new:
        np.savez(new, features=found, protocol=f"{features.name}; images {images.shape}")
    return found


def _key(features: Features, images: Images) -> str:
    """Another one for any other weight, resizer, pixel, size or number of images."""
    digest = hashlib.sha256(f"{features.name} {images.shape} {images.dtype}".encode())
    for array in itertools.chain(features.net.get_weights(), chunks(images)):
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()[:32]
