"""Factors of variation: one encoder separates an image into its class s and its style z."""

import dataclasses

from framework.errors import UsageError
from framework.options.base import option
from framework.options.conditions import ON
from framework.options.encoding import Encoding


@dataclasses.dataclass(frozen=True)
class Options(Encoding):
    """Options of `--gan_type factors`."""

    dataset: str = option("mini", "data set, several joined by +, or a pair of domains", "data")
    batch_size: int = option(64, "triples per update, all devices", "training", low=1)
    vae_on: str = option(
        "z", "code with a Gaussian prior: that of style (z), of class (s), or both", "factors",
        choices=("z", "s", "both"),
    )  # fmt: skip
    z_dim: int = option(16, "length of the style code z", "nets", low=1)
    s_dim: int = option(16, "length of the class code s", "nets", low=1)
    kl_weight: float = option(
        1.0, "weight of the KL divergence, in nats divided by the number of values of an image",
        "factors", low=0,
    )  # fmt: skip
    d_acc_limit: float = option(
        0.8, "accuracy on a batch from which on the discriminator is not updated; 0: always "
        "update it", "factors", low=0, high=1,
    )  # fmt: skip
    gen_times: int = option(
        2, "adversarial updates of encoder and decoder per iteration", "factors", low=1
    )
    adv_prior_fakes: bool = option(
        False, "show the discriminator also images decoded from random z", "factors",
        only_if=dict(vae_on=("z", "both")),
    )  # fmt: skip
    z_noise: float = option(
        0.0, "standard deviation of noise that training adds to z (not published)", "factors",
        low=0,
    )  # fmt: skip
    s_class_weight: float = option(
        0.0, "weight of the cross-entropy of the class, which a classifier trained together with "
        "the encoder predicts from s (not published)", "factors", low=0,
    )  # fmt: skip
    z_class_weight: float = option(
        0.0, "weight of the loss that makes the predictions of a classifier of z uniform (not "
        "published)", "factors", low=0,
    )  # fmt: skip
    z_class_times: int = option(
        1, "updates of the classifier of z per iteration", "factors", low=1,
        only_if=dict(z_class_weight=ON),
    )  # fmt: skip
    d_width: float = option(
        1.0, "factor on discriminator widths, multiplied by --width", "nets", low=0.001
    )
    lr_d: float = option(1e-4, "learning rate of the discriminators", "optimisers", low=0)
    lr_g: float = option(1e-4, "learning rate of encoder and decoder", "optimisers", low=0)
    probe_train: int = option(
        2000, "images whose codes the probes are trained on", "output", low=10, inert=True
    )
    probe_test: int = option(
        1000, "held-out images whose codes the probes are tested on", "output", low=10, inert=True
    )

    def check(self) -> None:
        """Refuses image sizes that the networks cannot halve."""
        super().check()
        divisor = 16 if self.image_size >= 64 else 8
        if self.image_size < 16 or (self.image_size % divisor and self.image_size != 28):
            least = "" if divisor == 16 else ", at least 16"
            raise UsageError(
                f"--image_size {self.image_size}: must be 28 or a multiple of {divisor}{least}"
            )
