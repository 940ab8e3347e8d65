"""Small systems that transfer content, and images for them."""

import functools

import numpy as np
from systems import trainer

VARIANTS = ("press", "mask", "fader")


def content(variant="press", *argv, **more):
    return trainer("content", "--content_variant", variant, *argv, **more)


@functools.cache
def known(variant):
    """A trainer that no test changes."""
    return content(variant)


def random_images(count, seed=0):
    return np.random.default_rng(seed).uniform(-1, 1, (count, 32, 32, 3)).astype("f")
