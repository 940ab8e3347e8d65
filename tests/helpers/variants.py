"""Command lines of tiny trainers, such that every network that is saved occurs in one of them."""

import numpy as np
from systems import tiny_data, trainer

from framework.engine.trainer import Trainer

G2G = ["g2g", "--style_dim", "4"]
FUNIT = ["--d_blocks", "4", "--mlp_width", "8"]
CYCLEFUNIT = ["g2g", "--g2g_variant", "cyclefunit", "--mlp_width", "8", "--dry_run"]
LARGE = ["--image_size", "64"]

VARIANTS: dict[str, list[str]] = {
    "gan": ["gan"],
    "gan-32": ["gan", "--arch", "32", "--ema", "0.9"],
    "gan-64": ["gan", "--arch", "64", *LARGE],
    "gan-toy": ["gan", "--arch", "toy", "--dataset", "ring"],
    "cogan": ["cogan"],
    "cogan-strided": ["cogan", "--d_arch", "strided", "--norm", "batch", "--use_firstlayer"],
    "cogan-residual": ["cogan", "--residual", "--upsample", "nearest", "--norm", "layer"],
    "cogan-64": ["cogan", *LARGE, "--norm", "instance"],
    "scogan": ["scogan", "--feature_loss", "--cycle_loss"],
    "scogan-bfloat16": ["scogan", "--mixed_precision", "bfloat16", "--ema", "0.9"],
    "uda": ["uda"],
    "uda-batch-norm": ["uda", "--norm", "batch", "--no-baseline", "--ema", "0.9"],
    "g2g-naive": [*G2G],
    "g2g-naive-bfloat16": [*G2G, "--mixed_precision", "bfloat16"],
    "g2g-naive-sigmoid": [*G2G, "--g2g_out", "sigmoid", "--ema", "0.9"],
    "g2g-cyclefunit": [*CYCLEFUNIT, "--style_dim", "4"],
    "g2g-cyclefunit-replace": [*CYCLEFUNIT, "--id_mode", "replace"],
    "g2g-funit": [*G2G, "--g2g_variant", "funit", *FUNIT],
    "g2g-funit2funit": [*G2G, "--g2g_variant", "funit2funit", *FUNIT, "--unit_gain"],
    "lord-1": ["lord", "--stage", "1"],
    "lord": ["lord", "--ema", "0.9"],
    "factors": ["factors", "--ema", "0.9"],
    "factors-both": ["factors", "--vae_on", "both", "--s_class_weight", "1"],
    "factors-64": ["factors", "--vae_on", "s", *LARGE],
    "content": ["content"],
    "content-mask": ["content", "--content_variant", "mask"],
    "content-fader": ["content", "--content_variant", "fader", "--ema", "0.9"],
    "content-instance": ["content", "--norm", "instance", "--upsample", "nearest"],
    "cyclegan": ["cyclegan", "--ema", "0.9"],
    "cyclegan-one-way": ["cyclegan", "--direction", "21", "--cycle_weight", "0"],
    "cyclegan-64": ["cyclegan", *LARGE, "--res_blocks", "1"],
    "unit": ["unit", "--ema", "0.9"],
    "unit-64": ["unit", *LARGE, "--res_blocks", "1"],
    "ost-1": ["ost", "--stage", "1"],
    "ost": ["ost"],
    "classifier-thesis": ["classifier", "--classifier_arch", "thesis"],
    "classifier-pooled": ["classifier", "--classifier_arch", "pooled"],
}
"""Name -> system, and flags besides those of `systems.trainer`."""


def randomize(net, seed: int = 0) -> None:
    """Gives all weights values with which every layer changes its input, and none its scale."""
    random = np.random.default_rng(seed)

    def values(shape: tuple[int, ...]) -> np.ndarray:
        noise = random.standard_normal(shape)
        return noise / np.sqrt(np.prod(shape[:-1])) if len(shape) > 1 else 0.5 + 0.1 * noise

    net.set_weights([values(w.shape) for w in net.get_weights()])


def variant(name: str, *argv: str) -> Trainer:
    """Builds the trainer of a variant."""
    system, *flags = VARIANTS[name]
    size = 64 if "--image_size" in flags else 32
    return trainer(system, *flags, *argv, data=lambda contract: tiny_data(contract, size))
