"""FUNIT and what FUNIT2FUNIT adds, computed by hand; the images are those of `toy_g2g`."""

import numpy as np
import pytest
import tensorflow as tf
from systems import changed, trainer, weights
from toy_g2g import batch, floats, images, toy

from framework.engine import checkpoints
from framework.engine.randomness import Random
from framework.engine.system import save_models
from framework.errors import MissingError, UsageError, UserError
from framework.options import config
from framework.trainers.exchange import NETS

RANDOM = Random(0, tf.constant(0, tf.int64))
ADDED = {"long": 15, "fm_long": 15, "fm_reassembly": 10.5}
ONES = "--short_weight 1 --long_weight 1 --fm_long_weight 1 --fm_reassembly_weight 1".split()


def disc(x, training=None):
    """Logits c and 10 c of classes 0 and 1 at both patches; the features are the image."""
    logits = tf.concat([x[..., :1], 10 * x[..., :1]], axis=-1)
    return tf.repeat(logits, 2, axis=2), x


def with_biases(biases):
    """Both heads' logits are the content, apart from a bias [2]."""
    return lambda x, training: (x[..., :1] + biases, x)


def funit(*argv: str, variant="funit2funit", **nets):
    return toy(variant, *argv, **dict(disc=disc) | nets)


def test_funit_terms():
    # Class of m12 = (-3, -12) is 1, its style's, of m21 = (7, 6) is 0: logits -30 and 7. Short:
    # (3, 6) of class 0 and (1, -12) of class 1: 3 and 10; distances from x are (2 + 4) and (4 + 8)
    # over 4. Mixed features against the image with the style: (7, 6) - x1 = (6, 4), and (8, 8).
    terms = floats(funit("--short_weight", "1", variant="funit").gen_terms(batch(), RANDOM))
    assert terms == {
        "adv": 0.5 * (30 - 7) / 2 - 0.5 * (3 + 10) / 2,
        "short": 4.5,
        "fm_short": 4.5,
        "fm_mixed": 6.5,
    }
    argv = "--adv_weight 2 --fm_weight 0.5 --short_weight 0".split()
    terms = floats(funit(*argv, variant="funit").gen_terms(batch(), RANDOM))
    assert terms == {"adv": 5, "short": 0, "fm_short": 2.25, "fm_mixed": 3.25}


def test_funit2funit_adds_three_terms():
    # r1 - x1 = (2, 16), r2 - x2 = (-10, -32). Reassembly: r1 = (3, 18) against m21 = (7, 6), which
    # has style 1, r2 = (-5, -36) against m12 = (-3, -12).
    terms = floats(funit(*ONES).gen_terms(batch(), RANDOM))
    old = floats(funit("--short_weight", "1", variant="funit").gen_terms(batch(), RANDOM))
    assert terms == old | ADDED


@pytest.mark.parametrize("left_out", ["long", "fm_long", "fm_reassembly", "long+fm_long"])
def test_ablate_leaves_out_its_terms_alone(left_out):
    whole = floats(funit(*ONES).gen_terms(batch(), RANDOM))
    terms = floats(funit(*ONES, "--ablate", left_out).gen_terms(batch(), RANDOM))
    assert terms == {k: v for k, v in whole.items() if k not in left_out.split("+")}


def test_an_unknown_term_cannot_be_left_out():
    with pytest.raises(UsageError, match="--ablate rec: choose from long, fm_long, fm_reassembly"):
        funit("--ablate", "rec")


def test_the_discriminator_sees_the_right_class():
    # Real: logits 1 and 50, beyond the margin. Fake: -30 is beyond it, 7 gives 8.
    plain = "--penalty_weight_d", "0"
    assert floats(funit(*plain).disc_terms(batch(), RANDOM)) == {"adv": 4}
    # As published: m12 under class 0, -3; m21 under class 1, 70.
    assert floats(funit(*plain, "--bug_compat").disc_terms(batch(), RANDOM)) == {"adv": 35.5}


@pytest.mark.parametrize(("flags", "moved"), [([], [0.5, 0]), (["--bug_compat"], [0, 0.5])])
def test_which_heads_bias_moves_for_fakes(flags, moved):
    # Only m21, of class 0 by its style, is within a margin: x1 = 1 and x2 = 5 are not, m12 = -3.
    biases, factor = tf.Variable([0.0, 0.0]), tf.Variable(1.0)
    subject = funit("--penalty_weight_d", "0", *flags, disc=with_biases(biases))
    subject.system.nets["style"] = lambda x, training: factor * x[:, 0, 0, 1:]
    with tf.GradientTape() as tape:
        loss = subject.disc_terms(batch(), RANDOM)["adv"]
    gradient, none = tape.gradient(loss, [biases, factor])
    assert gradient.numpy().tolist() == moved and none is None


def test_r1_is_the_squared_gradient_of_each_images_own_head():
    # Gradients (1, 0) under class 0 and (10, 0) under class 1.
    terms = floats(funit("--penalty_weight_d", "2").disc_terms(batch(), RANDOM))
    assert terms["penalty"] == pytest.approx(2 * (1 + 100) / 2)


@pytest.mark.parametrize(("step", "times"), [(0, 4), (1, 0), (3, 0), (4, 4)])
def test_r1_now_and_then_has_the_same_mean(step, times):
    now = Random(0, tf.constant(step, tf.int64))
    subject = funit("--penalty_weight_d", "2", "--penalty_every", "4")
    terms = floats(subject.disc_terms(batch(), now))
    assert terms["penalty"] == pytest.approx(times * 2 * (1 + 100) / 2)


@pytest.mark.parametrize("pairs", [1, 3])
def test_r1_of_the_batchs_mean_is_smaller_by_its_pairs_squared(pairs):
    rows = images(*[(1, 2)] * pairs)
    many = dict(x1=rows, x2=rows, y1=tf.zeros(pairs, tf.int64), y2=tf.ones(pairs, tf.int64))

    def penalty(*argv: str) -> float:
        return float(funit(*argv).disc_terms(many, RANDOM)["penalty"])

    assert penalty() == pytest.approx(10 * 50.5)
    published = penalty("--r1_mode", "batch_mean")
    assert published == pytest.approx(10 * 50.5 / pairs**2)
    # The same images in parts, each of which knows only its own rows.
    parts = penalty("--r1_mode", "batch_mean", "--accumulate", "2")
    assert parts == pytest.approx(published / 4)


@pytest.mark.parametrize("variant", ["funit", "funit2funit"])
def test_identities_are_compared_with_those_of_the_style(variant):
    subject = funit("--id_mode", "loss", "--id_weight", "3", variant=variant)
    subject.frozen["identity"] = lambda x, training: x[:, 0, 0, 1:]
    # 2 against 6 and -4 against -12.
    assert floats(subject.gen_terms(batch(), RANDOM))["identity"] == 3 * (4 + 8) / 2


# Starting from a run of FUNIT


def make(variant: str, *argv: str):
    return trainer("g2g", "--g2g_variant", variant, "--ema", "0.9", *argv)


def test_a_pretrained_run_gives_its_nets(run, eager):
    funit = make("funit")
    for nets, more in ((funit.nets, 1), (funit.system.averages, 2)):
        for net in nets.values():
            net.set_weights([w + more for w in net.get_weights()])
    save_models(funit.models(), run.models)
    given = {name: net.get_weights() for name, net in funit.models().items()}
    mine = weights(make("funit2funit", "--pretrained", str(run.folder)))
    for name in NETS:
        assert not changed({name: given[name]}, {name: mine[name]}), "its averages are its nets"
        assert not changed({name: given[name]}, {name: mine[f"average {name}"]})
    assert not changed({"disc": given["disc"]}, {"disc": mine["disc"]})

    mine = weights(make("funit2funit", "--pretrained", str(run.folder), "--restore_disc", "false"))
    assert changed(given, mine) == {"disc"}
    with pytest.raises(UserError, match="content.keras is another net"):
        make("funit2funit", "--pretrained", str(run.folder), "--content_downs", "1")


def test_a_run_that_goes_on_needs_no_pretrained_one(tmp_path, monkeypatch, eager):
    monkeypatch.setattr(checkpoints, "exist", lambda folder: folder == tmp_path / "it/checkpoints")
    gone = ("--pretrained", str(tmp_path / "gone"), "--results_dir", str(tmp_path))
    make("funit2funit", *gone, "--name", "it")
    with pytest.raises(MissingError):
        make("funit2funit", *gone, "--name", "it", "--overwrite")
    with pytest.raises(MissingError):
        make("funit2funit", *gone, "--name", "other")


def test_a_pretrained_run_that_is_not_there(tmp_path):
    with pytest.raises(MissingError, match="no .*content.keras; it must be a finished run") as info:
        make("funit2funit", "--pretrained", str(tmp_path / "gone"))
    assert info.value.code == 3


def test_every_class_has_a_head():
    subject = make("funit")
    logits, features = subject.nets["disc"].output_shape
    assert logits[-1] == subject.data.classes == 3
    x = np.zeros((2, 32, 32, 3), np.float32)
    picked, pooled = subject.logits_and_features(tf.constant(x), tf.constant([0, 2]))
    assert picked.shape == (2, *logits[1:3]) and pooled.shape == (2, features[-1])
    every = subject.nets["disc"](x)[0].numpy()
    np.testing.assert_allclose(picked, [every[0, ..., 0], every[1, ..., 2]], atol=1e-6)


@pytest.mark.parametrize("variant", ["naive", "cyclefunit"])
def test_other_variants_start_from_nothing(variant):
    with pytest.raises(UsageError, match="--pretrained: needs --g2g_variant funit or"):
        config.parse(["--gan_type", "g2g", "--g2g_variant", variant, "--pretrained", "some"])
