"""Data sets: named sources and pairs, a user's folders, and the stream of batches."""

import zlib
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from framework.data import audio, celeba, folder, names, sources, voices, wavs
from framework.data.audio import Clips
from framework.data.domains import Data, Domain
from framework.data.originals import Split, Splits
from framework.data.pairs import PAIRS, Pair
from framework.data.pruning import prune
from framework.data.sources import SOURCES, Source
from framework.data.views import VIEWS, resize, to_rgb
from framework.errors import MissingError, UsageError

if TYPE_CHECKING:
    from framework.config import Options

__all__ = [
    "PAIRS",
    "SOURCES",
    "VIEWS",
    "Clips",
    "Data",
    "Domain",
    "Pair",
    "Source",
    "fingerprint",
    "load",
    "prune",
]

PAIRED = ("domains", "paired", "labelled_source")  # contracts of two domains
MIXED = ("halves", "labelled_pair", "triple", "indexed")  # of one set, mixed of any number
HALVES_SEED = 0  # the same halves in every run: they belong to the data set, not to a run


def load(options: "Options", contract: str) -> Data:
    """The data of a run under a contract; everything is decoded, resized and RGB, or is points.

    Those of PAIRED read `options.cogan_data`, a name of PAIRS or "folder", and 'paired' takes whole
    data sets of which the others have a half per domain; 'single' and the others read
    `options.dataset`: "folder" (of --domain1), or a source such as "mini", or one with a view such
    as "mini:edge"; but for 'single' several joined by "+", and for those of MIXED also a pair.
    Raises UsageError for an unknown name or missing labels, MissingError when the files are not
    there.
    """
    name = options.cogan_data if contract in PAIRED else options.dataset
    if contract in MIXED:
        return _mixed(name, contract, options)
    if name == "folder":
        domains, classes = _folders(options, 2 if contract in PAIRED else 1)
        data = Data(contract, domains, name, classes)
    elif contract in PAIRED:
        data = _pair(name, options, halved=contract != "paired")
    else:
        data = _items(name, contract, options)
    if contract == "paired":
        if data.clips:
            raise UsageError(f"the clips of {name} are no pairs: leave --paired out")
        if name == "folder":
            folder.check_names(options.domain1, options.domain2)
        return data.paired()
    if contract == "labelled_source":
        return data.labelled_source()
    return data.labelled() if contract == "labelled" else data


def _mixed(name: str, contract: str, options: "Options") -> Data:
    if name == "folder":
        domains, classes = _folders(options, 2 if options.domain2 else 1)
        data = Data(contract, domains, name, classes)
    else:
        names.check_mixture(name)
        data = _pair(name, options) if name in PAIRS else _items(name, contract, options)
    return replace(data, contract=contract) if contract == "halves" else data.classed(contract)


def _pair(name: str, options: "Options", halved: bool = True) -> Data:
    pair = names.known(name, PAIRS, "pair")
    if pair.sound:
        return _sounds(name, options)
    parts = [names.parse(item) for item in (pair.first, pair.second)]
    size, sides, attributes = options.image_size, [pair.first, pair.second], ()
    read = {source: sources.read(source, options.data_dir, size) for source, _ in parts}
    splits = [read[source] for source, _ in parts]
    if pair.attribute:
        sides = [f"no_{pair.attribute.lower()}", pair.attribute.lower()]
        attributes = tuple(dict.fromkeys((*celeba.COMMON, pair.attribute)))
        splits = _divided(splits[0], pair.attribute, attributes)
    elif pair.halved and halved:
        splits = _halves(splits[0])
    domains = tuple(
        _domain(item, split, view, size)
        for item, split, (_, view) in zip(sides, splits, parts, strict=True)
    )
    return Data("domains", domains, name, _count_classes(domains), attributes, pair.attribute)


def _sounds(name: str, options: "Options") -> Data:
    """Spectrograms of clips, grey, and the held-out clips of domain 2."""
    length = audio.clip_length(options.image_size)
    voice = None
    if name == "audio":
        clips = [wavs.read(path, length) for path in _given_folders(options, 2, name).values()]
    else:
        (tones, mixed), voice = voices.pair(length)
        clips = [tones, mixed]
    titles = PAIRS[name].first, PAIRS[name].second
    domains = (
        Domain(title, train, None, test, None)
        for title, sides in zip(titles, clips, strict=True)
        for train, test in [[to_rgb(audio.pixels(side, options.image_size)) for side in sides]]
    )
    return Data("domains", tuple(domains), name, 0, clips=Clips(clips[1][1], voice))


def _items(name: str, contract: str, options: "Options") -> Data:
    if name in PAIRS:
        raise UsageError(f"--dataset {name}: a pair; this system takes one data set")
    items, size = name.split("+"), options.image_size
    if contract == "single" and len(items) > 1:
        raise UsageError(f"--dataset {name}: this system takes one data set, not several")
    parts = [names.parse(item) for item in items]
    if contract != "single" and any(source in sources.POINTS for source, _ in parts):
        raise UsageError(f"data set {name!r}: points are for --gan_type gan --arch toy")
    described = {bool(SOURCES[source].attributes) for source, _ in parts}
    if len(described) > 1:
        raise UsageError(f"--dataset {name}: attributes and classes cannot be mixed")
    attributes = celeba.COMMON if described == {True} else ()
    domains = []
    for item, (source, view) in zip(items, parts, strict=True):
        splits = sources.read(source, options.data_dir, size)
        splits = Splits(*(_choose(split, attributes) for split in splits)) if attributes else splits
        domains.append(_domain(item, splits, view, size))
    return Data(contract, tuple(domains), name, _count_classes(domains), attributes)


def _folders(options: "Options", count: int) -> tuple[tuple[Domain, ...], int]:
    if count == 1 and options.domain2:
        raise UsageError("--domain2: this system takes one folder, --domain1")
    flags = _given_folders(options, count, "folder")
    found = [folder.read(path, options.image_size, options.data_dir) for path in flags.values()]
    classes = {names for _, names in found if names}
    if len(classes) > 1:
        lists = " against ".join(", ".join(names) for _, names in found)
        raise UsageError(f"--domain1 and --domain2 have different class folders ({lists})")
    domains = (
        _domain(flag, splits, None, options.image_size)
        for flag, (splits, _) in zip(flags, found, strict=True)
    )
    return tuple(domains), len(found[0][1]) if all(names for _, names in found) else 0


def _given_folders(options: "Options", count: int, name: str) -> dict[str, str]:
    """The folders of the first `count` domains by flag."""
    flags = {f"domain{i}": getattr(options, f"domain{i}") for i in range(1, count + 1)}
    for flag, path in flags.items():
        if not path:
            raise UsageError(f"data set {name} needs --{flag} DIR, a folder of its files")
    return flags


def _halves(splits: Splits) -> list[Splits]:
    """Two sources that share no training image; the held-out images are all in both."""
    images, labels = splits.train
    order = np.random.default_rng(HALVES_SEED).permutation(len(images))
    middle = len(images) // 2
    return [
        Splits(Split(images[half], labels[half]), splits.test)
        for half in (np.sort(order[:middle]), np.sort(order[middle:]))
    ]


def _divided(splits: Splits, attribute: str, kept: tuple[str, ...]) -> list[Splits]:
    """The images without and those with an attribute; labels are the attributes kept."""
    sides = []
    for value in (0, 1):
        chosen = [celeba.values(split.labels, attribute) == value for split in splits]
        for mask, least, part in zip(chosen, (2, 1), ("training", "held-out"), strict=True):
            if mask.sum() < least:
                raise MissingError(
                    f"less than {least} of the {part} images have {attribute} = {value}"
                )
        parts = zip(splits, chosen, strict=True)
        sides.append(Splits(*(_choose(split, kept, mask) for split, mask in parts)))
    return sides


def _choose(split: Split, kept: tuple[str, ...], mask: np.ndarray | None = None) -> Split:
    """The images of a mask, with only some of CelebA's attributes."""
    images, labels = split
    if mask is not None:
        images, labels = images[mask], labels[mask]
    return Split(images, np.stack([celeba.values(labels, name) for name in kept], axis=1))


def _domain(name: str, splits: Splits, view: str | None, size: int) -> Domain:
    def look(images: np.ndarray) -> np.ndarray:
        if images.ndim == 2:  # points
            return images
        return to_rgb(resize(VIEWS[view](images) if view else images, size))

    (images, labels), (test_images, test_labels) = splits
    return Domain(name, look(images), labels, look(test_images), test_labels)


def _count_classes(domains: Sequence[Domain]) -> int:
    labels = [each for d in domains for each in (d.labels, d.test_labels)]
    if any(each is None for each in labels):
        return 0
    return labels[0].shape[1] if labels[0].ndim == 2 else 1 + max(int(y.max()) for y in labels)


def fingerprint(domains: tuple[Domain, ...]) -> list[list]:
    """What tells training data from others, ready for JSON: names, shapes, some images, labels."""
    return [[d.name, d.images.shape, _check(d.images[::97]), _check(d.labels)] for d in domains]


def _check(values: np.ndarray | None) -> int | None:
    return None if values is None else zlib.crc32(np.ascontiguousarray(values))
