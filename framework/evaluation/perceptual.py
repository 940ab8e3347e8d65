"""Perceptual distances (LPIPS, `--lpips_net`) of samples, pairs and real images."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from framework.data import Domain
from framework.evaluation import metrics
from framework.evaluation.metrics import lpips
from framework.frozen import lpips as weights
from framework.results import Progress
from framework.utils import float_array

REALS_SEED = 3  # chooses the real images that samples are compared with
ALSO_TEACHER = ", the network of --perceptual_loss too"  # in a protocol: not an independent judge
EXTREMES = 8  # pairs of either kind that are shown


class Distance:
    """LPIPS of images of one size.

    Attributes:
        protocol: network, version and size: the text that is stored with each metric.
    """

    def __init__(self, net: str, folder: str | Path, image_size: int) -> None:
        """Reads the weights of `alex`, `vgg` or `squeeze`; raises as `frozen.lpips.load`."""
        self._trunk, self._heads = weights.load(net, folder, image_size)
        self.protocol = f"LPIPS 0.1, {net}; {image_size}x{image_size}, not resized"

    def __call__(self, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        """Distances [N] of float images [N, S, S, 3] in [-1, 1], row by row."""
        return lpips.distances(first, second, self._trunk.predict_on_batch, self._heads)

    def style(self, images: np.ndarray, reals: np.ndarray, protocol: str) -> dict:
        """The metric of two sets' distance in style, as the same network sees it."""
        return metrics.style(images, reals, self._trunk.predict_on_batch, protocol)

    def between(self, images: Sequence[np.ndarray], pairs: Iterable[tuple[int, int]]) -> np.ndarray:
        """Distances [P, N] of P pairs among batches of such images, as `lpips.between`."""
        return lpips.between(images, pairs, self._trunk.predict_on_batch, self._heads)


def compare(
    distance: Distance, fakes: Sequence[np.ndarray], domains: Sequence[Domain]
) -> dict[str, np.ndarray]:
    """The thesis' distances (chapter 3): samples against real images, and pairs against each other.

    Args:
        distance: the network.
        fakes: one array [N, S, S, 3] in [-1, 1] per domain; rows of the same index are a pair.
        domains: where the real images come from, N training images at random; held-out images
            where a run is evaluated without its training images.

    Returns:
        Distances [N] by metric: `lpips_domain1`, and with two domains `lpips_domain2`,
        `lpips_cross12` and `lpips_cross21` (samples i and real images of domain j), `lpips_pair`
        (same z), and for comparison `lpips_unpaired` (another z) and `lpips_real` (random real
        images of both).
    """
    random, count = np.random.default_rng(REALS_SEED), len(fakes[0])
    sets = [domain.images if len(domain.images) else domain.test_images for domain in domains]
    rows = [random.integers(0, len(images), count) for images in sets]
    pairs = {f"lpips_domain{i + 1}": (i, len(fakes) + i) for i in range(len(fakes))}
    if len(fakes) == 2:
        pairs |= {"lpips_cross12": (0, 3), "lpips_cross21": (1, 2)}
        pairs |= {"lpips_pair": (0, 1), "lpips_unpaired": (0, 4), "lpips_real": (2, 3)}
    others, parts = np.roll(fakes[-1], 1, axis=0), []
    with Progress(count) as progress:
        for part in lpips.batches(count, fakes[0].shape[1]):
            reals = [float_array(s[r[part]]) for s, r in zip(sets, rows, strict=True)]
            images = [*(each[part] for each in fakes), *reals]
            if len(fakes) == 2:
                images.append(others[part])
            parts.append(distance.between(images, pairs.values()))
            progress.update(part.stop)
    return dict(zip(pairs, np.concatenate(parts, axis=1), strict=True))


def nearest_and_farthest(fakes: tuple[np.ndarray, np.ndarray], distances: np.ndarray) -> np.ndarray:
    """Cells for `images.table`, the lowest and then the highest distances.

    Args:
        fakes: both images [N, S, S, C] of each pair.
        distances: [N], of the two.

    Returns:
        [4, K, S, S, C], K = 8 or N / 2, at least 1: domain 1 and 2 of the nearest pairs, from the
        nearest on, and of the farthest, from the farthest on.
    """
    order = np.argsort(distances, kind="stable")
    count = min(EXTREMES, max(1, len(order) // 2))
    chosen = order[:count], order[::-1][:count]
    return np.stack([images[rows] for rows in chosen for images in fakes])
