"""G2G: separates content and style by exchanging the codes of two images and exchanging back."""

import dataclasses
from typing import ClassVar

from framework.errors import UsageError
from framework.options.base import inherited, option
from framework.options.conditions import ON, Allowed
from framework.options.exchange import Exchange

# Conditions of options that only some variants, or only some networks, have.
UNLABELLED = dict(g2g_variant=("naive", "cyclefunit"))
CYCLEFUNIT = dict(g2g_variant="cyclefunit")
FUNIT = dict(g2g_variant=("funit", "funit2funit"))
FUNIT2FUNIT = dict(g2g_variant="funit2funit")
ADVERSARIAL = dict(g2g_variant=("cyclefunit", "funit", "funit2funit"), sanity=False)
LORD_NETS = dict(nets_used=Allowed(("lord",), "--g2g_nets lord"))
FUNIT_NETS = dict(nets_used=Allowed(("funit",), "--g2g_nets funit"))


@dataclasses.dataclass(frozen=True)
class Options(Exchange):
    """Options of `--gan_type g2g`.

    In help texts, image i has the codes ci and si, G decodes them, and ri is image i after its
    codes have been exchanged and exchanged back.
    """

    ABLATABLE: ClassVar = ("long", "fm_long", "fm_reassembly")

    g2g_variant: str = option(
        "naive", "variant of the losses and networks", "exchange",
        choices=("naive", "cyclefunit", "funit", "funit2funit"),
    )  # fmt: skip
    batch_size: int = option(16, "pairs per update, all devices", "training", low=1)
    perceptual_net: str = inherited(Exchange, "perceptual_net", only_if=CYCLEFUNIT)
    perceptual_weights: str | None = inherited(Exchange, "perceptual_weights", only_if=CYCLEFUNIT)
    gamma: float = option(
        0.4, "weight of the distance between the codes of mixed images and the codes that they "
        "are mixed from", "exchange", low=0, only_if=UNLABELLED | dict(sanity=False),
    )  # fmt: skip
    rec_weight: float = option(
        1.0, "weight of the distance between image 1 and r1, its reconstruction after two "
        "exchanges", "exchange", low=0, only_if=UNLABELLED,
    )  # fmt: skip
    g2g_out: str = option(
        "tanh", "activation of the generator's output; sigmoid, as published, gives grey images",
        "nets", choices=("tanh", "sigmoid"), only_if=dict(g2g_variant="naive") | LORD_NETS,
    )  # fmt: skip
    rec_short_weight: float = option(
        0.0, "weight of the perceptual distance between image 1 and G(c1, s1), its reconstruction "
        "from its own codes", "exchange", low=0, only_if=CYCLEFUNIT,
    )  # fmt: skip
    adv_weight: float = option(
        1.0, "weight of the adversarial loss", "exchange", low=0, only_if=ADVERSARIAL
    )
    sanity: bool = option(
        False, "use the same image twice as a pair, to check that reconstruction can be learned",
        "exchange", only_if=CYCLEFUNIT,
    )  # fmt: skip
    id_mode: str = option(
        "none", "use of the features of --identity_net: none, in the identity loss (loss), or, for "
        "cyclefunit only, in place of style codes (replace)", "exchange",
        choices=("none", "loss", "replace"),
        only_if=ADVERSARIAL,
    )  # fmt: skip
    id_weight: float = option(
        1.0, "weight of the identity loss", "exchange", low=0, only_if=dict(id_mode="loss")
    )
    id_start: int = option(
        0, "iteration from which on the weight of the identity loss rises from 0", "exchange",
        low=0, only_if=dict(id_mode="loss"),
    )  # fmt: skip
    id_ramp: int = option(
        0, "iterations in which the weight of the identity loss rises", "exchange", low=0,
        only_if=dict(id_mode="loss"),
    )  # fmt: skip
    class_weight: float = option(
        0.0, "weight of the cross-entropy between the class of a mixed image's style and the "
        "prediction of a classifier trained for the run (not published)", "exchange", low=0,
        only_if=FUNIT,
    )  # fmt: skip
    style_class_weight: float = option(
        0.0, "weight of the cross-entropy between the class of an image and the prediction of a "
        "linear layer from its style code (not published)", "exchange", low=0, only_if=FUNIT,
    )  # fmt: skip
    short_weight: float = option(
        0.1,
        "weight of the L1 distance between image 1 and G(c1, s1), its reconstruction from its "
        "own codes",
        "exchange",
        low=0,
        only_if=FUNIT,
    )
    long_weight: float = option(
        0.1,
        "weight of the L1 distance between image 1 and r1, its reconstruction after two exchanges",
        "exchange",
        low=0,
        only_if=FUNIT2FUNIT,
    )
    fm_weight: float = option(
        1.0, "weight of feature matching: the discriminator's features of mixed images and of "
        "G(c1, s1) against those of real images", "exchange", low=0, only_if=FUNIT,
    )  # fmt: skip
    fm_reassembly_weight: float = option(
        0.1, "weight of feature matching between r1 and the mixed image of its style", "exchange",
        low=0, only_if=FUNIT2FUNIT,
    )  # fmt: skip
    fm_long_weight: float = option(
        0.1, "weight of feature matching between r1 and image 1", "exchange", low=0,
        only_if=FUNIT2FUNIT,
    )  # fmt: skip
    ablate: str = option(
        "none", "terms to leave out, joined by +: long, fm_long, fm_reassembly", "exchange",
        only_if=FUNIT2FUNIT,
    )  # fmt: skip
    penalty_weight_d: float = option(
        10.0, "weight of the gradient penalty R1", "exchange", low=0, only_if=FUNIT
    )
    penalty_every: int = option(
        1, "iterations between gradient penalties; each is multiplied by this number", "exchange",
        low=1, only_if=FUNIT,
    )  # fmt: skip
    r1_mode: str = option(
        "per_sample", "R1 of each image, or, as published, of the mean logit of a batch",
        "exchange", choices=("per_sample", "batch_mean"), only_if=FUNIT,
    )  # fmt: skip
    bug_compat: bool = option(
        False, "give fakes to the discriminator under the class of the other image, as the "
        "published program does", "exchange", only_if=FUNIT,
    )  # fmt: skip
    pretrained: str | None = option(
        None, "run folder of a funit run whose weights training starts from", "exchange",
        only_if=FUNIT,
    )  # fmt: skip
    restore_disc: bool = option(
        True, "start from the discriminator of --pretrained, too", "exchange",
        only_if=dict(pretrained=ON),
    )  # fmt: skip
    identity_net: str = option(
        "classifier", "network whose features are the identity of an image", "exchange",
        choices=("classifier", "face128", "resnet50"), only_if=dict(id_mode=ON),
    )  # fmt: skip
    g2g_nets: str = option(
        "paper", "encoders and generator of LORD or of FUNIT; paper: LORD's for naive, FUNIT's for "
        "the other variants", "nets", choices=("paper", "lord", "funit"),
    )  # fmt: skip
    gen_width: float = inherited(Exchange, "gen_width", only_if=LORD_NETS)
    content_dim: int = inherited(Exchange, "content_dim", only_if=LORD_NETS)
    adain_layers: int = inherited(Exchange, "adain_layers", only_if=LORD_NETS)
    style_dim: int = inherited(Exchange, "style_dim", only_if=dict(id_mode=("none", "loss")))
    content_noise: float = option(
        0.0, "standard deviation of the uniform noise that training adds to content codes",
        "exchange", low=0,
    )  # fmt: skip
    d_width: float = option(
        1.0, "factor on discriminator widths, multiplied by --width", "nets", low=0.001,
        only_if=ADVERSARIAL,
    )  # fmt: skip
    lr_d: float = option(
        2e-4, "learning rate of the discriminators", "optimisers", low=0, only_if=ADVERSARIAL
    )
    content_downs: int = option(
        3, "strided layers of the content encoder, each of which halves the size", "nets", low=1,
        only_if=FUNIT_NETS,
    )  # fmt: skip
    content_channels: int = option(
        0, "channels of the content code, which is a map; 0: as many as in FUNIT", "nets", low=0,
        only_if=FUNIT_NETS,
    )  # fmt: skip
    class_downs: int = option(
        4, "strided layers of the style encoder, each of which halves the size", "nets", low=1,
        only_if=FUNIT_NETS,
    )  # fmt: skip
    res_blocks: int = option(
        2, "residual blocks of the content encoder, and of the decoder", "nets", low=1,
        only_if=FUNIT_NETS,
    )  # fmt: skip
    unit_gain: bool = option(
        False, "initialise the AdaIN gains of the decoder around 1 instead of 0", "nets",
        only_if=FUNIT_NETS,
    )  # fmt: skip
    mlp_width: int = option(
        256, "width of the MLP between style code and AdaIN", "nets", low=1, only_if=FUNIT_NETS
    )
    d_blocks: int = option(10, "residual blocks of the discriminator", "nets", low=2, only_if=FUNIT)
    d_layers: int = option(
        3, "strided layers of the patch discriminator", "nets", low=1,
        only_if=CYCLEFUNIT | dict(sanity=False),
    )  # fmt: skip
    b1: float = option(0.9, "Adam's beta 1", "optimisers", low=0, high=0.9999)

    def check(self) -> None:
        """Refuses unknown terms, metrics of the network that trains, and impossible sizes."""
        super().check()
        for name in filter(None, self.ablate.split("+")):
            if name not in ("none", *self.ABLATABLE):
                raise UsageError(f"--ablate {name}: choose from {', '.join(self.ABLATABLE)}")
        self._check_sizes()
        if self.jit and self.penalty_every > 1:
            raise UsageError("--jit: needs R1 in every iteration; add --penalty_every 1")
        if self.id_mode == "replace" and self.g2g_variant != "cyclefunit":
            raise UsageError("--id_mode replace: needs --g2g_variant cyclefunit")
        if self.id_mode != "none" and self.identity_metric == self.identity_net:
            raise UsageError(
                f"--identity_metric {self.identity_net}: must differ from --identity_net, which "
                "the losses use"
            )

    @property
    def nets_used(self) -> str:
        """Kind of the encoders and the generator: `lord` or `funit`."""
        usual = "lord" if self.g2g_variant == "naive" else "funit"
        return usual if self.g2g_nets == "paper" else self.g2g_nets

    def _check_sizes(self) -> None:
        """Refuses networks that are too deep for images of this size."""
        size, least = self.image_size, max(32, 2**self.adain_layers)
        has_classes = self.g2g_variant.startswith("funit")
        if self.nets_used == "lord" and (size < least or size & (size - 1)):
            raise UsageError(f"--image_size {size}: must be a power of two, at least {least}")
        downs = self.content_downs
        if self.nets_used == "funit" and (size % 2**downs or size >> downs < 2):
            raise UsageError(f"--content_downs {downs}: too many for {size} pixels")
        if self.nets_used == "funit" and size >> self.class_downs < 1:
            raise UsageError(f"--class_downs {self.class_downs}: too many for {size} pixels")
        if has_classes and self.d_blocks % 2:
            raise UsageError(f"--d_blocks {self.d_blocks}: must be even")
        if has_classes and size >> self.d_blocks // 2 < 1:
            raise UsageError(f"--d_blocks {self.d_blocks}: too many for {size} pixels")
        if self.g2g_variant == "cyclefunit" and size >> self.d_layers < 3:
            raise UsageError(f"--d_layers {self.d_layers}: too many for {size} pixels")
