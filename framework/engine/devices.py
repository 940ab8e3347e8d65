"""Devices: the distribution strategy of a run, and assignments to variables on all of them."""

import functools
from collections.abc import Callable, Sequence
from typing import Any

import keras
import tensorflow as tf

from framework.engine import cluster
from framework.errors import UsageError


def make_reproducible(deterministic: bool) -> None:
    """Makes a graph compute the same bits each time it is built, as exact resuming requires.

    Switches off TensorFlow's arithmetic optimiser, which changes the order of sums, not always in
    the same way. No measured step was slower without it.

    Args:
        deterministic: whether operations on a GPU also add in a fixed order, which is slower.
    """
    tf.config.optimizer.set_experimental_options({"arithmetic_optimization": False})
    if deterministic:
        tf.config.experimental.enable_op_determinism()


def strategy(devices: str) -> tf.distribute.Strategy:
    """Returns the distribution strategy for these devices.

    Args:
        devices: `auto` (all visible GPUs of all workers, or one CPU each if there are none), `cpu`,
            or names such as `GPU:0,GPU:1` of devices of this machine.

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
    """Returns the names of the devices of this machine that `strategy` uses, such as `GPU:0`.

    Raises:
        UsageError: as `strategy`.
    """
    present = [device.name.split("device:")[-1] for device in tf.config.list_logical_devices()]
    if devices == "auto":
        return [name for name in present if name.startswith("GPU")] or ["CPU:0"]
    chosen = ["CPU:0"] if devices == "cpu" else devices.upper().replace(" ", "").split(",")
    for name in chosen:
        if name not in present:
            raise UsageError(f"--devices {devices}: no {name} here; there is {', '.join(present)}")
    if len(set(chosen)) < len(chosen):
        raise UsageError(f"--devices {devices}: a device is given twice")
    return chosen


def are_cpus(devices: str) -> bool:
    """Returns whether `strategy` uses no GPU; raises UsageError as `strategy`."""
    return all(name.startswith("CPU") for name in names(devices))


@functools.cache
def of_all_workers() -> tf.distribute.MultiWorkerMirroredStrategy:
    """Returns the strategy of a cluster; the first call must precede any operation."""
    return tf.distribute.MultiWorkerMirroredStrategy()


def agree(training_strategy: tf.distribute.Strategy, value: int) -> int:
    """Returns the largest `value` of all workers; waits until every worker has called it.

    Args:
        training_strategy: strategy of the run; for one machine `value` is returned at once.
        value: value of this worker.
    """
    if not isinstance(training_strategy, tf.distribute.MultiWorkerMirroredStrategy):
        return value
    return int(_largest()(tf.constant([value], tf.int64)))


@functools.cache
def _largest() -> Callable[[tf.Tensor], tf.Tensor]:
    workers = of_all_workers()

    @tf.function
    def largest(value: tf.Tensor) -> tf.Tensor:
        values = workers.run(lambda: tf.identity(value))
        return tf.reduce_max(workers.gather(values, axis=0))

    return largest


@functools.cache
def _mirrored(names: tuple[str, ...]) -> tf.distribute.MirroredStrategy:
    """Returns the same strategy each time: TensorFlow aborts if a process has two of them."""
    return tf.distribute.MirroredStrategy(names)


def assign(
    variables: Sequence[keras.Variable], change: Callable[..., tf.Tensor], *values: Any
) -> None:
    """Assigns new values to variables on every replica; call it in the replica context.

    Args:
        variables: variables of any shapes.
        change: function of (variable, *arguments) that returns the new value.
        *values: arguments of `change`; each is a list of one tensor per variable, or one tensor for
            all variables.
    """

    def update(distribution: tf.distribute.Strategy, *columns: Any) -> None:
        for i, variable in enumerate(variables):
            arguments = tuple(c[i] if isinstance(c, list) else c for c in columns)
            distribution.extended.update(
                variable.value, lambda v, *args: v.assign(change(v, *args)), args=arguments
            )

    tf.distribute.get_replica_context().merge_call(update, args=values)
