import json
import time
from dataclasses import replace

import numpy as np
import pytest
from data_options import options
from PIL import Image

from framework import data
from framework.data import Domain, celeba, sources
from framework.data.splits import Split, Splits
from framework.errors import MissingError, UsageError, UserError


def tagged(count, channels=1):
    """Images whose pixels hold their own index."""
    images = np.zeros((count, 8, 8, channels), np.uint8)
    images += np.arange(count, dtype=np.uint8)[:, None, None, None]
    return Split(images, np.arange(count) % 3)


def faces(count):
    """Tagged images: odd ones are men with glasses, those that 3 divides no smile nor beard."""
    images, _ = tagged(count)
    labels = np.ones((count, len(celeba.ATTRIBUTES)), np.int64)
    labels[::2, celeba.ATTRIBUTES.index("Eyeglasses")] = 0
    labels[::2, celeba.ATTRIBUTES.index("Male")] = 0
    for name in ("Smiling", "Mouth_Slightly_Open"):
        labels[::3, celeba.ATTRIBUTES.index(name)] = 0
    labels[::3, celeba.ATTRIBUTES.index("Blond_Hair")] = 0
    labels[:, celeba.ATTRIBUTES.index("5_o_Clock_Shadow")] = 0
    for name in ("Mustache", "Goatee"):
        labels[::3, celeba.ATTRIBUTES.index(name)] = 0
    return Split(images, labels)


@pytest.fixture
def fake(monkeypatch):
    """Every source is 31 + 10 images that hold their own index."""

    def read(name, data_dir, size):
        make = faces if name == "celeba" else tagged
        return Splits(make(31), make(10))

    monkeypatch.setattr(sources, "read", read)


def numbers(images):
    return images[:, 4, 4, 0].tolist()


def test_views_of_one_source_get_disjoint_halves(fake):
    first, second = data.load(options(cogan_data="mnist2negative", image_size=8), "domains").domains
    left, right = numbers(first.images), numbers(255 - second.images)
    assert sorted(left + right) == list(range(31)) and len(left) == 15
    assert first.labels.tolist() == [i % 3 for i in left]
    assert second.labels.tolist() == [i % 3 for i in right]
    assert max(left) > 25 and min(right) < 5, "halves are shuffled"
    assert numbers(first.test_images) == numbers(255 - second.test_images) == list(range(10))


def test_halves_do_not_depend_on_the_seed_of_the_run(fake):
    one, two = (data.load(options(seed=seed), "domains") for seed in (0, 1))
    np.testing.assert_array_equal(one.domains[0].images, two.domains[0].images)


def test_two_sources_keep_all_their_images(fake):
    both = data.load(options(cogan_data="mnist2usps", image_size=16), "domains")
    assert [d.images.shape for d in both.domains] == [(31, 16, 16, 3)] * 2
    assert [d.name for d in both.domains] == ["mnist", "usps"]
    assert both.classes == 3 and both.name == "mnist2usps" and both.contract == "domains"


@pytest.mark.parametrize(
    "name", [name for name, pair in data.PAIRS.items() if name != "folder" and not pair.sound]
)
def test_every_pair_loads(fake, name):
    loaded = data.load(options(cogan_data=name, image_size=32), "domains")
    for domain in loaded.domains:
        assert domain.images.shape[1:] == (32, 32, 3) and domain.images.dtype == np.uint8
        assert len(domain.images) == len(domain.labels)
    assert data.PAIRS[name].prune_by_classifier == name.endswith("_prune")
    assert data.PAIRS[name].halved == (len(loaded.domains[0].images) == 15)


def test_an_attribute_divides_faces_without_first(fake):
    loaded = data.load(options(cogan_data="celeba_glasses", image_size=8), "domains")
    assert [d.name for d in loaded.domains] == ["no_eyeglasses", "eyeglasses"]
    assert numbers(loaded.domains[0].images) == list(range(0, 31, 2))
    assert numbers(loaded.domains[1].images) == list(range(1, 31, 2))
    assert numbers(loaded.domains[1].test_images) == [1, 3, 5, 7, 9]
    assert loaded.divided_by == "Eyeglasses"
    assert loaded.attributes == (*celeba.COMMON, "Eyeglasses") and loaded.classes == 14
    own = loaded.attributes.index("Eyeglasses")
    smile = loaded.attributes.index("Smiling")
    for value, domain in enumerate(loaded.domains):
        assert (domain.labels[:, own] == value).all() and domain.labels.shape[1] == 14
        assert (domain.labels[:, smile] == [n % 3 > 0 for n in numbers(domain.images)]).all()


def test_an_attribute_of_the_thirteen_is_not_there_twice(fake):
    loaded = data.load(options(cogan_data="celeba_smiling"), "domains")
    assert loaded.attributes == celeba.COMMON and loaded.divided_by == "Smiling"


def test_faces_alone_have_the_thirteen_attributes_of_the_thesis(fake):
    loaded = data.load(options(dataset="celeba"), "labelled")
    assert loaded.attributes == celeba.COMMON and loaded.divided_by is None
    assert loaded.domains[0].labels.shape == (31, 13) and loaded.classes == 13
    with pytest.raises(UsageError, match="cannot be mixed"):
        data.load(options(dataset="celeba+mnist"), "labelled")


def test_a_side_without_faces_is_told(fake, monkeypatch):
    bald = faces(31)
    bald.labels[:] = 0
    monkeypatch.setattr(sources, "read", lambda *_: Splits(bald, bald))
    with pytest.raises(MissingError, match="Smiling = 1"):
        data.load(options(cogan_data="celeba_smiling"), "domains")


def test_single_and_labelled_sources(fake):
    single = data.load(options(dataset="mnist:edge"), "single")
    assert [d.name for d in single.domains] == ["mnist:edge"] and single.contract == "single"
    mixed = data.load(options(dataset="mnist+svhn+mini:street"), "labelled")
    assert [d.name for d in mixed.domains] == ["mnist", "svhn", "mini:street"]
    assert mixed.contract == "labelled"


@pytest.mark.parametrize("contract", ["halves", "labelled_pair", "triple"])
def test_mixed_sets_are_pairs_or_several(fake, contract):
    for name, domains in {
        "mnist2svhn": ["mnist", "svhn"],
        "mnist": ["mnist"],
        "mnist+svhn+mini:street": ["mnist", "svhn", "mini:street"],
    }.items():
        loaded = data.load(options(dataset=name, cogan_data="folder"), contract)
        assert [d.name for d in loaded.domains] == domains
        assert (loaded.contract, loaded.name, loaded.classes) == (contract, name, 3)
        assert loaded.attributes == ()
        assert loaded.domains[0].labels.tolist() == tagged(31).labels.tolist()


def test_a_pair_by_an_attribute_has_its_two_sides_as_classes(fake):
    loaded = data.load(options(dataset="celeba_glasses", image_size=8), "labelled_pair")
    assert (loaded.classes, loaded.attributes) == (2, ())
    for label, domain in enumerate(loaded.domains):
        assert numbers(domain.images) == list(range(label, 31, 2))
        assert set(domain.labels) == set(domain.test_labels) == {label}
    halves = data.load(options(dataset="celeba_glasses", image_size=8), "halves")
    assert halves.attributes and halves.domains[0].labels.shape[1] == halves.classes


@pytest.mark.parametrize(
    "contract, given, words",
    [
        ("domains", {"cogan_data": "mnist2svnh"}, "mnist2svnh.*mnist2svhn"),
        ("single", {"dataset": "mnits"}, "mnits.*mnist"),
        ("single", {"dataset": "mini:edgy"}, "edgy.*edge"),
        ("single", {"dataset": "mini:"}, "unknown view"),
        ("single", {"dataset": "mini+mnist"}, "one data set"),
        ("labelled", {"dataset": "mini2edge"}, "a pair"),
        ("labelled", {"dataset": "mini+"}, "unknown data set"),
        ("halves", {"dataset": "mini2stret"}, "mini2stret.*mini"),
        ("triple", {"dataset": "folder"}, "--domain1"),
        ("labelled", {"dataset": "mini+folder"}, "folder"),
        ("domains", {"cogan_data": "folder", "domain2": "b"}, "--domain1"),
        ("domains", {"cogan_data": "folder", "domain1": "a"}, "--domain2"),
        ("single", {"dataset": "folder"}, "--domain1"),
    ],
)
def test_wrong_names_are_one_usage_line(contract, given, words):
    with pytest.raises(UsageError, match=words) as caught:
        data.load(options(**given), contract)
    assert "\n" not in str(caught.value)


def test_a_missing_set_is_told(tmp_path):
    with pytest.raises(MissingError, match="no data for"):
        data.load(options(cogan_data="mnist2svhn", data_dir=str(tmp_path)), "domains")


def write(folder, classes=("",), count=4, size=10):
    for name in classes:
        (folder / name).mkdir(parents=True, exist_ok=True)
        for i in range(count):
            Image.new("RGB", (size, size), (i, 0, 0)).save(folder / name / f"{i}.png")
    return str(folder)


def folders(tmp_path, first, second):
    paths = write(tmp_path / "a", first), write(tmp_path / "b", second)
    given = options(cogan_data="folder", domain1=paths[0], domain2=paths[1], image_size=8)
    return data.load(given, "domains")


def test_two_folders_without_labels(tmp_path):
    loaded = folders(tmp_path, [""], [""])
    assert [d.name for d in loaded.domains] == ["domain1", "domain2"] and loaded.classes == 0
    assert loaded.domains[0].images.shape == (3, 8, 8, 3) and loaded.domains[0].labels is None
    with pytest.raises(UsageError, match="domain1 has no labels"):
        loaded.labelled()


def test_two_folders_with_the_same_classes(tmp_path):
    loaded = folders(tmp_path, ["no", "yes"], ["yes", "no"])
    assert loaded.classes == 2 and loaded.labelled().contract == "labelled"


def test_classes_on_one_side_only_and_other_classes(tmp_path):
    assert folders(tmp_path / "half", ["no", "yes"], [""]).classes == 0
    with pytest.raises(UsageError, match="no, yes against maybe, no"):
        folders(tmp_path / "other", ["no", "yes"], ["no", "maybe"])


def test_a_classifier_on_an_unlabelled_folder_is_refused(tmp_path):
    given = options(dataset="folder", domain1=write(tmp_path / "a"), image_size=8)
    assert data.load(given, "single").contract == "single"
    with pytest.raises(UsageError, match="no labels"):
        data.load(given, "labelled")


def test_one_or_two_folders_are_mixed(tmp_path):
    a, b = write(tmp_path / "a", ["no", "yes"]), write(tmp_path / "b", ["no", "yes"])
    given = dict(dataset="folder", domain1=a, image_size=8)
    one = data.load(options(**given), "labelled_pair")
    assert [d.name for d in one.domains] == ["domain1"] and one.classes == 2
    two = data.load(options(**given, domain2=b), "triple")
    assert [d.name for d in two.domains] == ["domain1", "domain2"] and two.classes == 2
    bare = write(tmp_path / "bare")
    assert data.load(options(**given | {"domain1": bare}), "halves").domains[0].labels is None
    with pytest.raises(UsageError, match="domain1 has no labels"):
        data.load(options(**given | {"domain1": bare}), "labelled_pair")


def test_mini2street_loads_in_seconds():
    start = time.monotonic()
    loaded = data.load(options(cogan_data="mini2street"), "domains")
    assert time.monotonic() - start < 20
    assert [d.images.shape for d in loaded.domains] == [(2250, 32, 32, 3)] * 2
    assert all(np.bincount(d.labels).min() > 180 for d in loaded.domains)
    assert loaded.classes == 10


def test_the_thesis_pair_from_real_files(shared_data):
    loaded = data.load(options(cogan_data="mnist2svhn", data_dir=str(shared_data)), "domains")
    assert [len(d.images) for d in loaded.domains] == [60000, 4434]
    assert loaded.classes == 10


def test_every_entry_has_a_line_of_help():
    for entry in (*data.PAIRS.values(), *data.SOURCES.values()):
        assert 10 < len(entry.help) < 120 and "\n" not in entry.help


def test_paired_views_are_of_the_same_images(fake):
    pair = data.load(options(cogan_data="mnist2negative", image_size=8), "paired")
    first, second = pair.domains
    assert pair.contract == "paired"
    assert numbers(first.images) == numbers(255 - second.images) == list(range(31))


def test_a_fingerprint_tells_images_labels_and_their_order():
    images = np.arange(4, dtype=np.uint8).repeat(12).reshape(4, 2, 2, 3)
    first = Domain("a", images, np.array([0, 1, 2, 3]), images, None)
    others = [
        replace(first, name="b"),
        replace(first, images=images + 1),
        replace(first, images=images[:3], labels=np.array([0, 1, 2])),
        replace(first, labels=np.array([1, 0, 2, 3])),
        replace(first, labels=None),
        replace(first, labels=np.eye(4, dtype=np.int64)),
        replace(first, labels=np.eye(4, dtype=np.int64)[::-1]),
    ]
    found = [json.dumps(data.fingerprint((each,))) for each in (first, *others)]
    assert len(set(found)) == len(found)
    assert json.dumps(data.fingerprint((replace(first, test_labels=images),))) == found[0]


@pytest.mark.parametrize("given", [dict(flip=True), dict(random_crop=1.5)])
@pytest.mark.parametrize(
    ("contract", "name", "words"),
    [
        ("indexed", "mini", "not for this system, which learns a code for every image"),
        ("single", "ring", "not for the data of ring"),
        ("domains", "tones2voices", "not for the data of tones2voices"),
        ("halves", "audio", "not for the data of audio"),
    ],
)
def test_augmentation_without_a_meaning_is_refused(contract, name, words, given):
    with pytest.raises(UsageError, match=f"--(flip|random_crop): .*{words}"):
        data.load(options(dataset=name, cogan_data=name, **given), contract)


def test_data_that_do_not_fit_into_memory_are_named(monkeypatch):
    def full(*_):
        raise MemoryError

    monkeypatch.setattr(sources, "read", full)
    with pytest.raises(UserError, match="out of memory for the data: the images of mini do not"):
        data.load(options(), "single")


def test_images_outside_memory_stay_there_in_a_pair(monkeypatch):
    """Halves of a source, and the faces with and without an attribute, are not read."""
    read = []

    def stored(name, data_dir, size):
        splits = []
        for count in (31, 10):
            images, labels = (faces if name == "celeba" else tagged)(count)
            rgb = np.repeat(images, 3, axis=3)

            def get(rows, rgb=rgb):
                read.append(len(rows))
                return rgb[rows]

            outside = data.StoredImages(get, np.arange(count), (8, 8, 3))
            splits.append(Split(outside, labels))
        return Splits(*splits)

    monkeypatch.setattr(sources, "read", stored)
    loaded = data.load(options(cogan_data="celeba_glasses", image_size=8), "domains")
    assert not read and [len(d.images) for d in loaded.domains] == [16, 15]
    assert numbers(loaded.domains[1].images[:]) == list(range(1, 31, 2))
    assert numbers(loaded.sampled((2, 0), 0).domains[1].images[:3]) == [1, 3, 5]
