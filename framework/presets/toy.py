"""The ring of ten modes: thesis chapter 2."""

import dataclasses

from framework.presets.preset import Preset, combined

# Thesis 2.3.2, 2.5 and table 2.1; initial biases of 0, as in the published code for this data set.
TOY = dict(
    gan_type="gan", dataset="ring", arch="toy", noise_dim=10, batch_size=100, iterations=2000,
    loss="ce", disc_iters=1, lr_d=1e-4, lr_g=1e-4, bias_init=0.0, steps_per_call=50,
    sheet_every=200,
)  # fmt: skip
TOY_GP = dict(loss="wgan", disc_penalty="wgan-gp", penalty_weight_d=10.0, b1=0.0, b2=0.9)
# A penalty weight of 10 is too large for points: 15,000 iterations covered three modes at most. The
# authors of the penalty use 0.1 in their own program for points (gan_toy.py).
TOY_TUNED = TOY_GP | dict(penalty_weight_d=0.1, lr_d=1e-3, lr_g=1e-3, ema=0.99)


def _chapter2() -> dict[str, Preset]:
    one = combined("thesis figure 2.10: a GAN on ten modes, one critic step", TOY)
    five = combined("thesis figure 2.11: mode collapse with five critic steps", TOY, disc_iters=5)
    penalised = combined(
        "thesis figures 2.14, 2.15: five critic steps of WGAN-GP", TOY, TOY_GP, disc_iters=5,
        iterations=3000,
    )  # fmt: skip
    tuned = combined(
        "five critic steps of WGAN-GP with our own settings: all ten modes", TOY, TOY_TUNED,
        disc_iters=5, iterations=3000,
    )  # fmt: skip
    return {
        "toy_k1": dataclasses.replace(one, published={"modes_covered": 10}),
        "toy_k5": dataclasses.replace(five, published={"modes_covered": 6}),
        "toy_wgangp": penalised,
        "toy_wgangp_tuned": tuned,
    }


TOYS = _chapter2()
