import numpy as np
import pytest
from data_options import options

from framework import data
from framework.data.accessory import accessory
from framework.data.sources import mini
from framework.data.views import VIEWS, to_rgb
from framework.errors import UsageError


@pytest.fixture(scope="module")
def digits():
    return mini().test.images


@pytest.fixture(scope="module")
def worn(digits):
    return accessory(digits)


def test_a_pure_function_of_digits_and_seed(digits, worn):
    part = digits[:40]
    np.testing.assert_array_equal(accessory(part), accessory(part))
    assert (accessory(part) != accessory(part, seed=1)).any(axis=(1, 2, 3)).all()
    assert worn.shape == (500, 28, 28, 3) and worn.dtype == np.uint8


def test_two_splits_do_not_wear_the_same(digits):
    blank = np.zeros_like(digits[:40])
    other = blank.copy()
    other[0, 14, 14] = 255
    assert (accessory(blank)[1:] != accessory(other)[1:]).any(axis=(1, 2, 3)).mean() > 0.9


def cover(digits, worn):
    """Where an image is not what it was, bool [N, S, S]."""
    return (worn != to_rgb(digits)).any(axis=3)


def test_every_digit_wears_something_that_leaves_most_of_it(digits, worn):
    share = cover(digits, worn).mean(axis=(1, 2))
    assert share.min() > 0.03 and share.max() < 0.65
    ink = digits[..., 0] > 127
    hidden = (cover(digits, worn) & ink).sum(axis=(1, 2)) / ink.sum(axis=(1, 2))
    assert hidden.mean() < 0.1 and hidden.max() < 0.6


def test_a_third_each_is_a_frame_a_bar_and_a_hat(digits, worn):
    covered = cover(digits, worn)
    edges = np.stack(
        [covered[:, 0], covered[:, -1], covered[:, :, 0], covered[:, :, -1]], axis=1
    ).mean(axis=2)
    frame = (edges == 1).all(axis=1)
    lines = covered.all(axis=2).any(axis=1) | covered.all(axis=1).any(axis=1)
    bar = lines & ~frame
    for kind in (frame, bar, ~lines):
        assert 0.26 < kind.mean() < 0.41


def test_colours_are_no_grey_and_of_all_hues(digits, worn):
    covered = cover(digits, worn)[..., None]
    colour = (worn * covered).sum(axis=(1, 2)) / covered.sum(axis=(1, 2))
    assert np.ptp(colour, axis=1).min() > 30
    assert (np.bincount(colour.argmax(axis=1), minlength=3) > 100).all()


def test_accessories_grow_with_the_image():
    shares = [
        (accessory(np.zeros((1000, size, size, 1), np.uint8)) > 100).any(axis=3).mean()
        for size in (28, 56)
    ]
    assert shares[0] == pytest.approx(shares[1], rel=0.12) and shares[0] > 0.1


def test_colour_images_are_refused():
    with pytest.raises(UsageError, match="grey"):
        VIEWS["accessory"](np.zeros((1, 28, 28, 3), np.uint8))


def test_the_pair(tmp_path):
    given = options(cogan_data="mini2accessory", data_dir=str(tmp_path))
    loaded = data.load(given, "domains")
    assert [d.images.shape for d in loaded.domains] == [(2250, 32, 32, 3)] * 2
    assert loaded.classes == 10
    assert all(np.bincount(d.labels).min() > 180 for d in loaded.domains)
    colour = [np.ptp(d.images, axis=3).max(axis=(1, 2)) for d in loaded.domains]
    assert colour[0].max() == 0 and colour[1].min() > 20


def test_domains_as_classes(tmp_path):
    given = options(cogan_data="mini2accessory", data_dir=str(tmp_path), image_size=8)
    told = data.load(given, "domains").by_domain()
    assert (told.contract, told.classes, told.name) == ("labelled", 2, "mini2accessory-domains")
    for i, domain in enumerate(told.domains):
        assert set(domain.labels) == set(domain.test_labels) == {i}
        assert len(domain.labels) == 2250 and len(domain.test_labels) == 500
