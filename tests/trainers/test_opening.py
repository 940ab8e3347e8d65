"""Finished runs are used where their data are not."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from command_line import refused
from conftest import eagerly
from PIL import Image
from systems import flags, train, trainer

from framework.cli import main
from framework.commands import training
from framework.errors import MissingError, UsageError
from framework.results import Run
from framework.trainers.opening import changed_options, open_run

DOMAINS = {"gan": 1, "cogan": 2, "scogan": 2, "uda": 2}  # systems that draw samples
COUPLED = [name for name, count in DOMAINS.items() if count == 2]
ITERATIONS = ["--iterations", "2", "--save_every", "1", "--keep", "2"]


@pytest.fixture(scope="module")
def runs(tmp_path_factory, classifier_path):
    """Run folder and trainer of every system, by name."""
    place, found = tmp_path_factory.mktemp("runs"), {}
    for name in (*DOMAINS, "classifier"):
        subject = trainer(name, *flags(name, classifier_path), *ITERATIONS)
        run = training.open_run_folder(subject, place / name, "command")
        run.quiet = True
        with eagerly():
            assert train(subject, run) == 0
        found[name] = run.folder, subject
    return found


@pytest.fixture(autouse=True)
def no_data(empty_folder, monkeypatch):
    """Works in an empty folder and fails where data are read."""
    monkeypatch.setattr(training, "load_data", lambda *_: pytest.fail("data were read"))
    assert not Path("data").exists()


@pytest.mark.parametrize("system", DOMAINS)
def test_an_opened_run_draws_the_samples_of_its_trainer(system, runs):
    folder, subject = runs[system]
    opened = open_run(folder)
    z = opened.system.latent(3, seed=5)
    samples = opened.system.sample(z)
    assert opened.step == 2 and len(samples) == DOMAINS[system]
    for mine, other in zip(samples, subject.system.sample(z), strict=True):
        assert mine.shape == (3, 32, 32, 3) and np.abs(mine).max() <= 1
        np.testing.assert_array_equal(mine, other)


@pytest.mark.parametrize("system", ["uda", "classifier"])
def test_an_opened_run_classifies_as_its_trainer(system, runs):
    folder, subject = runs[system]
    images = np.random.default_rng(0).integers(0, 256, (3, 32, 32, 3), np.uint8)
    opened = open_run(folder).system
    for domain in (1, 2):
        probabilities = opened.classify(images, domain)
        np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)
        np.testing.assert_array_equal(probabilities, subject.system.classify(images, domain))


def test_an_earlier_checkpoint_can_be_opened(runs):
    folder, _ = runs["gan"]
    first, newest = open_run(folder, checkpoint=1), open_run(folder)
    assert (first.step, newest.step) == (1, 2)
    z = first.system.latent(2, seed=0)
    assert not np.array_equal(first.system.sample(z)[0], newest.system.sample(z)[0])
    with pytest.raises(MissingError, match="no checkpoint of iteration 7"):
        open_run(folder, checkpoint=7)


@pytest.mark.parametrize("system", ["uda", "classifier"])
def test_a_run_without_facts_of_its_data_says_what_writes_them(system, runs, tmp_path):
    folder = shutil.copytree(runs[system][0], tmp_path / system)
    (folder / "data.json").unlink()
    with pytest.raises(MissingError, match="softgan evaluate .* writes it"):
        open_run(folder)


def test_an_option_that_a_system_lacks_cannot_be_changed(runs):
    with pytest.raises(UsageError, match="--feature_weight"):
        open_run(runs["gan"][0], feature_weight=1.0)
    with pytest.raises(UsageError, match="--check"):  # a method of the options, and no option
        open_run(runs["gan"][0], check=1)


@pytest.mark.parametrize("system", DOMAINS)
def test_commands_draw_samples_and_walks(system, runs, capsys):
    folder = str(runs[system][0])
    assert main(["sample", folder, "--n", "3"]) == 0
    paths = [Path(line) for line in capsys.readouterr().out.splitlines()]
    assert [path.suffix for path in paths] == [".png", *[".npy"] * DOMAINS[system]]
    assert main(["walk", folder, "--n", "1", "--steps", "3"]) == 0
    with Image.open(capsys.readouterr().out.strip()) as sheet:
        assert sheet.width == 3 * 32


@pytest.mark.parametrize("system", COUPLED)
def test_images_are_translated_by_inversion(system, runs, capsys):
    Path("given").mkdir()
    Image.new("RGB", (40, 40), "red").save("given/0.png")
    argv = ["translate", str(runs[system][0]), *"given --out out --restarts 1 --steps 2".split()]
    assert main(argv) == 0
    with Image.open("out/0.png") as image:
        assert image.size == (32, 32)


def test_a_classifier_has_no_samples(runs, capsys):
    message = refused(capsys, 2, "sample", str(runs["classifier"][0]))
    assert "a classifier has no samples" in message


def test_the_best_checkpoint_can_be_opened_where_it_was_kept(runs, tmp_path):
    folder = shutil.copytree(runs["gan"][0], tmp_path / "gan")
    with pytest.raises(MissingError, match="no best checkpoint; train it with"):
        open_run(folder, checkpoint="best")
    (folder / "checkpoints" / "best").mkdir()
    (folder / "checkpoints" / "00000001").rename(folder / "checkpoints" / "best" / "00000001")
    for checkpoint in ("best", 1):
        assert open_run(folder, checkpoint=checkpoint).step == 1
    assert open_run(folder).step == 2
    Run.load(folder).save_origin(
        {"iteration": 1, "chosen": "best", "metric": "kid1", "better": "down", "value": 0.5}
    )
    assert open_run(folder).step == 1, "models/ come from the best"
    assert open_run(folder, checkpoint=2).step == 2


def test_the_last_choice_of_folders_counts(tmp_path):
    options = trainer("cogan").options.to_dict()
    run = Run.open(
        tmp_path / "r", options | dict(cogan_data="folder", domain1="a", domain2="b"), ""
    )
    whole = changed_options(run, dict(folder="c"))
    assert (whole.folder, whole.domain1, whole.domain2) == ("c", None, None)
    run = Run.open(tmp_path / "s", options | dict(cogan_data="folder", folder="c"), "")
    parts = changed_options(run, dict(domain1="a", domain2="b", folder=None))
    assert (parts.folder, parts.domain1, parts.domain2) == (None, "a", "b")
