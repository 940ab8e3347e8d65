"""Content transfer: what moves, what the decoder is told, and who hides what from whom."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from systems import changed, trainable, trainer, update
from tiny_content import VARIANTS, content, known, random_images

from framework import config
from framework.cli import main
from framework.errors import UsageError
from framework.utils import Random

MOVED = {
    "press": {"common", "separate", "gen"},
    "mask": {"common", "separate", "gen", "masked"},
    "fader": {"common", "gen"},
}


def batch():
    return {"x1": tf.constant(random_images(4)), "x2": tf.constant(random_images(4, seed=1))}


class Spy:
    """Stands in for a net; keeps what it is called with."""

    def __init__(self, net):
        self.net, self.seen = net, []

    def __call__(self, inputs, **kwargs):
        self.seen.append(inputs)
        return self.net(inputs, **kwargs)


# Training


def test_half_of_the_images_are_mirrored():
    x = tf.constant(random_images(200))
    seen = known("press").varied({"x1": x, "x2": x}, Random(3, tf.constant(0)))
    assert seen["x1"] is x and not config.parse(["--gan_type", "content"]).flip
    seen = content("press", "--flip").varied({"x1": x, "x2": x}, Random(3, tf.constant(0)))
    same, mirrored = (
        {name: np.all(seen[name] == other, axis=(1, 2, 3)) for name in ("x1", "x2")}
        for other in (x, x[:, :, ::-1])
    )
    for name in ("x1", "x2"):
        assert (same[name] ^ mirrored[name]).all() and 70 < same[name].sum() < 130
    assert (same["x1"] != same["x2"]).any()


@pytest.mark.parametrize("variant", VARIANTS)
def test_all_nets_see_mirrored_images(variant, monkeypatch):
    subject, shown = content(variant, "--flip"), []
    monkeypatch.setattr(subject, "varied", lambda given, _: shown.append(1) or given)
    for name in ("ae", "disc"):
        update(subject, name)
    assert shown == [1, 1]


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_phase_moves_exactly_its_nets(eager, variant):
    subject = content(variant)
    for name, moved in (("ae", MOVED[variant]), ("disc", {"disc"})):
        before = trainable(subject)
        terms = update(subject, name)
        assert all(np.isfinite(value) for value in terms.values())
        assert changed(before, trainable(subject)) == moved


@pytest.mark.parametrize(
    ("variant", "names"),
    [("press", ["ae", "disc"]), ("mask", ["ae", "disc"]), ("fader", ["disc", "ae"])],
)
def test_order_of_phases(variant, names):
    assert [each.name for each in known(variant).phases] == names


def test_the_decoder_gets_exact_zeros_for_domain_1(monkeypatch):
    subject = known("press")
    spy = Spy(subject.nets["gen"])
    monkeypatch.setitem(subject.nets, "gen", spy)
    subject.ae_terms(batch(), Random(0, tf.constant(0)))
    (codes,) = spy.seen
    first, second = np.split(codes[1].numpy(), 2)
    assert not first.any() and second.any()
    assert codes[0].shape[0] == 8 and codes[1].shape[0] == 8


@pytest.fixture
def with_logits(monkeypatch):
    """Let the discriminator of a subject give one logit for domain 1 and another for domain 2."""

    def patch(subject, *logits):
        def disc(code, training):
            return tf.repeat(tf.constant(logits, tf.float32), code.shape[0] // 2)[:, None]

        monkeypatch.setitem(subject.nets, "disc", disc)
        return subject

    return patch


@pytest.mark.parametrize(
    ("variant", "logits", "nats"),
    [
        ("press", (0, 0), 2 * np.log(2)),
        ("press", (-50, -50), 0),  # both are taken for domain 1
        ("press", (-50, 50), 50),  # one is known
        ("press", (50, -50), 50),
        ("mask", (50, 50), 100),
        ("fader", (0, 0), np.log(2)),
        ("fader", (50, -50), 0),  # each is taken for the other
        ("fader", (-50, 50), 50),
        ("fader", (-50, -50), 25),
    ],
)
def test_which_domain_codes_are_to_look_like(with_logits, variant, logits, nats):
    subject = with_logits(known(variant), *logits)
    terms = subject.ae_terms(batch(), Random(0, tf.constant(0)))
    assert float(terms["hide"]) == pytest.approx(0.001 * nats, rel=1e-5, abs=1e-9)


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_discriminator_calls_domain_2_one(with_logits, variant):
    subject = with_logits(known(variant), -50, 50)
    terms = subject.disc_terms(batch(), Random(0, tf.constant(0)))
    assert [float(terms[name]) for name in ("adv1", "adv2")] == pytest.approx([0, 0])
    with_logits(subject, 3, -2)
    terms = subject.disc_terms(batch(), Random(0, tf.constant(0)))
    assert float(terms["adv1"]) == pytest.approx(np.log1p(np.exp(3)))
    assert float(terms["adv2"]) == pytest.approx(np.log1p(np.exp(2)))


def test_fader_and_its_judge_are_in_inference_mode_for_each_other():
    subject, values, random = content("fader"), batch(), Random(0, tf.constant(0))
    state = {name: net.get_weights() for name, net in subject.nets.items()}

    def moved():
        nets = subject.nets.items()
        return {n for n, net in nets if not all(map(np.array_equal, state[n], net.get_weights()))}

    subject.ae_terms(values, random)
    assert moved() == {"common", "gen"}
    state["common"], state["gen"] = (subject.nets[n].get_weights() for n in ("common", "gen"))
    subject.disc_terms(values, random)
    assert moved() == {"disc"}


def test_the_weight_of_hiding_rises(with_logits):
    subject = with_logits(content("fader", *"--disc_ramp 4 --disc_weight 2".split()), 0, 0)
    values = batch()
    found = [
        float(subject.ae_terms(values, Random(0, tf.constant(step)))["hide"]) / (2 * np.log(2))
        for step in (0, 1, 3, 4, 400)
    ]
    assert found == pytest.approx([0.25, 0.5, 1, 1, 1])


def test_without_weight_nothing_is_hidden():
    subject = content("press", "--disc_weight", "0")
    assert "hide" not in subject.ae_terms(batch(), Random(0, tf.constant(0)))


@pytest.mark.parametrize(("norm", "value"), [("l1", 0.5), ("l2", 0.25)])
def test_distance(norm, value):
    subject = content("press", "--rec_norm", norm)
    x = tf.zeros((2, 4, 4, 3))
    assert float(subject.distance(x + 0.5, x)) == value


def test_terms_of_masks_by_hand():
    """All masks 0: nothing is drawn, so what stays is right and nothing else matters."""
    subject = content("mask")
    net = subject.nets["masked"]
    subject.nets["masked"] = lambda codes, training: [net(codes)[0], 0 * net(codes)[1]]
    values = batch()
    plain = {}
    gen = subject.nets["gen"]
    subject.nets["gen"] = lambda codes, training: plain.setdefault("x", gen(codes))
    terms = subject.ae_terms(values, Random(0, tf.constant(0)))
    plain1, plain2 = np.split(plain["x"].numpy(), 2)
    assert float(terms["stay"]) == pytest.approx(0, abs=1e-6)
    for name, weight, image in (("rec1", 5, plain1), ("rec2", 7, plain2)):
        by_hand = weight * np.abs(image - values[f"x{name[-1]}"].numpy()).mean()
        assert float(terms[name]) == pytest.approx(by_hand, rel=1e-4)


# Options and metrics


def test_batch_norm_below_128_pixels():
    assert known("press").norm == "batch"
    kinds = {type(layer) for layer in known("press").nets["common"].layers}
    assert keras.layers.BatchNormalization in kinds
    subject = content("press", "--norm", "instance")
    assert subject.norm == "instance"
    subject.options = config.parse("--gan_type content --image_size 128".split())
    assert subject.norm == "instance"


@pytest.mark.parametrize("size", ["48", "8"])
def test_sizes_that_cannot_be_halved_are_refused(size):
    with pytest.raises(UsageError, match=f"--image_size {size}: must be a power of two from 16"):
        config.parse(["--gan_type", "content", "--image_size", size])


def test_a_code_that_leaves_nothing_in_common_is_refused():
    with pytest.raises(UsageError, match="--sep 4, --width 0.01: sep must be above 0 and below 4"):
        content("press", "--sep", "4")
    with pytest.raises(UsageError, match="--sep 4, --width 0.01"):  # and nothing is trained first
        content("press", *"--sep 4 --eval_pairs 20".split())


def test_fader_has_no_such_code():
    assert known("fader").widths()["hidden"] == (4, 2, 1)


def test_metrics_and_what_they_come_from(eager, tmp_path, capsys):
    subject = trainer("content", "--eval_pairs", "20", "--results_dir", str(tmp_path))
    found = subject.metrics()
    assert found.keys() == {
        "rec_l1", "removal_probability", "real_probability1", "real_probability2", "guided",
        "evaluator_accuracy", "class_kept",
    }  # fmt: skip
    assert found["removal_probability"]["n"] == 6 and found["evaluator_accuracy"]["n"] == 12
    assert subject.statistics().keys() == {
        "stat/rec_l1", "stat/removal_probability", "stat/guided", "stat/class_kept",
    }  # fmt: skip
    assert subject.frozen["domains"].output_shape == (None, 2)
    assert subject.frozen["classes"].output_shape == (None, 3)
    assert known("press").statistics().keys() == {"stat/rec_l1"}


def test_a_whole_run(eager, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main("--gan_type content --preset smoke --width 0.01 --name it".split()) == 0
    out = capsys.readouterr().out
    for name in ("removal_probability", "guided", "class_kept", "rec_l1"):
        assert name in out
    names = {path.stem for path in (tmp_path / "results/it/samples").iterdir()}
    assert names == {"000000", "000002", "removal", "swap", "guides"}
