"""Chooses between the equivalent implementations of layers, for the devices of a run."""

from collections.abc import Sequence

import keras

from framework.engine import devices
from framework.errors import UsageError
from framework.options.base import Options
from nets import fast


def choose(
    options: Options,
    nets: Sequence[keras.Model],
    branching: Sequence[keras.Model],
    replicas: int,
) -> None:
    """Replaces layers by their fast implementations (`nets.fast`) if all devices are CPUs.

    Args:
        options: options of the run.
        nets: networks to change.
        branching: networks of phases that compute terms inside a branch (`Phase.branches`).
        replicas: number of devices.

    Raises:
        UsageError: layers that are synchronised over several devices allow neither --jit nor a
            branch, as --penalty_every makes one.
    """
    if replicas > 1 and any(map(_is_synchronized, branching)):
        raise UsageError(
            "--penalty_every: discriminators with batch norm over several devices need 1; or "
            "train on one device, or choose another --norm"
        )
    if options.jit and replicas > 1 and any(map(_is_synchronized, nets)):
        raise UsageError(
            "--jit: batch norm over several devices cannot be compiled; leave it out, or train on "
            "one device"
        )
    if options.fast_layers and devices.are_cpus(options.devices):
        # Applies to the layer that makes the image, too: float16 would overflow there, bfloat16
        # only rounds.
        compute_dtype = "bfloat16" if options.mixed_precision == "bfloat16" else "float32"
        for net in nets:
            fast.speed_up(net, compute_dtype)


def _is_synchronized(net: keras.Model) -> bool:
    """Returns whether a layer averages over all devices, as batch norm does.

    Such a layer works neither inside a branch nor in a compiled step.
    """
    return any(getattr(layer, "synchronized", False) for layer in net.layers)
