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
    present = [device.name.split("device:")[-1] for device in tf.config.list_logical_devices()]
    if devices == "auto":
        names = [name for name in present if name.startswith("GPU")]
    elif devices == "cpu":
        names = ["CPU:0"]
    else:
        names = [name.strip().upper() for name in devices.split(",")]
    for name in names:
        if name not in present:
            raise UsageError(f"--devices {devices}: no {name} here; there is {', '.join(present)}")
    if len(names) > 1:
        return _mirrored(tuple(names))
    if devices == "auto":
        return tf.distribute.get_strategy()
    return tf.distribute.OneDeviceStrategy(names[0])


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
