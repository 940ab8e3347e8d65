"""In which form the layers of all nets are computed on the devices of a run."""

from collections.abc import Sequence

import keras

from framework import devices
from framework.errors import UsageError
from framework.options import Options
from nets import fast


def choose(options: Options, nets: Sequence[keras.Model], replicas: int) -> None:
    """Gives layers their fast forms on a CPU (`nets.fast`), the usual ones elsewhere.

    Raises:
        UsageError: the nets cannot be compiled, or not for so many devices.
    """
    waiting = [net for net in nets if _waits(net)]
    some = getattr(options, "disc_penalty", "none") != "none" and options.penalty_every > 1
    if some and replicas > 1 and any(net.name.startswith("disc") for net in waiting):
        raise UsageError(
            "--penalty_every: discriminators with batch norm over several devices need 1; or "
            "train on one device, or choose another --norm"
        )
    if options.jit and replicas > 1 and waiting:
        raise UsageError(
            "--jit: batch norm over several devices cannot be compiled; leave it out, or train on "
            "one device"
        )
    if options.fast_layers and devices.are_cpus(options.devices):
        # The image row's products too; float16 would overflow where bfloat16 only rounds.
        compute_dtype = "bfloat16" if options.mixed_precision == "bfloat16" else "float32"
        for net in nets:
            fast.speed_up(net, compute_dtype)


def _waits(net: keras.Model) -> bool:
    """Whether a layer needs what all devices have, which no branch or compiled step may do."""
    return any(getattr(layer, "synchronized", False) for layer in net.layers)
