"""Options of systems that exchange the content and style codes of two images (g2g, lord)."""

import dataclasses

from framework.errors import UsageError
from framework.options.base import CLASSIFIERS, LPIPS_NETS, option
from framework.options.conditions import ON
from framework.options.encoding import Encoding


@dataclasses.dataclass(frozen=True)
class Exchange(Encoding):
    """Options of every system that exchanges content and style of two images."""

    dataset: str = option(
        "mini2street", "data set, several joined by +, or a pair of domains", "data"
    )
    perceptual_net: str = option(
        "vgg16", "network of the perceptual distance between images; classifier: one trained for "
        "the run", "exchange", choices=("vgg16", "vgg19", "squeeze", "alex", "classifier"),
    )  # fmt: skip
    perceptual_weights: str | None = option(
        None, "file or folder with the weights of --perceptual_net", "exchange"
    )
    classifier_arch: str = option(
        "strided", "architecture of the classifier that losses use", "nets", choices=CLASSIFIERS
    )
    classifier_iterations: int = option(
        2000, "training updates of the classifier that losses use", "exchange", low=1
    )
    classifier_width: float = option(
        1.0, "factor on the hidden widths of the classifier that losses use", "nets", low=0.001
    )
    evaluator_arch: str = option(
        "pooled", "architecture of the evaluator, the classifier that metrics are computed with",
        "output", choices=CLASSIFIERS, inert=True,
    )  # fmt: skip
    gen_width: float = option(
        1.0, "factor on the widths of LORD's generator, multiplied by --width", "nets", low=0.001
    )
    content_dim: int = option(256, "length of a content code", "nets", low=1)
    style_dim: int = option(64, "length of a style code", "nets", low=1)
    adain_layers: int = option(4, "AdaIN layers of LORD's generator", "nets", low=1)
    identity_metric: str = option(
        "none", "network of faces for the metrics identity_*", "output",
        choices=("none", "face128", "resnet50"), inert=True,
    )  # fmt: skip
    identity_weights: str | None = option(
        None, "file or folder with the weights of the networks of faces", "exchange"
    )
    lpips_net: str = option(
        "none", "network of the metrics lpips_*", "output",
        choices=("none", *LPIPS_NETS), inert=True,
    )  # fmt: skip
    lpips_weights: str | None = option(
        None, "folder with the weights of --lpips_net (default: <data_dir>/lpips)", "output",
        inert=True, only_if=dict(lpips_net=ON),
    )  # fmt: skip

    def check(self) -> None:
        """Refuses an evaluator of the architecture that the losses may have used."""
        super().check()
        if self.classifier_arch == self.evaluator_arch:
            raise UsageError(
                f"--evaluator_arch {self.evaluator_arch}: must differ from --classifier_arch, "
                "which the losses may use"
            )
