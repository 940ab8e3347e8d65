"""Disentanglement in full size: LORD, G2G, and the tables of the report on factors of variation."""

from framework.presets.preset import Preset
from framework.presets.quick import G2G_LABELLED

# 50 epochs of MNIST in its original size, as for the published networks, whose images are grey.
# The KL divergence is divided by the number of values of an image, which here has three channels.
FACTORS = dict(gan_type="factors", dataset="mnist", image_size=28, iterations=46_900, kl_weight=3.0)


def _tables(on: str, **scores: tuple[float, float]) -> dict[str, float]:
    """Returns accuracy and F1 by probe; the report does not say if codes are means or samples."""
    metrics: dict[str, float] = {}
    for name, (accuracy, f1) in scores.items():
        code, probe = name.split("_")
        for kind in (code, f"{code}_sampled") if code == on else (code,):
            metrics |= {f"{kind}_{probe}": accuracy, f"{kind}_{probe}_f1": f1}
    return metrics


G2G_DIGITS = G2G_LABELLED | dict(
    gan_type="g2g", dataset="mini2street", g2g_variant="funit", iterations=5000
)

# The naive variant: 20 epochs of CelebA.
G2G_FACES = dict(gan_type="g2g", dataset="celeba", image_size=128)
G2G_NAIVE = G2G_FACES | dict(style_dim=256, iterations=20 * 162_770 // 32)
G2G_CYCLE = G2G_FACES | dict(
    g2g_variant="cyclefunit", style_dim=1024, gamma=1.0, batch_size=2, iterations=100_000
)
# The published RMSprop adds 1e-4 * kernel to gradients; the loss is 5e-5 * sum(kernel^2) here.
G2G_PAPER = dict(
    gan_type="g2g", g2g_variant="funit2funit", dataset="folder", image_size=128, optim="rms",
    rho=0.99, lr_g=1e-4, lr_d=1e-4, weight_decay=5e-5, batch_size=4, ema=0.999, iterations=100_000,
    r1_mode="batch_mean", long_weight=0.01,
)  # fmt: skip

EPOCHS = 200 * 162_770 // 128  # iterations of 200 epochs of CelebA
LORD = dict(
    gan_type="lord", dataset="celeba_glasses", image_size=64, batch_size=128, iterations=EPOCHS,
    stage1_iterations=EPOCHS, perceptual_net="vgg16",
)  # fmt: skip

DISENTANGLED = {
    "lord": Preset("LORD on faces with and without glasses at 64x64, published settings", LORD),
    "g2g_naive": Preset("naive G2G on faces, the settings of the report", G2G_NAIVE),
    "g2g_cyclefunit": Preset("CycleFUNIT on faces at 128x128", G2G_CYCLE),
    "g2g_funit2funit": Preset(
        "FUNIT2FUNIT on a folder with a subfolder per class (--domain1; in the paper 119 kinds of "
        "animals), without random crops and mirroring", G2G_PAPER
    ),
    "g2g_digits": Preset("G2G on digits of two styles, with labels, for a CPU", G2G_DIGITS),
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
