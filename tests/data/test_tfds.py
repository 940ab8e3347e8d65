import numpy as np
import pytest
import tensorflow_datasets as tfds
from data_options import options

from framework import data
from framework.data import names, prepared, storage
from framework.data import tfds as named
from framework.errors import MissingError, UsageError

COUNT = 20  # images of each split; image i is grey of value i and has class i % 3


def write(root, name, parts=("train", "test"), config=None, size=10, last_label=None):
    """Prepares a set on the disk, as TFDS does."""
    numbers = np.arange(COUNT)
    labels = numbers % 3
    features = tfds.features.FeaturesDict(
        {
            "image": tfds.features.Image(shape=(None, None, 3)),
            "label": tfds.features.ClassLabel(names=["cat", "dog", "owl"]),
            "seen": {"night": np.bool_},
            "text": tfds.features.Text(),
        }
    )
    examples = {
        part: [
            (
                i,
                {
                    "image": np.full((size, size + 4, 3), i, np.uint8),
                    "label": labels[i] if part == "train" or last_label is None else last_label,
                    "seen": {"night": bool(i % 2)},
                    "text": "a",
                },
            )
            for i in numbers
        ]
        for part in parts
    }
    tfds.dataset_builders.store_as_tfds_dataset(
        name=name, version="1.0.0", config=config, data_dir=root, features=features,
        split_datasets=examples, disable_shuffling=True,
    )  # fmt: skip


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """A data folder with prepared sets."""
    folder = tmp_path_factory.mktemp("tfds")
    write(folder, "zoo")
    write(folder, "farm", ("train",))
    write(folder, "blind", last_label=-1)
    write(folder, "small", ("train",), size=4)
    for config in ("red", "blue"):
        write(folder, "birds", ("train",), config)
    return folder


def loaded(root, name, contract="single", size=8):
    given = options(dataset=name, cogan_data=name, data_dir=str(root), image_size=size)
    return data.load(given, contract)


def numbers(images):
    return sorted(images[:, 0, 0, 0].tolist())


def test_a_set_is_found_by_its_name(root):
    found = loaded(root, "tfds:zoo", "labelled")
    (domain,) = found.domains
    assert domain.name == "zoo" and found.classes == 3
    assert domain.images.shape == (20, 8, 8, 3)
    assert numbers(domain.images) == numbers(domain.test_images) == list(range(20))
    assert (domain.images[:, 0, 0, 0] % 3 == domain.labels).all()


@pytest.mark.parametrize("name", ["farm", "blind"])
def test_without_a_labelled_test_split_every_tenth_image_is_held_out(root, name):
    (domain,) = loaded(root, f"tfds:{name}").domains
    assert numbers(domain.test_images) == [9, 19]
    assert numbers(domain.images) == [i for i in range(20) if i not in (9, 19)]


def test_small_images_are_enlarged(root):
    (domain,) = loaded(root, "tfds:small").domains
    assert domain.images.shape == (18, 8, 8, 3) and 3 in domain.images


def test_two_sets_are_a_pair(root):
    pair = loaded(root, "tfds:zoo+tfds:farm", "domains")
    assert [d.name for d in pair.domains] == ["zoo", "farm"]
    assert [len(d.images) for d in pair.domains] == [20, 18]


@pytest.mark.parametrize(
    ("label", "titles", "test"),
    [
        ("label=dog,cat", ["dog", "cat"], lambda i: (i % 3 == 1, i % 3 == 0)),
        ("label=2,1", ["2", "1"], lambda i: (i % 3 == 2, i % 3 == 1)),
        ("seen/night", ["no_night", "night"], lambda i: (i % 2 == 0, i % 2 == 1)),
    ],
)
def test_a_label_divides_a_set(root, label, titles, test):
    pair = loaded(root, f"tfds:zoo@{label}", "domains")
    assert [d.name for d in pair.domains] == titles
    for side, domain in enumerate(pair.domains):
        assert numbers(domain.images) == [i for i in range(20) if test(i)[side]]
        assert domain.labels is None
    mixed = loaded(root, f"tfds:zoo@{label}", "halves")
    assert [d.name for d in mixed.domains] == titles


def test_a_config_is_chosen_by_name_where_there_are_several(root):
    (domain,) = loaded(root, "tfds:birds/red").domains
    assert domain.name == "birds/red" and len(domain.images) == 18
    with pytest.raises(UsageError, match="tfds:birds/blue, tfds:birds/red"):
        loaded(root, "tfds:birds")


def test_a_set_too_large_for_memory_and_disk_is_decoded_on_demand(root, monkeypatch):
    (inside,) = loaded(root, "tfds:zoo", size=6).domains
    monkeypatch.setattr(storage, "free_memory", lambda: 20_000)
    monkeypatch.setattr(storage, "free_disk", lambda folder: 0)
    monkeypatch.setattr(storage, "MEMORY_SHARE", 0.01)
    (outside,) = loaded(root, "tfds:zoo", size=7).domains
    assert isinstance(outside.images, data.StoredImages)
    assert numbers(outside.images[:]) == numbers(inside.images)
    np.testing.assert_array_equal(outside.labels, inside.labels)


@pytest.mark.parametrize(
    ("name", "contract", "words"),
    [
        ("tfds:zoo@label", "domains", "not two classes; choose two of them, @label=A,B"),
        ("tfds:zoo@label=cat,cow", "domains", "no class cow; there are cat, dog, owl"),
        ("tfds:zoo@label=0,3", "domains", "no class 3"),
        ("tfds:zoo@colour", "domains", "no feature colour; there are"),
        ("tfds:zoo@text", "domains", "the feature text is no class"),
        ("tfds:zoo@seen", "domains", "the feature seen is no class"),
        ("tfds:zoo", "domains", "a pair is two sets"),
        ("tfds:zoo+mini", "domains", "'mini'.*use tfds:NAME"),
        ("tfds:zoo@label=0,1+tfds:farm", "domains", "a pair is two sets"),
        ("tfds:", "single", "use tfds:NAME"),
        ("tfds:zoo+tfds:farm", "single", "one data set"),
        ("tfds:zoo@label=0,1", "single", "this system takes one"),
        ("tfds:cats_vs_dog", "single", "no such set; did you mean cats_vs_dogs"),
    ],
)
def test_wrong_names_are_one_usage_line(root, name, contract, words):
    with pytest.raises(UsageError, match=words) as caught:
        loaded(root, name, contract)
    assert "\n" not in str(caught.value)


def test_without_a_network_a_line_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setattr(prepared, "prepare", lambda name, root: None)
    with pytest.raises(MissingError, match=r"no data for tfds:mnist: \(1\) put .*mnist/<version>"):
        loaded(tmp_path, "tfds:mnist")


def test_names_are_checked_without_reading_anything():
    for name in ("tfds:mnist+tfds:svhn_cropped", "tfds:cats_vs_dogs@label"):
        names.check(options(gan_type="cogan", cogan_data=name))
    names.check(options(gan_type="g2g", dataset="mini+tfds:mnist"))
    with pytest.raises(UsageError, match="a pair is two sets"):
        names.check(options(gan_type="cogan", cogan_data="tfds:mnist"))
    assert named.parse("tfds:a/b@c/d=x,y") == ("a/b", "c/d", ("x", "y"))
