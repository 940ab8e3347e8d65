"""Translators: what each kind pays for, and what is measured."""

import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf
from systems import changed, phase, tiny_data, trainable, trainer, update

from framework import config, cyclegan_trainer, translation
from framework.errors import UsageError
from framework.utils import Random, to_float

pytestmark = pytest.mark.usefixtures("eager")
SHARED = {"shared_enc", "shared_dec"}


def terms(system, name, *argv):
    return update(trainer(system, *argv), name)


def first(subject, key="x1"):
    return to_float(next(subject.batches(0))[key][0])


def test_terms_are_those_that_are_weighted():
    found = terms("cyclegan", "gen")
    assert found.keys() == {f"gen/{name}{way}" for name in ("adv", "cycle") for way in (12, 21)}
    argv = "--identity_weight 1 --fm_weight 1 --distance_weight 1 --cycle_weight 0".split()
    found = terms("cyclegan", "gen", *argv)
    names = {key.removeprefix("gen/")[:-2] for key in found}
    assert names == {"adv", "identity", "fm", "distance"}


def test_cycle_by_hand():
    subject = trainer("cyclegan", "--cycle_weight", "3")
    x = first(subject)
    found = update(subject, "gen")["gen/cycle12"]
    fresh = trainer("cyclegan")  # the same weights as before that update
    x121 = fresh.translate(fresh.translate(x, 1, training=True), 2, training=True)
    assert found == pytest.approx(3 * np.abs(x121 - x).mean(), rel=1e-4)


def test_one_direction_has_one_translator():
    subject = trainer("cyclegan", "--direction", "12", "--cycle_weight", "0")
    assert subject.nets.keys() == {"gen12", "disc2"}
    assert subject.pictures(subject.data.domains[0].images, 1).keys() == {"12"}
    with pytest.raises(UsageError, match="no way back; add --cycle_weight 0"):
        config.parse("--gan_type cyclegan --direction 21".split())


@pytest.mark.parametrize(("change", "rate"), [("0", 0.5), ("9", 0.01)])
def test_the_rate_divides_the_loss_between_cycle_and_all_else(change, rate):
    plain = terms("cyclegan", "gen")
    shared = terms("cyclegan", "gen", "--rate", "0.01", "--rate_change", change)
    for name, value in shared.items():
        share = rate if "cycle" in name else 1 - rate
        assert value == pytest.approx(share * plain[name], rel=1e-4)


def test_a_paired_discriminator_sees_both_images():
    subject = trainer("cyclegan", "--paired", "--paired_weight", "2", "--cycle_weight", "0")
    assert subject.data.contract == "paired"
    assert subject.nets["disc2"].input_shape[-1] == 6
    x, y = first(subject), first(subject, "x2")
    found = update(subject, "gen")["gen/pixel12"]
    fresh = trainer("cyclegan", "--paired")
    assert found == pytest.approx(2 * np.abs(fresh.translate(x, 1, True) - y).mean(), rel=1e-4)
    update(subject, "disc")


def test_distances_of_one_image_have_no_law():
    argv = "--distance_weight 1 --max_items_A 1".split()
    with pytest.raises(UsageError, match="at least 3 images"):
        trainer("cyclegan", *argv)
    with pytest.raises(UsageError, match="at least 2 images"):
        trainer("cyclegan", *argv, "--distance_of", "halves")
    with pytest.raises(UsageError, match="two images per device"):
        trainer("cyclegan", "--distance_weight", "1", "--batch_size", "1")
    with pytest.raises(UsageError, match="two images per device"):
        trainer("cyclegan", *"--distance_weight 1 --batch_size 2 --devices CPU:0,CPU:1".split())
    terms("cyclegan", "gen", "--distance_weight", "1", "--distance_of", "halves")


def test_pairs_without_labels_are_measured_too():
    def unlabelled(contract):
        data = tiny_data(contract)
        domains = (dataclasses.replace(d, labels=None, test_labels=None) for d in data.domains)
        return dataclasses.replace(data, domains=tuple(domains), classes=0)

    argv = "--paired --cycle_weight 0 --direction 12 --kid_features none".split()
    subject = trainer("cyclegan", *argv, "--eval_pairs", "4", data=unlabelled)
    assert subject.metrics().keys() == {"l1_pair12"}
    assert trainer("cyclegan", *argv, data=unlabelled).metrics() == {}


def test_the_pool_is_in_the_checkpoint(run):
    subject = trainer("cyclegan", run=run)
    update(subject, "disc")
    subject.save({})
    resumed = trainer("cyclegan", run=run)
    assert resumed.pools.keys() == {"12", "21"} and resumed.restore() == {}
    for way, pool in subject.pools.items():
        assert np.abs(pool.whole).max() > 0
        resumed.pools[way].collect()
        np.testing.assert_array_equal(pool.whole, resumed.pools[way].whole)
    assert "pools" not in dir(trainer("cyclegan", "--pool", "0").checkpoint)


@pytest.mark.parametrize("system", ["cyclegan", "unit"])
def test_photographs_have_their_own_nets(system):
    argv = "--image_size 64 --res_blocks 1".split()
    subject = trainer(system, *argv, data=lambda contract: tiny_data(contract, 64))
    for each in subject.phases:
        assert all(np.isfinite(value) for value in update(subject, each.name).values())
    assert subject.nets["disc1"].output_shape[1:] == (6, 6, 1)


def test_sizes_that_nets_cannot_halve_are_refused():
    for argv in ("--image_size 36", "--image_size 64 --d_layers 5"):
        with pytest.raises(UsageError):
            config.parse(["--gan_type", "cyclegan", *argv.split()])


# UNIT


def test_unit_shares_its_inner_nets_and_moves_them():
    subject = trainer("unit")
    before = trainable(subject)
    found = update(subject, "gen")
    assert changed(before, trainable(subject)) >= SHARED
    names = {key.removeprefix("gen/") for key in found}
    assert names == {f"{n}{way}" for n in ("rec", "prior", "adv", "cycle") for way in (12, 21)}


def test_prior_by_hand():
    argv = "--prior_weight 3 --code_noise 0".split()
    subject, fresh = trainer("unit", *argv), trainer("unit", *argv)
    x, learning = first(fresh), fresh.autoencoder
    code = fresh.code(x, 1, learning)
    there = fresh.code(fresh.draw(code, 2, learning), 2, learning)
    by_hand = 3 * (np.square(code).mean() + np.square(there).mean())
    assert update(subject, "gen")["gen/prior12"] == pytest.approx(by_hand, rel=1e-4)


def test_noise_moves_codes():
    assert terms("unit", "gen") != terms("unit", "gen", "--code_noise", "0")


# One-shot translation


@pytest.mark.parametrize("system", ["cyclegan", "unit"])
def test_augmentation_is_off_unless_it_is_asked_for(system):
    plain, augmented = (trainer(system, *argv) for argv in ([], ["--augment"]))
    batch = {"x1": first(plain), "x2": first(plain, "x2")}
    for subject, same in ((plain, True), (augmented, False)):
        seen = subject.both(batch, Random(0, tf.constant(0, tf.int64)))
        assert [np.array_equal(seen[i], batch[f"x{i}"]) for i in (1, 2)] == [same, same]
    assert update(plain, "disc") != update(augmented, "disc")


def random_classifier() -> keras.Model:
    x = keras.Input((32, 32, 3))
    features = keras.layers.Flatten(name="features")(x)
    return keras.Model(x, keras.layers.Dense(3)(features))


def test_metrics_by_hand(monkeypatch):
    subject = trainer("unit", "--kid_features", "none")
    subject.frozen = {f"evaluator{j}": random_classifier() for j in (1, 2)}
    object.__setattr__(subject.options, "eval_pairs", 6)
    found = subject.metrics()
    for i, j in ((1, 2), (2, 1)):
        domain = subject.data.domains[i - 1]
        x = to_float(domain.test_images)
        x12 = subject.translate(x, i)
        x121 = subject.translate(x12, j)
        right = np.argmax(subject.frozen[f"evaluator{j}"](x12), axis=1) == domain.test_labels
        assert found[f"translation_accuracy{i}{j}"]["value"] == pytest.approx(right.mean())
        plain = np.argmax(subject.frozen[f"evaluator{j}"](x), axis=1) == domain.test_labels
        source = found[f"translation_accuracy{i}{j}_source"]
        assert source["value"] == pytest.approx(plain.mean())
        l1 = np.abs(x121 - x).mean()
        assert found[f"l1_{i}{j}{i}"]["value"] == pytest.approx(l1, rel=1e-4)
        own = subject.draw(subject.code(x, i), i)
        assert found[f"l1_{i}{i}"]["value"] == pytest.approx(np.abs(own - x).mean(), rel=1e-4)
        assert found[f"evaluator_accuracy{j}"]["n"] == 6


class Pixels:
    """A distance that compares pixels, in place of a network."""

    protocol = "pixels"

    def __init__(self, net, folder, image_size):
        pass

    def __call__(self, first, second):
        return np.abs(first - second).mean(axis=(1, 2, 3))

    def style(self, images, reals, protocol):
        value = abs(images.mean() - reals.mean())
        return dict(value=value, ci95=None, n=len(images), protocol=protocol)


def test_translations_are_to_keep_content_and_to_have_the_other_style(monkeypatch):
    monkeypatch.setattr(translation.lpips, "Distance", Pixels)
    subject = trainer("cyclegan", *"--kid_features none --direction 12 --cycle_weight 0".split())
    for name, value in (("eval_pairs", 6), ("lpips_net", "squeeze")):
        object.__setattr__(subject.options, name, value)
    found = {name: each["value"] for name, each in subject.metrics().items()}
    x, reals = (to_float(domain.test_images).numpy() for domain in subject.data.domains)
    made = subject.translate(x, 1).numpy()
    assert found["lpips_content12"] == pytest.approx(np.abs(made - x).mean(), rel=1e-4)
    assert found["style2"] == pytest.approx(abs(made.mean() - reals.mean()), abs=1e-5)
    assert found["style2_source"] == pytest.approx(abs(x.mean() - reals.mean()), abs=1e-5)
    assert "style1" not in found


def test_averages_translate():
    subject = trainer("unit", "--ema", "0.9")
    x = first(subject)
    before = subject.translate(x, 1)
    for name in subject.autoencoder:
        subject.nets[name].set_weights([w + 1 for w in subject.nets[name].get_weights()])
    np.testing.assert_array_equal(subject.translate(x, 1), before)


@pytest.mark.parametrize(("system", "rows"), [("cyclegan", 6), ("unit", 8)])
def test_a_sheet_has_a_row_of_each_domain_and_of_all_that_is_made_of_it(system, rows, run):
    subject = trainer(system, "--num_samples_to_gen", "3", run=run)
    subject.sheet()
    (path,) = run.samples.iterdir()
    shape = tf.io.decode_png(path.read_bytes()).shape
    assert shape == (rows * 32 + (rows - 1) * 4, 3 * 32, 3)


@pytest.mark.parametrize("name", ["cyclegan", "discogan", "dualgan", "distancegan", "pix2pix"])
def test_presets_of_the_kin_differ_in_their_losses(name):
    small = "--image_size 32 --batch_size 4 --width 0.02 --eval_pairs 0 --devices cpu".split()
    options = config.parse(["--preset", name, *small, "--pool", "4"])
    own = cyclegan_trainer.Trainer.of(options)
    subject = own(options, tiny_data(own.contract))
    for each in subject.phases:
        assert all(np.isfinite(value) for value in update(subject, each.name).values())
    if name == "dualgan":
        limits = [np.abs(v.numpy()).max() for v in subject.variables(phase(subject, "disc"))]
        assert max(limits) <= np.float32(options.clip)
