"""Content transfer and Fader Networks in full size, on the three pairs of faces of the paper."""

from framework.presets.preset import Preset

# The paper's table says smile; the authors' program divides the faces by the open mouth.
PAIRS = dict(glasses="celeba_glasses", smile="celeba_mouth", hair="celeba_facial_hair")
# Table 4 of the paper: mean probability of the attribute after its removal.
OURS = dict(glasses=0.011, smile=0.052, hair=0.119)
FADER = dict(glasses=0.066, smile=0.064, hair=0.182)

COMMON = dict(gan_type="content", image_size=128, batch_size=32, flip=True)
PRESS = COMMON | dict(content_variant="press", iterations=1_250_000)
MASK = COMMON | dict(content_variant="mask", iterations=150_000, disc_weight=0.005, norm="batch")
# 1,000 epochs of 50,000 images in batches of 32, half of them from each domain.
FADER_NETS = COMMON | dict(
    content_variant="fader", iterations=1_562_500, batch_size=16, disc_weight=1e-4,
    disc_ramp=500_000, rec_norm="l2",
)  # fmt: skip


def _presets(name: str, about: str, options: dict, published: dict[str, float]) -> dict:
    return {
        f"{name}_{attribute}": Preset(
            f"{about} on {pair}",
            options | dict(cogan_data=pair),
            published={"removal_probability": published[attribute]} if published else {},
        )
        for attribute, pair in PAIRS.items()
    }


CONTENT = (
    _presets("content", "content transfer, table 4 of its paper,", PRESS, OURS)
    | _presets(
        "fader",
        "Fader Networks, table 4 of the paper on content transfer, at 128x128,",
        FADER_NETS,
        FADER,
    )
    | _presets("mask", "content transfer with masks", MASK, {})
)
