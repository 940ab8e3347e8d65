"""The frozen trunk of the perceptual regulariser: what it looks at, where its weights are from."""

import numpy as np
import pytest
import tensorflow as tf
from systems import small_trunk

from framework import perception
from framework.errors import MissingError, UserError
from nets import pretrained


def images(seed: int) -> tuple[tf.Tensor, tf.Tensor]:
    noise = np.random.default_rng(seed).uniform(-1, 1, (2, 3, 16, 16, 3))
    return tuple(tf.constant(each, tf.float32) for each in noise)


def test_each_batch_is_seen_as_if_alone():
    trunk, fakes, reals = small_trunk(), images(0), images(1)
    seen = perception.see(trunk, fakes, reals)
    assert len(seen) == 4
    for maps, batch in zip(seen, (*fakes, *reals), strict=True):
        for mine, alone in zip(maps, trunk(batch), strict=True):
            assert mine.numpy() == pytest.approx(alone.numpy(), rel=1e-5, abs=1e-4)


def test_only_the_generated_images_get_gradients():
    trunk, fakes, reals = small_trunk(), images(0), images(1)
    with tf.GradientTape() as tape:
        tape.watch([*fakes, *reals])
        seen = perception.see(trunk, fakes, reals)
        total = tf.add_n([tf.reduce_sum(each) for maps in seen for each in maps])
    gradients = tape.gradient(total, [*fakes, *reals])
    assert all(np.abs(gradient).max() > 0 for gradient in gradients[:2])
    assert gradients[2:] == [None, None]


def test_a_file_that_is_not_there():
    with pytest.raises(MissingError, match=r"--vgg_weights no\.h5: no such file") as caught:
        perception.ready("no.h5", "no", dry_run=False)
    assert caught.value.code == 3


def test_a_file_of_something_else(tmp_path):
    (tmp_path / "bad.h5").write_text("no weights")
    with pytest.raises(UserError, match=r"bad\.h5 has no VGG19 weights"):
        perception.ready(str(tmp_path / "bad.h5"), "no", dry_run=False)


def test_keras_own_file_is_used_if_none_is_given(tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(pretrained, "vgg19_file", lambda: "kept.h5")
    monkeypatch.setattr(pretrained, "read_vgg19", lambda file: asked.append(file))
    perception.ready(None, "no", dry_run=False)
    assert asked == ["kept.h5"]


@pytest.mark.parametrize(("weights", "dry_run"), [("random", False), (None, True), ("no.h5", True)])
def test_nothing_is_read_for_untrained_weights(weights, dry_run, monkeypatch):
    monkeypatch.setattr(pretrained, "read_vgg19", lambda file: pytest.fail("it was read"))
    monkeypatch.setattr(pretrained, "vgg19_file", lambda: pytest.fail("it was fetched"))
    perception.ready(weights, "no", dry_run)
