"""Where LPIPS has its weights, and the distances the thesis measures: `--lpips_net`."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np

from framework import torch_files
from framework.data import Domain
from framework.errors import MissingError, UserError
from framework.evaluate import lpips
from framework.utils import to_float
from nets import torchvision

HEADS = "lpips_v0.1_linear_heads.npz"
HEADS_URL = "https://github.com/richzhang/PerceptualSimilarity/tree/master/lpips/weights/v0.1"
# The number in a name of torchvision's is the beginning of the file's SHA-256.
FILES = {
    "alex": "alexnet-owt-7be5be79.pth",
    "vgg": "vgg16-397923af.pth",
    "squeeze": "squeezenet1_1-b8a52dc0.pth",
}
URL = "https://download.pytorch.org/models/"
REALS_SEED = 3  # which real images stand beside the samples


class Distance:
    """LPIPS of images of one size.

    Attributes:
        protocol: network, version and size, for beside the numbers.
    """

    def __init__(self, net: str, folder: str | Path, image_size: int) -> None:
        """Reads the weights of `alex`, `vgg` or `squeeze`.

        Raises:
            MissingError: a file is not in the folder, nor can the trunk's be downloaded.
            UserError: a file is damaged, or of another network.
        """
        folder = Path(folder)
        self._heads = _heads(net, folder)
        file = _trunk_file(net, folder)
        try:
            self._trunk = torchvision.trunk(net, image_size, torch_files.read(file))
        except ValueError as error:
            raise UserError(f"{file}: {error}") from error
        self.protocol = f"LPIPS 0.1, {net}; {image_size}x{image_size}, not resized"

    def __call__(self, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        """Distances [N] of float images [N, S, S, 3] in [-1, 1], row by row."""
        return lpips.distances(first, second, self._trunk.predict_on_batch, self._heads)


def _heads(net: str, folder: Path) -> list[np.ndarray]:
    """Weights per channel: of our one file, or of the authors' `<net>.pth`."""
    joined, own = folder / HEADS, folder / f"{net}.pth"
    if not (joined.is_file() or own.is_file()):
        raise MissingError(
            f"no {HEADS} and no {net}.pth in {folder}: put {net}.pth of {HEADS_URL} there, or say "
            "where it is by --lpips_weights DIR"
        )
    arrays = torch_files.read(joined if joined.is_file() else own)
    form = f"{net}/lin{{}}" if joined.is_file() else "lin{}.model.1.weight"
    names = [form.format(i) for i in range(len(arrays))]
    return [arrays[name].astype(np.float32).reshape(-1) for name in names if name in arrays]


def _trunk_file(net: str, folder: Path) -> Path:
    stem = FILES[net].partition("-")[0]
    found = sorted(each for end in ("npz", "pth") for each in folder.glob(f"{stem}*.{end}"))
    if found:
        return found[0]
    try:
        file = Path(keras.utils.get_file(FILES[net], URL + FILES[net], cache_subdir="models"))
    except Exception as error:  # Keras raises nothing more special when there is no network
        raise MissingError(
            f"no {FILES[net]} in {folder}, nor a network: curl -o {folder / FILES[net]} "
            f"{URL}{FILES[net]}"
        ) from error
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    if not digest.startswith(FILES[net].rpartition("-")[2].removesuffix(".pth")):
        file.unlink()
        raise UserError(f"{file} came damaged: run again")
    return file


def measure(
    distance: Distance, fakes: Sequence[np.ndarray], domains: Sequence[Domain], protocol: str
) -> dict[str, dict]:
    """The thesis' distances (chapter 3): samples against real images, and pairs against each other.

    Args:
        distance: the network.
        fakes: one array [N, S, S, 3] in [-1, 1] per domain; rows of the same index are a pair.
        domains: where the real images come from, N training images at random.
        protocol: of the samples.

    Returns:
        `lpips_domain1`, and with two domains `lpips_domain2`, `lpips_pair` (same z) and
        `lpips_real` (random real images of both: the baseline).
    """
    random, count = np.random.default_rng(REALS_SEED), len(fakes[0])
    rows = [random.integers(0, len(domain.images), count) for domain in domains]
    reals = [to_float(d.images[r]).numpy() for d, r in zip(domains, rows, strict=True)]
    pairs = {f"lpips_domain{i}": pair for i, pair in enumerate(zip(fakes, reals, strict=True), 1)}
    if len(domains) == 2:
        pairs |= {"lpips_pair": tuple(fakes), "lpips_real": tuple(reals)}
    about = f"{distance.protocol}; {protocol}"
    return {name: lpips.mean(distance(*pair), about) for name, pair in pairs.items()}
