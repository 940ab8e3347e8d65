"""One-shot translation: whose weights an image may move, and the phase before."""

import dataclasses

import keras
import numpy as np
import pytest
from systems import changed, tiny_data, trainable, trainer, update, weights

from framework import config, first_phase, ost_trainer
from framework.errors import MissingError, Stopped
from framework.utils import to_float

pytestmark = pytest.mark.usefixtures("eager")
SHARED = {"shared_enc", "shared_dec"}
FIRST = ost_trainer.FIRST


def terms(system, name, *argv):
    return update(trainer(system, *argv), name)


def first(subject, key="x1"):
    return to_float(next(subject.batches(0))[key][0])


@pytest.mark.parametrize(
    ("selective", "moved"),
    [
        ("unshared", {"enc1", "dec1", "enc2", "dec2"}),
        ("a_only", {"enc1", "dec1"}),
        ("off", {"enc1", "dec1", "enc2", "dec2", *SHARED}),
    ],
)
def test_an_image_of_domain_1_moves_what_it_may(selective, moved):
    subject = trainer("ost", "--selective", selective, "--max_items_A", "1")
    before = weights(subject)  # batch statistics too: a part that stands still is the same function
    update(subject, "unshared")
    assert changed(before, weights(subject)) == moved | {"disc2"}
    before = weights(subject)
    update(subject, "auto")
    assert changed(before, weights(subject)) == {"enc2", "dec2", *SHARED, "disc2"}


def test_gradients_pass_through_shared_nets_that_stand_still():
    argv = "--rec_weight 0 --adv_weight 0".split()  # all comes by way of domain 2 and back
    subject = trainer("ost", *argv)
    before = trainable(subject)
    update(subject, "unshared")
    assert changed(before, trainable(subject)) == {"enc1", "dec1", "enc2", "dec2"}


def test_a_cycle_that_starts_in_domain_2_is_one_more_term():
    one, two = (
        terms("ost", "unshared", flag) for flag in ("--one_way_cycle", "--no-one_way_cycle")
    )
    assert two.keys() - one.keys() == {"unshared/cycle212"}


def test_augmentation_is_drawn_anew_in_each_step():
    subject = trainer("ost", "--max_items_A", "1")
    plain = trainer("ost", "--max_items_A", "1", "--no-augment")
    assert len(subject.data.domains[0].images) == 1
    seen = [update(subject, "unshared", step)["unshared/rec11"] for step in (0, 1)]
    assert seen[0] != seen[1]
    batch = {"x1": first(plain)}
    np.testing.assert_array_equal(plain.image(batch, 1, None), batch["x1"])


def test_domain_1_starts_as_domain_2_or_new():
    clone, fresh = (trainer("ost", "--init_a", kind).nets for kind in ("clone", "fresh"))
    for mine, other in (("enc1", "enc2"), ("dec1", "dec2")):
        for nets, equal in ((clone, True), (fresh, False)):
            pair = (nets[mine].get_weights()[0], nets[other].get_weights()[0])
            assert np.array_equal(*pair) == equal


def tiny_ost(*argv):
    small = "--gan_type ost --preset smoke --width 0.01 --eval_pairs 0".split()
    return config.parse([*small, *argv])


def test_phase_1_is_trained_once_and_kept(tmp_path, capsys):
    options = tiny_ost("--results_dir", str(tmp_path), "--ema", "0.9")
    data = tiny_data("domains")
    subject = ost_trainer.Trainer(options, data)
    (folder,) = tmp_path.glob("ost-phase1-b-*")
    for name in ("enc2", "dec2", "disc2", *SHARED):
        saved = keras.models.load_model(folder / "models" / f"{name}.keras").get_weights()
        for mine, other in zip(subject.nets[name].get_weights(), saved, strict=True):
            np.testing.assert_array_equal(mine, other)
    time = (folder / "config.json").stat().st_mtime_ns
    again = dataclasses.replace(options, max_items_A=1, selective="off", init_a="fresh")
    assert first_phase.obtain(FIRST, again, data) == folder
    assert (folder / "config.json").stat().st_mtime_ns == time
    other = dataclasses.replace(options, prior_weight=9.0)
    assert first_phase.options_of(FIRST, other, data).name != folder.name
    told = dataclasses.replace(options, pretrained=str(folder))
    assert changed(weights(ost_trainer.Trainer(told, data)), weights(subject)) == set()


def test_a_stopped_phase_1_goes_on(tmp_path, monkeypatch, capsys):
    options, data = tiny_ost("--results_dir", str(tmp_path)), tiny_data("domains")
    with monkeypatch.context() as patch:
        patch.setattr(ost_trainer.OneDomain, "fit", lambda self: 75)
        with pytest.raises(Stopped, match="goes on with it"):
            first_phase.obtain(FIRST, options, data)
    assert (first_phase.obtain(FIRST, options, data) / "models" / "dec2.keras").is_file()


def test_phase_1_has_domain_2_alone():
    subject = trainer("ost", "--phase", "1")
    assert subject.nets.keys() == {"enc2", "dec2", "disc2", *SHARED}
    made = subject.pictures(subject.data.domains[1].images, 2)
    assert made.keys() == {"22"} and subject.statistics().keys() == {"stat/l1_22"}


def test_a_run_that_is_not_there(tmp_path):
    with pytest.raises(MissingError, match="--pretrained: no "):
        trainer("ost", "--pretrained", str(tmp_path))


# What is seen and measured


@pytest.mark.parametrize("count", [1, 2, 8])
def test_images_trained_on_are_measured_apart(count):
    subject = trainer("cyclegan", "--max_items_A", str(count), "--kid_features", "none")
    object.__setattr__(subject.options, "eval_pairs", 6)
    found = subject.metrics()
    assert found["l1_121_seen"]["n"] == min(count, 6) and found["l1_121"]["n"] == 6
    assert (found["l1_121_seen"]["ci95"] is None) == (count == 1)
    assert len(subject.all_data.domains[0].images) == 12
