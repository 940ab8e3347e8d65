"""Photographs of 128x128 and 256x256 pixels: thesis chapters 3, 5 and 7."""

from typing import Any

from framework.presets.preset import Preset, combined, terms
from framework.presets.recipes import (
    APPLE,
    BLOND,
    COGAN,
    CYCLE,
    FEATURE_SVHN,
    GLASSES,
    HORSE,
    PERCEPTUAL,
    PHOTOS,
    PHOTOS_GP,
    SCOGAN,
    SEMANTIC_FACES,
    SMILING,
)

FACES = dict(smiling=SMILING, blond=BLOND, glasses=GLASSES)
SIDES = dict(h2z=HORSE, a2o=APPLE)


def _chapter3() -> dict[str, Preset]:
    faces = {
        f"cogan_{name}": combined(
            f"thesis figure {3.3 if data is GLASSES else 3.4}: CoGAN on {data['cogan_data']}",
            COGAN, PHOTOS, data, iterations=35000,
        )
        for name, data in FACES.items()
    }  # fmt: skip
    paper = combined(
        "thesis figure 3.3a: the CoGAN paper's faces, without weight decay (the paper's "
        "discriminator has another first layer and no dropout)",
        COGAN, PHOTOS, GLASSES, iterations=35000, weight_decay=0.0,
    )  # fmt: skip
    return {"cogan_glasses_paper": paper} | faces | _photos3()


def _photos3() -> dict[str, Preset]:
    presets = {}
    for name, data in SIDES.items():
        about = f"CoGAN on {data['cogan_data']}"
        figure = 3.6 if data is HORSE else 3.7
        presets[f"cogan_{name}_256"] = combined(
            f"thesis figure 3.5: {about} at 256x256",
            COGAN, PHOTOS, data, image_size=256, iterations=35000,
        )  # fmt: skip
        presets[f"cogan_{name}_128"] = combined(
            f"thesis figure {figure}a: {about} at 128x128", COGAN, PHOTOS, data, iterations=35000
        )
        presets[f"cogan_{name}_128_gp"] = combined(
            f"thesis figure {figure}b: {about} at 128x128, WGAN-GP",
            COGAN, PHOTOS_GP, data, iterations=25000,
        )  # fmt: skip
    return presets


def _chapter5() -> dict[str, Preset]:
    smiling: dict[str, dict[str, Any]] = dict(
        slfr=SEMANTIC_FACES | FEATURE_SVHN, slcc=SEMANTIC_FACES | CYCLE, pl=PERCEPTUAL
    )  # fmt: skip
    presets = {
        "smiling_cogan": combined(
            "thesis table 5.3: CoGAN", COGAN, PHOTOS_GP, SMILING, iterations=35000
        )
    }
    for name, term in smiling.items():
        presets[f"smiling_{name}"] = combined(
            f"thesis table 5.3: SCoGAN, {terms(term)}",
            SCOGAN, PHOTOS_GP, SMILING, term, iterations=35000,
        )  # fmt: skip
    for name, data in (("blond", BLOND), ("glasses", GLASSES)):
        presets[f"{name}_pl"] = combined(
            f"thesis figure 5.8: SCoGAN, perceptual regulariser, on {data['cogan_data']}",
            SCOGAN, PHOTOS_GP, data, PERCEPTUAL, iterations=35000,
        )  # fmt: skip
    for name, side in SIDES.items():
        length: dict[str, Any] = dict(iterations=20000)
        about, common = f"on {side['cogan_data']}", (PHOTOS_GP, side, length)
        presets[f"{name}_cogan"] = combined(f"thesis table 5.4: CoGAN {about}", COGAN, *common)
        presets[f"{name}_pl"] = combined(
            f"thesis table 5.4: SCoGAN, perceptual regulariser, {about}",
            SCOGAN,
            *common,
            PERCEPTUAL,
        )
    return presets


def _proposed() -> dict[str, Preset]:
    """Returns presets that the thesis proposes for better photographs and did not run."""
    published = _chapter5()
    return {
        f"{name}_residual": combined(
            f"thesis 7.4.2, proposed: {name} with residual generators and repeated pixels",
            published[name].options, residual=True, upsample="nearest",
        )
        for name in ("h2z_pl", "a2o_pl", "smiling_pl")
    }  # fmt: skip


CLASSIFIERS = {
    "cls_celeba13": Preset(
        "thesis section 5.3: classifier of 13 attributes of faces, 10 epochs",
        dict(
            gan_type="classifier",
            dataset="celeba",
            image_size=128,
            batch_size=16,
            iterations=125000,
        ),
        published={"accuracy_celeba": 0.87},
    ),
}

PHOTOGRAPHS = _chapter3() | _chapter5() | _proposed() | CLASSIFIERS
