"""Sheets and metrics of two codes, by a system whose codes are known: colour and class."""

import numpy as np
import pytest

from framework.data import Data, Domain
from framework.factor_views import Codes, Views
from framework.results import to_uint8

STYLES, CLASSES = (0, 40, 80), 5


def images(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Images [N, 2, 2, 3] whose red is the style and whose green tells the class."""
    number = np.arange(count)
    labels, styles = number % CLASSES, np.array(STYLES)[number // CLASSES % len(STYLES)]
    x = np.zeros((count, 2, 2, 3), np.uint8)
    x[..., 0], x[..., 1] = styles[:, None, None], 10 * labels[:, None, None]
    return x, labels


def encode(x: np.ndarray) -> Codes:
    codes = x[:, 0, 0].astype(np.float32)
    return Codes(codes[:, :1], codes[:, 1:2], np.full((len(x), 1), -20, np.float32))


def draw(z: np.ndarray, s: np.ndarray) -> np.ndarray:
    pixels = np.concatenate([z, s, np.zeros_like(z)], axis=1)[:, None, None]
    return (np.tile(np.clip(pixels, 0, 255), (1, 2, 2, 1)) / 127.5 - 1).astype(np.float32)


def classify(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    told = np.clip(np.rint(to_uint8(x)[:, 0, 0, 1] / 10).astype(int), 0, CLASSES - 1)
    return np.eye(CLASSES, dtype=np.float32)[told], x.reshape(len(x), -1)


@pytest.fixture
def views() -> Views:
    (x, y), (test_x, test_y) = images(120), images(60)
    data = Data("triple", (Domain("known", x, y, test_x, test_y),), "known", CLASSES)
    return Views(data, encode, draw)


def red_green(cells: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    pixels = to_uint8(cells)[..., 0, 0, :].astype(int)
    return pixels[..., 0], pixels[..., 1]


def test_strips(views):
    style, label = red_green(views.strips(7, seed=3))
    assert style.shape == (7, 5)
    assert (label[:, 0] == label[:, 1]).all() and (label[:, 0] != label[:, 2]).all()
    assert (style[:, 3] == style[:, 0]).all() and (label[:, 3] == label[:, 2]).all()
    assert (style[:, 4] == style[:, 2]).all() and (label[:, 4] == label[:, 0]).all()
    np.testing.assert_array_equal(views.strips(7, seed=3), views.strips(7, seed=3))


def test_the_swap_matrix_follows_its_heads(views):
    cells = views.matrix(seed=3)
    style, label = red_green(cells)
    assert style.shape == (11, 11) and (cells[0, 0] == 0).all()
    assert label[0, 1:].tolist() == [0, 10, 20, 30, 40] * 2
    assert (style[1:, 1:] == style[1:, :1]).all() and (label[1:, 1:] == label[:1, 1:]).all()
    assert len(set(style[1:, 0])) > 1


def test_interpolation_goes_from_one_class_to_the_other(views):
    style, label = red_green(views.interpolation(4, seed=3))
    assert style.shape == (4, 10)
    assert (style[:, 2:] == style[:, :1]).all()
    assert (label[:, 2] == label[:, 0]).all() and (label[:, 9] == label[:, 1]).all()
    steps = np.diff(label[:, 2:], axis=1)
    assert (abs(steps - steps[:, :1]) <= 1).all() and (abs(steps) >= 1).all()


def test_metrics_of_known_codes(views):
    found = views.swaps(30, 1, classify, "told", prior=True)
    values = {name: metric["value"] for name, metric in found.items()}
    assert values["swap_acc"] == values["prior_acc"] == values["evaluator_accuracy"] == 1
    assert values["copy_rate"] == 0 and values["rec_l1"] == pytest.approx(0, abs=1e-6)
    assert values["other_z_l1"] > 0.05
    assert set(views.swaps(30, 1, None, "told")) == {"rec_l1", "other_z_l1"}


def test_an_ignored_style_shows(views):
    constant = Views(views.data, encode, lambda z, s: draw(0 * z, s))
    found = constant.swaps(30, 1, classify, "told")
    assert found["swap_acc"]["value"] == 1
    assert found["other_z_l1"]["value"] == found["rec_l1"]["value"] > 0.05


def test_probes_of_means_and_of_drawn_codes(views):
    found = views.probes(100, 60, 1, "told")
    assert {name.removesuffix("_svm") for name in found if name.endswith("_svm")} == {
        "s", "z", "z_sampled",
    }  # fmt: skip
    assert found["s_mlp"]["value"] > 2 * found["z_mlp"]["value"]
    assert found["z_svm"]["n"] == 60


def test_without_held_out_images_sheets_show_training_images(views):
    (x, y), none = images(30), np.zeros((0, 2, 2, 3), np.uint8)
    data = Data("triple", (Domain("all", x, y, none, y[:0]),), "all", CLASSES)
    bare = Views(data, encode, draw)
    assert bare.held_out == 0 and views.held_out == 60
    assert bare.strips(3, 1).shape == (3, 5, 2, 2, 3)
