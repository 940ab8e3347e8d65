"""Options of systems that exchange codes of images, and of systems that learn in two phases."""

import dataclasses

from framework.errors import UsageError
from framework.options import CLASSIFIERS, Encoding, Options, option


@dataclasses.dataclass(frozen=True)
class Exchange(Encoding):
    """What every system that exchanges content and style of two images can be told."""

    NEEDS = Encoding.NEEDS | dict(lpips_net=("lpips_weights",))

    dataset: str = option(
        "mini2street", "data set, several joined by +, or both domains of a pair", "data"
    )
    perceptual_net: str = option(
        "vgg16", "network V that compares images (cyclefunit, lord); classifier: one trained here",
        "exchange", choices=("vgg16", "vgg19", "squeeze", "alex", "classifier"),
    )  # fmt: skip
    perceptual_weights: str | None = option(None, "file or folder of its weights", "exchange")
    classifier_arch: str = option(
        "strided", "net of a classifier trained here", "nets", choices=CLASSIFIERS
    )
    classifier_iterations: int = option(2000, "updates of that classifier", "exchange", low=1)
    classifier_width: float = option(1.0, "factor on its hidden widths", "nets", low=0.001)
    evaluator_arch: str = option(
        "pooled", "net of the evaluator", "output", choices=CLASSIFIERS, inert=True
    )
    gen_width: float = option(
        1.0, "factor on widths of LORD's generator, times --width", "nets", low=0.001
    )
    content_dim: int = option(256, "length of a content code (naive, lord)", "nets", low=1)
    style_dim: int = option(64, "length of a style code", "nets", low=1)
    adain_layers: int = option(4, "AdaIN layers of LORD's generator", "nets", low=1)
    identity_metric: str = option(
        "none", "network of faces for the metrics identity_*", "output",
        choices=("none", "face128", "resnet50"), inert=True,
    )  # fmt: skip
    identity_weights: str | None = option(
        None, "file or folder of weights of networks of faces", "exchange"
    )
    lpips_net: str = option(
        "none", "network of the metrics lpips_*", "output",
        choices=("none", "alex", "vgg", "squeeze"), inert=True,
    )  # fmt: skip
    lpips_weights: str | None = option(
        None, "folder of its weights (default: <data_dir>/lpips)", "output", inert=True
    )

    def check(self) -> None:
        """Refuses a judge of itself."""
        super().check()
        if self.classifier_arch == self.evaluator_arch:
            raise UsageError(
                f"--evaluator_arch {self.evaluator_arch}: must be another one than "
                "--classifier_arch, which may have taught the nets"
            )


@dataclasses.dataclass(frozen=True)
class TwoPhases(Options):
    """What every system can be told that learns one thing first and the rest after it."""

    phase: int = option(
        2, "1: what is learned first alone (ost: an autoencoder of domain 2; lord: a code of each "
        "training image); 2: what follows", "phases", low=1, high=2,
    )  # fmt: skip
    pretrained: str | None = option(
        None, "run folder of phase 1 (default: trained now and kept)", "phases"
    )
    phase1_iterations: int = option(10_000, "updates of a phase 1 trained now", "phases", low=1)

    def check_asked(self, asked: dict[str, object]) -> None:
        """Also refuses what concerns the phase before phase 1."""
        super().check_asked(asked)
        for name in ("phase1_iterations", "pretrained"):
            if name in asked and self.phase == 1:
                raise UsageError(f"--{name}: for --phase 2; phase 1 alone takes --iterations")
