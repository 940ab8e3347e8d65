"""Loads the data of a run: from named sources or the user's folders, as domains in memory."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from framework.data import audio, celeba, folder, names, sources, voices, wavs
from framework.data.audio import Clips
from framework.data.domains import Data, Domain
from framework.data.pairs import PAIRS
from framework.data.sources import SOURCES
from framework.data.splits import Split, Splits
from framework.data.views import VIEWS, resize, to_rgb
from framework.errors import MissingError, UsageError
from framework.options.base import Options

# Contracts of two domains, which read the option `cogan_data`; all others read `dataset`.
TWO_DOMAINS = ("domains", "paired", "labelled_source")
MIXED = ("halves", "labelled_pair", "triple", "indexed")  # images of all domains are mixed
HALVES_SEED = 0  # the same halves in every run: they belong to the data set, not to a run


def load(options: Options, contract: str) -> Data:
    """Loads the data of a run under a contract of `batches.CONTRACTS`.

    The contracts of TWO_DOMAINS read `options.cogan_data`: a name of PAIRS, or "folder" for
    --domain1 and --domain2. A pair of two views of one source gives each domain its own half of the
    images, except under 'paired', which needs both views of every image. All other contracts read
    `options.dataset`: "folder" for --domain1; a source such as "mini", or one with a view such as
    "mini:edge"; several of these joined by "+", except under 'single'; under the contracts of MIXED
    also a pair.

    Returns:
        Domains of uint8 images [N, image_size, image_size, 3], or of points [N, 2].

    Raises:
        UsageError: an unknown name, or images without the labels that the contract needs.
        MissingError: the files are not found or are damaged.
    """
    name = getattr(options, "cogan_data" if contract in TWO_DOMAINS else "dataset")
    if contract in MIXED:
        return _mixed(name, contract, options)
    if name == "folder":
        domains, classes = _folders(options, 2 if contract in TWO_DOMAINS else 1)
        data = Data(contract, domains, name, classes)
    elif contract in TWO_DOMAINS:
        data = _pair(name, options, halved=contract != "paired")
    else:
        data = _sources(name, contract, options)
    if contract == "paired":
        return _paired(data, options)
    if contract == "labelled_source":
        return data.labelled_source()
    return data.labelled() if contract == "labelled" else data


def _mixed(name: str, contract: str, options: Options) -> Data:
    if name == "folder":
        domains, classes = _folders(options, 2 if options.domain2 else 1)
        data = Data(contract, domains, name, classes)
    else:
        names.check_mixture(name)
        data = _pair(name, options) if name in PAIRS else _sources(name, contract, options)
    return replace(data, contract=contract) if contract == "halves" else data.classed(contract)


def _paired(data: Data, options: Options) -> Data:
    if data.clips:
        raise UsageError(f"the clips of {data.name} are no pairs: leave --paired out")
    if data.name == "folder":
        folder.check_names(*_given_folders(options, 2, data.name).values())
    return data.paired()


def _pair(name: str, options: Options, halved: bool = True) -> Data:
    pair = names.find(name, PAIRS, "pair")
    if pair.sound:
        return _sounds(name, options)
    parts = [names.parse(item) for item in (pair.first, pair.second)]
    size, sides, attributes = options.image_size, [pair.first, pair.second], ()
    loaded = {source: sources.read(source, options.data_dir, size) for source, _ in parts}
    splits = [loaded[source] for source, _ in parts]
    if pair.attribute:
        sides = [f"no_{pair.attribute.lower()}", pair.attribute.lower()]
        attributes = tuple(dict.fromkeys((*celeba.COMMON, pair.attribute)))
        splits = _divide(splits[0], pair.attribute, attributes)
    elif pair.halved and halved:
        splits = _halve(splits[0])
    domains = tuple(
        _domain(title, split, view, size)
        for title, split, (_, view) in zip(sides, splits, parts, strict=True)
    )
    return Data("domains", domains, name, _count_classes(domains), attributes, pair.attribute)


def _sounds(name: str, options: Options) -> Data:
    """Loads spectrograms of clips as grey images, and the held-out clips of domain 2."""
    length = audio.clip_length(options.image_size)
    voice = None
    if name == "audio":
        clips = [wavs.read(path, length) for path in _given_folders(options, 2, name).values()]
    else:
        clips, voice = voices.pair(length)
    titles = PAIRS[name].first, PAIRS[name].second
    domains = []
    for title, parts in zip(titles, clips, strict=True):
        train, test = (to_rgb(audio.pixels(part, options.image_size)) for part in parts)
        domains.append(Domain(title, train, None, test, None))
    return Data("domains", tuple(domains), name, 0, clips=Clips(clips[1][1], voice))


def _sources(name: str, contract: str, options: Options) -> Data:
    """Loads sources joined by "+", each as one domain."""
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
        if attributes:
            splits = Splits(*(_with_attributes(split, attributes) for split in splits))
        domains.append(_domain(item, splits, view, size))
    return Data(contract, tuple(domains), name, _count_classes(domains), attributes)


def _folders(options: Options, count: int) -> tuple[tuple[Domain, ...], int]:
    """Loads the first `count` folders of images; also returns the number of their classes."""
    if count == 1 and options.domain2:
        raise UsageError("--domain2: this system takes one folder, --domain1")
    flags = _given_folders(options, count, "folder")
    loaded = [folder.read(path, options.image_size, options.data_dir) for path in flags.values()]
    classes = {names for _, names in loaded if names}
    if len(classes) > 1:
        lists = " against ".join(", ".join(names) for _, names in loaded)
        raise UsageError(f"--domain1 and --domain2 have different class folders ({lists})")
    domains = (
        _domain(flag, splits, None, options.image_size)
        for flag, (splits, _) in zip(flags, loaded, strict=True)
    )
    return tuple(domains), len(loaded[0][1]) if all(names for _, names in loaded) else 0


def _given_folders(options: Options, count: int, name: str) -> dict[str, str]:
    """Returns flag -> folder of the first `count` domains; UsageError where one is not given."""
    flags = {f"domain{i}": getattr(options, f"domain{i}") for i in range(1, count + 1)}
    for flag, path in flags.items():
        if not path:
            raise UsageError(f"data set {name} needs --{flag} DIR, a folder of its files")
    return flags


def _halve(splits: Splits) -> list[Splits]:
    """Splits a source in two that share no training image; both get all held-out images."""
    count = len(splits.train.images)
    order = np.random.default_rng(HALVES_SEED).permutation(count)
    halves = np.sort(order[: count // 2]), np.sort(order[count // 2 :])
    return [Splits(splits.train.select(half), splits.test) for half in halves]


def _divide(splits: Splits, attribute: str, kept: tuple[str, ...]) -> list[Splits]:
    """Returns the images without an attribute and those with it; labels are `kept` attributes."""
    sides = []
    for value in (0, 1):
        masks = [_attribute(split, attribute) == value for split in splits]
        for mask, least, part in zip(masks, (2, 1), ("training", "held-out"), strict=True):
            if mask.sum() < least:
                raise MissingError(
                    f"less than {least} of the {part} images have {attribute} = {value}"
                )
        chosen = (split.select(mask) for split, mask in zip(splits, masks, strict=True))
        sides.append(Splits(*(_with_attributes(split, kept) for split in chosen)))
    return sides


def _with_attributes(split: Split, kept: tuple[str, ...]) -> Split:
    """Returns the same images with only some of CelebA's attributes as labels [N, K]."""
    return Split(split.images, np.stack([_attribute(split, name) for name in kept], axis=1))


def _attribute(split: Split, name: str) -> np.ndarray:
    assert split.labels is not None, "every image of CelebA has attributes"
    return celeba.values(split.labels, name)


def _domain(name: str, splits: Splits, view: str | None, size: int) -> Domain:
    def prepare(images: np.ndarray) -> np.ndarray:
        if images.ndim == 2:  # points
            return images
        return to_rgb(resize(VIEWS[view](images) if view else images, size))

    (images, labels), (test_images, test_labels) = splits
    return Domain(name, prepare(images), labels, prepare(test_images), test_labels)


def _count_classes(domains: Sequence[Domain]) -> int:
    """Returns the number of classes or attributes; 0 where a domain has no labels."""
    parts = [labels for domain in domains for labels in (domain.labels, domain.test_labels)]
    known = [labels for labels in parts if labels is not None]
    if len(known) < len(parts):
        return 0
    return known[0].shape[1] if known[0].ndim == 2 else 1 + max(int(y.max()) for y in known)
