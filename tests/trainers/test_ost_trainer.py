"""One-shot translation: which weights an image of domain 1 trains, and the first stage."""

import dataclasses

import keras
import numpy as np
import pytest
from systems import build, changed, tiny_data, trainable, trainer, update, weights

from framework.commands import training
from framework.engine import recording, stages
from framework.errors import MissingError, Stopped, UsageError
from framework.options import config
from framework.trainers import ost_trainer, translation
from framework.utils import to_float

pytestmark = pytest.mark.usefixtures("eager")
SHARED = {"shared_enc", "shared_dec"}
FIRST = ost_trainer.FIRST


def terms(name, *argv):
    return update(trainer("ost", *argv), name)


def first(subject, key="x1"):
    return to_float(next(subject.batches(0))[key][0])


@pytest.mark.parametrize(
    ("selective", "selected"),
    [
        ("unshared", {"enc1", "dec1", "enc2", "dec2"}),
        ("a_only", {"enc1", "dec1"}),
        ("off", {"enc1", "dec1", "enc2", "dec2", *SHARED}),
    ],
)
def test_an_image_of_domain_1_trains_the_selected_networks(selective, selected):
    subject = trainer("ost", "--selective", selective, "--max_items_A", "1")
    before = weights(subject)  # batch statistics too: the other networks stay the same functions
    update(subject, "unshared")
    assert changed(before, weights(subject)) == selected | {"disc2"}
    before = weights(subject)
    update(subject, "auto")
    assert changed(before, weights(subject)) == {"enc2", "dec2", *SHARED, "disc2"}


def test_gradients_pass_through_shared_networks_that_are_not_trained():
    argv = "--rec_weight 0 --adv_weight 0".split()  # only the cycle through domain 2 is left
    subject = trainer("ost", *argv)
    before = trainable(subject)
    update(subject, "unshared")
    assert changed(before, trainable(subject)) == {"enc1", "dec1", "enc2", "dec2"}


def test_a_cycle_that_starts_in_domain_2_is_one_more_term():
    one, two = (terms("unshared", flag) for flag in ("--one_way_cycle", "--no-one_way_cycle"))
    assert two.keys() - one.keys() == {"unshared/cycle212"}


def test_augmentation_differs_from_step_to_step():
    subject = trainer("ost", "--max_items_A", "1")
    plain = trainer("ost", "--max_items_A", "1", "--no-augment")
    assert len(subject.data.domains[0].images) == 1
    losses = [update(subject, "unshared", step)["unshared/rec11"] for step in (0, 1)]
    assert losses[0] != losses[1]
    batch = {"x1": first(plain)}
    image = translation.training_image(plain.options, batch, 1, None)
    np.testing.assert_array_equal(image, batch["x1"])


def test_domain_1_starts_as_domain_2_or_new():
    clone, fresh = (trainer("ost", "--init_a", kind).nets for kind in ("clone", "fresh"))
    for mine, other in (("enc1", "enc2"), ("dec1", "dec2")):
        for nets, equal in ((clone, True), (fresh, False)):
            pair = (nets[mine].get_weights()[0], nets[other].get_weights()[0])
            assert np.array_equal(*pair) == equal


def tiny_ost(*argv):
    small = "--gan_type ost --preset smoke --width 0.01 --eval_pairs 0".split()
    return config.parse([*small, *argv])


def obtain(options, data):
    return stages.obtain(FIRST, options, data, training.train_stage)


def test_stage_1_is_trained_once_and_kept(tmp_path, capsys):
    options = tiny_ost("--results_dir", str(tmp_path), "--ema", "0.9")
    data = tiny_data("domains")
    subject = training.build_trainer(options, data)
    (folder,) = tmp_path.glob("ost-phase1-b-*")
    for name in ("enc2", "dec2", "disc2", *SHARED):
        saved = keras.models.load_model(folder / "models" / f"{name}.keras").get_weights()
        for mine, other in zip(subject.nets[name].get_weights(), saved, strict=True):
            np.testing.assert_array_equal(mine, other)
    averages, nets = subject.system.averages, subject.nets
    for mine, other in (("enc1", "enc2"), ("dec1", "dec2"), ("shared_enc", "shared_enc")):
        pairs = zip(averages[mine].get_weights(), nets[other].get_weights(), strict=True)
        assert all(np.array_equal(*pair) for pair in pairs)  # they begin anew after the copies
    time = (folder / "config.json").stat().st_mtime_ns
    again = dataclasses.replace(options, max_items_A=1, selective="off", init_a="fresh")
    assert obtain(again, data) == folder
    assert (folder / "config.json").stat().st_mtime_ns == time
    other = dataclasses.replace(options, prior_weight=9.0)
    assert stages.options_of(FIRST, other, data).name != folder.name
    given = dataclasses.replace(options, pretrained=str(folder))
    assert changed(weights(build(given, data)), weights(subject)) == set()


def test_a_stopped_stage_1_goes_on(tmp_path, monkeypatch, capsys):
    options, data = tiny_ost("--results_dir", str(tmp_path)), tiny_data("domains")
    with monkeypatch.context() as patch:
        patch.setattr(recording, "train", lambda *args, **how: 75)
        with pytest.raises(Stopped, match="goes on with it"):
            obtain(options, data)
    assert (obtain(options, data) / "models" / "dec2.keras").is_file()


def test_too_many_images_are_refused_before_stage_1_is_trained(tmp_path):
    options = tiny_ost("--results_dir", str(tmp_path), "--max_items_A", "13")
    with pytest.raises(UsageError, match="12"):
        training.build_trainer(options, tiny_data("domains"))
    assert not list(tmp_path.iterdir())


def test_stage_1_has_domain_2_alone():
    subject = trainer("ost", "--stage", "1")
    assert subject.nets.keys() == {"enc2", "dec2", "disc2", *SHARED}
    assert subject.system.domains() == (2,)
    suite = training.suite_of(subject)
    assert suite.statistics().keys() == {"stat/l1_22"}


def test_a_run_that_is_not_there(tmp_path):
    with pytest.raises(MissingError, match="--pretrained: no "):
        trainer("ost", "--pretrained", str(tmp_path))
