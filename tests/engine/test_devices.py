"""Devices by name."""

import pytest

from framework.engine import devices
from framework.errors import UsageError


@pytest.mark.parametrize(("names", "count"), [("auto", 1), ("cpu", 1), ("cpu:0, cpu:1", 2)])
def test_devices(names, count):
    assert devices.strategy(names).num_replicas_in_sync == count


def test_two_trainers_on_the_same_devices_share_a_strategy():
    assert devices.strategy("CPU:0,CPU:1") is devices.strategy("CPU:0,CPU:1")


def test_a_device_that_is_not_there():
    with pytest.raises(UsageError, match="no GPU:3 here; there is CPU:0, CPU:1"):
        devices.strategy("GPU:3")
