"""Recipes for two CPU cores: digits, photographs at 64x64, domain adaptation, sound."""

from typing import Any

from framework.presets.preset import Preset
from framework.presets.recipes import SCOGAN
from framework.presets.translation import CPU64_SYSTEMS, CPU_SYSTEMS

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

# From measurements, see docs/results.md: small batches give many updates per second; R1 keeps the
# critic from becoming too strong; averaged weights give legible images early.
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
    # SqueezeNet's distances are a hundredth of those of VGG19, to which the thesis' weights belong.
    perceptual_net="squeeze",
    content_weight=0.01,
    style_weight=1e-7,
    log_every=100,
)
# Digits: narrow networks, a strided critic, a short latent vector.
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
    "svhn2mnist": CPU_COLOUR,
    "mnist2svhn_prune": CPU_COLOUR,
}

# CoGAN paper, section 4. The published numbers are means over five random choices of images.
UDA = CPU | dict(
    gan_type="uda", noise_dim=32, iterations=2500, class_weight=10.0, pair_weight=0.01,
    log_every=200,
)  # fmt: skip

# Photographs: a quarter of the generator's width, and upsampling by repeated pixels, which takes
# twice the time of transposed convolutions and leaves no checkerboard patterns.
FACES64 = QUICK | dict(
    cogan_data="celeba_smiling",
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

# G2G on digits: sizes with which one iteration takes a tenth of a second.
G2G_CPU = dict(
    batch_size=8,
    iterations=3000,
    width=0.25,
    gen_width=0.5,
    content_dim=64,
    style_dim=32,
    adain_layers=3,
    content_downs=2,
    class_downs=3,
    res_blocks=1,
    mlp_width=64,
    d_blocks=6,
    d_layers=2,
    lr_g=1e-3,
    lr_d=1e-3,
    b1=0.5,
    b2=0.99,
    ema=0.995,
    perceptual_net="classifier",
    penalty_weight_d=1.0,
    log_every=100,
)
# G2G with labels. A short content vector with noise cannot store the place and shape of a digit. A
# classifier and the heads of the discriminator check the class that the style must determine.
G2G_LABELLED = G2G_CPU | dict(
    g2g_nets="lord", d_width=0.5, d_blocks=4, class_weight=1.0, content_dim=16, content_noise=0.3,
    short_weight=5.0, fm_weight=0.3, lr_d=5e-4, adv_weight=0.3, iterations=2500,
)  # fmt: skip
# To fit into ten minutes: R1 in every fourth iteration, shorter training of all networks.
G2G_MINUTES = G2G_LABELLED | dict(
    penalty_every=4, iterations=1200, classifier_iterations=1000, evaluator_iterations=1500,
)  # fmt: skip
G2G_FACES = G2G_CPU | dict(
    dataset="celeba",
    image_size=64,
    adain_layers=4,
    class_downs=4,
    style_dim=64,
    d_layers=3,
    perceptual_net="squeeze",
    iterations=2000,
)
G2G_FACES_LABELLED = G2G_FACES | dict(dataset="celeba_glasses")  # classes: with and without
# Factors of variation: the published networks.
FACTORS_QUICK = dict(
    batch_size=32,
    lr_g=1e-3,
    lr_d=1e-3,
    b2=0.99,
    ema=0.995,
    log_every=100,
)
# With the report's two adversarial updates and a third of its KL weight the decoder ignores z.
# Two classifiers move the class from z to s: the encoder makes the predictions from z uniform and
# those from s correct. The classifier of z must adapt faster than the encoder: five updates.
FACTORS_CPU = FACTORS_QUICK | dict(
    iterations=2000,
    gen_times=1,
    kl_weight=0.4,
    z_class_weight=0.1,
    z_class_times=5,
    s_class_weight=0.1,
)
FACTORS_FACES = FACTORS_CPU | dict(
    dataset="celeba_glasses",
    image_size=64,
    batch_size=16,
    width=0.5,
    z_dim=128,
    s_dim=32,
    kl_weight=0.1,
    z_class_times=2,
)
# LORD: networks as narrow as those of G2G.
LORD_CPU = dict(
    batch_size=32,
    iterations=1000,
    stage1_iterations=1500,
    width=0.25,
    gen_width=0.5,
    content_dim=32,
    content_noise=0.5,
    adain_layers=3,
    perceptual_net="classifier",
    lr_g=1e-3,
    lr_codes=3e-2,
    lr_stage2=2e-3,
    log_every=100,
)
LORD_FACES = LORD_CPU | dict(
    dataset="celeba_glasses",
    image_size=64,
    batch_size=16,
    content_dim=64,
    adain_layers=4,
    perceptual_net="squeeze",
)
LORD_SMOKE = LORD_CPU | SMOKE | dict(width=0.05, stage1_iterations=2)
FACTORS_SMOKE = SMOKE | dict(width=0.1, d_width=1.0, probe_train=60, probe_test=40)
G2G_SMOKE = G2G_CPU | SMOKE | dict(width=0.05, d_width=1.0)
# Content transfer of digits: half the published widths, fewer channels for what domain 2 adds.
CONTENT_CPU = dict(
    batch_size=32,
    iterations=6000,
    width=0.5,
    sep=8,
    lr_g=1e-3,
    lr_d=1e-3,
    b2=0.99,
    ema=0.995,
    log_every=100,
)
# Twice the published weight: with the published one, traces of thin bars remain.
CONTENT_PRESS = CONTENT_CPU | dict(disc_weight=0.002)
MASK = dict(disc_weight=0.005)  # as published
MASK_CPU = CONTENT_CPU | MASK | dict(iterations=3000)  # an iteration takes twice as long
FADER = dict(disc_ramp=1000)  # with ten times the published weight, as that hides nothing here
CONTENT_FACES = CONTENT_CPU | dict(
    cogan_data="celeba_glasses", image_size=64, batch_size=16, sep=12, iterations=2000
)
# No masks: their iterations take twice as long, and in the same time they gained 1.8 dB less.
CONTENT_SOUND = CONTENT_CPU | dict(
    gan_type="content", cogan_data="tones2voices", image_size=64, batch_size=16, sep=12,
    iterations=1800, log_every=300,
    # After so few updates on such large images, the ReLUs of the other evaluators are all 0.
    evaluator_arch="thesis", evaluator_iterations=150,
)  # fmt: skip
CONTENT_SMOKE = SMOKE | dict(width=0.05, sep=2)

SMOKE_TRANSLATION = SMOKE | dict(d_width=1.0, stage1_iterations=2, pool=4)

SMOKE_SYSTEMS: dict[str, dict[str, Any]] = dict(
    g2g=G2G_SMOKE, content=CONTENT_SMOKE, factors=FACTORS_SMOKE, lord=LORD_SMOKE
)
DISENTANGLED_SYSTEMS: dict[str, dict[str, Any]] = dict(
    g2g=G2G_CPU, content=CONTENT_CPU, factors=FACTORS_CPU, lord=LORD_CPU
)

QUICK_PRESETS = {
    "smoke": Preset(
        "two iterations with tiny networks, to check that everything runs",
        SMOKE,
        systems=SMOKE_SYSTEMS | {k: v | SMOKE_TRANSLATION for k, v in CPU_SYSTEMS.items()},
    ),
    "cpu": Preset(
        "minutes on two CPU cores: pairs of digits, translation and disentanglement",
        CPU,
        CPU_VARIANTS,
        systems=DISENTANGLED_SYSTEMS
        | {"g2g funit": G2G_LABELLED, "g2g funit2funit": G2G_MINUTES}
        | {"content press": CONTENT_PRESS}
        | {"content mask": MASK_CPU, "content fader": CONTENT_CPU | FADER}
        | CPU_SYSTEMS,
    ),
    "demo": Preset(
        "SCoGAN on built-in digits, which `make demo` trains",
        CPU
        | SCOGAN
        | dict(cogan_data="mini2edge", semantic_loss=True, feature_loss=True, name="demo"),
        CPU_VARIANTS,
    ),
    "street": Preset(
        "SCoGAN on built-in digits and street numbers",
        CPU | SCOGAN | dict(cogan_data="mini2street", semantic_loss=True, feature_loss=True),
        CPU_VARIANTS,
    ),
    # With a small weight of the feature regulariser, house numbers keep a style of their own.
    "house_numbers": Preset(
        "SCoGAN on MNIST and SVHN with semantic and feature regularisers",
        CPU
        | CPU_COLOUR
        | SCOGAN
        | dict(
            cogan_data="mnist2svhn",
            semantic_loss=True,
            semantic_weight=4.0,
            feature_loss=True,
            feature_weight=5.0,
            iterations=8000,
        ),
    ),
    "uda_mnist2usps": Preset(
        "domain adaptation from MNIST to USPS, table 1 of the CoGAN paper, for a CPU",
        UDA | dict(cogan_data="mnist2usps", source_images=2000, target_images=1800),
        published={"target_accuracy": 0.912, "target_accuracy_seen": 0.912},
    ),
    "uda_usps2mnist": Preset(
        "domain adaptation from USPS to MNIST, table 1 of the CoGAN paper, for a CPU",
        UDA | dict(cogan_data="usps2mnist", source_images=1800, target_images=2000),
        published={"target_accuracy": 0.891, "target_accuracy_seen": 0.891},
    ),
    "audio_cpu": Preset(
        "content transfer that separates voices from music, on built-in clips, for a CPU",
        CONTENT_SOUND,
    ),
    "smiling64": Preset(
        "SCoGAN on faces at 64x64 whose pairs differ in a smile and little else",
        FACES64
        | SCOGAN
        | dict(
            cogan_data="celeba_smiling",
            semantic_loss=True,
            divider_weight=0.2,
            feature_loss=True,
            feature_weight=50.0,
            iterations=1000,
        ),
    ),
    "horses64": Preset(
        "SCoGAN with the perceptual regulariser on horses and zebras at 64x64",
        FACES64 | SCOGAN | dict(cogan_data="horse2zebra", perceptual_loss=True, iterations=1000),
    ),
    "faces64": Preset(
        "pairs of photographs (celeba_*, horse2zebra, ...) at 64x64 on two CPU cores",
        FACES64,
        systems=dict(g2g=G2G_FACES, content=CONTENT_FACES, factors=FACTORS_FACES, lord=LORD_FACES)
        | {"g2g funit": G2G_FACES_LABELLED, "g2g funit2funit": G2G_FACES_LABELLED}
        | {"content mask": CONTENT_FACES | MASK, "content fader": CONTENT_FACES | FADER}
        | CPU64_SYSTEMS,
    ),
}
