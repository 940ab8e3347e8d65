"""A GAN learns a distribution that is known."""

import numpy as np
import pytest
import tensorflow as tf
from systems import train, trainer

from framework.trainers import gan_trainer
from nets import gan


class System(gan_trainer.System):
    """Draws points of a plane."""

    def build_nets(self):
        return {"gen": gan.generator("toy", noise_dim=4, width=0.5)}


class Ring(gan_trainer.Trainer):
    """Eight Gaussians on a circle instead of images; a batch gives only the number of points."""

    system_class = System
    centres = np.exp(2j * np.pi * np.arange(8) / 8).view(float).reshape(8, 2).astype("float32")

    def build_training_nets(self):
        return {"disc": gan.discriminator("toy", width=0.5)}

    def disc_terms(self, batch, random):
        rows = batch["x1"].shape[0]
        pick = tf.cast(8 * random.uniform((rows,)), tf.int32)
        points = tf.gather(self.centres, pick) + 0.05 * random.normal((rows, 2))
        return super().disc_terms({"x1": points}, random)


@pytest.mark.slow
def test_a_ring_of_gaussians_is_learnt(capsys):
    argv = "--disc_penalty r1 --penalty_weight_d 0.1 --lr_d 1e-3 --lr_g 1e-3 --batch_size 128"
    argv += " --ema 0.99 --noise_type normal --log_every 500 --steps_per_call 100"
    options = trainer("gan", *argv.split(), "--iterations", "3000").options
    small = trainer("gan").data
    ring = Ring(options, small)
    assert train(ring) == 0
    points = ring.system.sample(ring.system.latent(1000, seed=0))[0]
    distance = np.linalg.norm(points[:, None] - Ring.centres, axis=-1)
    good = distance.min(axis=1) < 0.25
    counts = np.bincount(distance.argmin(axis=1)[good], minlength=8)
    assert good.mean() > 0.8 and counts.min() > 30, counts
