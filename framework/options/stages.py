"""Options of systems that learn in two stages (ost, lord)."""

import dataclasses

from framework.options.base import Options, option


@dataclasses.dataclass(frozen=True)
class TwoStages(Options):
    """Options of every system whose second stage starts from what the first stage has learned."""

    stage: int = option(
        2, "1 trains the first stage alone (ost: an autoencoder of domain 2; lord: a code of each "
        "training image); 2 trains the second stage, and the first one before it where needed",
        "stages", low=1, high=2, aliases=("phase",),
    )  # fmt: skip
    pretrained: str | None = option(
        None, "run folder of stage 1 (default: stage 1 is trained first, and kept)", "stages",
        only_if=dict(stage=2),
    )  # fmt: skip
    stage1_iterations: int = option(
        10_000, "iterations of a stage 1 that is trained first", "stages", low=1,
        aliases=("phase1_iterations",), only_if=dict(stage=2),
    )  # fmt: skip
