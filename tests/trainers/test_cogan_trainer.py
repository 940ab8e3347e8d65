"""Networks of CoGAN and SCoGAN for each image size, and the options that each size refuses."""

import dataclasses
import functools
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from command_line import history
from PIL import Image
from systems import evaluate, phase, tiny_data, trainer

from framework.cli import main
from framework.data import Data
from framework.engine.randomness import Random
from framework.errors import UsageError
from framework.options import config
from framework.trainers import cogan_trainer
from framework.trainers.cogan_trainer import Options

TINY = "--preset smoke --width 0.004 --d_width 2 --noise_dim 4".split()


def options(size: int, system: str = "cogan", *argv: str) -> Options:
    return config.parse(["--gan_type", system, *TINY, "--image_size", str(size), *argv])


def build(options: Options) -> list:
    """Both generators and both discriminators."""
    facts = tiny_data("domains").facts
    generators = cogan_trainer.System(options, facts).nets
    return [*generators.values(), *cogan_trainer.build_discriminators(options).values()]


def shared_blocks(nets) -> list[int]:
    """How many blocks, each with one kernel, the generators share, and the discriminators."""
    kernels = [{id(v) for v in net.weights if v.name == "kernel"} for net in nets]
    return [len(kernels[0] & kernels[1]), len(kernels[2] & kernels[3])]


@pytest.mark.parametrize("size", Options.BLOCKS)
@pytest.mark.parametrize("system", ["cogan", "scogan"])
def test_nets_of_a_size_and_what_they_share(size, system):
    asked = options(size, system)
    nets = build(asked)
    assert [net.output_shape[0] for net in nets[:2]] == [(None, size, size, 3)] * 2
    assert [net.input_shape for net in nets[2:]] == [(None, size, size, 3)] * 2
    assert len(nets[0].output_shape[1:]) == asked.maps
    assert shared_blocks(nets) == (list(Options.THESIS[size]) if system == "cogan" else [0, 0])


@pytest.mark.parametrize("size", Options.BLOCKS)
def test_every_block_can_be_shared_but_not_one_more(size):
    most = Options.BLOCKS[size]
    flags = [f"--{team}_shared_layers" for team in "gd"]
    nets = build(options(size, "cogan", flags[0], str(most[0]), flags[1], str(most[1])))
    assert shared_blocks(nets) == list(most)
    for flag, blocks in zip(flags, most, strict=True):
        with pytest.raises(UsageError, match=f"{flag} {blocks + 1}: "):
            options(size, "cogan", flag, str(blocks + 1))


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        ("--image_size 96", "--image_size 96: there are networks for 32, 64, 128, 256"),
        ("--residual --use_firstlayer", "--use_firstlayer: generators of --residual"),
        ("--image_size 128 --use_firstlayer", "--use_firstlayer: only for 32x32 images"),
        ("--image_size 256 --d_arch strided", "--d_arch strided: only for 32x32 images"),
        ("--g_shared_layers 5", "--g_shared_layers 5: a generator for 32x32 images has 4 blocks"),
        ("--d_shared_layers 5", "--d_shared_layers 5: a discriminator for 32x32 images has 4"),
        (
            "--feature_loss --image_size 128 --feature_layers 6",
            "--feature_layers 6: there are 5 maps",
        ),
        ("--feature_loss --feature_layers 4", "--feature_layers 4: there are 3 maps"),
        ("--eval_pairs 1", "--eval_pairs 1"),
    ],
)
def test_options_that_the_networks_of_a_size_lack_are_refused(argv, words):
    with pytest.raises(UsageError) as caught:
        config.parse(["--gan_type", "scogan", *argv.split()])
    assert words in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize("size", [32, 64])
def test_upsampling_and_residual_blocks_are_chosen(size):
    def kinds(*argv: str) -> set[str]:
        net = build(options(size, "cogan", *argv))[0]
        return {type(layer).__name__ for layer in net.layers}

    assert not kinds() & {"UpSampling2D", "Add"}
    assert "UpSampling2D" in kinds("--upsample", "nearest")
    assert "Add" in kinds("--residual")


def test_the_discriminators_have_the_norm_that_is_asked_for():
    def norms(*argv: str) -> set[str]:
        net = build(options(128, "cogan", *argv))[2]
        return {type(layer).__name__ for layer in net.layers if layer.name.endswith("_norm")}

    assert norms() == set()
    assert norms("--norm", "batch") == {"BatchNormalization"}
    assert norms("--norm", "layer") == {"GroupNormalization"}


@pytest.fixture
def photographs(tmp_path, monkeypatch) -> Path:
    """Work in an empty folder with two domains of four images."""
    monkeypatch.chdir(tmp_path)
    for seed, name in enumerate("ab"):
        Path(name).mkdir()
        pixels = np.random.default_rng(seed).integers(0, 256, (4, 140, 130, 3), np.uint8)
        for i, image in enumerate(pixels):
            Image.fromarray(image).save(f"{name}/{i}.png")
    return tmp_path


def test_photographs_train_and_show_pairs(eager, photographs, capsys):
    argv = "--cogan_data folder --domain1 a --domain2 b --image_size 128 --name it".split()
    coupled = (
        "--gan_type scogan --feature_loss --feature_layers 5 --cycle_loss --norm layer".split()
    )
    assert main([*coupled, *argv, *TINY, "--disc_penalty", "wgan-gp", "--loss", "wgan"]) == 0
    rows = history("results/it")
    assert len(rows) == 2
    assert all(np.isfinite(float(value)) for row in rows for value in row.values())
    assert float(rows[0]["gen/feature"]) > 0 and float(rows[0]["gen/cycle"]) > 0
    with Image.open("results/it/samples/000002.png") as sheet:
        band = 128 // 8
        assert sheet.size == (4 * 128, 4 * 128 + band)
        pixels = np.asarray(sheet)
    assert (pixels[2 * 128 : 2 * 128 + band] == 128).all()
    assert pixels[:256].std() > 0 and pixels[-256:].std() > 0


def test_a_penalty_now_and_then_is_compiled_with_the_fast_layers():
    """Their second derivative inside a branch of the graph; half of the penalties count double."""
    photographs = functools.partial(tiny_data, size=64)
    argv = "--image_size 64 --width 0.01 --disc_penalty r1 --penalty_every 2".split()
    subject = trainer("cogan", *argv, data=photographs)
    subject.phases = [phase(subject, "disc")]
    rows = subject.run_steps(subject.batches(0), 2).numpy()
    penalty = rows[:, subject.term_names.index("disc/penalty1")]
    assert penalty[0] > 0 and penalty[1] == 0
    assert np.isfinite(rows).all()


@pytest.mark.parametrize(("size", "number"), [(32, 0), (64, 4)])
def test_photographs_alone_are_searched_for_a_grid(size, number):
    def unlabelled(contract: str) -> Data:
        data = tiny_data(contract, size)
        bare = (dataclasses.replace(d, labels=None, test_labels=None) for d in data.domains)
        return dataclasses.replace(data, domains=tuple(bare))

    argv = ["--image_size", str(size), "--width", "0.01", "--kid_features", "none"]
    subject = trainer("cogan", *argv, data=unlabelled)
    object.__setattr__(subject.options, "eval_pairs", 3)
    found = [name for name in evaluate(subject) if "checkerboard" in name]
    assert len(found) == number


def test_the_feature_regulariser_compares_the_maps_of_photographs():
    batch = {name: tf.zeros((2, 128, 128, 3)) for name in ("x1", "x2")}

    def value(layers: int) -> float:
        argv = ["--image_size", "128", "--width", "0.004", "--feature_layers", str(layers)]
        subject = trainer("scogan", "--feature_loss", *argv)
        fakes = subject.fakes(batch, Random(1, tf.constant(0)))
        maps = zip(*fakes.features, strict=True)
        means = [np.mean((a.numpy() - b.numpy()) ** 2) for a, b in maps]
        assert len(means) == 5
        assert float(subject.feature(fakes)) == pytest.approx(sum(means[:layers]), rel=1e-4)
        return float(subject.feature(fakes))

    assert 0 < value(1) < value(5)
