"""Training on several machines: the cluster of `TF_CONFIG` and the role of this process in it.

Every worker starts the same command. Only the chief writes files: the task `chief` or, in a cluster
without this task, worker 0.
"""

import functools
import json
import os

from framework.errors import UsageError


@functools.cache
def place() -> tuple[int, bool]:
    """Returns the number of workers and whether this one is the chief; (1, True) for one machine.

    Raises:
        UsageError: TF_CONFIG does not have the format that TensorFlow documents.
    """
    text = os.environ.get("TF_CONFIG", "")
    if not text:
        return 1, True
    try:
        content = json.loads(text)
        cluster, task = content["cluster"], content["task"]
        kind, index = task["type"], int(task["index"])
        cluster[kind][index]
    except (ValueError, KeyError, IndexError, TypeError) as error:
        raise UsageError(
            'TF_CONFIG: expected {"cluster": {"worker": ["host:port", ...]}, '
            '"task": {"type": "worker", "index": 0}}'
        ) from error
    workers = len(cluster.get("chief", [])) + len(cluster.get("worker", []))
    chief = kind == "chief" or ("chief" not in cluster and (kind, index) == ("worker", 0))
    return workers, chief


def workers() -> int:
    """Returns the number of workers, see `place`."""
    return place()[0]


def is_chief() -> bool:
    """Returns whether this process is the chief, see `place`."""
    return place()[1]
