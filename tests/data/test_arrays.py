import numpy as np
import pytest
import tensorflow as tf
from data_options import options

from framework import data
from framework.data import arrays, names, storage
from framework.errors import UsageError, UserError


def tagged(count=21, size=4, dtype=np.uint8):
    """Images that hold their own index."""
    return np.broadcast_to(np.arange(count)[:, None, None, None], (count, size, size, 3)).astype(
        dtype
    )


def numbers(images):
    return sorted(images[:, 0, 0, 0].tolist())


def loaded(given, contract="single", size=4):
    name = {"cogan_data": "arrays", "dataset": "arrays"}
    return data.load(options(**name, image_size=size), contract, arrays=given)


def test_every_tenth_image_is_held_out_and_labels_go_with_their_images():
    found = loaded((tagged(), np.arange(21) % 7), "labelled")
    (domain,) = found.domains
    assert numbers(domain.test_images) == [9, 19]
    assert numbers(domain.images) == [i for i in range(21) if i not in (9, 19)]
    assert (domain.images[:, 0, 0, 0] % 7 == domain.labels).all()
    assert found.classes == 7 and found.name == "arrays" and domain.labels.dtype == np.int64
    assert domain.images[:, 0, 0, 0].tolist() != numbers(domain.images), "shuffled"


@pytest.mark.parametrize(
    ("pixels", "expected"),
    [
        (np.full((3, 2, 2, 3), 200, np.uint8), 200),
        (np.full((3, 2, 2, 1), 200, np.uint8), 200),
        (np.full((3, 2, 2), 200, np.uint8), 200),
        (np.full((3, 2, 2, 3), 200 * 257, np.uint16), 200),
        (np.full((3, 2, 2, 3), 0.5), 128),
        (np.concatenate([np.full((2, 2, 2, 3), 0.0), np.full((2, 2, 2, 3), -1.0)]), 128),
        (
            np.concatenate([np.full((2, 2, 2, 4), 255), np.zeros((2, 2, 2, 4))]).astype(np.uint8),
            255,
        ),
    ],
)
def test_ranges_and_channels(pixels, expected):
    (domain,) = loaded(pixels, size=2).domains
    assert domain.images.dtype == np.uint8 and domain.images.shape[1:] == (2, 2, 3)
    assert expected in domain.images


def test_images_of_any_size_are_cropped_to_their_middle_square_and_resized():
    wide = np.zeros((3, 4, 8, 3), np.uint8)
    wide[:, :, 2:6] = 100
    (domain,) = loaded(wide, size=2).domains
    assert domain.images.min() > 80, "the black sides have no share but at their edge"
    (domain,) = loaded(tagged(3, 4), size=8).domains
    assert domain.images.shape == (2, 8, 8, 3) and numbers(domain.images) == [0, 1]


def test_two_arrays_are_two_domains_and_a_dict_names_them():
    pair = loaded((tagged(), tagged(5)), "domains")
    assert [(d.name, len(d.images)) for d in pair.domains] == [("domain1", 19), ("domain2", 4)]
    named = loaded({"cats": tagged(), "dogs": (tagged(5), np.zeros(5, int))}, "domains")
    assert [d.name for d in named.domains] == ["cats", "dogs"]
    assert named.classes == 0, "cats have no labels"


def test_arrays_of_equal_length_stay_pairs():
    one, two = loaded([tagged(), 255 - tagged()], "paired").domains
    np.testing.assert_array_equal(one.images, 255 - two.images)
    np.testing.assert_array_equal(one.test_images, 255 - two.test_images)
    with pytest.raises(UsageError, match="no pairs"):
        loaded((tagged(), tagged(5)), "paired")


@pytest.mark.parametrize("scale", [1, -1])
def test_a_tf_dataset_is_read_to_its_end(scale):
    images = tagged(21).astype(np.float32) / 255 * scale
    stream = tf.data.Dataset.from_tensor_slices((images, np.arange(21) % 3))
    for given in (stream, stream.batch(4)):
        (domain,) = loaded(given, "labelled").domains
        assert numbers(domain.test_images) in ([9, 19], [118, 123])
        assert len(domain.images) == 19 and set(domain.labels) == {0, 1, 2}
    (plain,) = loaded(stream.map(lambda image, label: image)).domains
    np.testing.assert_array_equal(plain.images, domain.images)
    assert plain.labels is None


def test_arrays_too_large_for_memory_stay_where_they_are(monkeypatch):
    (inside,) = loaded(tagged(), size=2).domains
    monkeypatch.setattr(storage, "free_memory", lambda: 100)
    (outside,) = loaded(tagged(), size=2).domains
    assert isinstance(outside.images, data.StoredImages)
    np.testing.assert_array_equal(outside.images[:], inside.images)


@pytest.mark.parametrize(
    ("given", "contract", "words"),
    [
        (np.full((3, 2, 2, 3), 2.0), "single", "floats from 0 to 2"),
        (np.full((3, 2, 2, 3), np.nan), "single", "floats from nan"),
        (np.zeros((3, 2, 2, 3), int), "single", "int64 values"),
        (np.zeros((3, 2, 2, 5), np.uint8), "single", "shape"),
        (np.zeros((3, 2), np.uint8), "single", r"shape \(3, 2\)"),
        (tagged(1), "single", "1 image, a domain needs at least 2"),
        (np.zeros((0, 2, 2, 3)), "single", "0 image, a domain needs at least 2"),
        (tagged(1, 64)[0], "single", r"is one image; use \[N, H, W, C\], such as image\[None\]"),
        (np.zeros((0, 2, 2, 3), np.float32), "single", "0 image, a domain needs at least 2"),
        ((tagged(3), [0.0, 1.0, 2.0]), "labelled", "labels float64"),
        ([tagged(1, 64)[0]] * 2, "domains", "is one image"),
        ([[tagged(3)] * 3, tagged(3)], "domains", "a list of 3"),
        ((tagged(3), np.zeros(2, int)), "labelled", r"labels int64 \(2,\)"),
        ((tagged(3), np.zeros(3)), "labelled", "labels float64"),
        ((tagged(3), np.array([0, 1, -1])), "labelled", "label -1"),
        (tagged(3), "labelled", "no labels"),
        (tagged(3), "domains", "1 domains; this system takes 2"),
        ((tagged(3), tagged(3)), "single", "2 domains; this system takes 1"),
        ({}, "single", "no domain"),
        ("text", "single", "shape"),
        (tf.data.Dataset.range(3), "single", "shape"),
        (tf.data.Dataset.from_tensors({"a": 1}), "single", "elements must be images"),
        (tf.data.Dataset.from_tensors(tagged(1)[0]).repeat(), "single", "endless"),
    ],
)
def test_other_data_are_one_usage_line(given, contract, words):
    with pytest.raises(UsageError, match=words) as caught:
        loaded(given, contract)
    assert "\n" not in str(caught.value)


def test_the_name_arrays_and_the_data_belong_together():
    of_python = options(gan_type="gan", dataset=arrays.NAME)
    names.check(of_python, tagged())
    with pytest.raises(UsageError, match="came from Python: call softgan.train again"):
        names.check(of_python)
    with pytest.raises(UsageError, match="came from Python"):
        data.load(of_python, "single")
    with pytest.raises(UsageError, match="--data mini: data from Python are given"):
        names.check(options(gan_type="gan"), tagged())


@pytest.mark.parametrize("kind", [list, tuple])
def test_labels_may_be_a_list(kind):
    assert loaded(kind((tagged(3), [0, 1, 2])), "labelled").classes == 3
    pair = loaded([kind((tagged(3), [0, 1, 2]))] * 2, "domains")
    assert pair.classes == 3


def test_a_negative_float_of_any_domain_decides_the_range_of_all():
    stream = tf.data.Dataset.from_tensor_slices(np.zeros((3, 2, 2, 3), np.float32))
    signed = np.full((3, 2, 2, 3), -1.0)
    for given in ((np.zeros((3, 2, 2, 3)), signed), (stream, signed)):
        zeros, ones = loaded(given, "domains", size=2).domains
        assert (zeros.images == 128).all() and (ones.images == 0).all()
    whole, _ = loaded((tagged(3, 2), signed), "domains", size=2).domains
    assert numbers(whole.images) + numbers(whole.test_images) == [0, 1, 2], "bytes stay"


def test_one_image_of_domain_1_is_enough_where_it_is_for_folders():
    one_shot = options(gan_type="ost", cogan_data="arrays", image_size=4, max_items_A=1)
    one, two = data.load(one_shot, "domains", arrays=((tagged(1), [0]), tagged(3))).domains
    assert one.images.shape == (1, 4, 4, 3) and len(one.test_images) == 0
    labelled = (tagged(1), [0]), (tagged(3), [0, 1, 2])
    assert data.load(one_shot, "domains", arrays=labelled).classes == 3
    with pytest.raises(UsageError, match="domain2: 1 image, a domain needs at least 2"):
        data.load(one_shot, "domains", arrays=(tagged(3), tagged(1)))
    with pytest.raises(UsageError, match="domain1: 1 image, a domain needs at least 2"):
        loaded((tagged(1), tagged(3)), "domains")


def test_a_tf_dataset_that_fills_the_memory_is_refused_early(monkeypatch):
    size = 2 * 2 * 3  # bytes of an image
    stream = tf.data.Dataset.from_tensor_slices(np.zeros((400, 2, 2, 3), np.uint8))
    free = iter((900 - 100 * n) * size for n in (1, 2, 3, 4))
    monkeypatch.setattr(storage, "free_memory", lambda: next(free))
    with pytest.raises(UserError, match="the first 300 images at --image_size 2 fill the memory"):
        loaded(stream, size=2)


def test_arrays_need_the_memory_of_their_copies(monkeypatch):
    needed = 3 * 21 * 2 * 2 * 3
    for free, kept in ((4 * needed, np.ndarray), (4 * needed - 1, data.StoredImages)):
        monkeypatch.setattr(storage, "free_memory", lambda free=free: free)
        assert isinstance(loaded(tagged(), size=2).domains[0].images, kept)
