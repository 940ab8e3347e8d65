"""What the tests of coupled networks ask of a pair of nets."""

import numpy as np
import tensorflow as tf

from framework import penalties


def count(*nets):
    """Number of weights, each once however many nets use it."""
    weights = {id(v): v for net in nets for v in net.weights}
    return sum(int(np.prod(v.shape)) for v in weights.values())


def start_apart(net1, net2):
    """Whether every kernel that is not shared starts with other values in the other net."""
    pairs = zip(net1.weights, net2.weights, strict=True)
    kernels = [(a, b) for a, b in pairs if a.name == "kernel" and a is not b]
    return all(np.abs(a.numpy() - b.numpy()).max() > 1e-5 for a, b in kernels)


def penalty_reaches_every_kernel(disc):
    """Whether the gradient penalty of a critic has a gradient for each kernel, as it must."""
    real, fake = tf.random.normal((2, 3, *disc.input_shape[1:]))
    kernels = [v for v in disc.trainable_variables if v.name == "kernel"]
    with tf.GradientTape() as tape:
        penalty = penalties.gradient_penalty(
            lambda x: disc(x, training=True), real, fake, tf.random.uniform
        )
    gradients = [g.numpy() for g in tape.gradient(penalty, [v.value for v in kernels])]
    return all(np.isfinite(g).all() and np.abs(g).max() > 0 for g in gradients)
