"""Named sets of options: CPU-sized recipes and the experiments of the thesis.

default < preset < command line. A preset may name options that only some systems have: each system
takes those it knows, so that a CoGAN and a SCoGAN of one preset differ in their coupling alone.
"""

import dataclasses
from typing import Any


@dataclasses.dataclass(frozen=True)
class Preset:
    """A named set of options.

    Attributes:
        help: one line for `main.py list`.
        options: values by option name.
        variants: by data set, values that replace those of `options` there.
        published: metric name -> number in the literature, shown beside ours.
    """

    help: str
    options: dict[str, Any]
    variants: dict[str, dict[str, Any]] = dataclasses.field(default_factory=dict)
    published: dict[str, float] = dataclasses.field(default_factory=dict)

    def resolve(self, data: str) -> dict[str, Any]:
        """The options for one data set."""
        return self.options | self.variants.get(data, {})


SMOKE = dict(
    batch_size=4,
    iterations=2,
    width=0.02,
    d_width=5.0,
    noise_dim=8,
    log_every=1,
    sheet_every=2,
    save_every=2,
    eval_pairs=20,
    evaluator_iterations=2,
    classifier_iterations=2,
    classifier_width=0.05,
)

# Found by measuring, see the README: small batches make many updates per second; R1 keeps the
# critic from winning; averaged weights give legible images early.
QUICK = dict(
    iterations=5000,
    lr_d=1e-3,
    lr_g=1e-3,
    b1=0.5,
    b2=0.99,
    ema=0.995,
    disc_penalty="r1",
    feature_layers=2,
    classifier_iterations=1500,
    log_every=100,
)
# Digits: narrow nets, a strided critic, a short z.
CPU = QUICK | dict(
    batch_size=32,
    width=0.125,
    d_arch="strided",
    d_width=3.0,
    noise_dim=20,
    penalty_weight_d=3.0,
    penalty_every=4,
    feature_weight=100.0,
    semantic_norm="ce",
    semantic_weight=2.0,
    balance_weight=2.0,
    # SqueezeNet's distances are a hundredth of VGG19's, for which the thesis' weights are.
    perceptual_net="squeeze",
    content_weight=0.01,
    style_weight=1e-7,
    classifier_width=0.25,
    num_samples_to_gen=40,
)
CPU_COLOUR = dict(
    noise_dim=32,
    penalty_every=1,
    feature_weight=50.0,
    classifier_arch="strided",
    evaluator_arch="pooled",
    classifier_width=1.0,
    classifier_iterations=2000,
    feature_layers=1,
    iterations=5000,
)
CPU_VARIANTS = {
    "mini2street": CPU_COLOUR | dict(penalty_every=4, iterations=5500),
    "mnist2svhn": CPU_COLOUR,
    "mnist2svhn_prune": CPU_COLOUR,
}

# CoGAN, section 4: so many images of each set. Published numbers are means over five draws.
UDA = CPU | dict(
    gan_type="uda", noise_dim=32, iterations=2500, class_weight=10.0, pair_weight=0.01,
    log_every=200,
)  # fmt: skip

# Thesis 2.6 and chapter 3: non-saturating loss with the settings of DCGAN.
DCGAN = dict(
    loss="ce", disc_iters=1, batch_size=128, lr_d=2e-4, lr_g=2e-4, b1=0.5, b2=0.999,
    weight_init="xavier", weight_decay=5e-4,
)  # fmt: skip
# Thesis chapter 5, digits: Wasserstein critic with gradient penalty, Adam as in DCGAN.
WGAN_GP = DCGAN | dict(loss="wgan", disc_penalty="wgan-gp", penalty_weight_d=10.0, disc_iters=5)

# Thesis 2.3.2 and 2.5, table 2.1; no initial bias, as in the published code's nets of this set.
TOY = dict(
    gan_type="gan", dataset="ring", arch="toy", noise_dim=10, batch_size=100, iterations=2000,
    loss="ce", disc_iters=1, lr_d=1e-4, lr_g=1e-4, bias_init=0.0, steps_per_call=50,
    sheet_every=200,
)  # fmt: skip
TOY_GP = dict(loss="wgan", disc_penalty="wgan-gp", penalty_weight_d=10.0, b1=0.0, b2=0.9)
# A penalty of 10 is too strong for points: in 15,000 iterations three modes were the most. The
# authors of the penalty have 0.1 in their own program for points (gan_toy.py).
TOY_TUNED = TOY_GP | dict(penalty_weight_d=0.1, lr_d=1e-3, lr_g=1e-3, ema=0.99)

EDGE, SVHN = dict(cogan_data="mnist2edge"), dict(cogan_data="mnist2svhn")
PRUNED = dict(cogan_data="mnist2svhn_prune")  # the thesis' tables use it from chapter 5 on
COGAN, SCOGAN = dict(gan_type="cogan"), dict(gan_type="scogan")
FEATURE = dict(feature_loss=True, feature_layers=3)
SEMANTIC = dict(semantic_loss=True, semantic_weight=10.0)
CYCLE = dict(cycle_loss=True, cycle_weight=10.0)
PERCEPTUAL = dict(perceptual_loss=True, content_weight=1e-3, style_weight=1e-11)
FEATURE_SVHN = FEATURE | dict(feature_weight=100.0)


def _thesis(help: str, *parts: dict[str, Any], **options: Any) -> Preset:
    merged: dict[str, Any] = {}
    for part in parts:
        merged |= part
    return Preset(help, merged | options)


def _chapter2() -> dict[str, Preset]:
    one = _thesis("thesis figure 2.10: a GAN on ten modes, one critic step", TOY)
    five = _thesis("thesis figure 2.11: mode collapse with five critic steps", TOY, disc_iters=5)
    penalised = _thesis(
        "thesis figures 2.14, 2.15: five critic steps of WGAN-GP", TOY, TOY_GP, disc_iters=5,
        iterations=3000,
    )  # fmt: skip
    tuned = _thesis(
        "five critic steps of WGAN-GP with settings of our own: all ten modes", TOY, TOY_TUNED,
        disc_iters=5, iterations=3000,
    )  # fmt: skip
    return {
        "toy_k1": dataclasses.replace(one, published={"modes_covered": 10}),
        "toy_k5": dataclasses.replace(five, published={"modes_covered": 6}),
        "toy_wgangp": penalised,
        "toy_wgangp_tuned": tuned,
    }


def _chapter3() -> dict[str, Preset]:
    pairs = {"edge": "mnist2edge", "negative": "mnist2negative", "rotate": "mnist2rotate"}
    figure = {
        f"cogan_{name}": _thesis(
            f"thesis figure 3.2: CoGAN on {data}", COGAN, DCGAN, cogan_data=data,
            iterations=25000, use_firstlayer=True,
        )
        for name, data in pairs.items()
    }  # fmt: skip
    shared = {
        f"cogan_svhn_share{n}": _thesis(
            f"thesis figure 3.8: CoGAN on mnist2svhn, {n} shared generator blocks", COGAN, DCGAN,
            SVHN, iterations=25000, g_shared_layers=n, use_firstlayer=True,
        )
        for n in (4, 3, 2, 1)
    }  # fmt: skip
    return figure | shared


def _chapter4() -> dict[str, Preset]:
    weights = {
        f"scogan_fr_svhn_a{a}": _thesis(
            f"thesis figure 4.3: feature regulariser of weight {a} on mnist2svhn", SCOGAN, DCGAN,
            SVHN, FEATURE, feature_weight=float(a), iterations=20000, use_firstlayer=True,
        )
        for a in (10, 50, 75, 100)
    }  # fmt: skip
    layers = {
        f"scogan_fr_svhn_gp_k{k}": _thesis(
            f"thesis figure 4.4: WGAN-GP, feature regulariser on {k} maps", SCOGAN, WGAN_GP, SVHN,
            FEATURE_SVHN, feature_layers=k, iterations=20000, use_firstlayer=True,
        )
        for k in (3, 2)
    }  # fmt: skip
    edge = {
        "scogan_plain_edge": _thesis(
            "thesis figure 4.2: two uncoupled GANs",
            SCOGAN,
            DCGAN,
            EDGE,
            iterations=4000,
            use_firstlayer=True,
        ),
        "scogan_fr_edge": _thesis(
            "thesis figure 4.2: feature regulariser",
            SCOGAN,
            DCGAN,
            EDGE,
            FEATURE,
            iterations=4000,
            use_firstlayer=True,
        ),
    }
    return edge | weights | layers | _figure41()


def _figure41() -> dict[str, Preset]:
    """`stat/weight_diff` in history.csv is the figure; `results.compare.overlay` draws it."""
    curves = {
        "fr": ("SCoGAN with the feature regulariser", SCOGAN | FEATURE | dict(feature_weight=10.0)),
        "cogan": ("CoGAN", COGAN),
        "plain": ("two uncoupled GANs, not in the thesis", SCOGAN),
    }
    return {
        f"weightdiff_{name}": _thesis(
            f"thesis figure 4.1, difference of weights: {what}", DCGAN, EDGE, system,
            iterations=4000, use_firstlayer=True,
        )
        for name, (what, system) in curves.items()
    }  # fmt: skip


def _chapter5() -> dict[str, Preset]:
    edge = dict(fr=FEATURE, sl=SEMANTIC, cc=CYCLE, pl=PERCEPTUAL)
    svhn = dict(
        fr=FEATURE_SVHN, sl=SEMANTIC, slfr=SEMANTIC | FEATURE_SVHN, slcc=SEMANTIC | CYCLE,
        frcc=FEATURE_SVHN | CYCLE, pl=PERCEPTUAL,
    )  # fmt: skip
    presets = {
        "edge_cogan": _thesis("thesis table 5.1: CoGAN", COGAN, WGAN_GP, EDGE, iterations=20000),
        "svhn_cogan": _thesis("thesis table 5.2: CoGAN", COGAN, WGAN_GP, PRUNED, iterations=25000),
    }
    for data, table, terms, iterations in ((EDGE, 5.1, edge, 20000), (PRUNED, 5.2, svhn, 25000)):
        for name, term in terms.items():
            key = f"{'edge' if data is EDGE else 'svhn'}_{name}"
            help = f"thesis table {table}: SCoGAN with {' and '.join(_names(term))}"
            presets[key] = _thesis(help, SCOGAN, WGAN_GP, data, term, iterations=iterations)
    return presets


def _names(term: dict[str, Any]) -> list[str]:
    return [key.removesuffix("_loss") for key in term if key.endswith("_loss")]


# Photographs on two cores: a quarter of the generator's width, and repeated pixels, which take
# twice the time of transposed convolutions and leave no checkerboard.
FACES64 = QUICK | dict(
    image_size=64,
    arch="64",
    batch_size=16,
    width=0.25,
    d_width=1.5,
    upsample="nearest",
    noise_dim=64,
    penalty_weight_d=1.0,
    penalty_every=8,
    classifier_arch="pooled",
    classifier_width=0.5,
    evaluator_iterations=1500,
    num_samples_to_gen=24,
)

CLASSIFIERS = {
    "cls_mnist": Preset(
        "thesis figure 5.1: classifier of MNIST, 10 epochs",
        dict(gan_type="classifier", dataset="mnist", iterations=4690),
        published={"accuracy_mnist": 0.98},
    ),
    "cls_celeba13": Preset(
        "thesis figure 5.3: classifier of 13 attributes of faces, 10 epochs",
        dict(
            gan_type="classifier",
            dataset="celeba",
            image_size=128,
            batch_size=16,
            iterations=125000,
        ),
        published={"accuracy_celeba": 0.87},
    ),
    "cls_mnist_svhn": Preset(
        "thesis figure 5.2: classifier of MNIST and SVHN, 10 epochs",
        dict(gan_type="classifier", dataset="mnist+svhn", iterations=10400),
    ),
}

PRESETS = {
    "smoke": Preset("two iterations with tiny nets, to see that everything runs", SMOKE),
    "cpu": Preset(
        "any pair of digits in minutes on two CPU cores, for cogan and scogan alike",
        CPU,
        CPU_VARIANTS,
    ),
    "demo": Preset(
        "what `make demo` runs: a SCoGAN on built-in digits",
        CPU
        | SCOGAN
        | dict(cogan_data="mini2edge", semantic_loss=True, feature_loss=True, name="demo"),
        CPU_VARIANTS,
    ),
    "street": Preset(
        "a SCoGAN on built-in digits and street numbers",
        CPU | SCOGAN | dict(cogan_data="mini2street", semantic_loss=True, feature_loss=True),
        CPU_VARIANTS,
    ),
    "uda_mnist2usps": Preset(
        "CoGAN table 1: a classifier of MNIST becomes one of USPS, CPU-sized",
        UDA | dict(cogan_data="mnist2usps", source_images=2000, target_images=1800),
        published={"target_accuracy": 0.912, "target_accuracy_seen": 0.912},
    ),
    "uda_usps2mnist": Preset(
        "CoGAN table 1: a classifier of USPS becomes one of MNIST, CPU-sized",
        UDA | dict(cogan_data="usps2mnist", source_images=1800, target_images=2000),
        published={"target_accuracy": 0.891, "target_accuracy_seen": 0.891},
    ),
    "faces64": Preset(
        "pairs of photographs (celeba_*, horse2zebra, ...) at 64x64 on two CPU cores", FACES64
    ),
    **CLASSIFIERS,
    **_chapter2(),
    **_chapter3(),
    **_chapter4(),
    **_chapter5(),
}
