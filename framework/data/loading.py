"""Loads the data of a run as domains: named sources, the user's folders, or arrays."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from framework.data import (
    arrays,
    audio,
    celeba,
    directories,
    folder,
    listing,
    names,
    sources,
    tfds,
    voices,
    wavs,
)  # fmt: skip
from framework.data.audio import Clips
from framework.data.domains import Data, Domain, fingerprint
from framework.data.identity import Kept
from framework.data.pairs import PAIRS
from framework.data.sources import SOURCES
from framework.data.splits import Split, Splits
from framework.data.storage import Images
from framework.data.views import VIEWS, resize, to_rgb
from framework.errors import MissingError, UsageError, UserError
from framework.options.base import Options

# Contracts of two domains, which read the option `cogan_data`; all others read `dataset`.
TWO_DOMAINS = ("domains", "paired", "labelled_source")
MIXED = ("halves", "labelled_pair", "triple", "indexed")  # images of all domains are mixed
HALVES_SEED = 0  # the same halves in every run: they belong to the data set, not to a run


def load(options: Options, contract: str, kept: Kept | None = None, arrays: Any = None) -> Data:
    """Loads the data of a run under a contract of `batches.CONTRACTS`.

    The contracts of TWO_DOMAINS read `options.cogan_data`: a name of PAIRS, "folder", "arrays", or
    names of TensorFlow Datasets (see `tfds`). A pair of two views of one source gives each domain
    its own half of the images, except under 'paired', which needs both views of every image. All
    other contracts read `options.dataset`: "folder" or "arrays"; a source such as "mini", or one
    with a view such as "mini:edge", or a name of TensorFlow Datasets; several of these joined by
    "+", except under 'single'; under the contracts of MIXED also a pair.

    Args:
        options: of the run.
        contract: of its system.
        kept: the files of folders when the run began, if it keeps them.
        arrays: with the name "arrays", what `arrays.domains` takes.

    Returns:
        Domains of uint8 images [N, image_size, image_size, 3], or of points [N, 2].

    Raises:
        UsageError: an unknown name, or images without the labels that the contract needs.
        MissingError: the files are not found or are damaged.
        UserError: the images do not fit into memory.
    """
    name = getattr(options, "cogan_data" if contract in TWO_DOMAINS else "dataset")
    names.check_arrays(name, arrays)
    _check_augmentation(options, contract, name)
    try:
        data = _read(name, contract, options, kept, arrays)
    except MemoryError as error:
        raise UserError(
            f"out of memory for the data: the images of {name} do not fit at --image_size "
            f"{options.image_size}: choose a smaller size, or fewer images"
        ) from error
    return _under(contract, data)


def _check_augmentation(options: Options, contract: str, name: str) -> None:
    """Refuses --flip and --random_crop where they have no meaning. Raises UsageError."""
    flips = options.flip and not options.flips_itself
    if not flips and options.random_crop == 1:
        return
    flag = "--flip" if flips else "--random_crop"
    if contract == "indexed":
        raise UsageError(f"{flag}: not for this system, which learns a code for every image")
    if name in sources.POINTS or (name in PAIRS and PAIRS[name].sound):
        raise UsageError(f"{flag}: for images, not for the data of {name}")


def _read(name: str, contract: str, options: Options, kept: Kept | None, given: Any) -> Data:
    if name == "folder":
        return _folders(options, contract, kept)
    if name == arrays.NAME:
        return _arrays(options, contract, given)
    if contract in MIXED:
        names.check_mixture(name)
    if contract in TWO_DOMAINS and name.startswith(tfds.PREFIX):
        tfds.check_pair(name)
        return _sources(name, contract, options)
    if contract in TWO_DOMAINS or (contract in MIXED and name in PAIRS):
        return _pair(name, options, halved=contract != "paired")
    return _sources(name, contract, options)


def _under(contract: str, data: Data) -> Data:
    """Returns the data under a contract; UsageError if they lack what it needs."""
    if contract == "paired":
        if data.clips:
            raise UsageError(f"the clips of {data.name} are no pairs: leave --paired out")
        return data.paired()
    if contract == "labelled_source":
        return data.labelled_source()
    if contract == "labelled":
        return data.labelled()
    data = replace(data, contract=contract)
    return data.classed(contract) if contract in MIXED and contract != "halves" else data


def _counts(contract: str) -> tuple[int, int]:
    """Returns how many domains of folders or arrays a contract takes at least and at most."""
    if contract in TWO_DOMAINS:
        return 2, 2
    return (1, 2) if contract in MIXED else (1, 1)


def _arrays(options: Options, contract: str, given: Any) -> Data:
    domains = arrays.domains(given, options.image_size, _may_be_one(options))
    least, most = _counts(contract)
    if contract == "labelled" or contract in MIXED:
        most = len(domains)
    if not least <= len(domains) <= most:
        raise UsageError(f"data from Python: {len(domains)} domains; this system takes {least}")
    return Data(contract, domains, arrays.NAME, _count_classes(domains))


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
    items, domains, described = name.split("+"), list[Domain](), set()
    if contract == "single" and len(items) > 1:
        raise UsageError(f"--dataset {name}: this system takes one data set, not several")
    for item in items:
        source = item if item.startswith(tfds.PREFIX) else names.parse(item)[0]
        if source in sources.POINTS and contract != "single":
            raise UsageError(f"data set {name!r}: points are for --gan_type gan --arch toy")
        described.add(source in SOURCES and bool(SOURCES[source].attributes))
    if len(described) > 1:
        raise UsageError(f"--dataset {name}: attributes and classes cannot be mixed")
    for item in items:
        if item.startswith(tfds.PREFIX):
            domains += tfds.domains(item, options.data_dir, options.image_size)
        else:
            domains.append(_source(item, options))
    if contract == "single" and len(domains) > 1:
        raise UsageError(f"--dataset {name}: two domains, and this system takes one: leave @ out")
    attributes = celeba.COMMON if described == {True} else ()
    return Data(contract, tuple(domains), name, _count_classes(domains), attributes)


def _source(item: str, options: Options) -> Domain:
    """Loads a source, or a view of it, such as mini:edge."""
    source, view = names.parse(item)
    splits = sources.read(source, options.data_dir, options.image_size)
    if SOURCES[source].attributes:
        splits = Splits(*(_with_attributes(split, celeba.COMMON) for split in splits))
    return _domain(item, splits, view, options.image_size)


def _may_be_one(options: Options) -> bool:
    """Returns whether domain 1 may have a single image, which is then not held out."""
    return bool(getattr(options, "max_items_A", 0))


def _folders(options: Options, contract: str, kept: Kept | None) -> Data:
    """Loads the user's folders of images: those of --data DIR, or --domain1 and --domain2."""
    least, most = _counts(contract)
    tests: tuple[Path, ...] = ()
    if options.folder:
        paths, tests = directories.find(options.folder, least, most)
        flags = {listing.shown(path.absolute().name): str(path) for path in paths}
    else:
        if most == 1 and options.domain2:
            raise UsageError("--domain2: this system takes one folder, --domain1")
        flags = _given_folders(options, most if options.domain2 else least, "folder")
    loaded = folder.read(
        list(flags.values()), options.image_size, options.data_dir, contract == "paired",
        _may_be_one(options), kept, [str(path) for path in tests],
    )  # fmt: skip
    classes = {each.classes for each in loaded if each.classes}
    if len(classes) > 1:
        lists = " against ".join(", ".join(each.classes) for each in loaded)
        raise UsageError(
            f"{' and '.join(flags)} have different class folders ({lists}): use the same names, or "
            "move the folders of each domain into one more folder: then they are no classes"
        )
    domains = tuple(
        _known(_domain(flag, each.splits, None, options.image_size), kept, number)
        for number, (flag, each) in enumerate(zip(flags, loaded, strict=True))
    )
    files = tuple(
        each.files._replace(known_as=domain.known_as)
        for each, domain in zip(loaded, domains, strict=True)
    )
    known = len(loaded[0].classes) if all(each.classes for each in loaded) else 0
    return Data(
        contract, domains, "folder", known, files=files,
        may_lack_images=kept is not None and not kept.refuses,
    )  # fmt: skip


def _known(domain: Domain, kept: Kept | None, number: int) -> Domain:
    """Returns a domain under the name and fingerprint of when its run began, which may be now."""
    own = kept.domains[number] if kept and number < len(kept.domains) else None
    known = (own and own.known_as) or fingerprint((domain,))[0]
    return replace(domain, name=known[0], known_as=known, sampled_as=own and own.sampled_as)


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
    def prepare(images: Images) -> Images:
        if images.ndim == 2 or (view is None and images.shape[1:] == (size, size, 3)):  # points
            return images
        images = np.asarray(images)
        return to_rgb(resize(VIEWS[view](images) if view else images, size))

    (images, labels), (test_images, test_labels) = splits
    return Domain(name, prepare(images), labels, prepare(test_images), test_labels)


def _count_classes(domains: Sequence[Domain]) -> int:
    """Returns the number of classes or attributes; 0 where a domain has no labels."""
    parts = [labels for domain in domains for labels in (domain.labels, domain.test_labels)]
    known = [labels for labels in parts if labels is not None]
    if len(known) < len(parts):
        return 0
    return (
        known[0].shape[1] if known[0].ndim == 2 else 1 + max(int(y.max(initial=0)) for y in known)
    )
