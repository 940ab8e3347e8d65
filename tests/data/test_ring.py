import numpy as np
import pytest

from framework import data
from framework.data import batches, ring, sources
from framework.errors import UsageError
from framework.options import config


def test_ten_places_on_a_circle_of_radius_three():
    centres = ring.centres()
    assert centres.shape == (10, 2)
    assert centres[0] == pytest.approx([3, 0]) and centres[5] == pytest.approx([-3, 0])
    assert np.linalg.norm(centres, axis=1) == pytest.approx(np.full(10, 3.0))
    side = np.linalg.norm(centres[1] - centres[0])
    assert side == pytest.approx(6 * np.sin(np.pi / 10)), "evenly spaced"


def test_points_lie_evenly_and_as_close_as_sigma_says():
    points = ring.draw(20_000, seed=3)
    distances = np.linalg.norm(points[:, None] - ring.centres(), axis=2)
    counts = np.bincount(distances.argmin(axis=1))
    assert 1800 < counts.min() and counts.max() < 2200
    mean_square = (distances.min(axis=1) ** 2).mean()
    assert mean_square == pytest.approx(2 * 0.05**2, rel=0.03)


def test_points_are_a_function_of_the_seed():
    np.testing.assert_array_equal(ring.draw(9, seed=1), ring.draw(9, seed=1))
    assert not np.array_equal(ring.draw(9, seed=1), ring.draw(9, seed=2))


def test_the_set_is_the_same_in_every_run_and_stays_float():
    sets = [data.load(config.parse(["--preset", "toy_k1", "--seed", s]), "single") for s in "12"]
    (domain,), (again,) = (each.domains for each in sets)
    assert domain.images.shape == (5120, 2) and domain.images.dtype == np.float32
    assert domain.test_images.shape == (1000, 2) and domain.labels is None
    np.testing.assert_array_equal(domain.images, again.images)
    assert not np.isin(domain.test_images[:, 0], domain.images[:, 0]).any()
    (element,) = batches.dataset(sets[0], 4, 3, seed=0).take(1).as_numpy_iterator()
    assert element["x1"].shape == (3, 4, 2) and element["x1"].dtype == np.float32
    assert np.isin(element["x1"][..., 0], domain.images[:, 0]).all()
    assert sources.locate("ring", "nowhere") == "6120 points, built in"


@pytest.mark.parametrize(
    ("system", "name", "words"),
    [
        ("gan", "ring:edge", "points have no views"),
        ("classifier", "ring", "points are for --gan_type gan"),
        ("classifier", "mini+ring", "points are for --gan_type gan"),
    ],
)
def test_points_are_no_images(system, name, words):
    options = config.options_class(system)()
    object.__setattr__(options, "dataset", name)
    with pytest.raises(UsageError, match=words):
        data.load(options, "single" if system == "gan" else "labelled")
