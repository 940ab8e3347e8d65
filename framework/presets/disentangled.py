"""Disentanglement: the tables of the report on factors of variation, full size."""

from framework.presets.preset import Preset
from framework.presets.quick import G2G_LABELLED

# 50 epochs of MNIST at its own size, for which the published nets are.
FACTORS = dict(gan_type="factors", dataset="mnist", image_size=28, iterations=46_900)


def _tables(on: str, **scores: tuple[float, float]) -> dict[str, float]:
    """Accuracy and F1 by probe; the text does not say whether its codes are means or drawn."""
    found = {}
    for name, (accuracy, f1) in scores.items():
        code, probe = name.split("_")
        for kind in (code, f"{code}_sampled") if code == on else (code,):
            found |= {f"{kind}_{probe}": accuracy, f"{kind}_{probe}_f1": f1}
    return found


G2G_DIGITS = G2G_LABELLED | dict(
    gan_type="g2g", dataset="mini2street", g2g_variant="funit", iterations=5000
)

EPOCHS = 200 * 162_770 // 128  # iterations in which faces are seen so often
LORD = dict(
    gan_type="lord", dataset="celeba_glasses", image_size=64, batch_size=128, iterations=EPOCHS,
    phase1_iterations=EPOCHS, perceptual_net="vgg16",
)  # fmt: skip

DISENTANGLED = {
    "lord": Preset("LORD's settings at 64x64, on faces with and without glasses", LORD),
    "g2g_digits": Preset("digits exchanged between styles, with labels, CPU-sized", G2G_DIGITS),
    "factors_z": Preset(
        "factors of variation, tables 1 and 2: the unspecified code is Gaussian",
        FACTORS | dict(vae_on="z"),
        published=_tables(
            "z", s_mlp=(0.866, 0.865), s_svm=(0.885, 0.886), z_mlp=(0.103, 0.031),
            z_svm=(0.125, 0.095),
        ),
    ),
    "factors_s": Preset(
        "factors of variation, tables 3 and 4: the specified code is Gaussian",
        FACTORS | dict(vae_on="s"),
        published=_tables(
            "s", s_mlp=(0.791, 0.789), s_svm=(0.816, 0.814), z_mlp=(0.116, 0.051),
            z_svm=(0.108, 0.053),
        ),
    ),
}  # fmt: skip
