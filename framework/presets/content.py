"""Content transfer and what it is compared with, full size: the paper's three pairs of faces."""

from framework.presets.preset import Preset

# The table calls it smile; the authors' program divides faces by the open mouth.
PAIRS = dict(glasses="celeba_glasses", smile="celeba_mouth", hair="celeba_facial_hair")
# Table 4 of the paper: mean probability of the extra after its removal.
OURS = dict(glasses=0.011, smile=0.052, hair=0.119)
FADER = dict(glasses=0.066, smile=0.064, hair=0.182)

COMMON = dict(gan_type="content", image_size=128, batch_size=32, flip=True)
PRESS = COMMON | dict(content_variant="press", iterations=1_250_000)
MASK = COMMON | dict(content_variant="mask", iterations=150_000, disc_weight=0.005, norm="batch")
# 1,000 epochs of 50,000 images in batches of 32, of which half are of either domain.
FADER_NETS = COMMON | dict(
    content_variant="fader", iterations=1_562_500, batch_size=16, disc_weight=1e-4,
    disc_ramp=500_000, rec_norm="l2",
)  # fmt: skip


def _presets(name: str, about: str, options: dict, published: dict[str, float]) -> dict:
    return {
        f"{name}_{extra}": Preset(
            f"{about} on {pair}",
            options | dict(cogan_data=pair),
            published={"removal_probability": published[extra]} if published else {},
        )
        for extra, pair in PAIRS.items()
    }


CONTENT = (
    _presets("content", "content transfer, its paper's table 4,", PRESS, OURS)
    | _presets(
        "fader",
        "content transfer, its paper's table 4, Fader Networks at 128x128,",
        FADER_NETS,
        FADER,
    )
    | _presets("mask", "content transfer with masks", MASK, {})
)
