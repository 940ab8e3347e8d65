"""The options that `data.load` reads."""

from types import SimpleNamespace

DEFAULTS = dict(
    cogan_data="mini2edge", dataset="mini", data_dir="none", image_size=32, folder=None,
    domain1=None, domain2=None, seed=0, flip=False, flips_itself=False, random_crop=1.0,
)  # fmt: skip


def options(**given):
    return SimpleNamespace(**DEFAULTS | given)
