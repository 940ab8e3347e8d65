"""Systems without networks, each with one capability, and a run folder that opens as one of them.

Their images are 8x8 pixels.
"""

from pathlib import Path
from types import SimpleNamespace

import numpy as np

from framework.data import Facts
from framework.engine.capabilities import Codes, Direction
from framework.errors import MissingError
from framework.results import Run
from framework.trainers import opening

SIZE = 8


class Toy:
    """Facts, and no networks."""

    facts = Facts(domains=("cats", "dogs"))


class Negatives(Toy):
    """Translates an image to its negative, from domain 1 to domain 2 alone."""

    def directions(self):
        return (Direction(1, 2),)

    def translate(self, images, direction):
        assert images.shape[1:] == (SIZE, SIZE, 3) and direction == Direction(1, 2)
        return -images


class AnySize(Toy):
    """Translates images of any size to their negatives, in both directions."""

    def directions(self):
        return Direction(1, 2), Direction(2, 1)

    def size_multiple(self):
        return 4

    def translate(self, images, direction):
        assert not images.shape[1] % 4 and not images.shape[2] % 4
        return -images


class Autoencoder(Toy):
    """Reconstructs images of domain 2 at half the contrast."""

    def domains(self):
        return (2,)

    def reconstruct(self, images, domain):
        return images / 2


class Coder(Toy):
    """The style of an image is its mean colour, its content the rest."""

    def encode(self, images):
        style = images.mean(axis=(1, 2))
        return Codes(images - style[:, None, None], style, style_log_variance=0 * style)

    def decode(self, content, style):
        return content + style[:, None, None]


class Extras(Toy):
    """Adds the brighter pixels of a guide, or makes an image grey."""

    def add(self, images, guides):
        return np.maximum(images, guides)

    def remove(self, images):
        return np.zeros_like(images)


class Generators(Toy):
    """The upper half of images of domain 1 is z[0], the lower half z[1]; of domain 2, negative."""

    def latent(self, rows, seed):
        return np.random.default_rng(seed).uniform(-1, 1, (rows, 2)).astype(np.float32)

    def sample(self, z):
        image = np.repeat(z, SIZE * SIZE * 3 // 2, axis=1).reshape(-1, SIZE, SIZE, 3)
        return image, -image

    def invert(self, images, domain, *, restarts, steps, seed):
        value = images.mean(axis=(1, 2, 3)) * (1 if domain == 1 else -1)
        return np.stack([value, value], axis=1), np.full(len(images), 0.25)


class Classifier(Toy):
    """Class 1 is bright; with the probability of its brightness."""

    def classify(self, images, domain=1):
        assert images.dtype == np.uint8
        bright = images.mean(axis=(1, 2, 3)) / 255
        return np.stack([1 - bright, bright], axis=1)


class ClassifiedGenerators(Generators):
    """Generators with a classifier: class 1 has z[0] above 0."""

    def classify(self, images, domain=1):
        bright = 0.5 + images[:, 0, 0, 0] * (0.5 if domain == 1 else -0.5)
        return np.stack([1 - bright, bright], axis=1)


def run_of(system: Toy, monkeypatch, folder: str = "run") -> Path:
    """Writes a run folder, which `open_run` opens as a toy system at iteration 7."""
    run = Run.open(Path(folder), {"gan_type": "toy", "devices": "cpu"}, "command")

    def open_run(folder, *, checkpoint=None, **changes):
        if checkpoint not in (None, 7):
            raise MissingError(f"{folder}: no checkpoint of iteration {checkpoint} yet")
        options = SimpleNamespace(gan_type="toy", image_size=SIZE)
        return opening.OpenedRun(Run.load(Path(folder)), options, system, 7)

    monkeypatch.setattr(opening, "open_run", open_run)
    return run.folder
