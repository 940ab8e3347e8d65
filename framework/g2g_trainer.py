"""G2G: disentangles content and style by exchanging the codes of two images, and exchanging back.

Interim report and paper on guided-to-guided cross-training, after FUNIT and LORD. Of two images the
encoders make contents c and styles s; m12 = G(c1, s2) and m21 = G(c2, s1) are mixed, taken apart
and put together again as r1, r2. How that is trained is `--g2g_variant`, a file of `framework.g2g`.
"""

import dataclasses
import importlib
from collections.abc import Callable

import keras
import tensorflow as tf

from framework import classifier_trainer, config, optimizers, trainer
from framework.config import option
from framework.errors import UsageError
from framework.exchange import Swap, exchange
from framework.g2g_views import Viewed
from framework.phase import Phase
from nets import blocks

NETS = ("content", "style", "gen")


@dataclasses.dataclass(frozen=True)
class Options(config.Exchange):
    """Options of `--gan_type g2g`."""

    ABLATABLE = ("long", "fm_long", "fm_reassembly")
    NEEDS = config.Exchange.NEEDS | dict(id_mode=("identity_net",), pretrained=("restore_disc",))
    # What other variants, and with OF_NETS other nets, would ignore without a word.
    ONLY = config.Exchange.ONLY | {
        ("g2g_variant", ("naive",)): ("g2g_out",),
        ("g2g_variant", ("naive", "cyclefunit")): ("gamma", "rec_weight"),
        ("g2g_variant", ("cyclefunit",)): (
            "sanity", "rec_short_weight", "d_layers", "perceptual_net", "perceptual_weights",
        ),
        ("g2g_variant", ("cyclefunit", "funit", "funit2funit")): (
            "id_mode", "adv_weight", "d_width", "lr_d",
        ),
        ("g2g_variant", ("funit", "funit2funit")): (
            "penalty_weight_d", "penalty_every", "r1_mode", "pretrained", "bug_compat",
            "class_weight", "style_class_weight", "short_weight", "fm_weight", "d_blocks",
        ),
        ("g2g_variant", ("funit2funit",)): (
            "ablate", "long_weight", "fm_long_weight", "fm_reassembly_weight",
        ),
        ("sanity", (False,)): ("gamma", "id_mode", "adv_weight", "d_layers", "d_width", "lr_d"),
        ("id_mode", ("loss",)): ("id_weight", "id_start", "id_ramp"),
        ("id_mode", ("none", "loss")): ("style_dim",),
    }  # fmt: skip
    OF_NETS = dict(
        lord="content_dim adain_layers gen_width g2g_out".split(),
        funit="content_downs content_channels class_downs res_blocks mlp_width unit_gain".split(),
    )

    g2g_variant: str = option(
        "naive", "how codes are learned", "exchange",
        choices=("naive", "cyclefunit", "funit", "funit2funit"),
    )  # fmt: skip
    batch_size: int = option(16, "pairs per update, all devices", "training", low=1)
    gamma: float = option(
        0.4, "weight of codes found again in mixed images (naive, cyclefunit)", "exchange", low=0
    )
    rec_weight: float = option(
        1.0, "weight of images put together again (naive, cyclefunit)", "exchange", low=0
    )
    g2g_out: str = option(
        "tanh", "range of the naive generator; sigmoid, the published one, gives grey images",
        "nets", choices=("tanh", "sigmoid"),
    )  # fmt: skip
    rec_short_weight: float = option(
        0.0, "weight of G(c1, s1) against image 1, as V sees them (cyclefunit)", "exchange", low=0
    )
    adv_weight: float = option(1.0, "weight of the adversarial loss", "exchange", low=0)
    sanity: bool = option(False, "see the same image twice (cyclefunit)", "exchange")
    id_mode: str = option(
        "none", "identities: not seen, compared, or, with cyclefunit only, taken as style code",
        "exchange", choices=("none", "loss", "replace"),
    )  # fmt: skip
    id_weight: float = option(1.0, "weight of --id_mode loss", "exchange", low=0)
    id_start: int = option(0, "iteration from which on that weight rises from 0", "exchange", low=0)
    id_ramp: int = option(0, "iterations of its rise", "exchange", low=0)
    class_weight: float = option(
        0.0, "weight of the cross-entropy of mixed images and the class of their style, as a "
        "classifier trained here sees them: no part of the papers (funit*)", "exchange", low=0,
    )  # fmt: skip
    style_class_weight: float = option(
        0.0, "weight of the cross-entropy of an image's class and a linear layer of its style "
        "code: no part of the papers (funit*)", "exchange", low=0,
    )  # fmt: skip
    short_weight: float = option(0.1, "weight of |G(c1, s1) - x1| (funit*)", "exchange", low=0)
    long_weight: float = option(0.1, "weight of |r1 - x1| (funit2funit)", "exchange", low=0)
    fm_weight: float = option(
        1.0, "weight of the features of discriminator D of translations (funit*)", "exchange", low=0
    )
    fm_reassembly_weight: float = option(
        0.1, "weight of D's features of r against mixed images (funit2funit)", "exchange", low=0
    )
    fm_long_weight: float = option(
        0.1, "weight of D's features of r against images (funit2funit)", "exchange", low=0
    )
    ablate: str = option(
        "none", "terms of funit2funit left out, joined by +: long, fm_long, fm_reassembly",
        "exchange",
    )  # fmt: skip
    penalty_weight_d: float = option(10.0, "weight of R1 (funit*)", "exchange", low=0)
    penalty_every: int = option(
        1, "iterations between R1 terms, each then weighted as many times (funit*)", "exchange",
        low=1,
    )  # fmt: skip
    r1_mode: str = option(
        "per_sample", "R1 of each image, or as published of the batch's mean", "exchange",
        choices=("per_sample", "batch_mean"),
    )  # fmt: skip
    bug_compat: bool = option(
        False, "judge fakes under the other image's class, as the published program", "exchange"
    )
    pretrained: str | None = option(None, "run folder of funit to start from", "exchange")
    restore_disc: bool = option(True, "with --pretrained: its discriminator too", "exchange")
    identity_net: str = option(
        "classifier", "network of identities", "exchange",
        choices=("classifier", "face128", "resnet50"),
    )  # fmt: skip
    g2g_nets: str = option(
        "paper", "encoders and generator: LORD's for naive and FUNIT's for the others, or either",
        "nets", choices=("paper", "lord", "funit"),
    )  # fmt: skip
    content_noise: float = option(
        0.0, "deviation of uniform noise added to content codes in training", "exchange", low=0
    )
    d_width: float = option(1.0, "factor on discriminator widths, times --width", "nets", low=0.001)
    lr_d: float = option(2e-4, "learning rate of the discriminators", "optimisers", low=0)
    content_downs: int = option(3, "halvings of the content encoder", "nets", low=1)
    content_channels: int = option(
        0, "channels of the content map; 0: as many as FUNIT's has", "nets", low=0
    )
    class_downs: int = option(4, "halvings of the style encoder", "nets", low=1)
    res_blocks: int = option(2, "residual blocks of content encoder and decoder", "nets", low=1)
    unit_gain: bool = option(
        False, "start AdaIN of the decoder at gains of 1, not around 0 (cyclefunit, funit*)", "nets"
    )
    mlp_width: int = option(256, "width of the MLP between style code and AdaIN", "nets", low=1)
    d_blocks: int = option(10, "residual blocks of FUNIT's discriminator", "nets", low=2)
    d_layers: int = option(3, "strided rows of CycleFUNIT's patch discriminator", "nets", low=1)
    b1: float = option(0.9, "Adam's beta 1", "optimisers", low=0, high=0.9999)

    def check(self) -> None:
        """Refuses unknown terms and judges that teach."""
        super().check()
        for name in filter(None, self.ablate.split("+")):
            if name not in ("none", *self.ABLATABLE):
                raise UsageError(f"--ablate {name}: choose from {', '.join(self.ABLATABLE)}")
        self._check_sizes()
        if self.jit and self.penalty_every > 1:
            raise UsageError("--jit: compiles R1 in every iteration alone; add --penalty_every 1")
        if self.id_mode == "replace" and self.g2g_variant != "cyclefunit":
            raise UsageError("--id_mode replace: for --g2g_variant cyclefunit only")
        if self.id_mode != "none" and self.identity_metric == self.identity_net:
            raise UsageError(f"--identity_metric {self.identity_net}: it is what trains here")

    def check_asked(self, asked: dict[str, object]) -> None:
        """Also refuses sizes of nets that are not used."""
        super().check_asked(asked)
        other = "funit" if self.nets_used == "lord" else "lord"
        for name in [name for name in self.OF_NETS[other] if name in asked]:
            raise UsageError(f"--{name}: for --g2g_nets {other}, not for {self.nets_used}")

    @property
    def nets_used(self) -> str:
        """Whose encoders and generator: `lord` or `funit`."""
        usual = "lord" if self.g2g_variant == "naive" else "funit"
        return usual if self.g2g_nets == "paper" else self.g2g_nets

    def _check_sizes(self) -> None:
        """Refuses nets that images of this size cannot pass."""
        size, least = self.image_size, max(32, 2**self.adain_layers)
        of_labels = self.g2g_variant.startswith("funit")
        if self.nets_used == "lord" and (size < least or size & (size - 1)):
            raise UsageError(f"--image_size {size}: must be a power of two from {least}")
        downs = self.content_downs
        if self.nets_used == "funit" and (size % 2**downs or size >> downs < 2):
            raise UsageError(f"--content_downs {downs}: too many for {size} pixels")
        if self.nets_used == "funit" and size >> self.class_downs < 1:
            raise UsageError(f"--class_downs {self.class_downs}: too many for {size} pixels")
        if of_labels and self.d_blocks % 2:
            raise UsageError(f"--d_blocks {self.d_blocks}: must be even")
        if of_labels and size >> self.d_blocks // 2 < 1:
            raise UsageError(f"--d_blocks {self.d_blocks}: too many for {size} pixels")
        if self.g2g_variant == "cyclefunit" and size >> self.d_layers < 3:
            raise UsageError(f"--d_layers {self.d_layers}: too many for {size} pixels")


def _noise(codes: tf.Tensor) -> tf.Tensor:
    """Uniform noise of mean 0 and deviation 1, from the source that the step's layers draw from."""
    return tf.cast(3**0.5 * (2 * blocks.uniform(tf.shape(codes)) - 1), codes.dtype)


class Trainer(Viewed):
    """What all variants share: codes and their exchange."""

    contract = "halves"
    options: Options

    @classmethod
    def of(cls, options: Options) -> type[trainer.Trainer]:
        """The class of --g2g_variant."""
        return importlib.import_module(f"framework.g2g.{options.g2g_variant}").Trainer

    def own_classifier(self) -> Callable[[], keras.Model]:
        """Maker of a classifier that may teach: another net and seed than the evaluator's."""
        return classifier_trainer.teacher(self.options, self.data)

    def build_optimizer(self, phase: str) -> keras.optimizers.Optimizer:
        """Of --optim at --lr_d for discriminators, else --lr_g."""
        o = self.options
        return optimizers.of_codes(o, o.lr_d if phase == "disc" else o.lr_g)

    def build_phases(self) -> list[Phase]:
        """One update of encoders and generator."""
        return [Phase("gen", NETS, self.gen_terms)]

    def encode(self, x: tf.Tensor, training: bool) -> tuple[tf.Tensor, tf.Tensor]:
        """Content and style codes of images [2B, S, S, C]."""
        return self.content(x, training), self.now(training)["style"](x, training=training)

    def content(self, x: tf.Tensor, training: bool) -> tf.Tensor:
        """Content codes, in training with --content_noise."""
        content = self.now(training)["content"](x, training=training)
        if training and self.options.content_noise:
            noise = [_noise(half) for half in tf.split(content, 2)]  # rows are those of pairs
            content += self.options.content_noise * tf.concat(noise, axis=0)
        return content

    def now(self, training: bool) -> dict[str, keras.Model]:
        """The nets in training, else those that images are made with."""
        return self.nets if training else {n: self.sampling_net(n) for n in self.nets}

    def draw(self, content: tf.Tensor, style: tf.Tensor, training: bool) -> tf.Tensor:
        """Images [N, S, S, C] of codes."""
        return self.now(training)["gen"]([content, style], training=training)

    def swap(self, x: tf.Tensor, training: bool) -> Swap:
        """Exchange and exchange back of B pairs, rows [2B, ...]."""
        content, style = self.encode(x, training)
        mixed = self.draw(content, exchange(style), training)
        mixed_content, mixed_style = self.encode(mixed, training)
        back = self.draw(mixed_content, exchange(mixed_style), training)
        return Swap(x, content, style, mixed, mixed_content, mixed_style, back)
