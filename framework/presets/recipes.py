"""Parts of the presets of the thesis: settings, data, systems and regularisers."""

# Thesis 2.6 and chapter 3: non-saturating loss with the settings of DCGAN.
DCGAN = dict(
    loss="ce", disc_iters=1, batch_size=128, lr_d=2e-4, lr_g=2e-4, b1=0.5, b2=0.999,
    weight_init="xavier", weight_decay=5e-4,
)  # fmt: skip
# Thesis chapter 5, digits: Wasserstein critic with gradient penalty, Adam as in DCGAN.
WGAN_GP = DCGAN | dict(
    loss="wgan", disc_penalty="wgan-gp", penalty_weight_d=10.0, penalty_every=1,
    disc_iters=5,
)  # fmt: skip

EDGE, SVHN = dict(cogan_data="mnist2edge"), dict(cogan_data="mnist2svhn")
PRUNED = dict(cogan_data="mnist2svhn_prune")  # used throughout the thesis (2.7)
COGAN, SCOGAN = dict(gan_type="cogan"), dict(gan_type="scogan")
FEATURE = dict(feature_loss=True, feature_layers=3)
SEMANTIC = dict(semantic_loss=True, semantic_weight=10.0)
CYCLE = dict(cycle_loss=True, cycle_weight=10.0)
PERCEPTUAL = dict(perceptual_loss=True, content_weight=1e-3, style_weight=1e-11)
FEATURE_SVHN = FEATURE | dict(feature_weight=100.0)

# Thesis chapter 3, photographs: as for digits, with batch norm in the discriminators.
PHOTOS = DCGAN | dict(image_size=128, norm="batch", weight_init="normal", weight_decay=1e-4)
# Thesis 3.3.2 and 5.3: layer norm instead, and the settings of the authors of WGAN-GP.
PHOTOS_GP = PHOTOS | dict(
    loss="wgan", disc_penalty="wgan-gp", penalty_weight_d=10.0, penalty_every=1, disc_iters=5,
    lr_d=1e-4, lr_g=1e-4, b1=0.0, b2=0.9, norm="layer",
)  # fmt: skip
# As many pairs as the thesis measures, which depends on the number of its real images.
HORSE = dict(cogan_data="horse2zebra", eval_pairs=1000)
APPLE = dict(cogan_data="apple2orange", eval_pairs=995)
SMILING, BLOND, GLASSES = (
    dict(cogan_data=f"celeba_{name}") for name in ("smiling", "blond", "glasses")
)
# The thesis' classifiers are trained for 10 epochs: of MNIST and its edges, of MNIST and SVHN.
SEMANTIC_EDGE = SEMANTIC | dict(classifier_iterations=9375)
SEMANTIC_SVHN = SEMANTIC | dict(classifier_iterations=20350)
# The thesis compares all 13 attributes, also the one that divides the domains; 10 epochs.
SEMANTIC_FACES = SEMANTIC | dict(semantic_divider=True, classifier_iterations=31250)
