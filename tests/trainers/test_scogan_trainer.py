"""SCoGAN's regularisers: the terms of each option, their values, and the networks they move."""

import numpy as np
import pytest
import tensorflow as tf
from systems import NO_DROPOUT, changed, flags, phase, trainer, update, weights

from framework import penalties
from framework.engine.randomness import Random
from framework.frozen import perceptual
from nets import pretrained

PLAIN = {"gen/adv1", "gen/adv2"}
BATCH = {"x1": tf.zeros((4, 32, 32, 3)), "x2": tf.zeros((4, 32, 32, 3))}


@pytest.fixture(scope="module")
def full(classifier_path):
    """All regularisers at weights that differ."""
    weighted = "--feature_weight 2 --weight_weight 3 --semantic_weight 5 --cycle_weight 7"
    weighted += " --balance_weight 11 --content_weight 13 --style_weight 0.17"
    return trainer("scogan", *flags("scogan", classifier_path), *weighted.split())


def fakes(subject):
    return subject.fakes(BATCH, Random(1, tf.constant(0)))


@pytest.mark.parametrize(
    ("flag", "term"),
    [("feature_loss", "feature"), ("weight_loss", "weight"), ("cycle_loss", "cycle")],
)
def test_one_flag_adds_one_term_and_nothing_else(flag, term):
    subject = trainer("scogan", f"--{flag}", *NO_DROPOUT)
    assert update(subject, "gen").keys() == PLAIN | {f"gen/{term}"}
    assert ("encoder" in subject.nets) == (flag == "cycle_loss")


PERCEPTUAL = "--perceptual_loss --perceptual_weights random".split()


def test_perceptual_distances_are_logged_without_their_weights_too():
    subject = trainer("scogan", *PERCEPTUAL, "--style_weight", "0.25", *NO_DROPOUT)
    logged = update(subject, "gen")
    assert logged.keys() - PLAIN == {
        f"{kind}/perceptual_{part}" for kind in ("gen", "stat") for part in ("content", "style")
    }
    for part, weight in (("content", 1e-3), ("style", 0.25)):
        raw = logged[f"stat/perceptual_{part}"]
        assert raw > 0
        assert logged[f"gen/perceptual_{part}"] == pytest.approx(weight * raw, rel=1e-5)
    assert not any("perceptual" in name for name in update(subject, "disc"))


@pytest.mark.parametrize("net", ["squeeze", "alex"])
def test_other_trunks_take_digits_too(net):
    subject = trainer("scogan", *PERCEPTUAL, "--perceptual_net", net, *NO_DROPOUT)
    before = weights(subject)
    logged = update(subject, "gen")
    for part in ("content", "style"):
        assert 0 < logged[f"stat/perceptual_{part}"] < np.inf
    assert (
        {"gen1", "gen2"} <= changed(before, weights(subject)) <= {"gen1", "gen2", "disc1", "disc2"}
    )


def test_a_perceptual_part_of_no_weight_is_left_out():
    subject = trainer("scogan", *PERCEPTUAL, "--style_weight", "0")
    assert update(subject, "gen").keys() - PLAIN == {
        "gen/perceptual_content", "stat/perceptual_content",
    }  # fmt: skip


def test_gram_matrices_may_be_divided_by_their_channels():
    def style(divisor: str) -> float:
        subject = trainer("scogan", *PERCEPTUAL, "--style_divisor", divisor)
        subject.frozen["trunk"] = lambda x, training: [tf.repeat(x, 2, axis=-1)[..., :4], x]
        passed = fakes(subject)
        maps = perceptual.feature_maps(subject.frozen["trunk"], passed.images, passed.reals)
        return float(subject.perceptual(maps)["stat/perceptual_style"])

    assert style("hw") == pytest.approx(4**2 * style("hwc"), rel=1e-4), "four channels, squared"


def test_the_trunk_computes_in_the_precision_of_the_nets():
    how = ["--mixed_precision", "bfloat16"]
    subject = trainer("scogan", *PERCEPTUAL, *how)
    maps = subject.frozen["trunk"](BATCH["x1"])
    assert {each.dtype for each in maps} == {tf.bfloat16}
    terms = subject.regularisers(fakes(subject))
    assert {value.dtype for value in terms.values()} == {tf.float32}


@pytest.mark.parametrize("name", ["perceptual_content", "perceptual_style"])
def test_perceptual_gradients_reach_both_generators_and_move_no_trunk(full, name):
    before = weights(full)
    variables = full.variables(phase(full, "gen"))
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch([v.value for v in variables])
        value = full.regularisers(fakes(full))[name]
    gradients = tape.gradient(value, [v.value for v in variables])
    kernels = [g for v, g in zip(variables, gradients, strict=True) if "image/kernel" in v.path]
    assert len(kernels) == 2 and all(np.abs(g).max() > 0 for g in kernels)
    update(full, "gen")
    assert "frozen trunk" not in changed(before, weights(full))


def test_a_dry_run_needs_no_weights(monkeypatch):
    monkeypatch.setattr(pretrained, "vgg19_file", lambda: pytest.fail("it asked for the file"))
    assert "trunk" in trainer("scogan", "--perceptual_loss", "--dry_run").frozen


def test_without_a_regulariser_it_is_two_gans():
    subject = trainer("scogan")
    assert update(subject, "gen").keys() == PLAIN
    assert subject.frozen == {} and [each.name for each in subject.phases] == ["disc", "gen"]
    both = [subject.nets[name].trainable_variables for name in ("gen1", "gen2")]
    assert not {id(v) for v in both[0]} & {id(v) for v in both[1]}
    assert not np.array_equal(both[0][0].numpy(), both[1][0].numpy()), "they start apart"


def test_every_term_is_its_distance_times_its_weight(full):
    passed = fakes(full)
    terms = full.regularisers(passed)
    parts = {"content", "style"}
    of_trunk = {f"{prefix}perceptual_{part}" for prefix in ("", "stat/") for part in parts}
    assert terms.keys() == {"feature", "weight", "semantic", "balance", "cycle"} | of_trunk

    pairs = zip(*(features[:3] for features in passed.features), strict=True)
    feature = sum(np.mean((a.numpy() - b.numpy()) ** 2) for a, b in pairs)
    assert float(terms["feature"]) == pytest.approx(2 * feature, rel=1e-4)

    pair = (full.nets["gen1"].trainable_variables, full.nets["gen2"].trainable_variables)
    weight = sum(np.mean((a.numpy() - b.numpy()) ** 2) for a, b in zip(*pair, strict=True))
    assert float(terms["weight"]) == pytest.approx(3 * weight, rel=1e-4)

    outputs = [full.frozen["classifier"](image, training=False) for image in passed.images]
    first, second = (tf.nn.softmax(logits).numpy() for logits in outputs)
    assert float(terms["semantic"]) == pytest.approx(5 * np.mean((first - second) ** 2), rel=1e-4)

    means = [probabilities.mean(axis=0) for probabilities in (first, second)]
    balance = sum(np.log(3) + np.sum(mean * np.log(mean)) for mean in means)
    assert float(terms["balance"]) == pytest.approx(11 * balance, rel=1e-3, abs=1e-5)

    codes = [full.nets["encoder"](image).numpy() for image in passed.images]
    cycle = sum(np.mean(np.abs(z - passed.z.numpy())) for z in codes)
    assert float(terms["cycle"]) == pytest.approx(7 * cycle, rel=1e-4)

    trunk = full.frozen["trunk"]
    maps = [trunk(x) for x in (*passed.images, *passed.reals)]
    content = penalties.distance(maps[0][-1], maps[1][-1], "l2")
    assert float(terms["perceptual_content"]) == pytest.approx(13 * float(content), rel=1e-4)
    style = sum(penalties.style_distance(maps[i][:-1], maps[i + 2][:-1]) for i in (0, 1))
    assert float(terms["perceptual_style"]) == pytest.approx(0.17 * float(style), rel=1e-4)


def test_the_encoder_learns_from_the_cycle_term_alone(full):
    variables = full.nets["encoder"].trainable_variables
    with tf.GradientTape() as tape:
        terms = full.gen_terms(BATCH, Random(1, tf.constant(0)))
        others = tf.add_n([value for name, value in terms.items() if name != "cycle"])
        cycle = terms["cycle"] + 0.0 * others
    gradients = tape.gradient(cycle, [v.value for v in variables])
    assert all(float(tf.reduce_max(tf.abs(g))) > 0 for g in gradients[::2])
    with tf.GradientTape() as tape:
        terms = full.gen_terms(BATCH, Random(1, tf.constant(0)))
        others = tf.add_n([value for name, value in terms.items() if name != "cycle"])
    assert tape.gradient(others, [v.value for v in variables]) == [None] * len(variables)


def test_options_of_the_feature_regulariser():
    def value(*argv: str) -> float:
        subject = trainer("scogan", "--feature_loss", "--feature_weight", "1", *argv)
        return float(subject.feature(fakes(subject)))

    whole = value("--shared_layers", "3")
    assert value("--shared_layers", "1") < value("--shared_layers", "2") < whole
    assert value("--shared_layers", "3", "--feature_reduction", "mean") == pytest.approx(whole / 3)
    assert value("--shared_layers", "3", "--fr_include_image") > whole


def test_a_regulariser_reaches_both_generators_but_not_the_classifier(full):
    before = weights(full)
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        variables = full.variables(phase(full, "gen"))
        tape.watch([v.value for v in variables])
        semantic = full.regularisers(fakes(full))["semantic"]
    gradients = tape.gradient(semantic, [v.value for v in variables])
    kernels = [g for v, g in zip(variables, gradients, strict=True) if "image/kernel" in v.path]
    assert len(kernels) == 2 and all(np.abs(g).max() > 0 for g in kernels)
    update(full, "gen")
    assert "frozen classifier" not in changed(before, weights(full))


def test_the_semantic_distance_falls_when_it_alone_counts(full):
    options = "--semantic_weight 1e4 --lr_g 5e-3 --no-cycle_loss --no-weight_loss --no-feature_loss"
    path = full.options.classifier_path
    subject = trainer("scogan", *flags("scogan", path), *options.split())
    values = [update(subject, "gen", step)["gen/semantic"] for step in range(20)]
    assert np.mean(values[-4:]) < 0.5 * np.mean(values[:4])
