"""Where a step runs: the distribution strategy, and writing to variables on every device."""

import functools
from collections.abc import Callable, Sequence
from typing import Any

import keras
import tensorflow as tf

from framework import cluster
from framework.errors import UsageError


def keep_order(deterministic: bool) -> None:
    """Makes a graph that is built again compute the same bits, as a resumed run needs it.

    TensorFlow's arithmetic optimiser turns sums of several terms round, not always the same way,
    and makes no step faster that was measured.

    Args:
        deterministic: also within operations, where a GPU adds in any order; that is slower.
    """
    tf.config.optimizer.set_experimental_options({"arithmetic_optimization": False})
    if deterministic:
        tf.config.experimental.enable_op_determinism()


def strategy(devices: str) -> tf.distribute.Strategy:
    """MirroredStrategy over several devices, the default strategy on one.

    Args:
        devices: `auto` (all visible GPUs, else one CPU, of all workers), `cpu`, or names such as
            `GPU:0,GPU:1`, of this worker alone.

    Raises:
        UsageError: a named device does not exist or is given twice.
    """
    if cluster.workers() > 1 and devices == "auto":
        return of_all_workers()
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
    if len(set(wanted)) < len(wanted):
        raise UsageError(f"--devices {devices}: a device is given twice")
    return wanted


def are_cpus(devices: str) -> bool:
    """Whether `strategy` uses no GPU; UsageError as there."""
    return all(name.startswith("CPU") for name in names(devices))


@functools.cache
def of_all_workers() -> tf.distribute.MultiWorkerMirroredStrategy:
    """The strategy of a cluster: one per process, made before any operation runs."""
    return tf.distribute.MultiWorkerMirroredStrategy()


def agree(trains: tf.distribute.Strategy, value: int) -> int:
    """The largest `value` of all workers that train under this strategy, once all have asked."""
    if not isinstance(trains, tf.distribute.MultiWorkerMirroredStrategy):
        return value
    return int(_largest()(tf.constant([value], tf.int64)))


@functools.cache
def _largest() -> Callable[[tf.Tensor], tf.Tensor]:
    trains = of_all_workers()

    @tf.function
    def largest(value: tf.Tensor) -> tf.Tensor:
        own = trains.run(lambda: tf.identity(value))
        return tf.reduce_max(trains.gather(own, axis=0))

    return largest


@functools.cache
def _mirrored(names: tuple[str, ...]) -> tf.distribute.MirroredStrategy:
    """One per process: a second one would number its reductions like the first, and TF aborts."""
    return tf.distribute.MirroredStrategy(names)


def assign(
    variables: Sequence[keras.Variable], change: Callable[..., tf.Tensor], *values: Any
) -> None:
    """Replaces each variable on every replica, from inside a replica's step.

    Args:
        variables: of any shapes.
        change: (variable, *its values) -> new value.
        *values: each a list with one tensor per variable, or one tensor for all of them.
    """

    def update(distribution: tf.distribute.Strategy, *columns: Any) -> None:
        for i, variable in enumerate(variables):
            own = tuple(column[i] if isinstance(column, list) else column for column in columns)
            distribution.extended.update(
                variable.value, lambda v, *args: v.assign(change(v, *args)), args=own
            )

    tf.distribute.get_replica_context().merge_call(update, args=values)
