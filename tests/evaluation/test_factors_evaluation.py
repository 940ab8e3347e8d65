"""Sheets and metrics of two codes, of a system whose codes are known: colour and class."""

from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from framework.data import Data, Domain
from framework.engine.capabilities import Codes
from framework.evaluation import captions
from framework.evaluation.evaluation import Subject
from framework.evaluation.factors import Factors
from framework.evaluation.suite import evaluations
from framework.results import to_uint8

STYLES, CLASSES = (0, 40, 80), 5


def images(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Images [N, 2, 2, 3] whose red is the style and whose green tells the class."""
    number = np.arange(count)
    labels, styles = number % CLASSES, np.array(STYLES)[number // CLASSES % len(STYLES)]
    x = np.zeros((count, 2, 2, 3), np.uint8)
    x[..., 0], x[..., 1] = styles[:, None, None], 10 * labels[:, None, None]
    return x, labels


class Known:
    """A system whose z is the red and whose s is the green of an image."""

    options = SimpleNamespace(
        seed=3, eval_pairs=30, num_samples_to_gen=4, evaluator_arch="known", probe_train=100,
        probe_test=60,
    )  # fmt: skip

    def encode(self, images: np.ndarray) -> Codes:
        codes = to_uint8(images)[:, 0, 0].astype(np.float32)
        return Codes(codes[:, :1], codes[:, 1:2], np.full((len(images), 1), -20, np.float32))

    def decode(self, content: np.ndarray, style: np.ndarray) -> np.ndarray:
        pixels = np.concatenate([content, style, np.zeros_like(content)], axis=1)[:, None, None]
        return (np.tile(np.clip(pixels, 0, 255), (1, 2, 2, 1)) / 127.5 - 1).astype(np.float32)

    def has_prior(self) -> bool:
        return True


class WithoutStyle(Known):
    """A decoder that ignores z."""

    def decode(self, content: np.ndarray, style: np.ndarray) -> np.ndarray:
        return super().decode(0 * content, style)


class WithoutPrior(Known):
    """A system whose z is no distribution."""

    def has_prior(self) -> bool:
        return False


def classify(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    labels = np.clip(np.rint(to_uint8(x)[:, 0, 0, 1] / 10).astype(int), 0, CLASSES - 1)
    return np.eye(CLASSES, dtype=np.float32)[labels], x.reshape(len(x), -1)


def factors(system=None, data: Data | None = None, run=None) -> Factors:
    """The evaluation of a system on images of all styles and classes."""
    if data is None:
        (x, y), (test_x, test_y) = images(120), images(60)
        data = Data("triple", (Domain("known", x, y, test_x, test_y),), "known", CLASSES)
    return Factors(Subject(system or Known(), data, None, run=run))


@pytest.fixture
def part() -> Factors:
    return factors()


def red_green(cells: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    pixels = to_uint8(cells)[..., 0, 0, :].astype(int)
    return pixels[..., 0], pixels[..., 1]


def test_strips(part):
    style, label = red_green(part.strips(7, seed=3))
    assert style.shape == (7, 5)
    assert (label[:, 0] == label[:, 1]).all() and (label[:, 0] != label[:, 2]).all()
    assert (style[:, 3] == style[:, 0]).all() and (label[:, 3] == label[:, 2]).all()
    assert (style[:, 4] == style[:, 2]).all() and (label[:, 4] == label[:, 0]).all()
    np.testing.assert_array_equal(part.strips(7, seed=3), part.strips(7, seed=3))


def test_the_swap_matrix_follows_its_heads(part):
    cells = part.matrix(seed=3)
    style, label = red_green(cells)
    assert style.shape == (11, 11) and (cells[0, 0] == 0).all()
    assert label[0, 1:].tolist() == [0, 10, 20, 30, 40] * 2
    assert (style[1:, 1:] == style[1:, :1]).all() and (label[1:, 1:] == label[:1, 1:]).all()
    assert len(set(style[1:, 0])) > 1


def test_interpolation_goes_from_one_class_to_the_other(part):
    style, label = red_green(part.interpolation(4, seed=3))
    assert style.shape == (4, 10)
    assert (style[:, 2:] == style[:, :1]).all()
    assert (label[:, 2] == label[:, 0]).all() and (label[:, 9] == label[:, 1]).all()
    steps = np.diff(label[:, 2:], axis=1)
    assert (abs(steps - steps[:, :1]) <= 1).all() and (abs(steps) >= 1).all()


def test_metrics_of_known_codes(part):
    found = part.swaps(30, 1, classify, "known")
    values = {name: metric["value"] for name, metric in found.items()}
    assert values["swap_acc"] == values["prior_acc"] == values["evaluator_accuracy"] == 1
    assert values["copy_rate"] == 0 and values["rec_l1"] == pytest.approx(0, abs=1e-6)
    assert values["other_z_l1"] > 0.05
    assert set(part.swaps(30, 1, None, "known")) == {"rec_l1", "other_z_l1"}
    assert "prior_acc" not in factors(WithoutPrior()).swaps(30, 1, classify, "known")


def test_an_ignored_style_shows():
    found = factors(WithoutStyle()).swaps(30, 1, classify, "known")
    assert found["swap_acc"]["value"] == 1
    assert found["other_z_l1"]["value"] == found["rec_l1"]["value"] > 0.05


def test_probes_of_means_and_of_sampled_codes(part):
    found = part.probes(100, 60, 1, "known")
    assert {name.removesuffix("_svm") for name in found if name.endswith("_svm")} == {
        "s", "z", "z_sampled",
    }  # fmt: skip
    assert found["s_mlp"]["value"] > 2 * found["z_mlp"]["value"]
    assert found["z_svm"]["n"] == 60


def test_without_held_out_images_sheets_show_training_images(part):
    (x, y), none = images(30), np.zeros((0, 2, 2, 3), np.uint8)
    data = Data("triple", (Domain("all", x, y, none, y[:0]),), "all", CLASSES)
    bare = factors(data=data)
    assert bare.held_out == 0 and part.held_out == 60
    assert bare.strips(3, 1).shape == (3, 5, 2, 2, 3)
    assert bare.statistics() == bare.metrics() == {}


def test_metrics_and_statistics_without_an_evaluator(part):
    assert evaluations(Known, part.data) == [Factors]
    assert part.statistics().keys() == {"stat/rec_l1", "stat/other_z_l1"}
    assert {"rec_l1", "other_z_l1", "s_svm", "z_sampled_mlp_f1"} <= part.metrics().keys()


def test_sheets(run, capsys):
    part = factors(run=run)
    part.sheet()
    part.figures()
    texts = {
        "000000": captions.FACTORS, "swap_matrix": captions.SWAP_MATRIX,
        "interpolation": captions.INTERPOLATION, "codes": captions.CODE_MAPS,
    }  # fmt: skip
    assert {path.stem for path in run.samples.iterdir()} == set(texts)
    for name, caption in texts.items():
        with Image.open(run.samples / f"{name}.png") as image:
            assert image.text["Description"] == caption


def test_without_a_run_no_sheets_are_drawn(part):
    part.sheet()
    part.figures()
