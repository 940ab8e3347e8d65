"""Named sets of options: CPU-sized recipes and the experiments of the thesis with its figures.

default < preset < command line. A preset may name options that only some systems have: each system
takes those it knows, so that a CoGAN and a SCoGAN of one preset differ in their coupling alone.
"""

import dataclasses
from typing import Any


@dataclasses.dataclass(frozen=True)
class Preset:
    """A named set of options.

    Attributes:
        help: one line for `main.py list`.
        options: values by option name.
        variants: by data set, values that replace those of `options` there.
        published: metric name -> number in the literature, shown beside ours.
    """

    help: str
    options: dict[str, Any]
    variants: dict[str, dict[str, Any]] = dataclasses.field(default_factory=dict)
    published: dict[str, float] = dataclasses.field(default_factory=dict)

    def resolve(self, data: str) -> dict[str, Any]:
        """The options for one data set."""
        return self.options | self.variants.get(data, {})


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

PRESETS = {
    "smoke": Preset("two iterations with tiny nets, to see that everything runs", SMOKE),
}
