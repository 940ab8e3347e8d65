"""The frozen network of the perceptual regulariser: its feature maps, and where its weights are."""

import numpy as np
import pytest
import tensorflow as tf
from systems import small_trunk

from framework.errors import MissingError, UserError
from framework.frozen import perceptual, weights
from framework.options import config
from nets import pretrained, torchvision


def images(seed: int) -> tuple[tf.Tensor, tf.Tensor]:
    noise = np.random.default_rng(seed).uniform(-1, 1, (2, 3, 16, 16, 3))
    return tuple(tf.constant(each, tf.float32) for each in noise)


def test_each_batch_has_the_maps_that_it_has_alone():
    trunk, fakes, reals = small_trunk(), images(0), images(1)
    found = perceptual.feature_maps(trunk, fakes, reals)
    for maps, batch in zip((*found.images, *found.reals), (*fakes, *reals), strict=True):
        for mine, alone in zip(maps, trunk(batch), strict=True):
            assert mine.numpy() == pytest.approx(alone.numpy(), rel=1e-5, abs=1e-4)


def test_only_the_generated_images_get_gradients():
    trunk, fakes, reals = small_trunk(), images(0), images(1)
    with tf.GradientTape() as tape:
        tape.watch([*fakes, *reals])
        found = perceptual.feature_maps(trunk, fakes, reals)
        total = tf.add_n([tf.reduce_sum(maps) for maps in tf.nest.flatten(found)])
    gradients = tape.gradient(total, [*fakes, *reals])
    assert all(np.abs(gradient).max() > 0 for gradient in gradients[:2])
    assert gradients[2:] == [None, None]


def options(*argv: str):
    return config.parse(["--gan_type", "scogan", "--perceptual_loss", *argv])


def ready(*argv: str):
    return perceptual.ready(options(*argv))


def test_a_file_that_is_not_there():
    with pytest.raises(MissingError, match=r"--perceptual_weights no\.h5: no such") as caught:
        ready("--perceptual_weights", "no.h5")
    assert caught.value.code == 3


def test_a_file_of_something_else(tmp_path):
    (tmp_path / "bad.h5").write_text("no weights")
    with pytest.raises(UserError, match=r"bad\.h5 has no VGG19 weights"):
        ready("--perceptual_weights", str(tmp_path / "bad.h5"))
    for net in ("squeeze", "alex", "vgg16"):
        with pytest.raises(UserError, match=r"--perceptual_weights: .*bad\.h5"):
            ready("--perceptual_net", net, "--perceptual_weights", str(tmp_path / "bad.h5"))


def test_weights_of_another_network(tmp_path):
    arrays = {"features.0.weight": np.zeros((64, 3, 11, 11)), "features.0.bias": np.zeros(64)}
    np.savez(tmp_path / "vgg16.npz", **arrays)
    make = ready("--perceptual_net", "vgg16", "--perceptual_weights", str(tmp_path))
    with pytest.raises(UserError, match="--perceptual_weights: "):
        make()


@pytest.mark.parametrize(
    ("net", "file"),
    [
        ("vgg16", "vgg16-397923af.pth"),
        ("squeeze", "squeezenet1_1-b8a52dc0.pth"),
        ("alex", "alexnet-owt-7be5be79.pth"),
    ],
)
def test_torchvision_weights_that_are_nowhere(net, file, tmp_path):
    with pytest.raises(MissingError) as caught:
        ready("--perceptual_net", net, "--data_dir", str(tmp_path))
    for part in (file, str(tmp_path / "lpips"), "--perceptual_weights", "curl"):
        assert part in str(caught.value)


def test_keras_own_file_is_used_if_none_is_given(monkeypatch):
    asked = []
    monkeypatch.setattr(pretrained, "vgg19_file", lambda: "kept.h5")
    monkeypatch.setattr(pretrained, "read_vgg19", lambda file: asked.append(file))
    ready()
    assert asked == ["kept.h5"]


def test_a_vgg19_file_is_found_in_a_folder(tmp_path, monkeypatch):
    (tmp_path / "vgg19_mine.h5").touch()
    monkeypatch.setattr(pretrained, "read_vgg19", lambda file: [file])
    assert perceptual._arrays("vgg19", str(tmp_path), "") == [tmp_path / "vgg19_mine.h5"]


@pytest.mark.parametrize("net", ["vgg19", "squeeze"])
@pytest.mark.parametrize("how", ["--perceptual_weights random", "--dry_run"])
def test_nothing_is_read_for_untrained_weights(net, how, monkeypatch):
    monkeypatch.setattr(pretrained, "read_vgg19", lambda file: pytest.fail("it was read"))
    monkeypatch.setattr(pretrained, "vgg19_file", lambda: pytest.fail("it was fetched"))
    monkeypatch.setattr(weights, "find", lambda *_: pytest.fail("it was looked for"))
    ready("--perceptual_net", net, *how.split())


def test_the_real_squeezenet_has_like_maps_for_like_digits(shared_data):
    """Its maps of a digit and of the same, moved by a pixel, are nearer than those of another."""
    how = ["--perceptual_net", "squeeze", "--perceptual_weights", str(shared_data / "lpips")]
    trunk = perceptual.ready(options(*how))()
    digits = np.full((3, 32, 32, 3), -1, np.float32)
    digits[0, 4:28, 14:18] = 1
    digits[1, 4:28, 15:19] = 1
    digits[2, 4:8, 4:28] = digits[2, 24:28, 4:28] = 1
    deepest = trunk(digits)[-1].numpy()
    near, far = (np.square(deepest[0] - deepest[i]).mean() for i in (1, 2))
    assert near < 0.5 * far


@pytest.mark.parametrize("net", ["vgg16", "squeeze", "alex"])
def test_pixels_are_normalised_as_torchvision_does(net):
    trunk = pretrained.trunk(net, 32)
    grey = np.random.default_rng(0).uniform(-1, 1, (2, 32, 32, 3)).astype(np.float32)
    scaled = ((grey + 1) / 2 - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]
    plain = torchvision.trunk(pretrained.TORCHVISION[net], 32)
    plain.set_weights(trunk.get_weights())
    for mine, theirs in zip(trunk(grey), plain(scaled.astype(np.float32)), strict=True):
        assert mine.numpy() == pytest.approx(theirs.numpy(), rel=1e-4, abs=1e-4)
    assert trunk.trainable_variables == []
    for a, b in zip(trunk.get_weights(), pretrained.trunk(net, 32).get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
