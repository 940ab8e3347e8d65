"""Digits: thesis chapters 3, 4 and 5."""

from typing import Any

from framework.presets.preset import Preset, combined, terms
from framework.presets.recipes import (
    COGAN,
    CYCLE,
    DCGAN,
    EDGE,
    FEATURE,
    FEATURE_SVHN,
    PERCEPTUAL,
    PRUNED,
    SCOGAN,
    SEMANTIC_EDGE,
    SEMANTIC_SVHN,
    WGAN_GP,
)


def _chapter3() -> dict[str, Preset]:
    pairs = {"edge": "mnist2edge", "negative": "mnist2negative", "rotate": "mnist2rotate"}
    figure = {
        f"cogan_{name}": combined(
            f"thesis figure 3.2: CoGAN on {data}", COGAN, DCGAN, cogan_data=data,
            iterations=25000, use_firstlayer=True,
        )
        for name, data in pairs.items()
    }  # fmt: skip
    shared = {
        f"cogan_svhn_share{n}": combined(
            f"thesis figure 3.8: CoGAN on mnist2svhn_prune, {n} shared generator blocks",
            COGAN, DCGAN, PRUNED, iterations=25000, g_shared_layers=n, use_firstlayer=True,
        )
        for n in (4, 3, 2, 1)
    }  # fmt: skip
    return figure | shared


def _chapter4() -> dict[str, Preset]:
    weights = {
        f"scogan_fr_svhn_a{a}": combined(
            f"thesis figure 4.3: feature regulariser of weight {a} on mnist2svhn_prune",
            SCOGAN, DCGAN, PRUNED, FEATURE, feature_weight=float(a), iterations=20000,
            use_firstlayer=True,
        )
        for a in (10, 50, 75, 100)
    }  # fmt: skip
    layers = {
        f"scogan_fr_svhn_gp_k{k}": combined(
            f"thesis figure 4.4: WGAN-GP, feature regulariser on {k} maps", SCOGAN, WGAN_GP, PRUNED,
            FEATURE_SVHN, feature_layers=k, iterations=20000, use_firstlayer=True,
        )
        for k in (3, 2)
    }  # fmt: skip
    return weights | layers | _figure41()


def _figure41() -> dict[str, Preset]:
    """Returns the presets of figure 4.1, which shows `stat/weight_diff` of history.csv."""
    curves: dict[str, tuple[str, dict[str, Any]]] = {
        "fr": ("SCoGAN with the feature regulariser", SCOGAN | FEATURE | dict(feature_weight=10.0)),
        "cogan": ("CoGAN", COGAN),
        "plain": ("two uncoupled GANs", SCOGAN),
    }
    return {
        f"weightdiff_{name}": combined(
            f"thesis figures 4.1 and 4.2: {what}", DCGAN, EDGE, system,
            iterations=4000, use_firstlayer=True,
        )
        for name, (what, system) in curves.items()
    }  # fmt: skip


def _chapter5() -> dict[str, Preset]:
    edge: dict[str, dict[str, Any]] = dict(fr=FEATURE, sl=SEMANTIC_EDGE, cc=CYCLE, pl=PERCEPTUAL)
    svhn: dict[str, dict[str, Any]] = dict(
        fr=FEATURE_SVHN, sl=SEMANTIC_SVHN, slfr=SEMANTIC_SVHN | FEATURE_SVHN,
        slcc=SEMANTIC_SVHN | CYCLE,
        frcc=FEATURE_SVHN | CYCLE, pl=PERCEPTUAL,
    )  # fmt: skip
    presets = {
        "edge_cogan": combined("thesis table 5.1: CoGAN", COGAN, WGAN_GP, EDGE, iterations=20000),
        "svhn_cogan": combined("thesis table 5.2: CoGAN", COGAN, WGAN_GP, PRUNED, iterations=25000),
    }
    for data, table, systems, iterations in ((EDGE, 5.1, edge, 20000), (PRUNED, 5.2, svhn, 25000)):
        for name, term in systems.items():
            key = f"{'edge' if data is EDGE else 'svhn'}_{name}"
            number = 7.1 if key == "svhn_sl" else table
            help = f"thesis table {number}: SCoGAN, {terms(term)}"
            presets[key] = combined(help, SCOGAN, WGAN_GP, data, term, iterations=iterations)
    return presets


CLASSIFIERS = {
    "cls_mnist": Preset(
        "thesis section 5.1: classifier of MNIST, 10 epochs",
        dict(gan_type="classifier", dataset="mnist", iterations=4690),
        published={"accuracy_mnist": 0.98},
    ),
    "cls_mnist_svhn": Preset(
        "thesis section 5.2: classifier of MNIST and SVHN, 10 epochs",
        dict(gan_type="classifier", dataset="mnist+svhn", iterations=10400),
    ),
}

DIGITS = _chapter3() | _chapter4() | _chapter5() | CLASSIFIERS
