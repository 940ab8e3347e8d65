"""Disentanglement: the tables of the report on factors of variation, full size."""

from framework.presets.preset import Preset
from framework.presets.quick import G2G_LABELLED

# 50 epochs of MNIST at its own size, for which the published nets are. They make grey images: KL
# is per number of an image, which here has three channels.
FACTORS = dict(gan_type="factors", dataset="mnist", image_size=28, iterations=46_900, kl_weight=3.0)


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

# Naive: 20 epochs of CelebA.
G2G_FACES = dict(gan_type="g2g", dataset="celeba", image_size=128)
G2G_NAIVE = G2G_FACES | dict(style_dim=256, iterations=20 * 162_770 // 32)
G2G_CYCLE = G2G_FACES | dict(
    g2g_variant="cyclefunit", style_dim=1024, gamma=1.0, batch_size=2, iterations=100_000
)
# L2 of 1e-4 as RMSprop adds it to gradients.
G2G_PAPER = dict(
    gan_type="g2g", g2g_variant="funit2funit", dataset="folder", image_size=128, optim="rms",
    rho=0.99, lr_g=1e-4, lr_d=1e-4, weight_decay=5e-5, batch_size=4, ema=0.999, iterations=100_000,
    r1_mode="batch_mean", long_weight=0.01,
)  # fmt: skip

EPOCHS = 200 * 162_770 // 128  # iterations in which faces are seen so often
LORD = dict(
    gan_type="lord", dataset="celeba_glasses", image_size=64, batch_size=128, iterations=EPOCHS,
    phase1_iterations=EPOCHS, perceptual_net="vgg16",
)  # fmt: skip

DISENTANGLED = {
    "lord": Preset("LORD's settings at 64x64, on faces with and without glasses", LORD),
    "g2g_naive": Preset("naive G2G on faces, the report's settings", G2G_NAIVE),
    "g2g_cyclefunit": Preset("CycleFUNIT on faces at 128x128", G2G_CYCLE),
    "g2g_funit2funit": Preset(
        "FUNIT2FUNIT on a folder per class (--domain1; the paper: 119 kinds of animals); "
        "without random crops and mirroring", G2G_PAPER
    ),
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
