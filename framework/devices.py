"""Where and how precisely a step runs: distribution strategy and dtype policy."""

import contextlib
import functools
from collections.abc import Callable, Iterator

import keras
import tensorflow as tf

from framework.errors import UsageError


def strategy(devices: str) -> tf.distribute.Strategy:
    """MirroredStrategy over several devices, the default strategy on one.

    Args:
        devices: `auto` (all visible GPUs, else one CPU), `cpu`, or names such as `GPU:0,GPU:1`.

    Raises:
        UsageError: a named device does not exist.
    """
    used = names(devices)
    if len(used) > 1:
        return _mirrored(tuple(used))
    if devices == "auto":
        return tf.distribute.get_strategy()
    return tf.distribute.OneDeviceStrategy(used[0])


def names(devices: str) -> list[str]:
    """Names of the devices, such as `GPU:0`, that `strategy` uses; UsageError as there."""
    present = [device.name.split("device:")[-1] for device in tf.config.list_logical_devices()]
    if devices == "auto":
        return [name for name in present if name.startswith("GPU")] or ["CPU:0"]
    wanted = ["CPU:0"] if devices == "cpu" else devices.upper().replace(" ", "").split(",")
    for name in wanted:
        if name not in present:
            raise UsageError(f"--devices {devices}: no {name} here; there is {', '.join(present)}")
    return wanted


@functools.cache
def _mirrored(names: tuple[str, ...]) -> tf.distribute.MirroredStrategy:
    """One per process: a second one would number its reductions like the first, and TF aborts."""
    return tf.distribute.MirroredStrategy(names)


@contextlib.contextmanager
def precision(name: str) -> Iterator[None]:
    """Layers made inside compute in `name` (`no`: float32) and keep float32 variables."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("float32" if name == "no" else f"mixed_{name}")
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def assign(variables: list[keras.Variable], change: Callable[[tf.Tensor], tf.Tensor]) -> None:
    """Replaces each variable by `change` of it on every replica, from inside a replica's step."""

    def update(distribution: tf.distribute.Strategy) -> None:
        for variable in variables:
            distribution.extended.update(variable.value, lambda v: v.assign(change(v)))

    tf.distribute.get_replica_context().merge_call(update)
