"""SCoGAN: a CoGAN without shared weights; regularisers make the two generators agree."""

import dataclasses

from framework.errors import UsageError
from framework.options import cogan
from framework.options.base import CLASSIFIERS, option
from framework.options.conditions import ON

FEATURE, SEMANTIC = dict(feature_loss=ON), dict(semantic_loss=ON)
CYCLE, PERCEPTUAL = dict(cycle_loss=ON), dict(perceptual_loss=ON)


@dataclasses.dataclass(frozen=True)
class Options(cogan.Options):
    """Options of `--gan_type scogan`."""

    g_shared_layers: int = option(
        0, "shared generator blocks, counted from the latent vector (a dense layer is a block)",
        "coupling", low=-1, high=7,
    )  # fmt: skip
    d_shared_layers: int = option(
        0, "shared discriminator blocks, counted from the output", "coupling", low=-1, high=8
    )
    feature_loss: bool = option(
        False, "feature regulariser: equal feature maps in both generators", "coupling"
    )
    feature_weight: float = option(
        10.0, "weight of the feature regulariser", "coupling", low=0,
        aliases=("penalty_weight_g",), only_if=FEATURE,
    )  # fmt: skip
    feature_layers: int = option(
        3, "feature maps that are compared, counted from the latent vector", "coupling", low=1,
        high=6, aliases=("shared_layers",), only_if=FEATURE,
    )  # fmt: skip
    feature_reduction: str = option(
        "sum", "sum or mean of the distances over the compared layers", "coupling",
        choices=("sum", "mean"), only_if=FEATURE,
    )  # fmt: skip
    fr_include_image: bool = option(
        False, "compare the images too, as in the runs of 2020", "coupling", only_if=FEATURE
    )
    weight_loss: bool = option(
        False, "weight regulariser: equal weights in both generators", "coupling"
    )
    weight_weight: float = option(
        10.0, "weight of the weight regulariser", "coupling", low=0, only_if=dict(weight_loss=ON)
    )
    semantic_loss: bool = option(
        False, "semantic regulariser: equal predictions of a classifier for both images", "coupling"
    )
    semantic_weight: float = option(
        10.0, "weight of the semantic regulariser", "coupling", low=0, only_if=SEMANTIC
    )
    semantic_norm: str = option(
        "l2", "distance of the class probabilities", "coupling", choices=("l2", "l1", "ce"),
        only_if=SEMANTIC,
    )  # fmt: skip
    semantic_divider: bool = option(
        False, "compare also the attribute that divides the two domains of faces, as in the thesis",
        "coupling", only_if=SEMANTIC,
    )  # fmt: skip
    balance_weight: float = option(
        0.0, "weight of the imbalance, in nats, between the classes of generated images",
        "coupling", low=0, only_if=SEMANTIC,
    )  # fmt: skip
    divider_weight: float = option(
        0.0, "weight of the cross-entropy, in nats, of the attribute that divides the two domains "
        "of faces, which must be absent in image 1 and present in image 2", "coupling", low=0,
        only_if=SEMANTIC,
    )  # fmt: skip
    classifier_path: str | None = option(
        None, "file (.keras) of the classifier of the semantic regulariser (default: one is "
        "trained and kept)", "coupling", only_if=SEMANTIC,
    )  # fmt: skip
    classifier_arch: str = option(
        "thesis", "architecture of the classifier of the semantic regulariser", "nets",
        choices=CLASSIFIERS, only_if=SEMANTIC,
    )  # fmt: skip
    classifier_iterations: int = option(
        2000, "training updates of the classifier of the semantic regulariser", "coupling", low=1,
        only_if=SEMANTIC,
    )  # fmt: skip
    classifier_width: float = option(
        1.0, "factor on the hidden widths of the classifier of the semantic regulariser",
        "coupling", low=0.001, only_if=SEMANTIC,
    )  # fmt: skip
    cycle_loss: bool = option(
        False, "cycle regulariser: an encoder reconstructs z from both images", "coupling",
        aliases=("use_cycle",),
    )  # fmt: skip
    cycle_weight: float = option(
        10.0, "weight of the cycle regulariser", "coupling", low=0, only_if=CYCLE
    )
    cycle_norm: str = option(
        "l1", "distance between z and its reconstruction", "coupling", choices=("l1", "l2"),
        only_if=CYCLE,
    )  # fmt: skip
    perceptual_loss: bool = option(
        False, "perceptual regulariser: equal content in both images, and the style of real images "
        "of each domain, by the features of a frozen network", "coupling",
    )  # fmt: skip
    content_weight: float = option(
        1e-3, "weight of content in the perceptual regulariser", "coupling", low=0,
        only_if=PERCEPTUAL,
    )  # fmt: skip
    style_weight: float = option(
        1e-11, "weight of style in the perceptual regulariser", "coupling", low=0,
        only_if=PERCEPTUAL,
    )  # fmt: skip
    style_divisor: str = option(
        "hw", "number that Gram matrices are divided by: height x width of a feature map, or "
        "height x width x channels", "coupling", choices=("hw", "hwc"), only_if=PERCEPTUAL,
    )  # fmt: skip
    perceptual_net: str = option(
        "vgg19", "network of the perceptual regulariser: VGG19 as in the thesis, whose features "
        "are far larger, or a network of torchvision; each needs weights of its own", "coupling",
        choices=("vgg19", "vgg16", "squeeze", "alex"), only_if=PERCEPTUAL,
    )  # fmt: skip
    perceptual_weights: str | None = option(
        None, "file or folder with the weights of --perceptual_net: of keras.applications (.h5) "
        "for vgg19, else of torchvision (.pth, .npz); default: <data_dir>/lpips, downloaded once "
        "if missing; `random` (untrained) is for tests and timing", "coupling",
        aliases=("vgg_weights",), only_if=PERCEPTUAL,
    )  # fmt: skip

    def check(self) -> None:
        """Refuses missing feature maps, contradictions and an evaluator that the losses use."""
        super().check()
        if self.feature_layers > self.maps:
            raise UsageError(f"--feature_layers {self.feature_layers}: there are {self.maps} maps")
        if self.divider_weight and self.semantic_divider:
            raise UsageError("--divider_weight: contradicts --semantic_divider")
        own = self.semantic_loss and not self.classifier_path
        if own and self.classifier_arch == self.evaluator_arch:
            raise UsageError(
                f"--evaluator_arch {self.evaluator_arch}: must differ from --classifier_arch, "
                "which the semantic regulariser uses"
            )
