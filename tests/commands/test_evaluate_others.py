"""`evaluate` on other images than those that the run was trained on."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from command_line import refused
from PIL import Image

from framework.cli import main

pytestmark = pytest.mark.usefixtures("empty_folder", "eager", "plotless")
SMALL = "--preset smoke --image_size 32 --iterations 1 --eval_pairs 4 --evaluator_iterations 1"
COGAN = f"--gan_type cogan --width 0.005 {SMALL} --name own"


def fill(folder, seed, count=10, classes=("x", "y")):
    """Saves `count` random images in each class folder; without classes in the folder itself."""
    rng = np.random.default_rng(seed)
    for name in classes or (".",):
        place = Path(folder, name)
        place.mkdir(parents=True, exist_ok=True)
        for i in range(count):
            pixels = rng.integers(0, 256, (32, 32, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(place / f"{i:02}.png")


def stored():
    return sorted(path.name for path in Path("results/classifiers").iterdir())


def test_a_run_keeps_its_evaluator_on_other_images(capsys):
    for seed, folder in enumerate(("own/a", "own/b", "other/c", "other/d")):
        fill(folder, seed)
    assert main(["--data", "own", *COGAN.split()]) == 0
    before = stored()
    assert before and "training the" in capsys.readouterr().out
    Path("own").rename("moved")
    Path("moved/a").rename("moved/about")
    assert main("evaluate results/own --folder other".split()) == 0
    assert main("evaluate results/own --domain1 other/c --domain2 moved/b".split()) == 0
    assert main(["--data", "moved", *COGAN.split(), "--iterations", "2"]) == 0
    out = capsys.readouterr().out
    assert "0 training, 20 held out; 2 classes" in out and "training the" not in out
    assert stored() == before
    metrics = json.loads(Path("results/own/metrics.json").read_text())
    assert np.isfinite(metrics["pair_accuracy"]["value"])

    shutil.rmtree("results/classifiers")
    message = refused(capsys, 3, *"evaluate results/own --folder other".split())
    assert "no such classifier, and the images that the run began with are not there" in message
    assert main("evaluate results/own --folder moved".split()) == 0
    assert stored() == before, "its own images train the same one, whatever their folder is called"


@pytest.mark.parametrize(
    "argv, classes",
    [
        ("--gan_type ost --width 0.02 --max_items_A 1", ()),
        ("--gan_type cyclegan --width 0.02 --max_items_A 5", ()),
        ("--gan_type uda --width 0.005 --source_images 4", ("x", "y")),
    ],
)
def test_a_number_of_images_is_no_hindrance_on_other_images(argv, classes, capsys):
    for seed, folder in enumerate("abcd"):
        fill(folder, seed, classes=classes)
    own = "--data folder --domain1 a --domain2 b --name own"
    assert main([*argv.split(), *SMALL.split(), *own.split()]) == 0
    assert main("evaluate results/own --domain1 c --domain2 d".split()) == 0
    count = 10 * max(len(classes), 1)
    assert f"domain 1 (c): 0 training, {count} held out" in capsys.readouterr().out
