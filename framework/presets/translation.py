"""Translation between two domains: published settings, and sizes for two CPU cores."""

from typing import Any

from framework.presets.preset import combined
from framework.presets.recipes import HORSE, SVHN

CYCLEGAN = dict(
    gan_type="cyclegan", loss="lsgan", adv_weight=2.0, cycle_weight=10.0, identity_weight=5.0,
    pool=50, lr_d=2e-4, lr_g=2e-4, b1=0.5, b2=0.999, batch_size=1,
)  # fmt: skip
PLAIN = CYCLEGAN | dict(identity_weight=0.0, pool=0)  # its relatives have neither
DIGITS = dict(image_size=32, batch_size=64)
# Images are enlarged from 256 to 286 pixels, cut at random to 256, and mirrored.
AUGMENTED = dict(flip=True, random_crop=1.117)
PHOTOS = dict(image_size=256, weight_init="normal", kid_features="none", log_every=500)
EPOCH = 1334  # iterations of one epoch: the number of zebras

# UNIT's program adds c |w|^2 / 2 to the loss with c = 1e-4, DiscoGAN's with c = 1e-5.
UNIT = dict(
    gan_type="unit", loss="lsgan", adv_weight=2.0, cycle_weight=10.0, rec_weight=10.0,
    prior_weight=0.01, code_noise=1.0, lr_d=1e-4, lr_g=1e-4, b1=0.5, b2=0.999, weight_decay=5e-5,
    lr_schedule="step", lr_decay_length=100_000, batch_size=1,
)  # fmt: skip
OST = dict(
    gan_type="ost", loss="lsgan", adv_weight=2.0, cycle_weight=10.0, rec_weight=1.0,
    prior_weight=0.1, code_noise=0.0, lr_d=2e-4, lr_g=2e-4, b1=0.5, b2=0.999,
)  # fmt: skip

TRANSLATIONS = {
    "cyclegan": combined(
        "CycleGAN on horses and zebras at 256x256, with the published flips and random crops",
        CYCLEGAN, PHOTOS, AUGMENTED, HORSE,
        iterations=200 * EPOCH, lr_schedule="linear", lr_decay_start=100 * EPOCH,
        lr_decay_length=100 * EPOCH,
    ),
    "cyclegan_digits": combined(
        "CycleGAN on MNIST and SVHN, the baseline of the paper on one-shot translation",
        PLAIN, DIGITS, SVHN, cycle_norm="l2", cycle_weight=1.0, iterations=40_000,
    ),
    "discogan": combined(
        "DiscoGAN on women and men at 64x64 (published settings, generators of CycleGAN)",
        PLAIN, PHOTOS, loss="ce", adv_weight=0.1, fm_weight=0.9, cycle_norm="l2", cycle_weight=1.0,
        rate=0.01, rate_later=0.5, rate_change=3333,  # 10,000 updates: an iteration has three
        gen_iters=2, weight_decay=5e-6,
        cogan_data="celeba_male", image_size=64, batch_size=64, iterations=20_000,
    ),
    "dualgan": combined(
        "DualGAN on horses and zebras at 256x256 (published settings, without dropout; critics "
        "are updated last)",
        PLAIN, PHOTOS, HORSE, loss="wgan", clip=0.01, adv_weight=1.0, cycle_weight=500.0,
        optim_d="rms", optim_g="rms", lr_d=5e-5, lr_g=5e-5, iterations=50 * EPOCH,
    ),
    "distancegan": combined(
        "DistanceGAN, one-sided, from MNIST to SVHN", PLAIN, DIGITS, SVHN, direction="12",
        cycle_weight=0.0, distance_weight=0.05, iterations=40_000,
    ),
    "pix2pix": combined(
        "pix2pix from edges to digits of MNIST, with the published flips and random crops; for "
        "your pairs add --data DIR",
        PLAIN, AUGMENTED, paired=True, direction="21", loss="ce", adv_weight=1.0, cycle_weight=0.0,
        paired_weight=100.0, cogan_data="mnist2edge", batch_size=16, iterations=20_000,
    ),
    "unit": combined(
        "UNIT on horses and zebras at 256x256 (shared codes, one discriminator scale)",
        UNIT, PHOTOS, HORSE, iterations=200_000,
    ),
    "unit_digits": combined(
        "UNIT on MNIST and SVHN, the baseline of the paper on one-shot translation",
        UNIT, DIGITS, SVHN, iterations=40_000,
    ),
    "ost_digits": combined(
        "one-shot translation of one MNIST digit to SVHN, in batches of its random variations", OST,
        DIGITS, SVHN, batch_size=32, stage1_iterations=10_000, iterations=5000,
    ),
    "ost_photos": combined(
        "one-shot translation of one horse at 256x256 (random variations as for digits, no crops)",
        OST, PHOTOS, HORSE, batch_size=1, stage1_rec_weight=10.0, unshared=0, pool=50,
        stage1_iterations=60 * EPOCH, iterations=20 * EPOCH,
        lr_schedule="linear", lr_decay_length=20 * EPOCH,
    ),
}  # fmt: skip

# Half the published width and five times the learning rate, to train in minutes on two CPU cores.
CPU = dict(
    batch_size=16, width=0.5, lr_d=1e-3, lr_g=1e-3, ema=0.99, lr_schedule="linear", log_every=100,
    num_samples_to_gen=16, evaluator_arch="pooled", evaluator_iterations=1500,
)  # fmt: skip
# Photographs: a quarter of the width and two of six residual blocks.
CPU64 = CPU | dict(
    image_size=64, batch_size=4, width=0.25, res_blocks=2, weight_init="normal",
    kid_features="none", cogan_data="horse2zebra", unshared=1, num_samples_to_gen=8,
)  # fmt: skip


def _systems(common: dict[str, Any], iterations: int) -> dict[str, dict[str, Any]]:
    """Returns the options of the three systems; learning rates fall in the second half."""
    half = iterations // 2
    length = dict(iterations=iterations, lr_decay_start=half, lr_decay_length=iterations - half)
    own: dict[str, dict[str, Any]] = {
        "cyclegan": dict(identity_weight=0.0),
        "unit": dict(code_noise=0.5),
        "ost": dict(stage1_iterations=iterations),
    }
    return {name: common | length | more for name, more in own.items()}


CPU_SYSTEMS = _systems(CPU, 1500)
CPU64_SYSTEMS = _systems(CPU64, 1000)
