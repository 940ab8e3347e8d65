"""CycleGAN's relatives and UNIT: the loss terms of their options, their networks and pools."""

from functools import partial
from unittest import mock

import numpy as np
import pytest
import tensorflow as tf
from systems import build, changed, phase, tiny_data, trainable, trainer, update

from framework.cli import main
from framework.engine.capabilities import Direction
from framework.engine.randomness import Random
from framework.errors import UsageError
from framework.options import config
from framework.trainers import translation
from framework.trainers.opening import open_run
from framework.trainers.registry import trainer_class
from framework.utils import to_float

pytestmark = pytest.mark.usefixtures("eager")
SHARED = {"shared_enc", "shared_dec"}
TO_2, TO_1 = Direction(1, 2), Direction(2, 1)


def terms(system, name, *argv):
    return update(trainer(system, *argv), name)


def first(subject, key="x1"):
    return to_float(next(subject.batches(0))[key][0])


# CycleGAN


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
    x121 = fresh.translate(fresh.translate(x, TO_2), TO_1)
    assert found == pytest.approx(3 * np.abs(x121 - x).mean(), rel=1e-4)


def test_one_direction_has_one_translator():
    subject = trainer("cyclegan", "--direction", "12", "--cycle_weight", "0")
    assert subject.nets.keys() == {"gen12", "disc2"}
    assert subject.system.directions() == (TO_2,)
    with pytest.raises(UsageError, match="add --cycle_weight 0"):
        config.parse("--gan_type cyclegan --direction 21".split())


@pytest.mark.parametrize(("change", "rate"), [("0", 0.5), ("9", 0.01)])
def test_the_rate_divides_the_loss_between_cycle_and_all_else(change, rate):
    plain = terms("cyclegan", "gen")
    weighted = terms("cyclegan", "gen", "--rate", "0.01", "--rate_change", change)
    for name, value in weighted.items():
        factor = rate if "cycle" in name else 1 - rate
        assert value == pytest.approx(factor * plain[name], rel=1e-4)


def test_a_paired_discriminator_is_given_both_images():
    subject = trainer("cyclegan", "--paired", "--paired_weight", "2", "--cycle_weight", "0")
    assert subject.data.contract == "paired"
    assert subject.nets["disc2"].input_shape[-1] == 6
    x, y = first(subject), first(subject, "x2")
    found = update(subject, "gen")["gen/pixel12"]
    fresh = trainer("cyclegan", "--paired")
    assert found == pytest.approx(2 * np.abs(fresh.translate(x, TO_2) - y).mean(), rel=1e-4)
    update(subject, "disc")


def test_max_items_a_chooses_pairs_of_both_domains():
    argv = "--paired --cycle_weight 0 --direction 12 --max_items_A 4".split()
    images = trainer("cyclegan", *argv).data.facts.images
    assert images == (4, 4)
    assert trainer("cyclegan", "--max_items_A", "4").data.facts.images == (4, 12)


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        ("--max_items_A 1", "at least 3 images"),
        ("--max_items_A 1 --distance_of halves", "at least 2 images"),
        ("--batch_size 1", "two images per device"),
        ("--batch_size 2 --devices CPU:0,CPU:1", "two images per device"),
    ],
)
def test_too_few_images_for_distances_are_refused_before_anything_is_trained(argv, message):
    flags = f"--gan_type cyclegan --preset smoke --distance_weight 1 {argv}".split()
    with pytest.raises(UsageError, match=message):
        options = config.parse(flags)
        trainer_class(options).training_data(options, tiny_data("domains"))


def test_distances_of_halves_are_a_term():
    argv = "--distance_weight 1 --distance_of halves".split()
    assert terms("cyclegan", "gen", *argv)["gen/distance12"] > 0


@pytest.mark.parametrize("name", ["cyclegan", "discogan", "dualgan", "distancegan", "pix2pix"])
def test_presets_of_the_relatives_train(name):
    small = "--image_size 32 --batch_size 4 --width 0.02 --eval_pairs 0 --devices cpu".split()
    options = config.parse(["--preset", name, *small, "--pool", "4"])
    subject = build(options, tiny_data(trainer_class(options).contract))
    for each in subject.phases:
        assert all(np.isfinite(value) for value in update(subject, each.name).values())
    if name == "dualgan":
        limits = [np.abs(v.numpy()).max() for v in subject.variables(phase(subject, "disc"))]
        assert max(limits) <= np.float32(options.clip)


# Both


def test_the_pools_are_in_the_checkpoint(tmp_path):
    subject = trainer("cyclegan")
    update(subject, "disc")
    subject.save(tmp_path, {})
    resumed = trainer("cyclegan")
    assert resumed.pools.keys() == {"12", "21"} and resumed.restore(tmp_path) == {}
    for name, pool in subject.pools.items():
        assert np.abs(pool.all_images).max() > 0
        resumed.pools[name].collect()
        np.testing.assert_array_equal(pool.all_images, resumed.pools[name].all_images)


def test_without_a_pool_a_checkpoint_has_none():
    subject = trainer("cyclegan", "--pool", "0")
    assert not subject.pools and "pools" not in dir(subject.checkpoint)


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


@pytest.mark.parametrize("system", ["cyclegan", "unit"])
def test_augmentation_is_off_unless_it_is_asked_for(system):
    plain, augmented = (trainer(system, *argv) for argv in ([], ["--augment"]))
    batch = {"x1": first(plain), "x2": first(plain, "x2")}
    for subject, same in ((plain, True), (augmented, False)):
        random = Random(0, tf.constant(0, tf.int64))
        images = translation.training_images(subject.options, batch, random)
        assert [np.array_equal(images[i], batch[f"x{i}"]) for i in (1, 2)] == [same, same]
    assert update(plain, "disc") != update(augmented, "disc")


def test_averages_translate():
    subject = trainer("unit", "--ema", "0.9")
    x = first(subject).numpy()
    before = subject.system.translate(x, TO_2)
    for net in subject.system.nets.values():
        net.set_weights([w + 1 for w in net.get_weights()])
    np.testing.assert_array_equal(subject.system.translate(x, TO_2), before)


@pytest.mark.usefixtures("empty_folder", "plotless")
@pytest.mark.parametrize("system", ["cyclegan", "unit"])
def test_a_finished_run_translates_without_its_data(system, capsys):
    flags = f"--gan_type {system} --preset smoke --cogan_data mini2street --iterations 1 --name it"
    assert main([*flags.split(), "--width", "0.02", "--eval_pairs", "0"]) == 0
    run = open_run("results/it", data_dir="gone").system
    assert not any(name.startswith("disc") for name in run.nets)
    images = np.random.default_rng(0).uniform(-1, 1, (3, 32, 32, 3)).astype(np.float32)
    results = [run.translate(images, direction) for direction in run.directions()]
    if system == "unit":
        results += [run.reconstruct(images, domain) for domain in run.domains()]
    assert len(results) == (4 if system == "unit" else 2)
    for result in results:
        assert result.shape == images.shape
        assert np.isfinite(result).all() and np.abs(result).max() <= 1


@pytest.mark.parametrize(
    ("system", "flags"),
    [
        ("cyclegan", ""),
        ("cyclegan", "--image_size 64 --res_blocks 1 --upsample nearest"),
        ("unit", ""),
        ("unit", "--image_size 64 --res_blocks 1 --downs 3"),
    ],
)
def test_networks_are_applied_to_images_of_any_size(system, flags):
    size = 64 if flags else 32
    run = trainer(system, *flags.split(), data=partial(tiny_data, size=size)).system
    multiple = run.size_multiple()
    assert multiple == (8 if "--downs" in flags else 4)
    random = np.random.default_rng(0)
    large = random.uniform(-1, 1, (2, size + multiple, 2 * size, 3)).astype(np.float32)
    result = run.translate(large, TO_2)
    assert result.shape == large.shape and result.std() > 0
    exact = large[:, :size, :size]
    expected = run.translate(exact, TO_2)
    for net in list(run.nets):  # the networks for any size compute the same as the others
        run.sized(net, np.zeros((1, 12, 12, run.net(net).input_shape[-1]), np.float32))
    with mock.patch.object(run, "sized", lambda name, x: run._any_size[name]):
        np.testing.assert_allclose(run.translate(exact, TO_2), expected, atol=1e-5)


# UNIT


def test_unit_trains_its_shared_nets():
    subject = trainer("unit")
    before = trainable(subject)
    found = update(subject, "gen")
    assert changed(before, trainable(subject)) >= SHARED
    names = {key.removeprefix("gen/") for key in found}
    assert names == {f"{n}{way}" for n in ("rec", "prior", "adv", "cycle") for way in (12, 21)}


def test_prior_by_hand():
    argv = "--prior_weight 3 --code_noise 0".split()
    subject, fresh = trainer("unit", *argv), trainer("unit", *argv)
    x, system, learning = first(fresh), fresh.system, fresh.learning
    code = system.code(x, 1, learning)
    code12 = system.code(system.draw(code, 2, learning), 2, learning)
    by_hand = 3 * (np.square(code).mean() + np.square(code12).mean())
    assert update(subject, "gen")["gen/prior12"] == pytest.approx(by_hand, rel=1e-4)


def test_noise_moves_codes():
    assert terms("unit", "gen") != terms("unit", "gen", "--code_noise", "0")
