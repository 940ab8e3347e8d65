"""Content transfer: which networks learn, which codes hide the domain, what the system can do."""

from unittest import mock

import keras
import numpy as np
import pytest
import tensorflow as tf
from systems import changed, trainable, update
from tiny_content import VARIANTS, content, known, random_images

from framework.cli import main
from framework.commands import training
from framework.engine.capabilities import EditsExtras, Transfers
from framework.engine.randomness import Random
from framework.errors import UsageError
from framework.options import config
from framework.trainers.content_trainer import norm, widths
from framework.trainers.opening import open_run
from nets.content import compose

MOVED = {
    "press": {"common", "separate", "gen"},
    "mask": {"common", "separate", "gen", "masked"},
    "fader": {"common", "gen"},
}


def batch():
    return {"x1": tf.constant(random_images(4)), "x2": tf.constant(random_images(4, seed=1))}


class Spy:
    """Stands in for a net; keeps the inputs of all calls."""

    def __init__(self, net):
        self.net, self.inputs = net, []

    def __call__(self, inputs, **kwargs):
        self.inputs.append(inputs)
        return self.net(inputs, **kwargs)


# Training


def test_half_of_the_images_are_mirrored():
    x = tf.constant(random_images(200))
    images = known("press").augmented({"x1": x, "x2": x}, Random(3, tf.constant(0)))
    assert images["x1"] is x and not config.parse(["--gan_type", "content"]).flip
    images = content("press", "--flip").augmented({"x1": x, "x2": x}, Random(3, tf.constant(0)))
    same, mirrored = (
        {name: np.all(images[name] == other, axis=(1, 2, 3)) for name in ("x1", "x2")}
        for other in (x, x[:, :, ::-1])
    )
    for name in ("x1", "x2"):
        assert (same[name] ^ mirrored[name]).all() and 70 < same[name].sum() < 130
    assert (same["x1"] != same["x2"]).any()


@pytest.mark.parametrize("variant", VARIANTS)
def test_both_phases_mirror_images(variant, monkeypatch):
    subject, calls = content(variant, "--flip"), []
    monkeypatch.setattr(subject, "augmented", lambda batch, _: calls.append(1) or batch)
    for name in ("ae", "disc"):
        update(subject, name)
    assert calls == [1, 1]


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
    (codes,) = spy.inputs
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
        ("press", (-50, 50), 50),  # those of domain 2 are recognised
        ("press", (50, -50), 50),
        ("mask", (50, 50), 100),
        ("fader", (0, 0), np.log(2)),
        ("fader", (50, -50), 0),  # each is taken for the other
        ("fader", (-50, 50), 50),
        ("fader", (-50, -50), 25),
    ],
)
def test_codes_hide_their_domain(with_logits, variant, logits, nats):
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


def test_fader_and_its_discriminator_are_in_inference_mode_for_each_other():
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


# Options


def test_batch_norm_below_128_pixels():
    kinds = {type(layer) for layer in known("press").nets["common"].layers}
    assert keras.layers.BatchNormalization in kinds
    for argv, kind in (([], "batch"), (["--norm", "instance"], "instance")):
        assert norm(config.parse(["--gan_type", "content", *argv])) == kind
    assert norm(config.parse("--gan_type content --image_size 128".split())) == "instance"


@pytest.mark.parametrize("size", ["48", "8"])
def test_sizes_that_cannot_be_halved_are_refused(size):
    words = f"--image_size {size}: must be a power of two, at least 16"
    with pytest.raises(UsageError, match=words):
        config.parse(["--gan_type", "content", "--image_size", size])


def test_a_code_that_leaves_nothing_in_common_is_refused_before_anything_is_trained():
    words = "--sep 4, --width 0.01: sep must be above 0 and below 4"
    with (
        mock.patch.object(training, "train_classifier") as trained,
        pytest.raises(UsageError, match=words),
    ):
        content("press", *"--sep 4 --eval_pairs 20".split())
    assert not trained.called


def test_fader_has_no_such_code():
    assert widths(known("fader").options)["hidden"] == (4, 2, 1)


# What the system can do


@pytest.mark.parametrize("variant", VARIANTS)
def test_ranges_and_shapes_of_images(variant):
    system, x = known(variant).system, random_images(3)
    assert isinstance(system, Transfers) and isinstance(system, EditsExtras)
    for images in (system.remove(x), system.add(x, x), *system.rebuild(x, x)):
        assert images.shape == x.shape and np.abs(images).max() <= 1 + 1e-6


def test_removing_is_putting_no_extra():
    system, x = known("press").system, random_images(2)
    nothing = system.no_extra(system.extra(x))
    assert not nothing.any()
    np.testing.assert_array_equal(system.remove(x), system.put(x, nothing))


@pytest.mark.parametrize("variant", VARIANTS)
def test_adding_is_putting_the_extra_of_the_guide(variant):
    system, (x, guides) = known(variant).system, (random_images(2), random_images(2, seed=1))
    images = system.add(x, guides)
    np.testing.assert_array_equal(images, system.put(x, system.extra(guides)))
    assert np.array_equal(images, system.add(x, x)) != system.uses_guides()
    assert system.uses_guides() == (variant != "fader")


@pytest.mark.parametrize(("threshold", "all_stay"), [("1", True), ("0", False)])
def test_removal_by_mask_leaves_the_rest_as_it_was(threshold, all_stay):
    subject, x = content("mask", "--mask_threshold", threshold), random_images(2)
    assert np.array_equal(subject.system.remove(x), x) == all_stay
    image, mask = subject.nets["masked"](
        [subject.nets["common"](x), subject.nets["separate"](x)], training=False
    )
    np.testing.assert_allclose(subject.system.add(x, x), compose(image, mask, x), atol=1e-5)


def test_images_are_those_of_the_averaged_nets():
    subject, x = content("press", "--ema", "0.9"), random_images(2)
    before = subject.system.add(x, x)
    for net in subject.nets.values():
        net.set_weights([w + 1 for w in net.get_weights()])
    np.testing.assert_array_equal(subject.system.add(x, x), before)


def test_a_whole_run_is_used_without_its_data(eager, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    argv = "--gan_type content --content_variant mask --preset smoke --width 0.01 --name it"
    assert main(argv.split()) == 0
    out = capsys.readouterr().out
    for name in ("removal_probability", "guided", "class_kept", "rec_l1"):
        assert name in out
    names = {path.stem for path in (tmp_path / "results/it/samples").iterdir()}
    assert names == {"000000", "000002", "removal", "swap", "guides"}
    x, run = random_images(3), open_run("results/it", data_dir="gone")
    system = run.system
    assert run.step == 2 and "disc" not in system.nets
    images = system.remove(x), system.add(x, x), *system.rebuild(x, x)
    for each in images:
        assert each.shape == x.shape and np.abs(each).max() <= 1 + 1e-6
    for net in ("common", "gen"):
        saved = keras.models.load_model(f"results/it/models/{net}.keras").get_weights()
        assert all(map(np.array_equal, saved, system.net(net).get_weights()))
