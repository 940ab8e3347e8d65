"""Options of systems that encode images as separate codes and decode these."""

import dataclasses

from framework.options.base import Options, option


@dataclasses.dataclass(frozen=True)
class Encoding(Options):
    """Options of every system that encodes images as separate codes."""

    width: float = option(1.0, "factor on the widths of hidden layers", "nets", low=0.001)
    weight_decay: float = option(
        0.0, "c in c * sum(kernel^2), which is added to each loss", "nets", low=0
    )
    lr_g: float = option(2e-4, "learning rate of encoders and decoders", "optimisers", low=0)
    b1: float = option(0.5, "Adam's beta 1", "optimisers", low=0, high=0.9999)
    b2: float = option(0.999, "Adam's beta 2", "optimisers", low=0, high=0.999999)
    optim: str = option(
        "adam", "optimiser of all networks", "optimisers", choices=("adam", "sgd", "rms")
    )
    rho: float = option(
        0.9, "decay of RMSprop's average of squared gradients; PyTorch's is 0.99", "optimisers",
        low=0, high=0.9999, only_if=dict(optim="rms"),
    )  # fmt: skip
    ema: float = option(
        0.0, "decay of the moving averages of the weights, which are used for images; 0: no "
        "averages", "optimisers", low=0, high=0.99999,
    )  # fmt: skip
